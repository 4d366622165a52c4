"""Whatever slots do, and whenever: each item ends exactly once, in order, or says why."""

from dataclasses import dataclass, field

from fake_engine import Script
from fake_run import FakeRun
from hypothesis import given, note, settings
from hypothesis import strategies as st

ENDS = ("value", "raises", "kills", "hangs", "unpackable", "unloadable", "unreadable")
ENDS_WITH_TIMEOUT = (*ENDS, "deaf", "late", "expires")
LATEST = 60.0


@dataclass(frozen=True)
class Case:
    """A run and what happens in it, shown by hypothesis as it can be typed in again."""

    total: int
    slots: int
    script: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    happens: tuple = ()
    cancel: float | None = None

    def make(self):
        run = FakeRun(self.total, self.slots, Script(**self.script), **self.options)
        for seconds, name, what in self.happens:
            if what == "join":
                run.at(seconds, join_if_gone, run, name)
            else:
                run.at(seconds, run.on, name, what)
        # No run of these scripts ends by itself if all of its slots hold on to what they have.
        run.at(LATEST, thaw_all, run)
        if self.cancel is not None:
            run.at(self.cancel, run.token.cancel, "the script says so")
        return run


def join_if_gone(run, name):
    engine = run.slots.engines.get(name)
    if engine is None or engine.dead:
        run.slots.join(name)


def thaw_all(run):
    for engine in list(run.slots.engines.values()):
        engine.thaw()


def seconds(most):
    return st.integers(0, int(most * 100)).map(lambda hundredths: hundredths / 100)


@st.composite
def cases(draw, timeouts=(None, 0.5, 3.0)):
    total = draw(st.integers(1, 4) | st.integers(1, 30))
    timeout = draw(st.sampled_from(timeouts))
    # Without a timeout, an item that hangs hangs the run, as it should.
    possible = ENDS_WITH_TIMEOUT if timeout else [end for end in ENDS if end != "hangs"]
    words = st.lists(st.sampled_from(possible), min_size=1, max_size=3).map(tuple)
    index = st.integers(0, total - 1)
    slots = draw(st.integers(0, 3))
    names = [f"engine {number}" for number in range(max(slots, 1))]
    names += [f"{name}'" for name in names]
    happening = st.tuples(
        seconds(20), st.sampled_from(names), st.sampled_from(["join", "die", "freeze", "thaw"])
    )
    return Case(
        total,
        slots,
        {
            "outcomes": draw(st.dictionaries(index, words, max_size=5)),
            "seconds": draw(st.dictionaries(index, seconds(8), max_size=4)),
            "usual": draw(st.sampled_from([0.0001, 0.01, 0.2, 1.0])),
            "replacements": draw(st.integers(0, 4)),
            "killable": draw(st.booleans()),
        },
        {
            "retries": draw(st.integers(0, 2)),
            "engine_retries": draw(st.integers(0, 2)),
            "timeout": timeout,
            "on_error": draw(st.sampled_from(["raise", "collect"])),
            "batch": draw(st.sampled_from(["auto", 1, 4, 50])),
        },
        tuple(draw(st.lists(happening, max_size=8))),
        draw(st.none() | seconds(10)),
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cases())
def test_each_item_ends_once_or_says_why(case):
    """``FakeRun.check`` says what that means."""
    note(case)
    case.make().run()
