"""The package is changed while a cluster runs: a clear message and a way out, never a crash."""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest
from process_helpers import wait_until

from parflow_jupyter._system.process import identity_of, own_identity
from parflow_jupyter._system.runtime_dir import socket_path
from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.doctor import run_doctor
from parflow_jupyter.clusters.client.rpc import Target
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import ProtocolMismatchError


class OldSupervisor:
    """Listens where a supervisor does, answers a hello, and refuses all else as an old one does."""

    def __init__(self, refusal):
        self.refusal = refusal
        self.path = socket_path(Target(locate_profile("default"), "").key)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(self.path))
        self.server.listen(10)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            connection, _ = self.server.accept()
            with connection, connection.makefile("rwb") as stream:
                request = json.loads(stream.readline() or b"{}")
                if not request:
                    return
                stream.write(json.dumps(self.answer(request)).encode() + b"\n")

    def answer(self, request):
        if request["method"] == "hello":
            about = {"protocol": 0, "version": "0.0.1", "supervisor": own_identity().to_dict()}
            return {"result": about}
        return {"error": self.refusal}

    def close(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self.path))
        self.thread.join(5)
        self.server.close()
        self.path.unlink()


REFUSALS = [
    {"message": "Other protocols: see 'python -m parflow_jupyter doctor'.",
     "reason": "protocol-mismatch"},
    {"message": "There is no method 'info': use one of ['hello'].", "reason": "invalid-input",
     "unknown_method": "info"},
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS)
def test_an_older_supervisor_gives_a_clear_message(isolated_home, refusal):
    """Every call says that versions differ and what to do; the doctor names the pid to end."""
    old = OldSupervisor(refusal)
    clusters = Clusters()
    try:
        for call in (clusters.info, clusters.start_engines, clusters.begin_shutdown):
            with pytest.raises(ProtocolMismatchError, match="doctor"):
                call()
        report = io.StringIO()
        assert run_doctor(report) == 0
        assert "version 0.0.1" in report.getvalue()
        assert f"kill {os.getpid()}" in report.getvalue()
    finally:
        clusters.close()
        old.close()


def test_what_an_older_supervisor_started_is_taken_over(clusters, supervisor_pid):
    """The way out works: the old one is ended, the new one goes on with the same engines."""
    before = clusters.start_engines(2)
    first = supervisor_pid()
    os.kill(first, signal.SIGKILL)
    after = clusters.info()
    assert [engine.pid for engine in after.engines] == [engine.pid for engine in before.engines]
    assert supervisor_pid() != first


def test_a_record_of_a_later_version_keeps_what_is_known(clusters, supervisor_pid):
    """Fields that a later version added do not hinder: its processes are adopted."""
    before = clusters.start_engines(1)
    first = supervisor_pid()
    os.kill(first, signal.SIGKILL)
    host = socket.gethostname()
    record = locate_profile("default") / "security" / f"parflow-default@{host}.json"
    data = json.loads(record.read_text())
    for process in data["processes"]:
        process["invented_later"] = {"x": 1}
    record.write_text(json.dumps(data))
    assert [engine.pid for engine in clusters.info().engines] == [before.engines[0].pid]


def test_the_doctor_tells_age_memory_and_how_to_end_what_runs(clusters, supervisor_pid):
    """For the supervisor and each process of it; the command that it gives works."""
    info = clusters.start_engines(1)
    report = io.StringIO()
    run_doctor(report)
    lines = report.getvalue().splitlines()
    for pid in (supervisor_pid(), info.controller.pid, info.engines[0].pid):
        line = next(line for line in lines if f"pid {pid}," in line)
        assert "age " in line
        assert "MB" in line
    pid = int(next(line for line in lines if "kill " in line).rpartition("kill ")[2])
    os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 5)
    time.sleep(0.1)
    assert clusters.info().engines_total == 1


def test_a_record_of_another_user_is_told_and_ignored(clusters):
    """The processes that it names are never touched, and a start writes our own."""
    if os.getuid() != 0:
        pytest.skip("only root can make a file of another user")
    host = socket.gethostname()
    record = locate_profile("default") / "security" / f"parflow-default@{host}.json"
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        kept = ("kind", "uuid", "owner", "launcher", "python", "log", "counters", "entropy")
        process = {**dict.fromkeys(kept, ""), "kind": "engine", "spec": {}}
        process["identity"] = identity_of(stranger.pid).to_dict()
        record.write_text(json.dumps({"version": 1, "processes": [process]}))
        os.chown(record, 12345, 12345)
        record.chmod(0o600)
        info = clusters.start_engines(1)
        assert stranger.pid not in [engine.pid for engine in info.engines]
        assert record.stat().st_uid == os.getuid()
        (problem,) = info.problems
        assert "is not a file of this user" in problem.what
        assert str(record) in problem.what
        clusters.shutdown()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
