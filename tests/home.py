"""A home for one test: folders and environment of its own, in which nothing may stay running."""

from __future__ import annotations

import atexit
import multiprocessing.resource_tracker
import os
import shutil
import sys
import tempfile
from pathlib import Path

import loky.backend.resource_tracker
from process_helpers import assert_nothing_left

_FOLDERS = {
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter/config",
    "JUPYTER_DATA_DIR": "jupyter/data",
    "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    "XDG_CONFIG_HOME": "xdg/config",
    "XDG_DATA_HOME": "xdg/data",
    "XDG_CACHE_HOME": "xdg/cache",
    "XDG_STATE_HOME": "xdg/state",
    "PARFLOW_DATA_DIR": "data",
    "PARFLOW_RUNTIME_DIR": "run",
}
_SETTINGS = {
    "JUPYTER_PLATFORM_DIRS": "0",
    "PARFLOW_LINGER_SECONDS": "2",
    "PARFLOW_TERMINATE_SECONDS": "3",
    # Tests may themselves run as the first process of a container.
    "PARFLOW_LEAVE_RUNNING": "always",
}
# Output is buffered, as it is for whoever sets nothing.
_FOREIGN = ("JPY_", "JUPYTERHUB_", "IPP_", "PYTHONUNBUFFERED")

# These two serve all of this process, and must not be part of the home they are first needed in.
multiprocessing.resource_tracker.ensure_running()
loky.backend.resource_tracker.ensure_running()


def _settings(folder: Path) -> dict[str, str]:
    return {**{name: str(folder / part) for name, part in _FOLDERS.items()}, **_SETTINGS}


def _forget_foreign() -> None:
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]


def _live_nowhere() -> None:
    """Give this process a home outside all tests, with every name that the tests' homes have.

    A new name makes the C library move the list of all variables. A thread that reads one without
    Python's lock (address look-up, numeric libraries) then reads freed memory, and the process
    dies by a segmentation fault. A new value of a known name moves nothing. So the names are made
    here, before there are threads, and homes change values only.
    """
    folder = Path(tempfile.mkdtemp(prefix="pf-none-", dir="/tmp"))
    maker = os.getpid()
    atexit.register(lambda: os.getpid() == maker and shutil.rmtree(folder, ignore_errors=True))
    _forget_foreign()
    os.environ.update(_settings(folder))


_live_nowhere()


class Home:
    """Makes the folders and sets the environment on entering; undoes both on leaving."""

    def __init__(self) -> None:
        # Not pytest's tmp_path: sockets allow paths of 107 characters only.
        self.path = Path(tempfile.mkdtemp(prefix="pf-", dir="/tmp"))
        self._before: dict[str, str] = {}

    def enter(self) -> Path:
        self._before = dict(os.environ)
        for folder in _FOLDERS.values():
            (self.path / folder).mkdir(mode=0o700, parents=True)
        os.environ.update(_settings(self.path))
        _forget_foreign()
        return self.path

    def leave(self) -> None:
        workers = sys.modules.get("parflow_jupyter.maps.schemes._loky")
        if workers is not None:
            workers.WORKERS.close()
        try:
            assert_nothing_left(self.path)
        finally:
            self._restore()
            shutil.rmtree(self.path, ignore_errors=True)

    def _restore(self) -> None:
        """Undo what differs, and touch nothing else (see _live_nowhere)."""
        for name in os.environ.keys() - self._before.keys():
            del os.environ[name]
        for name, value in self._before.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
