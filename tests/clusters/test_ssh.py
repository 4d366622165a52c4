"""Engines by SSH, for real: an SSH server on this host stands for two others."""

import os
from pathlib import Path

import pytest
from process_helpers import busy_with_sleep, processes_of, wait_until
from ssh_server import IS_INSTALLED, profile_text, ssh_server

from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.connection_files import connection_path, read_connection
from parflow_jupyter.clusters.files.profiles import locate_profile

pytestmark = [
    pytest.mark.skipif(not IS_INSTALLED, reason="sshd or ssh is not installed"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def remote(isolated_home, monkeypatch):
    """The folder of the profile on the other hosts, which this host's profile names."""
    # On a busy machine an engine needs more than the usual time to end by itself.
    monkeypatch.setenv("PARFLOW_TERMINATE_SECONDS", "30")
    folder = isolated_home / "remote"
    text = profile_text(isolated_home / "ssh", folder)
    (locate_profile("default") / "ipcluster_config.py").write_text(text)
    with ssh_server(isolated_home / "ssh") as refusal:
        if refusal:
            pytest.skip(f"this account can't log in by SSH: {refusal}")
        yield folder


def place():
    return os.environ["PARFLOW_ENGINE_PLACE"]


def is_alive(pid):
    return os.path.exists(f"/proc/{pid}/exe")


def assert_no_key(home, remote):
    """Neither arguments, nor logs, nor the other hosts' folders hold what lets one in."""
    profile = locate_profile("default")
    connection = read_connection(connection_path(profile, "", "client"))
    assert connection["curve_serverkey"]
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(home)]
    files = [*remote.rglob("*"), *(profile / "log").rglob("*"), *(home / "run").rglob("*.log")]
    kept = [path.read_bytes() for path in files if path.is_file()]
    assert len(kept) > 3
    secrets = [connection[name].encode() for name in ("key", "curve_serverkey")]
    assert not [text for text in [*commands, *kept] for secret in secrets if secret in text]


def test_ssh_engines_are_steered_one_by_one(clusters, remote, isolated_home):
    """They work over CURVE, are known by pid, interrupted, replaced on their host, and ended."""
    info = clusters.start_engines(2, launcher="ssh", timeout=120)
    assert (info.engines_started_here, info.engines_total) == (2, 2)
    assert {engine.launcher for engine in info.engines} == {"ssh"}
    client = connect(clusters)
    pids = client[:].apply_sync(os.getpid)
    assert pids == [engine.pid for engine in info.engines]
    assert client[:].apply_sync(place) == ["there", "yonder"]
    assert_no_key(isolated_home, remote)

    busy = busy_with_sleep(client, 1, isolated_home / "first")
    assert wait_until(lambda: clusters.info().engines[1].state == "busy", 15)
    clusters.interrupt_engine(1)
    with pytest.raises(Exception, match="KeyboardInterrupt"):
        busy.get(timeout=15)
    lost = busy_with_sleep(client, 1, isolated_home / "second")
    clusters.replace_engine(1)
    with pytest.raises(Exception, match=r"died|KeyboardInterrupt"):
        lost.get(timeout=15)
    assert wait_until(lambda: not is_alive(pids[1]), 10)
    assert wait_until(lambda: 2 in client.ids, 10)
    assert client[2].apply_sync(place) == "yonder"
    clusters.stop_engine(0)
    assert wait_until(lambda: not is_alive(pids[0]), 10)
    left = clusters.info()
    assert ([engine.id for engine in left.engines], left.problems) == ([2], [])


def test_a_cleanup_ends_busy_engines_elsewhere(clusters, remote, isolated_home):
    """Their launcher alone would wait for them, and leave them when it is late itself."""
    clusters.start_engines(2, launcher="ssh", timeout=120)
    client = connect(clusters)
    pids = client[:].apply_sync(os.getpid)
    for engine in (0, 1):
        busy_with_sleep(client, engine, isolated_home / f"told-{engine}")
    report = clusters.cleanup()
    assert not any(map(is_alive, pids))
    *engines, controller = report.processes
    assert [row["pid"] for row in engines] == pids
    assert {row["outcome"] for row in engines} == {"terminated"}
    assert (controller["kind"], report.problems) == ("controller", [])


def test_engines_by_sshproxy(clusters, remote, isolated_home):
    """The other host starts the engines itself; no connection file needs to be there."""
    info = clusters.start_engines(2, launcher="sshproxy", timeout=120)
    assert (info.engines_started_here, info.engines_total) == (2, 2)
    pids = connect(clusters)[:].apply_sync(os.getpid)
    assert_no_key(isolated_home, remote)
    clusters.cleanup()
    assert wait_until(lambda: not any(map(is_alive, pids)), 15)
