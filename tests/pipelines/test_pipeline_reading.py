"""What a person reads of a pipeline: its repr, and the traceback of a run that ended badly."""

import _thread
import time
import traceback

import pytest

from parflow_jupyter.api import Pipeline


def test_one_is_not_plural():
    """One module, one connection."""
    p = Pipeline("pair")
    a = p.add(abs, x=-1)
    assert repr(p).startswith("Pipeline 'pair': 1 module, 0 connections")
    p.connect(a["result"], p.add(abs)["x"])
    assert repr(p).startswith("Pipeline 'pair': 2 modules, 1 connection\n")


def nap(seconds):
    time.sleep(seconds)


def test_an_interrupted_map_shows_none_of_our_frames(isolated_home):
    """Between the cell and the wait there is nothing that a person can use."""
    p = Pipeline("slow")
    p.add_map(nap, over="seconds", seconds=[0.01] * 3000)

    def stop_early(event):
        if event.done and event.state == "running":
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt) as caught:
        p.run(listener=stop_early)
    assert caught.value.pipeline_run.state == "cancelled"
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[1:] == ["run", "run_pipeline"]
    hidden = [frame.f_locals for frame, _ in traceback.walk_tb(caught.value.__traceback__)][1:]
    assert all("__tracebackhide__" in found for found in hidden)


def test_a_failing_function_is_where_the_traceback_leads():
    """From the call straight to the function."""

    def fails(x):
        return 1 / x

    p = Pipeline("inverse")
    p.add(fails, x=0)
    with pytest.raises(ZeroDivisionError) as caught:
        p.run()
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "fails"
    assert len(names) <= 4
