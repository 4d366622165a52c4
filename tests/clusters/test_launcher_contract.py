"""The contract of launchers: one suite for each file of the folder, and for one of others."""

import asyncio
import os
import signal
import sys
import time

import pytest
from process_helpers import processes_of, wait_until

from parflow_jupyter._system.environment import allowed_environment
from parflow_jupyter._system.process import is_alive
from parflow_jupyter.clusters import launchers
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.clusters.launchers import launcher_names, load_launcher
from parflow_jupyter.clusters.launchers.base import Launcher, ProcessSpec
from parflow_jupyter.errors import EngineStartError, InvalidInputError

VERSION = ".".join(str(part) for part in sys.version_info[:2])
CODE = '''
from dataclasses import replace

from parflow_jupyter.clusters.launchers.local import LocalLauncher


class NamedLauncher(LocalLauncher):
    """Gives each process a name of its own."""

    async def start(self, spec, timeout):
        environment = {**spec.environment, "THEIR_NAME": spec.role + " of theirs"}
        return await super().start(replace(spec, environment=environment), timeout)


class NoLauncher:
    pass
'''
ENTRY_POINTS = """
[parflow_jupyter.launchers]
named = their_launchers:NamedLauncher
broken = their_launchers:missing
unrelated = their_launchers:NoLauncher
"""


@pytest.fixture
def of_others(isolated_home, monkeypatch):
    """Install a package that brings launchers, here and for all processes started here."""
    folder = isolated_home / "site"
    about = folder / "their_launchers-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "their_launchers.py").write_text(CODE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-launchers\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), known])))
    monkeypatch.syspath_prepend(str(folder))
    launchers._of_others.cache_clear()
    yield
    launchers._of_others.cache_clear()
    sys.modules.pop("their_launchers", None)


@pytest.fixture
def dropped(isolated_home, monkeypatch):
    """Put a launcher's file where those of the package are, for all processes started here."""
    folder = isolated_home / "more"
    folder.mkdir()
    (folder / "echo.py").write_text(f"{CODE}\n\nLAUNCHER = NamedLauncher\n")
    (folder / "sitecustomize.py").write_text(
        f"from parflow_jupyter.clusters import launchers\n"
        f"launchers.__path__.append({str(folder)!r})\n"
    )
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), known])))
    monkeypatch.setattr(launchers, "__path__", [*launchers.__path__, str(folder)])
    yield
    sys.modules.pop("parflow_jupyter.clusters.launchers.echo", None)


def their_name():
    return os.environ.get("THEIR_NAME")


def spec(role, home, **more):
    profile = locate_profile("default")
    settings = {"IPController": {"use_threads": True, "work_dir": str(home)}}
    given = {
        "role": role,
        "profile_dir": str(profile),
        "cluster_id": "",
        "python": sys.executable,
        "cwd": str(home),
        "path": [],
        "environment": allowed_environment(os.environ),
        "log": str(profile / "log" / "process.log"),
        "settings": settings,
        "uuid": "u",
    }
    return ProcessSpec(**{**given, **more})


@pytest.fixture(params=[*sorted(launchers._here()), "named"])
def launcher_class(request, of_others):
    return load_launcher(request.param)


def test_what_a_launcher_promises(launcher_class, isolated_home):
    """It starts at once, tells each end once, and what is recorded outlives its close."""
    assert issubclass(launcher_class, Launcher)
    assert isinstance(launcher_class.is_on_this_host, bool)
    security = locate_profile("default") / "security"
    exits = []

    async def use():
        launcher = launcher_class(locate_profile("default") / "log", lambda *end: exits.append(end))
        begun = time.monotonic()
        await launcher.prepare(sys.executable)
        assert time.monotonic() - begun < 2
        started = [await launcher.start(spec("controller", isolated_home), 30) for _ in range(2)]
        assert [one.python for one in started] == [VERSION] * 2
        assert all(is_alive(one.identity) for one in started)
        first, second = (one.identity for one in started)
        os.kill(first.pid, signal.SIGKILL)
        while not exits:
            await asyncio.sleep(0.01)
        assert exits == [(first.pid, signal.SIGKILL)]
        launcher.recorded(started[1])
        refused = spec("engine", isolated_home, python=str(isolated_home / "no-python"))
        with pytest.raises(EngineStartError, match="no-python"):
            await launcher.start(refused, 30)
        launcher.close()
        while not list(security.glob("*client.json")):
            await asyncio.sleep(0.01)
        assert (is_alive(first), is_alive(second)) == (False, True)
        os.kill(second.pid, signal.SIGKILL)
        while processes_of(isolated_home):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(use(), 60))


def test_a_launcher_of_others_starts_engines(clusters, of_others):
    """Named by its entry point, it is listed, used for controller and engines, and steered."""
    assert launcher_names()[:2] == ["broken", "local"]
    assert "named" in launcher_names()
    info = clusters.start_engines(1, launcher="named")
    assert [engine.launcher for engine in info.engines] == ["named"]
    assert connect(clusters)[0].apply_sync(their_name) == "engine of theirs"
    assert clusters.start_engines(1).engines_total == 2
    assert connect(clusters)[1].apply_sync(their_name) is None
    os.kill(info.engines[0].pid, signal.SIGKILL)
    assert wait_until(lambda: clusters.info().engines[0].state == "dead", 5)
    assert "signal 9" in clusters.info().engines[0].exit["meaning"]


def test_a_file_is_all_that_a_launcher_needs(clusters, dropped):
    """It is listed, offered where a start is chosen, and starts engines."""
    assert "echo" in launcher_names()
    assert "echo" in [choice.name for choice in clusters.start_choices().launchers]
    info = clusters.start_engines(1, launcher="echo")
    assert [engine.launcher for engine in info.engines] == ["echo"]
    assert connect(clusters)[0].apply_sync(their_name) == "engine of theirs"


@pytest.mark.parametrize(
    ("name", "said"), [("broken", "can't be loaded"), ("unrelated", "is no subclass")]
)
def test_a_broken_launcher_of_others_is_told(clusters, of_others, name, said):
    """With where it comes from and what to do; the supervisor goes on."""
    with pytest.raises(InvalidInputError, match=rf"{name}.*{said}.*repair"):
        clusters.start_engines(1, launcher=name)
    assert clusters.info().state == "stopped"


@pytest.mark.parametrize("name", ["ssh", "sshproxy", "slurm", "pbs", "sge", "lsf", "htcondor"])
def test_engines_elsewhere_need_a_controller_that_listens(name):
    """Those of ipyparallel's launchers, by name."""
    assert not launchers.is_on_this_host(name)
    assert launchers.is_engine_set(name)
