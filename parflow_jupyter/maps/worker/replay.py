"""Runs one item of a map here, as it ran there: for the debugger."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.report import ItemFailure, Report
from parflow_jupyter.maps.worker.random_state import keep_state, seeder


@dataclass(frozen=True)
class Origin:
    """What a run was made from, so that some of its items can be run again.

    Args:
        function: Called with one value of each column.
        columns: The input, one sequence per iterable.
        options: What the caller asked for.
        schemes: The toolbox.
        history: Where runs get their rows.
        owner: More columns of those rows.
    """

    function: Callable[..., Any]
    columns: Sequence[Any]
    options: MapOptions
    schemes: Sequence[Any]
    history: Any
    owner: dict[str, Any] | None


class Replay:
    """Runs items of a run in this process.

    Args:
        origin: What the run was made from.
        report: Holds the entropy.
    """

    def __init__(self, origin: Origin, report: Report) -> None:
        self._origin = origin
        self._report = report
        self._initialized = False

    def __call__(self, failure: ItemFailure) -> Any:
        """Return what the function returns for an item, or raise what it raises."""
        __tracebackhide__ = True
        origin, entropy = self._origin, self._report.entropy
        if origin.options.init is not None and not self._initialized:
            origin.options.init()
            self._initialized = True
        # The column may have forgotten it: input that is read lazily does.
        arguments = [failure.item] if len(origin.columns) == 1 else list(failure.item)
        restore = keep_state()
        try:
            if entropy is not None:
                seeder(entropy)(failure.index)
            value = origin.function(*arguments)
            return _awaited(value) if inspect.iscoroutine(value) else value
        finally:
            restore()


def _awaited(coroutine: Any) -> Any:
    from parflow_jupyter.maps.worker.item_loop import _own_loop

    __tracebackhide__ = True
    with _own_loop() as run:
        return run(coroutine)
