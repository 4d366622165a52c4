"""A full disk and a read-only home: real ones in a mount namespace, and fakes for everywhere."""

import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from parflow_jupyter._system import private_json
from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.files import owners, profiles
from parflow_jupyter.clusters.processes import engine_counters
from parflow_jupyter.clusters.supervisor.control import controllers
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import ClusterError, SupervisorError
from parflow_jupyter.stores.data_dir import data_folder

PRELUDE = """
import json, os, subprocess, sys, time
from pathlib import Path
from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.errors import ParflowError

folder = Path(sys.argv[1])

def mount(*options):
    subprocess.run(["mount", *options, folder], check=True, timeout=10)

def fill():
    with open(folder / "fill", "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass

def free():
    (folder / "fill").unlink()

def say(what, call):
    start = time.monotonic()
    try:
        answer = call()
    except ParflowError as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps([what, answer, time.monotonic() - start]), flush=True)

def total(info):
    return [info.state, info.engines_total, [problem.where for problem in info.problems]]
"""

FULL = """
mount("-t", "tmpfs", "-o", "size=2m,mode=700", "none")
from parflow_jupyter.clusters.files.profiles import locate_profile
locate_profile("default")
clusters = Clusters()
fill()
say("a start", lambda: total(clusters.start_engines(1)))
say("what runs then", lambda: total(clusters.info())[:2])
free()
say("a start with room", lambda: total(clusters.start_engines(1)))
fill()
say("a task", lambda: connect(clusters)[0].apply_sync(int, 3))
say("one more", lambda: total(clusters.start_engines(1)))
say("the cleanup", lambda: sorted({row["outcome"] for row in clusters.cleanup().processes}))
say("what is left", lambda: total(clusters.info())[:2])
free()
say("a start in the end", lambda: total(clusters.start_engines(1)))
clusters.close()
"""

READ_ONLY = """
mount("--bind", folder)
mount("-o", "remount,bind,ro")
clusters = Clusters()
say("what runs", lambda: total(clusters.info()))
say("a start", lambda: total(clusters.start_engines(1)))
say("a profile", lambda: clusters.create_profile("another").name)
say("a server", lambda: Clusters(kind="server").close())
say("the cleanup", lambda: len(clusters.cleanup().processes))
try:
    clusters.close()
except ParflowError:
    pass
"""


def _can_mount():
    tried = ["unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(tried, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@pytest.fixture(scope="module")
def mounts():
    if not _can_mount():
        pytest.skip("mount namespaces need root, or a kernel that lets users make them")


def _in_a_namespace(script, folder):
    """Return what a script says in a mount namespace of its own."""
    code = textwrap.dedent(PRELUDE + script)
    unshare = ["unshare", "-m", "--propagation", "private"]
    done = subprocess.run(
        [*unshare, sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert max(seconds for _, _, seconds in told) < 30
    return {what: answer for what, answer, _ in told}


def test_a_full_profile_folder(mounts, isolated_home):
    """No controller can start, with a clear reason; one that runs goes on, and ends as ever."""
    told = _in_a_namespace(FULL, isolated_home / "ipython")
    assert told["a start"].startswith("ControllerStartError: Can't write in the profile folder")
    assert "No space left on device" in told["a start"]
    assert told["what runs then"] == ["stopped", 0]
    assert told["a start with room"] == ["running", 1, []]
    assert told["a task"] == 3
    state, engines, problems = told["one more"]
    assert (state, engines) == ("running", 2)
    assert "record" in problems
    assert told["the cleanup"] == ["terminated"]
    assert told["what is left"] == ["stopped", 0]
    assert told["a start in the end"] == ["running", 1, []]


def test_a_full_runtime_folder(mounts, isolated_home):
    """What can't be written down is not started; what runs goes on, and ends as ever."""
    told = _in_a_namespace(FULL, isolated_home / "run")
    for what in ("a start", "one more"):
        assert told[what].startswith("SupervisorError: Can't write in the runtime folder")
        assert "No space left on device" in told[what]
    assert told["what runs then"] == ["stopped", 0]
    assert told["a start with room"] == ["running", 1, []]
    assert told["a task"] == 3
    assert told["the cleanup"] == ["terminated"]
    assert told["what is left"] == ["stopped", 0]
    assert told["a start in the end"] == ["running", 1, []]


@pytest.mark.parametrize("whose", ["ipython", "run"])
def test_a_read_only_home(mounts, isolated_home, whose):
    """Whatever needs to write says which folder and what to do; looking still works."""
    told = _in_a_namespace(READ_ONLY, isolated_home / whose)
    setting = {"ipython": "IPYTHONDIR", "run": "PARFLOW_RUNTIME_DIR"}[whose]
    assert "Read-only file system" in told["a start"]
    assert setting in told["a start"]
    if whose == "ipython":
        assert told["what runs"] == ["stopped", 0, []]
        assert "IPYTHONDIR" in told["a profile"]
        assert (told["a server"], told["the cleanup"]) == (None, 0)
        assert not list((isolated_home / "ipython").iterdir())
    else:
        assert setting in told["a server"]


# --- fakes, for machines where nothing can be mounted ---------------------------


def _fails_with(number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


def test_fake_full_runtime_folder(isolated_home, monkeypatch):
    """An owner that can't be registered is an error that says what to do."""
    monkeypatch.setattr(owners, "write_private_json", _fails_with(errno.ENOSPC))
    with pytest.raises(SupervisorError, match=r"No space left.*PARFLOW_RUNTIME_DIR"):
        Clusters(kind="server")
    clusters = Clusters()
    with pytest.raises(SupervisorError, match="No space left"):
        clusters.start_engines(1)
    clusters.close()


def test_fake_read_only_profile(isolated_home, monkeypatch):
    """A profile that can't be made or completed is an error that says what to do."""
    monkeypatch.setattr(Path, "mkdir", _fails_with(errno.EROFS))
    for call in (
        lambda: profiles.create_profile("new"),
        lambda: profiles.locate_profile("default"),
    ):
        with pytest.raises(ClusterError, match=r"Read-only.*IPYTHONDIR"):
            call()


def test_fake_full_record(isolated_home, monkeypatch):
    """A supervisor that can't write its record tells so, and goes on; then it tells no more."""
    cluster = Cluster(profiles.locate_profile("default"), "")
    with monkeypatch.context() as patched:
        patched.setattr(private_json.os, "replace", _fails_with(errno.ENOSPC))
        cluster.save()
    (problem,) = cluster.problems
    assert (problem.where, "No space left" in problem.what) == ("record", True)
    assert os.listdir(cluster.record.parent) == []
    cluster.save()
    assert cluster.problems == []


def test_fake_unwritable_log(isolated_home):
    """A process whose log can't be written starts without one, and that is told."""
    cluster = Cluster(profiles.locate_profile("default"), "")
    cluster.log_dir.rmdir()
    assert controllers._usable_log(cluster, str(cluster.log_dir / "a.log")) == ""
    assert [problem.where for problem in cluster.problems] == ["log"]
    cluster.log_dir.mkdir()
    log = str(cluster.log_dir / "a.log")
    assert controllers._usable_log(cluster, log) == log
    assert cluster.problems == []


def test_fake_full_counters(tmp_path, monkeypatch):
    """Only what has really been written is mapped: else the engine would die of a bus error."""
    monkeypatch.setattr(engine_counters.os, "write", lambda fd, data: 100)
    with pytest.raises(OSError, match="No space left"):
        engine_counters.open_block(tmp_path / "counters")
    assert engine_counters._block is None


def test_fake_read_only_data_folder(tmp_path, monkeypatch):
    """History and settings go to a private temporary folder, and that is said."""
    monkeypatch.setenv("PARFLOW_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert data_folder() == tmp_path / "data"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.warns(UserWarning, match="PARFLOW_DATA_DIR"):
        folder = data_folder()
    assert folder == tmp_path / f"parflow-data-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(PermissionError, match="remove it"):
        data_folder()
