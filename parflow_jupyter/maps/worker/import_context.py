"""Gives each run, on an engine, the folders of its notebook, and its modules as they are now."""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import PathFinder

from parflow_jupyter._system.local_modules import Stamp, file_of, own_modules, stamp_of, that_use
from parflow_jupyter._system.process import began
from parflow_jupyter.maps.messages import RunSetup

_MOST = 200


class ImportContext:
    """The folder, the import path and the imported modules of one's own, by run."""

    def __init__(self) -> None:
        self._paths: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._folders: dict[str, str] = {}
        self._last: tuple[str, ...] = ()
        self._stamps: dict[str, Stamp | None] = {}
        self._count = 0
        self._noted = began(os.getpid()) or time.time()

    def begin(self, run: str, setup: RunSetup | None) -> bool:
        """Take in what a run brings with its first batch; import anew what is not its own now.

        Args:
            run: Its identity.
            setup: What came with the batch, if it is the run's first here.

        Returns:
            Whether modules were dropped: functions that were loaded before may use them.
        """
        is_first = setup is not None
        if setup is not None:
            self._take_in(run, setup)
        paths = self._paths.get(run, ())
        switched = paths != self._last
        self._last = paths
        if not is_first and not switched:
            return False
        self._note()
        modules = own_modules()
        gone = {name for name in modules if self._is_edited(name)} if is_first else set()
        if switched:
            with _first(paths):
                gone |= {name for name, module in modules.items() if _is_another(name, module)}
        for name in that_use(gone, modules) if gone else ():
            self._drop(name)
        return bool(gone)

    @contextmanager
    def of(self, run: str) -> Iterator[None]:
        """Be in the run's folder, and import from its folders first, while the block runs."""
        self._note()
        here = _folder()
        _go(self._folders.get(run, here))
        try:
            with _first(self._paths.get(run, ())):
                yield
        finally:
            # Where an item, or init, went stays the run's folder.
            self._folders[run] = _folder()
            _go(here)
            self._note()

    def _take_in(self, run: str, setup: RunSetup) -> None:
        paths = tuple(path for path in setup.paths if os.path.isdir(path))
        self._paths[run] = paths
        self._folders[run] = setup.folder or _folder()
        while len(self._paths) > _MOST:
            self._folders.pop(self._paths.popitem(last=False)[0], None)
        importlib.invalidate_caches()
        # Tracebacks show the lines of the notebook's cells.
        for name, text in setup.sources.items():
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)

    def _note(self) -> None:
        """Remember the files of the modules that were imported since the last time."""
        since, self._noted = self._noted, time.time()
        if len(sys.modules) == self._count:
            return
        self._count = len(sys.modules)
        for name, module in own_modules().items():
            if name not in self._stamps:
                stamp = stamp_of(file_of(name, module) or "")
                # What was saved since then may have been imported before that, or after.
                new = stamp is not None and stamp[0] > since * 1e9
                self._stamps[name] = None if new else stamp

    def _is_edited(self, name: str) -> bool:
        if name not in self._stamps:
            return False
        before = self._stamps[name]
        now = stamp_of(file_of(name, sys.modules[name]) or "", before)
        if now is None:
            return False
        edited = before is None or now[2] != before[2]
        self._stamps[name] = now
        return edited

    def _drop(self, name: str) -> None:
        module = sys.modules.pop(name, None)
        self._stamps.pop(name, None)
        self._count = 0
        file = file_of(name, module)
        if file is not None:
            # Bytecode is told from newer source by the second only.
            with suppress(OSError, NotImplementedError):
                os.unlink(importlib.util.cache_from_source(file))


def _is_another(name: str, module: object) -> bool:
    """Return whether a module would be found in another place than it was imported from."""
    if "." in name:
        return False
    with suppress(Exception):
        spec = PathFinder.find_spec(name)
        origin = spec.origin if spec is not None else None
        file = file_of(name, module)
        return bool(origin and file and os.path.realpath(origin) != os.path.realpath(file))
    return False


@contextmanager
def _first(paths: tuple[str, ...]) -> Iterator[None]:
    before = set(sys.path)
    if paths and tuple(sys.path[: len(paths)]) != paths:
        sys.path[:] = [*paths, *(path for path in sys.path if path not in paths)]
    try:
        yield
    finally:
        # What an item, or init, has added stays.
        added = set(paths) - before
        if added:
            sys.path[:] = [path for path in sys.path if path not in added]


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return os.sep


def _go(folder: str) -> None:
    # The notebook's folder may not exist on another host.
    with suppress(OSError):
        if folder != _folder():
            os.chdir(folder)
