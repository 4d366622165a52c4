"""The order of the schemes, as it was arranged, is the one in which a map tries them."""

import pytest

import parflow_jupyter as pf
from parflow_jupyter.wiring import schemes


@pytest.mark.usefixtures("isolated_home")
def test_a_map_tries_the_schemes_in_the_arranged_order():
    """Serial stays the last resort."""
    offered = [choice.scheme.name for choice in schemes.toolbox()]
    assert (
        offered == list(pf.schemes()) == ["ipyparallel", "dask", "processes", "threads", "serial"]
    )
    pf.configure_scheme("threads", position=0)
    assert [choice.scheme.name for choice in schemes.toolbox()] == list(pf.schemes())
    threaded = pf.parallelizable(threads=True)(abs_of)
    assert pf.parallel_map(threaded, [-1, -2]).report.scheme == "threads"


def abs_of(x):
    return abs(x)
