"""The supervisor process: one per cluster, reachable, quick to end, and no burden on importers."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from ipyparallel import RemoteError
from process_helpers import processes_of, wait_until

from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.client.doctor import run_doctor
from parflow_jupyter.clusters.client.rpc import Target, ask
from parflow_jupyter.clusters.client.rpc import connect as connect_socket
from parflow_jupyter.clusters.files.owners import find_owner
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.clusters.protocol.wire import decode, encode
from parflow_jupyter.errors import ClusterBusyError, InvalidInputError, ProtocolMismatchError
from parflow_jupyter.events import ClusterChanged


def _target():
    return Target(locate_profile("default"), "")


def test_importing_the_room_loads_nothing_heavy():
    """What only asks whether something runs needs no ipyparallel, zmq or psutil."""
    code = (
        "import sys, json\n"
        "from parflow_jupyter.clusters import Clusters\n"
        "print(json.dumps([m for m in ('ipyparallel','zmq','psutil','IPython','tornado')"
        " if m in sys.modules]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert json.loads(said.stdout) == []


def _converse(lines):
    connection = connect_socket(_target())
    assert connection is not None
    with connection, connection.makefile("rb") as answers:
        connection.settimeout(10)
        for line in lines:
            connection.sendall(line)
            yield decode(answers.readline())


def test_the_socket_refuses_what_it_does_not_understand(clusters):
    """Nonsense, unknown methods and other protocols are answered with an error each."""
    clusters.start_engines(1)
    owner = find_owner("process").to_dict()
    answers = _converse([
        b"nonsense\n",
        b"[1]\n",
        encode({"method": "hello", "owner": owner}),
        encode({"method": "info", "protocol": 99, "owner": owner}),
        encode({"method": "nope", "protocol": 1, "owner": owner}),
        encode({"method": "info", "protocol": 1}),
        encode({"method": "info", "protocol": 1, "owner": owner}),
    ])  # fmt: skip
    reasons = [answer.get("error", {}).get("reason") for answer in answers]
    assert reasons == [
        InvalidInputError.reason,
        InvalidInputError.reason,
        None,
        ProtocolMismatchError.reason,
        InvalidInputError.reason,
        InvalidInputError.reason,
        None,
    ]
    about = ask(_target(), find_owner("process"), "hello", timeout=5)
    assert about is not None
    assert about["python"] == ".".join(str(part) for part in sys.version_info[:3])


def test_the_socket_is_private(clusters, isolated_home):
    """Only this user can reach the socket; the record and logs are private, too."""
    clusters.start_engines(1)
    assert (isolated_home / "run").stat().st_mode & 0o777 == 0o700
    host = socket.gethostname()
    security = locate_profile("default") / "security"
    for path in (security / f"parflow-default@{host}.json", security / "ipcontroller-client.json"):
        assert path.stat().st_mode & 0o777 == 0o600
    for log in (locate_profile("default") / "log").glob("parflow-engine-*"):
        assert log.stat().st_mode & 0o777 == 0o600
    key = json.loads((security / "ipcontroller-client.json").read_text())["key"]
    for pid in processes_of(isolated_home):
        with open(f"/proc/{pid}/cmdline") as command, open(f"/proc/{pid}/environ") as environment:
            assert key not in command.read() + environment.read()


def test_it_does_not_quit_while_processes_run(clusters):
    """Asked to quit too early, it refuses."""
    clusters.start_engines(1)
    with pytest.raises(ClusterBusyError):
        ask(_target(), find_owner("process"), "quit", timeout=5)


def test_it_lingers_and_ends(clusters, isolated_home):
    """With its owner alive it stays a while after the last process, then ends by itself."""
    clusters.start_engines(1)
    clusters.cleanup()
    assert processes_of(isolated_home)
    assert wait_until(lambda: not processes_of(isolated_home), 8)
    assert not list((isolated_home / "run").glob("*.sock"))


def test_terminated_supervisor_hands_over(clusters, supervisor_pid):
    """A supervisor that is asked to end leaves its processes to the next one."""
    before = clusters.start_engines(1)
    os.kill(supervisor_pid(), signal.SIGTERM)
    time.sleep(0.3)
    after = clusters.info()
    assert after.engines[0].pid == before.engines[0].pid
    assert after.engines_started_here == 1


def test_a_removed_socket_comes_back(clusters, isolated_home, supervisor_pid):
    """A cleaner of temporary folders does not cut the supervisor off."""
    clusters.start_engines(1)
    first = supervisor_pid()
    for path in (isolated_home / "run").glob("*.sock"):
        path.unlink()
    assert wait_until(lambda: list((isolated_home / "run").glob("*.sock")), 5)
    assert clusters.info().engines_started_here == 1
    assert supervisor_pid() == first


def test_a_listener_follows_supervisors_that_come_and_go(clusters, supervisor_pid):
    """A subscription made before anything runs gets events, also of a later supervisor."""
    events = []
    end = clusters.subscribe(events.append)
    clusters.start_engines(1)
    assert wait_until(lambda: any(getattr(e, "engines_total", 0) == 1 for e in events), 10)
    os.kill(supervisor_pid(), signal.SIGKILL)
    clusters.info()
    events.clear()
    clusters.start_engines(1)
    assert wait_until(
        lambda: any(isinstance(e, ClusterChanged) and e.engines_total == 2 for e in events), 10
    )
    connect(clusters)[0].apply(time.sleep, 3)
    assert wait_until(lambda: any(getattr(e, "engines_busy", 0) == 1 for e in events), 3)
    end()


def test_a_start_can_be_cancelled(clusters):
    """Cancelling ends what has not registered yet, and says so."""
    operation = clusters.begin_start_engines(2)
    cancelled = clusters.cancel_operation(operation.id)
    assert cancelled.state in ("cancelled", "done")
    expected = 0 if cancelled.state == "cancelled" else 2
    assert wait_until(lambda: clusters.info().engines_total == expected, 5)
    assert clusters.start_engines(1).engines_total == expected + 1


def test_cleanup_during_a_start(clusters, isolated_home):
    """A cleanup in the middle of a start leaves nothing behind."""
    clusters.begin_start_engines(2)
    clusters.cleanup()
    info = clusters.info()
    assert (info.engines_total, info.controller) == (0, None)


def test_shutdown_during_a_start(clusters):
    """A shutdown ends a start that has no process yet."""
    clusters.begin_start_engines(2)
    clusters.shutdown()
    info = clusters.info()
    assert (info.state, info.engines_total, info.controller) == ("stopped", 0, None)


def test_several_clusters_of_one_owner(clusters):
    """Cluster ids keep clusters of one profile apart; one cleanup ends all that was started."""
    clusters.start_engines(1)
    clusters.start_engines(1, profile="default", cluster_id="second")
    assert clusters.current() == ("default", "second")
    assert clusters.info("default", "second").engines_total == 1
    assert clusters.info("default").engines_total == 1
    assert len(clusters.cleanup().processes) == 4
    assert clusters.info("default").state == clusters.info("default", "second").state == "stopped"


def test_the_profile_has_the_last_word(clusters):
    """What the profile configures goes before our own settings."""
    (locate_profile("default") / "ipengine_config.py").write_text(
        "c.IPEngine.max_heartbeat_misses = 77\nc.IPEngine.startup_command = 'configured = 5'\n"
    )
    clusters.start_engines(1)

    def look():
        from ipyparallel.engine.app import IPEngine

        return IPEngine.instance().max_heartbeat_misses, IPEngine.instance().enable_nanny

    view = connect(clusters)[0]
    assert view.apply_sync(look) == (77, False)
    assert view["configured"] == 5


def test_results_may_be_what_only_cloudpickle_pickles(clusters):
    """A function made on an engine comes back."""
    clusters.start_engines(1)
    assert connect(clusters)[0].apply_sync(lambda: lambda x: x + 1)(1) == 2


def test_code_keeps_its_file_on_the_way_there_and_back(clusters):
    """So what fails on an engine names its cell and line, and so does what was made there."""
    clusters.start_engines(1)
    view = connect(clusters)[0]
    with pytest.raises(RemoteError) as caught:
        view.apply_sync(eval(compile("lambda: 1 / 0", "<cell 7>", "eval")))
    assert "<cell 7>" in caught.value.traceback
    assert view.apply_sync(lambda: lambda x: x).__code__.co_filename == __file__


def test_tasks_that_report_their_own_count(clusters):
    """A message that reports n completed tasks counts n; while it runs, the engine is busy."""

    def batch():
        import sys

        sys.modules["parflow_jupyter.clusters.processes.engine_counters"].add_completed(25)

    clusters.start_engines(1)
    view = connect(clusters)[0]
    view.apply_sync(batch)
    view.apply_sync(int)
    assert clusters.info().engines[0].completed == 26


def test_the_doctor(clusters, supervisor_pid):
    """It names supervisor, controller, engines and owner with their pids."""
    info = clusters.start_engines(1)
    report = io.StringIO()
    assert run_doctor(report) == 0
    pids = [supervisor_pid(), info.controller.pid, info.engines[0].pid, os.getpid()]
    assert all(str(pid) in report.getvalue() for pid in pids)
    said = subprocess.run(
        [sys.executable, "-m", "parflow_jupyter", "doctor"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert str(info.engines[0].pid) in said.stdout


def test_the_doctor_on_an_idle_machine(isolated_home):
    """With nothing running it says so."""
    report = io.StringIO()
    assert run_doctor(report) == 0
    assert "No supervisor runs" in report.getvalue()


def test_a_server_is_registered_until_it_closes(isolated_home):
    """A server registers itself at once, so that its kernels find it."""
    server = Clusters(kind="server")
    assert len(list((isolated_home / "run" / "owners").iterdir())) == 1
    server.close()
    assert list((isolated_home / "run" / "owners").iterdir()) == []
    with pytest.raises(InvalidInputError):
        Clusters(kind="kernel")
