"""The façade's part on maps; :mod:`parflow_jupyter.api` carries its names."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, Unpack

from parflow_jupyter.events import Event, MapStarted
from parflow_jupyter.maps import MapOptions, MapResult, run_map
from parflow_jupyter.maps.lazy import run_amap, run_imap
from parflow_jupyter.maps.options import LazyMapKeywords, MapKeywords, takes_options
from parflow_jupyter.wiring import process, prompts
from parflow_jupyter.wiring.runs import history, present
from parflow_jupyter.wiring.schemes import toolbox

_RUNS_HERE = (
    "No engines are connected, and nobody can be asked whether to start some, so this map runs "
    "here, one item after the other: call parflow_jupyter.start_engines() before it for engines."
)


@takes_options()
def parallel_map(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    ask: bool = False,
    **options: Unpack[MapKeywords],
) -> MapResult:
    """Apply a function to each item of a list in parallel, with results in order.

    What the function needs from the notebook goes along by itself.

    Args:
        function: Called with one value of each iterable.
        iterables: All of the same length.
        options: Those of :class:`MapOptions`, which help and signature show one by one.
        ask: Offer to start engines when there are none, where a person can answer.

    Returns:
        A sequence equal to the list of the values, with ``errors`` and ``report``.

    Raises:
        InvalidInputError: An option can't be used.
        UnequalLengthsError: The iterables differ in length; nothing was run.
        CannotShipError: The function can't be pickled; it names the part that can't.
        SchemeUnavailableError: The scheme asked for can't run this.
        Exception: With ``on_error="raise"``, the item's own, with a note that names the item;
            its ``map_result`` holds what was done.

    Example:
        >>> parallel_map(pow, [2, 3], [3, 2], scheme="serial") == [8, 9]
        True

    Source: VisTrails' parallel Map; the order of schemes from its parallelization toolbox.
    """
    __tracebackhide__ = True  # IPython then shows the cell and the item, not what is between
    offer = _MapOffer() if ask else None
    return run_map(
        function,
        iterables,
        options=MapOptions.given(parallel_map, options),
        schemes=toolbox(offer.put if offer else None),
        listener=offer.heard if offer else None,
        history=history(),
        present=present,
    )


class _MapOffer:
    """The offer to start engines for one map, put when it would run on engines and has none."""

    def __init__(self) -> None:
        self._unanswered = False

    def put(self) -> None:
        if process.current.clusters().info().engines_total == 0:
            self._unanswered = process.offer_to_start() is None

    def heard(self, event: Event) -> None:
        if self._unanswered and isinstance(event, MapStarted) and event.scheme == "serial":
            prompts.invite(_RUNS_HERE)


@takes_options("block")
def imap(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    ordered: bool = False,
    **options: Unpack[LazyMapKeywords],
) -> Generator[Any, None, None]:
    """Apply a function to items that need not be there yet, and yield the results one by one.

    The input is read in a thread of its own, only a little ahead of the results that are taken:
    it may be endless. The run begins with the first ``next``; closing the generator stops it.

    Args:
        function: Called with one value of each iterable.
        iterables: All of the same length, which need not be known.
        ordered: Yield in the order of the items, instead of as the results come.
        options: Those of :func:`parallel_map`, but ``block``.

    Raises:
        InvalidInputError: An option can't be used.
        UnequalLengthsError: The iterables turned out to differ in length.
        Exception: The failed item's own, or what reading the input raised.

    Example:
        >>> from itertools import count
        >>> cubes = imap(lambda x: x**3, count(), ordered=True, scheme="serial")
        >>> next(cubes), next(cubes), next(cubes)
        (0, 1, 8)
        >>> cubes.close()

    Source: Python's ``map`` and ``multiprocessing.Pool.imap_unordered``.
    """
    return run_imap(
        function,
        iterables,
        options=MapOptions.given(imap, options),
        schemes=toolbox(),
        ordered=ordered,
        history=history(),
    )


@takes_options("block")
async def amap(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    **options: Unpack[LazyMapKeywords],
) -> MapResult:
    """Apply a function to each item of a list in parallel, while the event loop goes on.

    Cancelling the task that awaits this stops the run.

    Args:
        function: Called with one value of each iterable.
        iterables: All of the same length.
        options: Those of :func:`parallel_map`, but ``block``.

    Returns:
        A sequence equal to the list of the values, with ``errors`` and ``report``.

    Raises:
        Exception: As :func:`parallel_map`.

    Example:
        >>> import asyncio
        >>> asyncio.run(amap(abs, [-1, -2], scheme="serial")) == [1, 2]
        True
    """
    return await run_amap(
        function,
        iterables,
        options=MapOptions.given(amap, options),
        schemes=toolbox,
        history=history(),
        present=present,
    )
