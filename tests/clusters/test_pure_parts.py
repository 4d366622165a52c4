"""The parts that decide without acting: counts, names, environment, exits, messages, tables."""

import importlib
import os
import random

import pytest

from parflow_jupyter._system.cpu_count import available_cores, cgroup_quota, cores
from parflow_jupyter._system.environment import allowed_environment, blas_limits
from parflow_jupyter.clusters import ClusterInfo, check_engine_count, check_profile_name
from parflow_jupyter.clusters.files.profiles import check_cluster_id
from parflow_jupyter.clusters.launchers import check_launcher
from parflow_jupyter.clusters.processes.engine import _reseed
from parflow_jupyter.clusters.protocol.model import (
    CleanupReport,
    ControllerInfo,
    EngineInfo,
    Operation,
)
from parflow_jupyter.clusters.protocol.wire import check_protocol, error_from_dict
from parflow_jupyter.clusters.supervisor.death.exit_status import describe_exit
from parflow_jupyter.clusters.supervisor.link import messages
from parflow_jupyter.errors import (
    EngineCountError,
    InvalidInputError,
    Problem,
    ProfileNameError,
    ProfileNotFoundError,
    ProtocolMismatchError,
    SupervisorError,
)


@pytest.mark.parametrize("n", [0, -1, 10000, "two", 2.5, 2.0, True, False, [], float("nan")])
def test_engine_counts_that_are_refused(n):
    """Anything but a whole number within the limit is refused, with the value in the message."""
    with pytest.raises(EngineCountError) as caught:
        check_engine_count(n)
    assert repr(n) in str(caught.value)


@pytest.mark.parametrize("n", ["x" * 9999, 10**9999], ids=["text", "number"])
def test_a_huge_value_keeps_the_message_short(n):
    """Even one that has no repr."""
    for refuse in (check_engine_count, check_profile_name):
        with pytest.raises(InvalidInputError) as caught:
            refuse(n)
        assert len(str(caught.value)) < 250


def test_engine_counts_that_are_taken():
    """Whole numbers up to the limit are taken; None is one per available core."""
    assert [1, 16, available_cores()] == [
        check_engine_count(1),
        check_engine_count(16),
        check_engine_count(None),
    ]
    assert check_engine_count(None, limit=1) == 1


@pytest.mark.parametrize(
    ("files", "listing", "expected"),
    [
        ({"cpu.max": "max 100000"}, "0::/", None),
        ({"cpu.max": "250000 100000"}, "0::/", 2.5),
        ({"a/cpu.max": "max 100000", "cpu.max": "100000 100000"}, "0::/a", 1.0),
        ({"a/b/cpu.max": "50000 100000", "a/cpu.max": "400000 100000"}, "0::/a/b", 0.5),
        ({"cpu/x/cpu.cfs_quota_us": "300000", "cpu/x/cpu.cfs_period_us": "100000"},
         "4:cpu,cpuacct:/x\n3:memory:/y", 3.0),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu:/", None),
        ({}, "nonsense", None),
    ],
)  # fmt: skip
def test_cgroup_quota(tmp_path, files, listing, expected):
    """The smallest quota of a cgroup and all above it counts, in both versions of cgroups."""
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert cgroup_quota(tmp_path, listing) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "a/b", "..", ".", "../x", "x/..", "/etc", "~", "~root", "a\\b", "..\\x", "C:x"),
        *(
            ".hidden",
            "-x",
            "--x",
            "a b",
            " a",
            "a\n",
            "\na",
            "a\x00",
            "a\x00/..",
            "a%2f..",
            "%2e%2e",
        ),
        *(
            "ä",
            "．．",
            "a\u2215b",
            "a\u202eb",
            "$HOME",
            "`id`",
            "a;b",
            "a*",
            "x" * 65,
            None,
            3,
            ["a"],
        ),
    ],
)
def test_profile_names_that_are_refused(name):
    """No name can leave the profile folder."""
    with pytest.raises(ProfileNameError):
        check_profile_name(name)


@pytest.mark.parametrize("name", ["default", "a", "A-1_b.c", "x" * 64])
def test_profile_names_that_are_taken(name):
    """Usual names are returned as they are."""
    assert check_profile_name(name) == name


@pytest.mark.parametrize(
    "cluster_id", ["../x", "a/b", "..", "a\x00", "a\n", "-x", "%2e", None, 1, "a b", "x" * 65]
)
def test_cluster_ids_that_are_refused(cluster_id):
    """A cluster id becomes part of a file name, so it can hold no path."""
    with pytest.raises(InvalidInputError):
        check_cluster_id(cluster_id)


def test_unknown_launcher():
    """An unknown launcher is refused with the names of the known ones."""
    with pytest.raises(InvalidInputError, match="local"):
        check_launcher("slurmy")


def test_environment_is_an_allow_list():
    """No token passes; more can be named."""
    secrets = {
        "JUPYTERHUB_API_TOKEN": "1",
        "JPY_PARENT_PID": "2",
        "JPY_API_TOKEN": "3",
        "JUPYTER_TOKEN": "4",
        "AWS_SECRET_ACCESS_KEY": "5",
        "MY_DATA": "6",
        # A pattern would let these through.
        "CONDA_TOKEN": "7",
        "PBS_JOBCOOKIE": "8",
        "PARFLOW_DB_PASSWORD": "9",
        "XDG_SESSION_Cookie": "10",
    }
    kept = {"PATH": "/bin", "OMP_NUM_THREADS": "3", "LC_ALL": "C", "IPYTHONDIR": "/i"}
    assert allowed_environment({**secrets, **kept}) == kept
    more = {"PARFLOW_PASS_ENVIRONMENT": "MY_*, OTHER"}
    assert allowed_environment({**secrets, **kept, **more}) == {**kept, **more, "MY_DATA": "6"}
    named = {"PARFLOW_PASS_ENVIRONMENT": "AWS_*,CONDA_TOKEN"}
    asked = {"AWS_SECRET_ACCESS_KEY": "5", "CONDA_TOKEN": "7"}
    assert allowed_environment({**secrets, **named}) == {**named, **asked}


@pytest.mark.parametrize(
    ("cores", "engines", "threads"), [(8, 2, "4"), (2, 8, "1"), (8, 3, "2"), (4, 0, "4")]
)
def test_blas_limits(cores, engines, threads):
    """Engines share the cores; a limit that the user set is left alone."""
    assert set(blas_limits({}, cores, engines).values()) == {threads}
    assert "OMP_NUM_THREADS" not in blas_limits({"OMP_NUM_THREADS": "7"}, cores, engines)


@pytest.mark.parametrize(
    ("status", "code", "number", "part"),
    [
        (0, 0, None, "exit code 0"),
        (5 << 8, 5, None, "exit code 5"),
        (9, None, 9, "out of memory"),
        (11, None, 11, "segmentation fault"),
        (12, None, 12, "signal 12"),
        (None, None, None, "nobody saw"),
    ],
)
def test_exits(status, code, number, part):
    """A wait status is told as code, signal and meaning."""
    told = describe_exit(status)
    assert (told["code"], told["signal"]) == (code, number)
    assert part in told["meaning"]


@pytest.mark.parametrize(
    "error",
    [
        EngineCountError("two", 16),
        ProfileNotFoundError("x", ["default"]),
        SupervisorError("It is gone.", pid=3),
    ],
)
def test_errors_cross_the_socket(error):
    """An error arrives as its own class, with message and details."""
    arrived = error_from_dict(error.to_dict())
    assert type(arrived) is type(error)
    assert arrived.to_dict() == error.to_dict()


def test_unknown_errors_cross_the_socket():
    """An error of a newer supervisor is still an error."""
    assert type(error_from_dict({"message": "m", "reason": "newer"})) is SupervisorError


def test_protocol_mismatch_says_what_to_do():
    """Another protocol number is refused, naming the doctor."""
    with pytest.raises(ProtocolMismatchError, match="doctor"):
        check_protocol(99)


def test_tampered_messages_are_dropped():
    """A message whose content was changed is not trusted."""
    _, frames = messages.pack(b"key", "s", "kind", {"n": 1})
    assert messages.unpack(b"key", frames) == ("kind", "", {"n": 1})
    assert messages.unpack(b"key", [*frames[:-1], b'{"n": 2}']) is None
    assert messages.unpack(b"key", [b"garbage"]) is None


def test_reseeding_covers_numpy():
    """Each entropy gives numbers of its own, the same ones each time, also from numpy."""
    numpy = pytest.importorskip("numpy")
    importlib.import_module("numpy.random")
    draws = []
    for entropy in (1, 2, 1):
        _reseed(entropy)
        draws.append((random.random(), float(numpy.random.random())))
    assert draws[0] == draws[2]
    assert draws[0][0] != draws[1][0]
    assert draws[0][1] != draws[1][1]


ENGINE = EngineInfo(0, 7, "h", "Linux", "3.11", "local", True, "busy", 1, 12, 1.5, 25_000_000)
INFO = ClusterInfo(
    "default", "", "running", True, ControllerInfo(True, 1, "h"), 1, 1, [ENGINE],
    [Problem("engine <1>", "ended", "start another")],
)  # fmt: skip


def test_cluster_information_as_json():
    """It has exactly the agreed members; what supervisors tell comes back the same."""
    data = INFO.to_dict()
    assert list(data) == [
        "profile", "cluster_id", "state", "connected", "controller", "engines_started_here",
        "engines_total", "engines", "problems",
    ]  # fmt: skip
    assert list(data["engines"][0]) == [
        "id", "pid", "host", "system", "python", "launcher", "started_here", "state", "queued",
        "completed", "cpu_percent", "rss_bytes", "exit",
    ]  # fmt: skip
    assert list(data["controller"]) == ["started_here", "pid", "host"]
    # Supervisors also tell whose everything is.
    data = INFO.facts()
    assert ClusterInfo.from_dict(data) == INFO
    # What a later version tells more is passed over.
    more = {**data, "x": 1, "engines": [{**data["engines"][0], "y": 2}]}
    assert ClusterInfo.from_dict(more) == INFO


def test_cluster_information_as_table():
    """Text and HTML show engines by host and escape what they show."""
    text, html = str(INFO), INFO._repr_html_()
    assert "h:\n" in text
    assert "25 MB" in text
    assert "engine &lt;1&gt;" in html
    assert "--jp-" in html


def test_reports_and_operations_come_back_the_same():
    """Cleanup reports and operations survive their JSON form."""
    row = {"kind": "engine", "id": 0, "pid": 7, "host": "h", "outcome": "killed"}
    report = CleanupReport("terminate", [row], [Problem("a", "b", "c")])
    assert CleanupReport.from_dict(report.to_dict()) == report
    assert "killed" in str(report)
    assert "killed" in report._repr_html_()
    operation = Operation("1", "shutdown", "failed", 0, 1, "m", {"message": "m", "reason": "r"})
    assert Operation.from_dict(operation.to_dict()) == operation


def test_this_process_has_a_core():
    """At least one core, never more than the machine has."""
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


def test_workers_are_as_many_as_cores_unless_joblibs_variable_says_less(monkeypatch):
    """As with joblib itself, and never none."""
    monkeypatch.delenv("LOKY_MAX_CPU_COUNT", raising=False)
    assert cores() == available_cores()
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert cores() == 1
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "0")
    assert cores() == 1
