"""Logs: of every process, during and after its life, bounded, and without what says nothing."""

import os
import signal

import pytest
from process_helpers import wait_until

from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files import logs
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import EngineNotFoundError, InvalidInputError


def shout(text):
    """Write into the engine's log."""
    import os

    from traitlets.config import Application

    Application.instance().log.warning(text)
    return os.getpid()


def test_logs_are_read_during_and_after_the_life_of_their_processes(clusters):
    """Each engine's by its id, the controller's and supervisor's without one; kept at the end."""
    info = clusters.start_engines(2)
    client = connect(clusters)
    client[0].apply_sync(shout, "zero was here")
    pid = client[1].apply_sync(shout, "one was here")
    (found,) = clusters.logs(1).logs
    assert found.process == "engine 1"
    assert "one was here" in found.lines[-1]
    assert "zero was here" not in str(found.lines)
    assert clusters.logs(1, tail=1).logs[0].lines == found.lines[-1:]
    assert os.stat(found.path).st_mode & 0o777 == 0o600
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: clusters.info().engines_total == 1, 2)
    assert "one was here" in str(clusters.logs(1))
    clusters.cleanup()
    assert "zero was here" in str(clusters.logs(0))
    assert [log.process for log in clusters.logs().logs] == ["controller", "supervisor"]
    assert info.engines[0].pid is not None
    again = clusters.start_engines(1)
    assert again.engines[0].id == 0
    assert "zero was here" not in str(clusters.logs(0)), "the newest engine of an id counts"


def test_benign_noise_is_left_out_and_errors_are_not(clusters):
    """What ipyparallel writes whenever all is well does not look like trouble."""
    clusters.start_engines(1)
    connect(clusters)[0].apply_sync(int, 1)
    controller, _ = clusters.logs().logs
    with open(controller.path) as file:
        assert "iopub_welcome" in file.read()
    assert "iopub_welcome" not in str(clusters.logs())
    assert "Traceback" not in str(clusters.logs(0))
    with open(controller.path, "a") as file:
        file.write("[Controller] ERROR | something real\n")
    assert "something real" in str(clusters.logs())


def test_there_are_no_logs_of_what_never_was(clusters):
    """An unknown engine and a silly length are refused; without any cluster there is nothing."""
    assert clusters.logs().logs == []
    with pytest.raises(EngineNotFoundError, match="engine 7"):
        clusters.logs(7)
    for tail in (0, -1, 10**6, True, "5"):
        with pytest.raises(InvalidInputError, match="tail="):
            clusters.logs(tail=tail)


def test_a_log_is_bounded_while_its_process_writes(tmp_path):
    """Beyond the limit its end moves to one older file; appending goes on, nothing new is lost."""
    path = tmp_path / "a.log"
    with open(path, "ab", buffering=0) as writer:
        for number in range(2000):
            writer.write(f"line {number}\n".encode())
            if number % 100 == 0:
                logs.rotate(path, 2000)
    assert path.stat().st_size <= 4000
    assert path.with_name("a.log.1").stat().st_size == 2000
    lines = logs.tail_lines(path, 150)
    assert lines == [f"line {number}" for number in range(1850, 2000)]
    assert not logs.rotate(tmp_path / "missing.log", 10)


def test_only_the_newest_logs_of_ended_engines_are_kept(tmp_path):
    """Those of living engines stay, however old."""
    paths = []
    for number in range(6):
        path = tmp_path / logs.engine_log_name("", f"{number}" * 8, number)
        path.write_text("x")
        os.utime(path, (number, number))
        paths.append(path)
    logs.prune(tmp_path, {str(paths[0])}, keep=2)
    assert sorted(tmp_path.iterdir()) == sorted([paths[0], *paths[4:]])


def test_information_writes_nothing(clusters, isolated_home):
    """Looking at a fresh home makes no profile folder: there is just nothing running."""
    assert clusters.info().state == "stopped"
    assert clusters.logs().logs == []
    assert clusters.connection_file() is None
    assert [found.name for found in clusters.profiles()] == ["default"]
    clusters.subscribe(lambda event: None)()
    assert not (isolated_home / "ipython" / "profile_default").exists()
    locate_profile("default")
    assert (isolated_home / "ipython" / "profile_default" / "log").is_dir()
