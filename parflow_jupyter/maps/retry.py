"""Runs the items of a result that have no value once more, in their places."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.events import Listener
from parflow_jupyter.maps.call import Call
from parflow_jupyter.maps.cancel import CancelToken
from parflow_jupyter.maps.result import MapResult
from parflow_jupyter.maps.worker.replay import Origin


def retry(
    result: MapResult,
    *,
    block: bool = True,
    progress: bool = True,
    listener: Listener | None = None,
) -> MapResult:
    """Run the items that failed, or were not run, once more.

    Args:
        result: Of a map that has ended; it is filled in place.
        block: Wait for the results.
        progress: Show the progress, where the map did.
        listener: Called with the events of the run, in its thread.

    Raises:
        InvalidInputError: The map still runs, or was read lazily.
        Exception: With ``on_error="raise"``, that of an item that failed again.

    Example:
        >>> from parflow_jupyter.maps import run_map
        >>> result = run_map(abs, [[-1]])
        >>> retry(result) is result
        True
    """
    __tracebackhide__ = True
    if not result.done():
        raise InvalidInputError(
            f"The map {result.report.label!r} still runs: wait for it, or cancel() it first."
        )
    if result.origin is None:
        raise InvalidInputError(
            "This result was read lazily, or came without its function: run its map again."
        )
    indices = result._collector.without_value()
    if not indices:
        return result
    options = replace(
        result.origin.options,
        block=block,
        progress=progress and result.origin.options.progress,
        # Each item's random numbers follow from the run's entropy and its own place.
        seed=result.report.entropy,
    )
    call = _Again(result, replace(result.origin, options=options), indices, listener)
    return call.start_and_wait() if block else call.start()


class _Again(Call):
    """A run of some items only, which fills the result of an earlier one."""

    def __init__(
        self, result: MapResult, origin: Origin, indices: Sequence[int], listener: Listener | None
    ) -> None:
        self._indices = indices
        self._earlier = result
        super().__init__(origin, listener, retry=retry)

    def _count(self) -> int:
        return len(self._indices)

    def _make_result(self, *made_with: object) -> MapResult:
        self._earlier._report.run = uuid.uuid4().hex
        self._earlier._token = CancelToken()
        return self._earlier

    def start(self) -> MapResult:
        self._result._begin_again()
        self._report.not_run = 0
        self._report.left_out.clear()
        self._collector.reopen(self._indices)
        return super().start()
