"""Files that tell which processes are ours: private, whole, and distrusted when read."""

import json
import os
import signal
import subprocess
import sys

import pytest

from parflow_jupyter._system import private_json, runtime_dir
from parflow_jupyter._system.process import (
    ProcessIdentity,
    identity_of,
    is_alive,
    own_identity,
    send_signal,
)
from parflow_jupyter.errors import SupervisorError


def test_records_are_private_and_come_back(tmp_path):
    """A record is written with mode 0600, in a folder with mode 0700, and nothing else is left."""
    path = tmp_path / "security" / "r.json"
    private_json.write_private_json(path, {"version": 1, "a": [1]})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert private_json.read_private_json(path) == ({"version": 1, "a": [1]}, None)
    assert os.listdir(path.parent) == ["r.json"]


@pytest.mark.parametrize(
    ("content", "mode", "part"),
    [
        ('{"version": 1', 0o600, "complete JSON"),
        ("", 0o600, "complete JSON"),
        ("[1]", 0o600, "version"),
        ('{"version": 99}', 0o600, "version"),
        ('{"version": 1}', 0o644, "0644"),
        ('{"version": 1}', 0o620, "0620"),
    ],
)
def test_records_that_are_not_trusted(tmp_path, content, mode, part):
    """A half-written, foreign or newer record counts as absent, with a problem."""
    path = tmp_path / "r.json"
    path.write_text(content)
    path.chmod(mode)
    data, problem = private_json.read_private_json(path)
    assert data is None
    assert problem is not None
    assert part in problem.what


def test_links_and_absent_records(tmp_path):
    """A symbolic link is not followed; an absent record is no problem."""
    (tmp_path / "real").write_text(json.dumps({"version": 1}))
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert private_json.read_private_json(tmp_path / "link")[0] is None
    assert private_json.read_private_json(tmp_path / "link")[1] is not None
    assert private_json.read_private_json(tmp_path / "none") == (None, None)


def test_a_failed_write_keeps_the_old_record(tmp_path):
    """What can't be written whole is not written at all."""
    path = tmp_path / "r.json"
    private_json.write_private_json(path, {"version": 1})
    with pytest.raises(TypeError):
        private_json.write_private_json(path, {"version": 1, "bad": object()})
    assert private_json.read_private_json(path)[0] == {"version": 1}
    assert os.listdir(tmp_path) == ["r.json"]


def test_identity_is_more_than_a_pid():
    """The same pid with another start time, boot or namespace is another process."""
    own = own_identity()
    assert is_alive(own)
    assert ProcessIdentity.from_dict(own.to_dict()) == own
    for other in (
        ProcessIdentity(own.pid, own.start_time - 1, own.boot_id, own.pid_namespace),
        ProcessIdentity(own.pid, own.start_time, "another boot", own.pid_namespace),
        ProcessIdentity(own.pid, own.start_time, own.boot_id, "another namespace"),
    ):
        assert not is_alive(other)


def test_a_stranger_with_the_same_pid_is_never_signalled():
    """A recorded pid that belongs to another program now is left alone."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        found = identity_of(stranger.pid)
        assert found is not None
        older = ProcessIdentity(found.pid, found.start_time - 5, found.boot_id, found.pid_namespace)
        assert send_signal(older, signal.SIGKILL) is False
        assert stranger.poll() is None
        assert send_signal(found, signal.SIGKILL) is True
        assert stranger.wait(5) == -signal.SIGKILL
        assert send_signal(found, signal.SIGKILL) is False
    finally:
        stranger.kill()
        stranger.wait(5)


def test_the_runtime_folder_must_be_private(tmp_path, monkeypatch):
    """A folder that others may enter is refused, and one that is made is private."""
    monkeypatch.setenv("PARFLOW_RUNTIME_DIR", str(tmp_path / "new"))
    assert runtime_dir.runtime_dir("owners").stat().st_mode & 0o777 == 0o700
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    monkeypatch.setenv("PARFLOW_RUNTIME_DIR", str(tmp_path / "open"))
    with pytest.raises(SupervisorError, match="PARFLOW_RUNTIME_DIR"):
        runtime_dir.runtime_dir()


def test_socket_paths_are_short_enough(tmp_path, monkeypatch):
    """A path too long for a socket is refused with what to do."""
    monkeypatch.setenv("PARFLOW_RUNTIME_DIR", str(tmp_path / ("x" * 100)))
    with pytest.raises(SupervisorError, match="107"):
        runtime_dir.socket_path("a" * 16)


def test_two_names_of_one_folder_are_one_cluster(tmp_path):
    """The key of a cluster follows symbolic links; cluster id and host tell clusters apart."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    key = runtime_dir.cluster_key(tmp_path / "a", "")
    assert key == runtime_dir.cluster_key(tmp_path / "b", "")
    others = {
        runtime_dir.cluster_key(tmp_path / "a", "x"),
        runtime_dir.cluster_key(tmp_path / "a", "", "h"),
    }
    assert key not in others
    assert len(others) == 2


def test_locks_have_a_deadline(tmp_path):
    """Who waits for a lock in vain is told so in time."""
    with (
        runtime_dir.file_lock(tmp_path / "l", 1),
        pytest.raises(SupervisorError, match="doctor"),
        runtime_dir.file_lock(tmp_path / "l", 0.05),
    ):
        pass
