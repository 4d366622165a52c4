"""The façade's map over one object, which gives back the object that its library would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parflow_jupyter._system.callables import attribute_of
from parflow_jupyter._system.exceptions import add_note
from parflow_jupyter.api.maps import parallel_map
from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.maps.pieces import Pieces, split


def parallel_apply(
    function: Callable[..., Any], data: Any, *, chunks: int | None = None, **options: Any
) -> Any:
    """Apply a function to the pieces of a table or an array in parallel, and join the results.

    A pandas groupby gives what its ``apply(function)`` would, a DataFrame what
    ``apply(function, axis=1)`` would, a Series what ``apply(function)`` would. A numpy array is
    cut into chunks along its first axis, and the results are concatenated; single numbers, one
    per chunk, become an array of them.

    Args:
        function: Called with a group (which has its ``name``), a row, a value or a chunk.
        data: A groupby, DataFrame or Series of pandas, or a numpy array.
        chunks: Number of chunks of an array; 32 if None.
        options: Those of :func:`parallel_map`, except ``on_error`` and ``block``: what is left
            of a table without some of its pieces is no table.

    Returns:
        The object; :func:`last_result` has the results one by one, and the report.

    Raises:
        InvalidInputError: The data are something else, or an option can't be used.
        Exception: The failed piece's own, with a note that names the group, row or chunk.

    Example:
        >>> import numpy
        >>> parallel_apply(numpy.sqrt, numpy.array([1.0, 4.0, 9.0]), scheme="serial")
        array([1., 2., 3.])
    """
    __tracebackhide__ = True  # IPython then shows the cell and the item, not what is between
    for name in sorted({"on_error", "block"} & set(options)):
        raise InvalidInputError(
            f"{name}={options[name]!r} can't be used here, where results make up one object: "
            f"use parallel_map with the groups, rows or chunks as items."
        )
    pieces = split(data, chunks)
    if not len(pieces):
        # What comes of no pieces is for the library to say.
        return pieces.apply(function)
    try:
        result = parallel_map(function, pieces, **options)
    except Exception as error:
        _name_piece(error, pieces)
        raise
    return pieces.joined(list(result))


def _name_piece(error: Exception, pieces: Pieces) -> None:
    failures = getattr(attribute_of(error, "map_result"), "errors", [])
    for failure in failures:
        if failure.exception is error:
            add_note(error, f"It was the {pieces.one} {pieces.names()[failure.index]!r}.")
