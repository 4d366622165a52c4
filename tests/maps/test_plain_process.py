"""An item sees what it would see in a plain process: no event loop runs, and os.fork is its own."""

import asyncio
import os
import sys

import pytest
from map_helpers import mapped

from parflow_jupyter.maps.schemes import names
from parflow_jupyter.pipelines import Pipeline


@pytest.fixture(params=names())
def scheme(request, make_scheme):
    return make_scheme(request.param)


def by_asyncio_run(x):
    async def doubled():
        await asyncio.sleep(0)
        return 2 * x

    return asyncio.run(doubled())


def by_the_threads_loop(x):
    async def doubled():
        return 2 * x

    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(doubled())
    finally:
        loop.close()
        asyncio.set_event_loop(None)


async def by_itself(x):
    await asyncio.sleep(0)
    return 2 * x


@pytest.mark.parametrize("function", [by_asyncio_run, by_itself, by_the_threads_loop])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_items_run_event_loops_of_their_own(scheme, function):
    """Also where the caller is a cell of a notebook, in whose thread a loop runs."""
    assert mapped(scheme, function, range(8), batch=2) == [2 * x for x in range(8)]

    async def cell():
        outer = asyncio.get_running_loop()
        result = mapped(scheme, function, range(8), batch=2)
        assert asyncio.get_running_loop() is asyncio.get_event_loop() is outer
        await asyncio.sleep(0)
        return list(result)

    assert asyncio.run(cell()) == [2 * x for x in range(8)]


def test_modules_of_a_pipeline_run_event_loops_of_their_own():
    """Run in a cell of a notebook."""
    pipeline = Pipeline("loops")
    module = pipeline.add(by_asyncio_run, x=4)

    async def cell():
        return pipeline.run()[module]["result"]

    assert asyncio.run(cell()) == 8


def copies_itself(x):
    child = os.fork()
    if child == 0:
        if x % 3 == 0:
            return "the copy's"
        if x % 3 == 1:
            sys.exit(7)
        raise ValueError("the copy's")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_copy_that_an_item_made_answers_nothing(scheme):
    """Whether it returns, exits or fails, it ends there, as it would in a script."""
    result = mapped(scheme, copies_itself, range(6), batch=3, retries=0)
    assert result == [0, 7, 1, 0, 7, 1]
    assert mapped(scheme, abs, [-1, -2, -3]) == [1, 2, 3]
