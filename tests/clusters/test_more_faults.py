"""Further faults on real processes: a stranger's pid, a taken port, a dead proxy, many rounds."""

import gc
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from process_helpers import processes_of, wait_until

from parflow_jupyter._system.process import identity_of
from parflow_jupyter.clusters.client import session
from parflow_jupyter.clusters.client.connection import close_all, connect
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.clusters.processes import controller
from parflow_jupyter.errors import ControllerStartError

ROUNDS = 20
SOME = 6


def test_a_stranger_with_a_recorded_pid_is_left_alone(clusters, supervisor_pid):
    """An engine died unseen and its pid belongs to another program now: never shown nor ended."""
    info = clusters.start_engines(2)
    record = locate_profile("default") / "security" / f"parflow-default@{socket.gethostname()}.json"
    os.kill(supervisor_pid(), signal.SIGKILL)
    os.kill(info.engines[0].pid, signal.SIGKILL)
    stranger = subprocess.Popen(["sleep", "300"])
    try:
        # Its own identity, but for the time it was started: so the record would look then.
        found = identity_of(stranger.pid).to_dict()
        data = json.loads(record.read_text())
        for process in data["processes"]:
            if process["identity"]["pid"] == info.engines[0].pid:
                process["identity"] = {**found, "start_time": found["start_time"] - 1}
        record.write_text(json.dumps(data))
        after = clusters.info()
        assert stranger.pid not in [engine.pid for engine in after.engines]
        assert after.engines_started_here == 1
        clusters.shutdown()
        assert clusters.info().state == "stopped"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(10)


def test_some_engines_fail_and_the_others_are_kept(clusters, tmp_path):
    """Told are how they ended and what they said last; a segmentation fault by its name."""
    (locate_profile("default") / "ipengine_config.py").write_text(
        f"import os\n"
        f"for number in range(9):\n"
        f"    try:\n"
        f"        os.close(os.open(f'{tmp_path}/{{number}}', os.O_CREAT | os.O_EXCL))\n"
        f"        break\n"
        f"    except FileExistsError:\n"
        f"        pass\n"
        f"if number == 0:\n"
        f"    print('no licence found', flush=True)\n"
        f"    os._exit(9)\n"
        f"if number == 1:\n"
        f"    os.kill(os.getpid(), 11)\n"
    )
    info = clusters.start_engines(4)
    assert (info.engines_total, info.state) == (2, "running")
    told = [str(problem) for problem in info.problems]
    assert any("exit code 9" in text and "no licence found" in text for text in told), told
    assert any("segmentation fault" in text for text in told), told
    assert connect(clusters)[:].apply_sync(int, 4) == [4, 4]


def test_other_versions_are_problems(clusters, supervisor_pid, monkeypatch):
    """Of a package, against the supervisor's; of Python, against the asker's."""
    clusters.start_engines(1)
    record = locate_profile("default") / "security" / f"parflow-default@{socket.gethostname()}.json"
    os.kill(supervisor_pid(), signal.SIGKILL)
    data = json.loads(record.read_text())
    for process in data["processes"]:
        process["versions"] = {"ipyparallel": "9.1.0"}
    record.write_text(json.dumps(data))
    told = [problem.what for problem in clusters.info().problems]
    assert len(told) == 1
    assert told[0].startswith("has ipyparallel 9.1.0, and the supervisor 9.")
    monkeypatch.setattr(
        session, "sys", SimpleNamespace(version_info=SimpleNamespace(major=3, minor=99))
    )
    assert any("this process 3.99" in problem.what for problem in clusters.info().problems)


def test_a_port_that_is_taken_is_told(clusters):
    """The profile asks for a port that something else has: the reason is in the error."""
    config = locate_profile("default") / "ipcontroller_config.py"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config.write_text(f"c.IPController.regport = {taken.getsockname()[1]}\n")
        with pytest.raises(ControllerStartError, match="Address already in use"):
            clusters.start_engines(1)
    assert clusters.start_engines(1).engines_total == 1


def test_a_port_that_is_taken_meanwhile_is_no_matter(clusters, tmp_path):
    """ipyparallel's own controller would run without that channel and say nothing."""
    tries, config = tmp_path / "tries", locate_profile("default") / "ipcontroller_config.py"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config.write_text(
            f"tries = open({str(tries)!r}, 'a+')\n"
            "tries.write('x')\n"
            "tries.seek(0)\n"
            "if len(tries.read()) == 1:\n"
            # The first one that is drawn is the control channel's.
            f"    c.IPController.client_ports = [{taken.getsockname()[1]}]\n"
        )
        info = clusters.start_engines(1)
    assert (info.engines_total, info.problems) == (1, [])
    assert tries.read_text() == "xx"
    assert connect(clusters)[0].apply_sync(int) == 0


def test_a_controller_without_a_task_queue_starts(clusters):
    """As a profile may ask for; nothing listens at its port then."""
    (locate_profile("default") / "ipcontroller_config.py").write_text(
        "c.TaskScheduler.scheme_name = 'none'\n"
    )
    assert clusters.start_engines(1).engines_total == 1


def test_a_controller_that_cannot_tell_of_itself_ends(clusters):
    """It would run on, and nobody would know of it."""
    (locate_profile("default") / "ipcontroller_config.py").write_text(
        "from parflow_jupyter.clusters.processes import controller\n"
        "def full(*_):\n"
        "    raise OSError(28, 'No space left on device')\n"
        "controller.write_private_json = full\n"
    )
    start = time.monotonic()
    with pytest.raises(ControllerStartError, match="No space left on device"):
        clusters.start_engines(1)
    assert time.monotonic() - start < 15


@pytest.mark.parametrize("error", [psutil.AccessDenied(1), FileNotFoundError("/proc/net/tcp")])
def test_a_host_that_hides_processes_is_believed(error, monkeypatch):
    """Where nobody can see who listens, the ports count as bound."""

    def hidden(*_, **__):
        raise error

    monkeypatch.setattr(psutil.Process, "children", hidden)
    assert controller._listening_ports([5, 6]) == {5, 6}


def test_a_dead_proxy_is_in_nobodys_way(clusters, monkeypatch):
    """Engines are reached directly, and still see the proxy for what their tasks fetch."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    info = clusters.start_engines(1)
    assert (info.engines_total, info.problems) == (1, [])
    assert connect(clusters)[0].apply_sync(os.environ.get, "http_proxy") == "http://127.0.0.1:9"
    assert {row["outcome"] for row in clusters.cleanup().processes} == {"terminated"}


def _held(pid):
    """Return how many descriptors and threads a process has."""
    return len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))


def _grown(before):
    """Return which processes hold more than they did: a leak would be one in each round."""
    now = {pid: _held(pid) for pid in before}
    # A pool of threads grows by a few when it has to.
    return {p: held for p, held in now.items() if any(map(int.__gt__, held, _some(before[p])))}


def _some(held):
    return [count + SOME for count in held]


def _files(home):
    """Return all files of a home, but for logs (which are kept, and bounded)."""
    return sorted(
        str(path.relative_to(home))
        for path in Path(home).rglob("*")
        if path.suffix != ".log" and "__pycache__" not in path.parts
    )


def test_twenty_rounds_leave_nothing(clusters, isolated_home, supervisor_pid, monkeypatch):
    """No process, file, socket, descriptor or thread, here, in the supervisor or fork server."""
    # It is looked at while it idles, which it does for two seconds else.
    monkeypatch.setenv("PARFLOW_LINGER_SECONDS", "60")
    # What tests before left to the garbage collector must not be closed in between.
    gc.collect()
    for _ in range(2):
        clusters.start_engines(1)
        connect(clusters)[0].apply_sync(int)
        clusters.cleanup()
    close_all()
    ours, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    staying = {pid: _held(pid) for pid in processes_of(isolated_home)}
    assert (supervisor_pid() in staying, len(staying)) == (True, 2)
    files = _files(isolated_home)
    for number in range(ROUNDS):
        assert clusters.start_engines(1).engines_total == 1
        if number % 5 == 0:
            assert connect(clusters)[0].apply_sync(int, number) == number
        clusters.cleanup()
    close_all()
    assert wait_until(lambda: set(processes_of(isolated_home)) == set(staying), 5)
    assert wait_until(lambda: not _grown(staying), 5), _grown(staying)
    assert wait_until(lambda: threading.active_count() <= threads, 5)
    # Sockets are closed by a thread of ZeroMQ's, some time after they are let go of.
    assert wait_until(lambda: len(os.listdir("/proc/self/fd")) <= ours, 5)
    assert _files(isolated_home) == files
    clusters.close()
    assert wait_until(lambda: not processes_of(isolated_home), 10)
    assert not list((isolated_home / "run").glob("*.sock"))
    assert not list((isolated_home / "ipython").rglob("parflow-default@*"))
