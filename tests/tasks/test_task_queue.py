"""What becomes of tasks, on engines that follow a script; and tasks that can't be made."""

import threading

import pytest

from parflow_jupyter.errors import (
    EngineLostError,
    InvalidInputError,
    TaskAbortedError,
    TaskUnmetError,
)
from parflow_jupyter.tasks import Ended, MapTask, StringTask, TaskQueue

LIMIT = 20


class ScriptedEngines:
    """Engines 0 … n-1, whose attempts end as the function of a task says, in a thread each."""

    def __init__(self, count):
        self.there = {engine: f"uuid {engine}" for engine in range(count)}
        self.unfit = {}
        self.features = {}
        self.ran = []
        self.trouble = None

    def ids(self):
        if self.trouble is not None:
            raise self.trouble
        return dict(self.there)

    def is_free(self, engine):
        return True

    def start(self, engine, work, label, ended):
        self.ran.append((engine, label))
        if engine in self.unfit:
            end = Ended(unfit=self.unfit[engine])
        elif label == "properties":
            end = Ended(value=(self.features.get(engine, {}), None))
        else:
            try:
                value = work["call"][0](*work["call"][1])
                end = Ended(value=(value, self.features.get(engine, {})))
            except Exception as error:
                end = Ended(failure=error)
        threading.Thread(target=ended, args=(end,)).start()
        return lambda: None

    def pack_call(self, function, args, kwargs):
        return {"call": (function, args)}

    def pack_names(self, names):
        return b""


def queue_of(engines, patience=0.3):
    return TaskQueue(engines, patience)


def result(queue, task):
    return queue.result(queue.run(task), block=True, timeout=LIMIT)


@pytest.mark.parametrize(
    ("engines", "task", "why"),
    [
        (0, MapTask(abs, (-1,)), "no engines are connected; start some"),
        (2, MapTask(abs, (-1,), depend=lambda p: False), "its depend accepts none of the engines"),
        (1, MapTask(abs, (-1,), depend=lambda p: p["gpu"]), "depend raised KeyError: 'gpu'"),
    ],
)
def test_a_task_that_no_engine_may_run_fails_in_time(engines, task, why):
    """As in IPython, and the reason is told."""
    queue = queue_of(ScriptedEngines(engines))
    with pytest.raises(TaskUnmetError, match=r"no engine could take it for 0\.3 s") as caught:
        result(queue, task)
    assert why in str(caught.value)


def test_no_cluster_and_unfit_engines_are_told():
    """What connecting raised, and why engines can't take part; the fit one gets the work."""
    engines = ScriptedEngines(1)
    engines.trouble = OSError("no cluster runs")
    with pytest.raises(TaskUnmetError, match="no cluster runs"):
        result(queue_of(engines), MapTask(abs, (-1,)))
    engines = ScriptedEngines(2)
    engines.unfit = {0: "engine 0 runs Python 3.9", 1: "engine 1 runs Python 3.9"}
    queue = queue_of(engines)
    with pytest.raises(TaskUnmetError, match=r"engine 0 runs Python 3\.9; engine 1 runs"):
        result(queue, MapTask(abs, (-1,), retries=9))
    assert len(engines.ran) == 2
    del engines.unfit[1]
    queue = queue_of(engines)
    assert [result(queue, MapTask(abs, (-i,))) for i in range(3)] == [0, 1, 2]
    assert queue.info(0).attempts == 1


def test_a_task_waits_for_an_engine_that_joins():
    """And is not failed as long as the patience lasts."""
    engines = ScriptedEngines(0)
    queue = queue_of(engines, patience=LIMIT)
    taskid = queue.run(MapTask(abs, (-1,), depend=lambda p: p["gpu"]))
    engines.features = {5: {"gpu": True}}
    engines.there[5] = "uuid 5"
    assert queue.result(taskid, block=True, timeout=LIMIT) == 1
    assert queue.info(taskid).engineid == 5


def test_a_lost_engine_counts_as_a_failure():
    """With a retry the task goes to an engine again; without, the loss is its failure."""
    lost = []

    def dies_first():
        lost.append(1)
        if len(lost) == 1:
            raise EngineLostError("its engine died")
        return "alive"

    assert result(queue_of(ScriptedEngines(2)), MapTask(dies_first, retries=1)) == "alive"
    lost.clear()
    with pytest.raises(EngineLostError):
        result(queue_of(ScriptedEngines(2)), MapTask(dies_first))


def test_tasks_come_in_turn_and_engines_too():
    """First come first served; one that no engine may run now does not hold the others up."""
    engines = ScriptedEngines(1)
    queue = queue_of(engines)
    never = queue.run(MapTask(abs, (-1,), depend=lambda p: False))
    order = []
    ids = [queue.run(MapTask(order.append, (i,))) for i in range(20)]
    queue.wait(ids, LIMIT)
    assert order == list(range(20))
    queue.wait([never], LIMIT)
    assert queue.status()["failed"] == [never]


def test_a_failing_queue_fails_its_tasks_instead_of_hanging(monkeypatch):
    """Whatever happens in its thread; the next task starts a new one."""
    engines = ScriptedEngines(1)
    queue = queue_of(engines)
    raised = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_type))
    monkeypatch.setattr(engines, "is_free", lambda engine: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        result(queue, MapTask(abs, (-1,)))
    monkeypatch.setattr(engines, "is_free", lambda engine: True)
    assert result(queue, MapTask(abs, (-2,))) == 2
    assert raised == [ZeroDivisionError]


def test_an_aborted_task_is_neither_retried_nor_recovered():
    """Its result is discarded, too."""
    go = threading.Event()
    engines = ScriptedEngines(1)
    ended = []
    monkey = engines.start

    def start_late(engine, work, label, told):
        def wait_and_tell(end):
            go.wait(LIMIT)
            told(end)

        ended.append(label)
        return monkey(engine, work, label, wait_and_tell)

    engines.start = start_late
    queue = queue_of(engines, patience=LIMIT)
    first = queue.run(MapTask(divmod, (1, 0), retries=3, recovery_task=MapTask(abs, (-1,))))
    second = queue.run(MapTask(abs, (-2,)))
    while queue.info(first).state == "scheduled":
        pass
    queue.abort(first)
    queue.abort(second)
    assert queue.status()["pending"] == [first]
    go.set()
    for taskid in (first, second):
        with pytest.raises(TaskAbortedError):
            queue.result(taskid, block=True, timeout=LIMIT)
    assert ended == ["task 0: divmod"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StringTask(3), "3 can't be run: give Python as text"),
        (lambda: StringTask("a = = 1"), "in line 1, 'a = = 1': invalid syntax"),
        (lambda: StringTask("a = 1\n%time a"), "in line 2, '%time a': invalid syntax"),
        (lambda: StringTask("a\0"), "null bytes"),
        (lambda: StringTask("a", pull=3), "pull=3 can't be used"),
        (lambda: StringTask("a", pull=["b c"]), "pull has 'b c', which is no name"),
        (lambda: StringTask("a", push=["b"]), r"push=\['b'\] can't be used"),
        (lambda: StringTask("a", push={1: 2}), "push has 1, which is no name"),
        (lambda: MapTask("f"), "'f' can't be called"),
        (lambda: MapTask(abs, 3), "args=3 can't be used: give a list or a tuple"),
        (lambda: MapTask(abs, kwargs=[1]), r"kwargs=\[1\] can't be used"),
        (lambda: MapTask(abs, retries=-1), "retries=-1 can't be used"),
        (lambda: MapTask(abs, retries=True), "retries=True can't be used"),
        (lambda: MapTask(abs, recovery_task=abs), "is no task: give a StringTask or a MapTask"),
        (lambda: MapTask(abs, depend=True), "depend=True can't be called"),
        (lambda: TaskQueue(ScriptedEngines(0)).run("1 + 1"), "'1 [+] 1' is no task"),
    ],
)
def test_what_is_no_task_is_refused_at_once(make, message):
    """With the value, and what to give instead."""
    with pytest.raises(InvalidInputError, match=message):
        make()
