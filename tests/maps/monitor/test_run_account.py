"""What the history keeps of a run on engines."""

import os
import platform
import sys

from parflow_jupyter.maps import MapOptions, run_map
from parflow_jupyter.stores.runs.history import History
from parflow_jupyter.stores.runs.listing import run_list


def test_engines_are_told_with_host_process_and_python(engines, tmp_path):
    """As they told it themselves; and each item where it ran."""
    history = History(tmp_path / "runs.sqlite")
    options = MapOptions(progress=False, scheme="ipyparallel", batch=1)
    result = run_map(
        _waits, [range(8)], options=options, schemes=[engines.scheme()], history=history
    )
    (run,) = run_list(history, 1)
    assert {engine["engine"] for engine in run["engines"]} == {"engine 0", "engine 1"}
    assert {engine["pid"] for engine in run["engines"]} == set(engines.pids().values())
    for engine in run["engines"]:
        assert engine["host"] == platform.node()
        assert engine["python"] == ".".join(map(str, sys.version_info[:3]))
        assert engine["pid"] != os.getpid()
    assert {item["index"] for item in run["items"]} == set(range(8))
    assert {item["engine"] for item in run["items"]} == {"engine 0", "engine 1"}
    assert repr(result).endswith(", ipyparallel on 2 engines>")


def _waits(x):
    import time

    time.sleep(0.05)
    return x
