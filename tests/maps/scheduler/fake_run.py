"""A run of fake slots, and what must be true of it at its end, whatever happened."""

from fake_engine import Script, value_of
from fake_slots import FakeScheme, FakeSlots
from fake_time import FakeEvents, FakeTime

from parflow_jupyter.errors import CannotShipError, EngineLostError, ItemTimeoutError
from parflow_jupyter.maps.abc import Plan, SlotRefused
from parflow_jupyter.maps.cancel import CancelToken
from parflow_jupyter.maps.monitor.observer import Observer
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.report import Report
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.item_queue import MISSING, ItemQueue
from parflow_jupyter.maps.scheduler.loop import Runner


class FakeRun:
    """A map over ``total`` items; ``plan`` lets things happen, ``run`` runs it and checks."""

    def __init__(self, total, slots=2, script=None, **options):
        options.setdefault("on_error", "collect")
        self.total = total
        self.options = MapOptions(**options).check()
        self.time = FakeTime()
        self.script = script or Script()
        self.slots = FakeSlots(self.time, self.script)
        self.names = [f"engine {number}" for number in range(slots)]
        self.token = CancelToken()
        self.report = Report(run="r", scheme="fake", reason="", label="f", total=total)
        columns = [[f"item {index}" for index in range(total)]]
        self.queue = ItemQueue(total)
        self.collector = Collector(
            self.queue,
            columns,
            self.report,
            self.options.retries,
            self.options.engine_retries,
            clock=self.time,
        )
        self.watch = Observer(self.report, [], None, slots)
        plan = Plan("r", value_of, self.options, total=total)
        self.runner = Runner(
            plan,
            columns,
            self.options,
            FakeScheme(self.slots),
            self.collector,
            self.watch,
            self.token,
            events=FakeEvents(self.time),
        )
        self.began = self.time()
        for name in self.names:
            self.time.after(0.0, self.slots.join, name)

    def at(self, seconds, action, *arguments):
        """Let something happen so long after the start."""
        self.time.after(seconds, action, *arguments)
        return self

    def on(self, name, do, *arguments):
        """Do something with an engine, if it is there."""
        engine = self.slots.engines.get(name)
        if engine is not None:
            getattr(engine, do)(*arguments)

    def refuse(self, name, why):
        """Have a slot say that it can't take part."""
        self.slots.sink(SlotRefused(name, why))

    def run(self):
        """Run to the end, check it, and return the state."""
        self.state = self.runner.run()
        self.check()
        return self.state

    @property
    def states(self):
        """What the runner knows of the slots now."""
        return self.runner._tracker.states.values()

    @property
    def seconds(self):
        return self.time() - self.began

    @property
    def values(self):
        return self.queue.values

    def failure(self, index):
        return self.collector.failures[index].exception

    # --- the invariant ----------------------------------------------------------------

    def check(self):
        """Each item ended exactly once, in order, or says why."""
        assert self.slots.closed == 1
        settled = [index for index in range(self.total) if self.queue.is_settled(index)]
        assert self.queue.done == len(settled)
        for index in range(self.total):
            if index in self.collector.failures:
                self._check_failure(index)
            elif self.queue.is_settled(index):
                assert self.values[index] == value_of(index)
                assert self.slots.begun[index] > 0
            else:
                assert self.values[index] is MISSING
        self._check_state(settled)

    def _check_state(self, settled):
        if self.state == "done":
            assert len(settled) == self.total
        elif self.state == "cancelled":
            assert self.token.cancelled
        else:
            assert self.state == "failed"
            assert self.collector.fatal or (
                self.options.on_error == "raise" and self.collector.failures
            )

    def _check_failure(self, index):
        assert self.queue.is_settled(index)
        found, slots = self.collector.failures[index], self.slots
        error = found.exception
        assert str(index) in str(error) or isinstance(error, CannotShipError)
        assert found.item == f"item {index}"
        words = slots.script.outcomes.get(index, ())
        if isinstance(error, EngineLostError):
            if "was lost" in str(error):
                # The slot had it, and may have been running it.
                assert slots.died_with[index] > self.options.engine_retries
            else:
                assert "no engine is left" in str(error)
        elif isinstance(error, CannotShipError):
            assert {"unpackable", "unloadable", "unreadable"} & set(words)
        else:
            # Every retry that was promised was made, if by a slot that never heard of it.
            assert slots.sent[index] > self.options.retries
            if isinstance(error, ItemTimeoutError):
                assert self.options.timeout
            else:
                assert slots.raised[index] > 0
                assert self.options.timeout or slots.raised[index] > self.options.retries
