"""The task interface on real engines: IPython's own examples, results, faults."""

import _thread
import json
import math
import os
import signal
import threading
import time

import numpy as np
import pytest

import parflow_jupyter as pf
from parflow_jupyter.errors import (
    CannotShipError,
    ControllerSilentError,
    EngineLostError,
    InvalidInputError,
    ItemError,
    NoEnginesError,
    TaskAbortedError,
    TaskEndedError,
    TaskNotFoundError,
    TaskUnmetError,
    TaskWaitError,
)
from parflow_jupyter.wiring import process

LIMIT = 60


def fails_until(path, times):
    """Fail so often, counting in a file, then return the count."""
    with open(path, "a") as file:
        file.write("x")
    count = os.path.getsize(path)
    if count <= times:
        raise ValueError(f"attempt {count}")
    return count


def dies_once(path):
    """Kill the engine it runs on, unless it did so before."""
    if not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def own_names():
    """Return the names that a user put into the namespace of this engine."""
    from IPython import get_ipython

    shell = get_ipython()
    return sorted(n for n in set(shell.user_ns) - set(shell.user_ns_hidden) if n[0] != "_")


def wait_for(condition, what):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {LIMIT} s"
        time.sleep(0.01)


# --- the examples of IPython's own document ---------------------------------------------


def test_a_function_may_refer_to_a_large_array(engines):
    """As large as what maps would share."""
    table = np.ones(1 << 18)
    task = pf.MapTask(lambda x: float(table.sum()) + x, (1,))
    assert pf.TaskClient().run(task, block=True) == (1 << 18) + 1


def test_the_examples_of_the_original_document(engines):
    """Creating a client in both ways, the parallel map, the decorator; as they stand there."""
    tc = pf.TaskClient()
    serial_result = list(map(lambda x: x**10, range(32)))  # noqa: C417 - as it stands there
    parallel_result = tc.map(lambda x: x**10, range(32))
    assert serial_result == parallel_result

    tc = pf.TaskClient(str(engines.connection_file))
    serial_result = list(map(lambda x: x**10, range(32)))  # noqa: C417 - as it stands there
    parallel_result = tc.map(lambda x: x**10, range(32))
    assert serial_result == parallel_result
    assert parallel_result.report.scheme == "ipyparallel"

    @tc.parallel()
    def f(x):
        return 10.0 * x**4

    assert f(range(32)) == [10.0 * x**4 for x in range(32)]
    assert list(f(range(32)))[:3] == [0.0, 10.0, 160.0]

    @pf.parallel
    def g(x):
        return 10.0 * x**4

    assert g(range(32)) == f(range(32))


def test_the_overview_of_the_original_document(engines):
    """1. a client, 2. tasks, 3. run, 4. get_task_result; by the file of the controller, too."""
    for tc in (pf.TaskClient(), pf.TaskClient(engines.connection_file)):
        tasks = [pf.StringTask("b = a * 2", pull="b", push={"a": a}) for a in range(5)]
        tasks += [pf.MapTask(pow, (a, 3)) for a in range(5)]
        ids = [tc.run(task) for task in tasks]
        assert ids == list(range(10))
        results = [tc.get_task_result(taskid, block=True, timeout=LIMIT) for taskid in ids]
        assert [result.ns.b for result in results[:5]] == [0, 2, 4, 6, 8]
        assert results[5:] == [0, 1, 8, 27, 64]


# --- results -----------------------------------------------------------------------------


def test_a_text_gives_a_result_with_names(client, engines):
    """Pulled names as items, attributes and a dict, and how the task went."""
    text = "import os\ny = [x, x]\npid = os.getpid()\nprint('seen')"
    result = client.run(pf.StringTask(text, pull=["y", "pid"], push={"x": 4}), block=True)
    assert (result.keys, result["y"], result.ns.y) == (["y", "pid"], [4, 4], [4, 4])
    assert result.results["pid"] == result.ns.pid != os.getpid()
    assert (result.failure, result.raise_exception()) == (None, None)
    assert result.output == "seen\n"
    assert result.engineid in engines.ids()
    assert result.submitted <= result.completed
    assert 0 <= result.duration < LIMIT
    assert repr(result).startswith(f"TaskResult[ID:{result.taskid}]:{{'y': [4, 4]")
    assert client.run(pf.StringTask("1 + 1"), block=True).results == {}


def test_a_text_that_fails_gives_its_failure(client):
    """It is raised by what needs the values, and shows the line of the text."""
    result = client.run(pf.StringTask("a = 0\nb = 1 / a", pull="b"), block=True)
    assert (result.keys, result.results) == ([], {})
    assert isinstance(result.failure, ZeroDivisionError)
    for read in (lambda: result.ns, lambda: result["b"], result.raise_exception):
        with pytest.raises(ZeroDivisionError):
            read()
    assert "line 2, in <module>\n    b = 1 / a" in result.traceback
    assert "parflow_jupyter" not in result.traceback
    assert "ZeroDivisionError" in client.task_info(result.taskid).problem


def test_a_call_gives_its_value_or_raises(client):
    """With a note that says where, once; closures and notebook globals go along."""
    factor = 3
    assert client.run(pf.MapTask(lambda x, y=0: factor * x + y, [2], {"y": 1}), block=True) == 7
    taskid = client.run(pf.MapTask(math.sqrt, (-1,)))
    for _ in range(2):
        with pytest.raises(ValueError, match="math domain error") as caught:
            client.get_task_result(taskid, block=True)
    (note,) = caught.value.__notes__
    assert note.startswith(f"Task {taskid} failed on engine")


def test_a_result_is_none_before_the_end(client, tmp_path):
    """Asking does not wait; the info tells the state."""
    go = tmp_path / "go"

    def waits(path):
        while not os.path.exists(path):
            time.sleep(0.01)
        return "went"

    taskid = client.run(pf.MapTask(waits, (str(go),)))
    wait_for(lambda: client.queue_status()["pending"], "running task")
    assert client.get_task_result(taskid) is None
    info = client.task_info(taskid)
    assert (info.state, info.attempts, info.completed, info.label) == ("pending", 1, None, "waits")
    go.touch()
    assert client.get_task_result(taskid, block=True, timeout=LIMIT) == "went"


def test_many_tasks_go_to_all_engines_and_none_is_lost(client):
    """Each to the engine that is free; the status counts, clear forgets."""
    ids = [client.run(pf.MapTask(pow, (i, 2))) for i in range(100)]
    client.barrier(ids, timeout=LIMIT)
    assert [client.get_task_result(i) for i in ids] == [i**2 for i in range(100)]
    assert len({client.task_info(i).engineid for i in ids}) >= 2
    none = {"pending": 0, "failed": 0, "succeeded": 0, "scheduled": 0, "aborted": 0}
    assert client.queue_status() == none | {"succeeded": 100}
    assert client.queue_status(verbose=True)["succeeded"] == ids
    assert repr(client) == "TaskClient(100 succeeded)"
    client.clear()
    assert client.queue_status() == none
    with pytest.raises(IndexError, match="There is no task 5"):
        client.get_task_result(ids[5])


def test_the_last_result_of_a_map_stays_the_last(client):
    """Tasks are not maps."""
    result = client.map(abs, [-1])
    client.run(pf.MapTask(abs, (-2,)), block=True)
    assert pf.last_result() is result


# --- retries, recovery, depend, clearing -----------------------------------------------------


def test_retries_run_a_failing_task_again(client, tmp_path):
    """As often as said, and not more."""
    enough = pf.MapTask(fails_until, (str(tmp_path / "a"), 2), retries=2)
    assert client.run(enough, block=True) == 3
    too_few = client.run(pf.MapTask(fails_until, (str(tmp_path / "b"), 2), retries=1))
    with pytest.raises(ValueError, match="attempt 2"):
        client.get_task_result(too_few, block=True)
    assert client.task_info(too_few).attempts == 2
    # The task itself is as it was, and can be run again.
    assert (too_few, client.run(enough, block=True)) == (1, 4)


def test_a_recovery_task_takes_the_place_of_one_that_failed(client, tmp_path):
    """After its retries, under its number; a chain of them; the kind of the last one counts."""
    last = pf.StringTask("how = 'by text'", pull="how")
    middle = pf.MapTask(fails_until, (str(tmp_path / "m"), 9), recovery_task=last)
    first = pf.MapTask(fails_until, (str(tmp_path / "f"), 9), retries=1, recovery_task=middle)
    taskid = client.run(first)
    assert client.get_task_result(taskid, block=True).ns.how == "by text"
    info = client.task_info(taskid)
    assert (info.state, info.attempts, info.recoveries) == ("succeeded", 4, 2)


def test_recovery_tasks_in_a_circle_end(client, tmp_path):
    """Each is run once, with its retries."""
    one = pf.MapTask(fails_until, (str(tmp_path / "c"), 99), retries=1)
    two = pf.MapTask(fails_until, (str(tmp_path / "c"), 99), recovery_task=one)
    one.recovery_task = two
    taskid = client.run(one)
    with pytest.raises(ValueError, match="attempt 3"):
        client.get_task_result(taskid, block=True, timeout=LIMIT)
    assert client.task_info(taskid).attempts == 3


def test_depend_chooses_the_engine(client, engines):
    """By facts, and by what was set; an engine that lacks the property is none."""
    first, second = engines.ids()[:2]
    facts = client.properties()
    assert facts[first]["pid"] != facts[second]["pid"]
    assert facts[first]["cores"] >= 1
    pid = facts[first]["pid"]
    task = pf.MapTask(os.getpid, depend=lambda engine: engine["pid"] == pid)
    assert [client.run(task, block=True) for _ in range(3)] == [pid] * 3
    assert client.set_properties(second, gpu=2)["gpu"] == 2
    task = pf.MapTask(os.getpid, depend=lambda engine: engine["gpu"] > 1)
    # Another client asks the engines itself.
    other = pf.TaskClient()
    assert {c.run(task, block=True) for c in (client, other)} == {facts[second]["pid"]}
    assert "gpu" not in client.set_properties(second, gpu=None)
    with pytest.raises(InvalidInputError, match="There is no engine 99"):
        client.set_properties(99, gpu=1)


def test_names_are_cleared_before_and_after(client, engines):
    """All of the user's, on the engine of the task alone, and IPython's own stay."""
    target, other = engines.ids()[:2]
    pids = {engine: found["pid"] for engine, found in client.properties().items()}

    def on(engine):
        return lambda found: found["pid"] == pids[engine]

    for engine in (target, other):
        client.run(pf.StringTask("a = b = 1", depend=on(engine)), block=True)
    left = client.run(
        pf.StringTask(
            "c = 1\nleft = 'a' in globals()", "left", clear_before=True, depend=on(target)
        ),
        block=True,
    )
    assert left.ns.left is False
    assert client.run(pf.MapTask(own_names, depend=on(target)), block=True) == ["c", "left"]
    assert {"a", "b"} <= set(client.run(pf.MapTask(own_names, depend=on(other)), block=True))
    failed = pf.StringTask("d = 1\n1 / 0", clear_after=True, depend=on(target))
    assert client.run(failed, block=True).failure is not None
    assert client.run(pf.MapTask(own_names, depend=on(target)), block=True) == []
    shell = pf.StringTask("found = get_ipython().user_ns is globals() and In is not None", "found")
    assert client.run(shell, block=True).ns.found


def test_the_decorator_passes_the_options_of_tasks_on(client, engines, tmp_path):
    """Each item is then a task of its own."""
    pid = client.properties()[engines.ids()[0]]["pid"]

    @client.parallel(retries=1, depend=lambda engine: engine["pid"] == pid)
    def where(name):
        return fails_until(name, 1), os.getpid()

    assert where([str(tmp_path / "1"), str(tmp_path / "2")]) == [(2, pid)] * 2
    ids = client.parallel(clear_after=True, block=False)(abs)([-1, -2])
    client.barrier(ids, timeout=LIMIT)
    assert [client.get_task_result(i) for i in ids] == [1, 2]


# --- faults ----------------------------------------------------------------------------------


def test_an_engine_that_dies_costs_a_retry(client, engines, tmp_path):
    """Without one it is reported, and nothing hangs."""
    lost = client.run(pf.MapTask(dies_once, (str(tmp_path / "a"),)))
    with pytest.raises(EngineLostError):
        client.get_task_result(lost, block=True, timeout=LIMIT)
    engines.mend()
    saved = client.run(pf.MapTask(dies_once, (str(tmp_path / "b"),), retries=1))
    assert client.get_task_result(saved, block=True, timeout=LIMIT) == "alive"
    assert client.task_info(saved).attempts == 2


def test_a_task_that_never_ends_is_aborted(client):
    """Where it runs, and in the queue; the engine is free at once, and the result says so."""
    endless = [client.run(pf.MapTask(time.sleep, (3600,), retries=5)) for _ in range(3)]
    wait_for(lambda: client.queue_status()["pending"] == 2, "two running tasks")
    with pytest.raises(TaskWaitError, match=r"3 of 3 tasks did not end within 0\.1 s \(0, 1, 2\)"):
        client.barrier(timeout=0.1)
    with pytest.raises(TimeoutError):
        client.get_task_result(endless[0], block=True, timeout=0.1)
    began = time.monotonic()
    for taskid in reversed(endless):
        client.abort(taskid)
    client.barrier(endless, timeout=LIMIT)
    assert time.monotonic() - began < 5
    assert client.queue_status()["aborted"] == 3
    with pytest.raises(TaskAbortedError, match="Task 1 was aborted"):
        client.get_task_result(1)
    with pytest.raises(TaskEndedError, match="Task 1 can't be aborted: it is aborted"):
        client.abort(1)
    assert client.run(pf.MapTask(abs, (-1,)), block=True) == 1


def test_an_engine_deaf_to_interrupts_is_replaced(client, engines, tmp_path):
    """Aborting returns soon, other engines go on, and a new engine comes for the deaf one."""

    def unresponsive(path):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        open(path, "w").close()
        time.sleep(3600)

    before = engines.ids()
    is_deaf = tmp_path / "deaf"
    taskid = client.run(pf.MapTask(unresponsive, (str(is_deaf),)))
    wait_for(is_deaf.exists, "deaf task")
    client.abort(taskid)
    client.barrier(taskid, timeout=LIMIT)
    assert client.run(pf.MapTask(abs, (-1,)), block=True) == 1
    wait_for(lambda: set(engines.ids()) - set(before), "new engine")


def test_an_interrupt_ends_the_waiting_and_not_the_task(client):
    """As everywhere in a notebook."""
    taskid = client.run(pf.MapTask(time.sleep, (1,)))
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        client.get_task_result(taskid, block=True)
    client.barrier(timeout=LIMIT)
    assert client.task_info(taskid).state == "succeeded"


def test_what_cannot_be_sent_is_named_and_nothing_is_queued(client):
    """Function, argument, keyword, pushed value; of a recovery task, too."""
    lock = threading.Lock()
    bad = pf.MapTask(abs, ({"a": lock},))
    for task, where in (
        (bad, r"the task's arguments\[0\]\[0\]\['a'\] is a '_thread.lock'"),
        (pf.MapTask(abs, (), {"k": lock}), r"the task's arguments\[1\]\['k'\]"),
        (pf.MapTask(lambda: lock), "closure variable 'lock'"),
        (pf.StringTask("1", push={"x": [lock]}), r"push\['x'\]\[0\] is a '_thread.lock'"),
        (pf.MapTask(abs, (1,), recovery_task=bad), r"\['a'\] is a '_thread.lock'"),
    ):
        with pytest.raises(CannotShipError, match=where):
            client.run(task)
    assert sum(client.queue_status().values()) == 0
    with pytest.raises(CannotShipError, match="result can't be pickled"):
        client.run(pf.MapTask(threading.Lock), block=True)


def test_a_name_that_is_not_there_cannot_be_pulled(client):
    """The failure names it."""
    result = client.run(pf.StringTask("x = 1", pull=["x", "nowhere"]), block=True)
    with pytest.raises(NameError, match="'nowhere' can't be pulled"):
        result.raise_exception()


def test_unknown_tasks_are_index_errors(client):
    """As in IPython; whatever they are asked for."""
    for taskid in (0, -1, "0", None, True):
        for ask in (client.get_task_result, client.abort, client.task_info):
            with pytest.raises(TaskNotFoundError, match=f"There is no task {taskid!r}"):
                ask(taskid)
    with pytest.raises(IndexError):
        client.barrier([3])


def test_bad_connection_files_and_no_cluster(engines, tmp_path):
    """Each says what to give or do."""
    with pytest.raises(NoEnginesError, match="is no connection file of a controller"):
        pf.TaskClient(tmp_path / "nowhere.json")
    stale = tmp_path / "stale.json"
    text = engines.connection_file.read_text("utf-8")
    stale.write_text(json.dumps(json.loads(text) | {"registration": 1}))
    with pytest.raises(ControllerSilentError, match="does not run any more"):
        pf.TaskClient(stale)


def test_a_cluster_that_is_shut_down_takes_its_tasks_along(isolated_home, tmp_path):
    """What ran is interrupted or lost; what comes later says why when its patience ends."""
    pf.start_engines(1)
    client = pf.TaskClient()
    client._queue._tracker.patience = 1
    began = tmp_path / "began"

    def endless(path):
        open(path, "w").close()
        time.sleep(3600)

    try:
        ids = [client.run(pf.MapTask(endless, (str(began),))) for _ in range(2)]
        wait_for(began.exists, "running task")
        pf.shutdown_cluster()
        client.barrier(ids, timeout=LIMIT)
        for taskid in ids:
            with pytest.raises((EngineLostError, ItemError, TaskUnmetError)):
                client.get_task_result(taskid)
        with pytest.raises(TaskUnmetError, match="No cluster runs: start engines first"):
            client.run(pf.MapTask(abs, (-1,)), block=True)
    finally:
        process.current.close()


def test_without_engines_a_client_says_what_to_do(isolated_home):
    """Nobody can be asked here."""
    with pytest.raises(NoEnginesError, match=r"call parflow_jupyter\.start_engines\(\) first"):
        pf.TaskClient()
