"""How many engines one start may ask for: configurable, and told with the way out."""

import pytest
from process_helpers import wait_until

from parflow_jupyter._system.cpu_count import available_cores
from parflow_jupyter.clusters import check_engine_count
from parflow_jupyter.clusters.client.rpc import Target, ask
from parflow_jupyter.clusters.client.start_options import start_options
from parflow_jupyter.clusters.files.owners import find_owner
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.clusters.protocol.engine_count import (
    default_limit,
    largest_limit,
    limit_of_start,
)
from parflow_jupyter.errors import EngineCountError, InvalidInputError


def test_the_limit_of_engines_is_configurable(monkeypatch):
    """By the environment of who asks; elsewhere the cores of this host say nothing."""
    monkeypatch.delenv("PARFLOW_ENGINE_LIMIT", raising=False)
    here = default_limit()
    assert here == max(16, 8 * available_cores())
    assert (limit_of_start(True), limit_of_start(False), largest_limit()) == (here, 1000, 1000)
    with pytest.raises(EngineCountError, match=rf"{here + 1} engines.* to {here},.*ENGINE_LIMIT"):
        check_engine_count(here + 1)
    monkeypatch.setenv("PARFLOW_ENGINE_LIMIT", "3")
    assert (limit_of_start(True), limit_of_start(False), largest_limit()) == (3, 3, 3)
    assert check_engine_count(3) == 3
    with pytest.raises(EngineCountError, match=r"Can't start 4 engines.* to 3,"):
        check_engine_count(4)
    monkeypatch.setenv("PARFLOW_ENGINE_LIMIT", str(here + 5))
    assert check_engine_count(here + 5) == here + 5


@pytest.mark.parametrize("text", ["many", "0", "-1", "2.5", "9" * 99, "٣", " 4"])
def test_a_limit_that_is_none_is_refused(text):
    """With the value and what to set."""
    with pytest.raises(InvalidInputError, match=r"PARFLOW_ENGINE_LIMIT=.*is no limit.*unset"):
        default_limit({"PARFLOW_ENGINE_LIMIT": text})


def test_the_limit_of_engines_is_the_askers(clusters, monkeypatch):
    """Also where another one started the supervisor; what is refused changes nothing."""
    monkeypatch.setenv("PARFLOW_ENGINE_LIMIT", "1")
    with pytest.raises(EngineCountError, match=r"Can't start 2 engines.* 1 to 1,"):
        clusters.start_engines(2)
    assert clusters.start_engines(1).engines_total == 1
    monkeypatch.setenv("PARFLOW_ENGINE_LIMIT", "2")
    assert clusters.start_engines(2).engines_total == 3
    target, owner = Target(locate_profile("default"), ""), find_owner("process")
    params = {**start_options(None, 2).to_dict(), "n": 3}
    with pytest.raises(EngineCountError, match=r"Can't start 3 engines"):
        ask(target, owner, "start_engines", params, timeout=10)
    assert clusters.info().engines_total == 3


def test_two_starts_at_once_get_their_own_engines(clusters):
    """One controller, no engine counted twice or lost, each operation with its own number."""
    begun = [clusters.begin_start_engines(n) for n in (2, 1)]
    assert wait_until(
        lambda: all(clusters.operation(one.id).state != "running" for one in begun), 60
    )
    ended = [clusters.operation(one.id) for one in begun]
    assert [(one.state, one.done, one.total) for one in ended] == [("done", 2, 2), ("done", 1, 1)]
    info = clusters.info()
    assert (info.engines_total, info.engines_started_here, info.problems) == (3, 3, [])
    assert [engine.id for engine in info.engines] == [0, 1, 2]
