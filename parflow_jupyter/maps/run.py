"""One call of a map: checks the input, runs it, and raises what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.events import Listener
from parflow_jupyter.maps.abc import Scheme
from parflow_jupyter.maps.call import Call
from parflow_jupyter.maps.inputs import take_columns
from parflow_jupyter.maps.monitor.observer import History
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.result import MapResult
from parflow_jupyter.maps.retry import retry
from parflow_jupyter.maps.schemes.serial import SerialScheme
from parflow_jupyter.maps.toolbox.selection import SchemeChoice
from parflow_jupyter.maps.worker.replay import Origin


def run_map(
    function: Callable[..., Any],
    iterables: Sequence[Iterable[Any]],
    *,
    options: MapOptions | None = None,
    schemes: Sequence[SchemeChoice | Scheme] | None = None,
    listener: Listener | None = None,
    history: History | None = None,
    owner: dict[str, Any] | None = None,
    remember: bool = True,
    present: Callable[[MapResult], bool] | None = None,
) -> MapResult:
    """Apply a function to the items of the iterables, in parallel where a scheme can.

    Args:
        function: Called with one value of each iterable.
        iterables: At least one; all of the same length.
        options: What the caller asked for.
        schemes: The toolbox, in its order; serial alone if None.
        listener: Called with the events of the run, in its thread.
        history: Where the run gets its row.
        owner: More columns of that row, such as the profile.
        remember: Keep the result as the last one.
        present: Shows the result with a button to retry, or returns False.

    Raises:
        InvalidInputError: An option, the function or the lengths can't be used.
        CannotShipError: The function can't be pickled, and the scheme needs it to be.
        SchemeUnavailableError: The scheme asked for can't run this.
        Exception: With ``on_error="raise"``, the first failed item's own exception, with a
            note that names the item; its ``map_result`` holds what was done.

    Example:
        >>> run_map(pow, [[2, 3], [3, 2]]) == [8, 9]
        True
    """
    __tracebackhide__ = True  # IPython then shows the cell and the item, not what is between
    options = (options or MapOptions()).check()
    if not callable(function):
        raise InvalidInputError(f"{function!r} can't be called: give a function first.")
    columns = take_columns(iterables)
    offered = schemes if schemes is not None else [SerialScheme()]
    origin = Origin(function, columns, options, offered, history, owner)
    call = Call(origin, listener, retry=retry, present=present, remember=remember)
    return call.start_and_wait() if options.block else call.start()
