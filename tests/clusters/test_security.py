"""Who gets in, and what gets out: the socket, encryption, and secrets that nobody can read."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from process_helpers import processes_of, wait_until

from parflow_jupyter._system.runtime_dir import socket_path
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.client.rpc import Target, request
from parflow_jupyter.clusters.files.connection_files import connection_path, read_connection
from parflow_jupyter.clusters.files.owners import find_owner
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.clusters.processes.controller import needs_encryption
from parflow_jupyter.clusters.protocol.wire import encode
from parflow_jupyter.clusters.supervisor.reporting import _exposed


def secrets_of(profile):
    """Return the key of the messages, and the name under which the controller encrypts."""
    connection = read_connection(connection_path(profile, "", "client"))
    return [connection["key"], connection["curve_serverkey"]]


def readable_by_others(home):
    """Yield (where, text) of all that a running cluster shows outside of its 0600 files."""
    for pid in processes_of(home):
        for name in ("cmdline", "environ", "comm", "status"):
            yield f"{name} of {pid}", Path(f"/proc/{pid}/{name}").read_bytes().decode()
    for path in home.rglob("*"):
        is_log = path.suffix == ".log" or "log" in path.relative_to(home).parts
        if path.is_file() and (is_log or path.name.startswith("parflow-")):
            yield str(path), path.read_text(errors="replace")


TOKENS = {
    "JUPYTERHUB_API_TOKEN": "hub-s3cret",
    "JUPYTER_TOKEN": "server-s3cret",
    "JPY_API_TOKEN": "jpy-s3cret",
    "JPY_COOKIE_SECRET": "cookie-s3cret",
    "JPY_PARENT_PID": "parent-s3cret",
    "AWS_SECRET_ACCESS_KEY": "cloud-s3cret",
    "CONDA_TOKEN": "conda-s3cret",
}


def answered(content, timeout):
    """Whether the controller answers a client that has these keys.

    In a process of its own: where the controller hangs up, such a client waits for ever to send.
    """
    program = "import ipyparallel, json, sys; ipyparallel.Client(json.load(sys.stdin), timeout=1)"
    try:
        told = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(content),
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return False
    assert told.returncode == 0 or "TimeoutError" in told.stderr, told.stderr
    return told.returncode == 0


def test_a_controller_that_others_can_reach_wants_both_keys_and_shows_none(
    clusters, isolated_home, monkeypatch
):
    """A setting of the profile is enough: CURVE and signed messages, neither without the other."""
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    profile = locate_profile("default")
    (profile / "ipcontroller_config.py").write_text("c.IPController.ip = '*'\n")
    events = []
    end = clusters.subscribe(events.append)
    info = clusters.start_engines(2, listener=events.append)
    assert info.problems == []
    message_key, server_key = secrets_of(profile)
    assert (len(message_key), len(server_key)) == (64, 40)
    client = connect(clusters)
    assert client.session.key == message_key.encode()
    assert client[:].apply_sync(int, 5) == [5, 5]
    content = read_connection(connection_path(profile, "", "client"))
    assert answered({**content, "ssh": "", "location": None}, 20)
    for wrong in ({"key": "0" * 64}, {"key": ""}, {"curve_serverkey": None}):
        assert not answered({**content, **wrong, "ssh": "", "location": None}, 4)
    clusters.stop_engine(1)
    assert wait_until(lambda: "EngineExited" in [type(event).__name__ for event in events], 5)
    end()
    seen = [*readable_by_others(isolated_home), ("events", repr(events)), ("info", repr(info))]
    assert len(seen) > 20
    unwanted = [message_key, server_key, "s3cret"]
    assert [where for where, text in seen for secret in unwanted if secret in text] == []


@pytest.mark.parametrize(
    ("ips", "configured", "expected"),
    [
        (["127.0.0.1", "127.0.0.1"], {}, False),
        (["127.0.0.1", "10.0.0.7"], {}, True),
        (["*", "*"], {"ip": "*"}, True),
        (["*", "*"], {"enable_curve": False}, False),
        (["node1.example.org"], {}, True),
    ],
)
def test_when_a_controller_encrypts(ips, configured, expected):
    """As soon as anything is not loopback, unless the profile says otherwise."""
    assert needs_encryption(ips, configured) is expected


@pytest.mark.parametrize(
    ("interface", "server_key", "told"),
    [
        ("tcp://*", None, True),
        ("tcp://10.0.0.7", "", True),
        ("tcp://*", "k" * 40, False),
        ("tcp://127.0.0.1", None, False),
    ],
)
def test_a_controller_that_does_not_encrypt_is_a_problem(interface, server_key, told):
    """Whoever started it; the fix says what to set."""
    connection = {"interface": interface, "curve_serverkey": server_key}
    found = _exposed(SimpleNamespace(link=SimpleNamespace(connection=connection)))
    assert [problem.where for problem in found] == ["controller"] * told
    assert all("enable_curve" in problem.fix for problem in found)


_ASK = """
import os, socket, sys
os.setgid(65534); os.setuid(int(sys.argv[2]))
link = socket.socket(socket.AF_UNIX)
link.settimeout(10)
link.connect(sys.argv[1])
try:
    link.sendall(sys.stdin.buffer.read())
    print(link.makefile("rb").readline())
except (ConnectionResetError, BrokenPipeError):
    print(b"")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can pretend to be another user")
@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell who asks")
def test_another_user_is_not_answered(clusters, isolated_home):
    """Even where file modes would let them in, the supervisor looks at who asks."""
    clusters.start_engines(1)
    path = socket_path(Target(locate_profile("default"), "").key)
    message = encode(request(find_owner("process"), "hello"))
    for folder in (isolated_home, path.parent):
        folder.chmod(0o755)
    path.chmod(0o777)
    try:
        said = [
            subprocess.run(
                [sys.executable, "-c", _ASK, path, uid],
                input=message,
                capture_output=True,
                timeout=30,
                check=True,
                cwd="/",
            ).stdout
            for uid in ("0", "65534")
        ]
    finally:
        path.parent.chmod(0o700)
    assert b"protocol" in said[0]
    assert said[1] == b"b''\n"
