"""Pickles by value, as cloudpickle makes them, in which code keeps its own file and lines.

Newer cloudpickle names every file ``<dynamic-code>``: what fails or warns elsewhere would lose
its cell and its line. What reads these pickles needs cloudpickle, and nothing of ours.
"""

from __future__ import annotations

import io
import types
from collections.abc import Callable
from pickle import loads
from typing import Any, ClassVar

import cloudpickle

__all__ = ["Pickler", "dumps", "loads", "use_in_ipyparallel"]

_FILE = 10
"""Where the file stands among the arguments of ``types.CodeType``, from Python 3.11 on."""


def _with_its_file(code: types.CodeType) -> tuple[Any, ...]:
    """Return how to make this code again: as cloudpickle says, but in the file it has here."""
    make, arguments, *rest = cloudpickle.Pickler.dispatch_table[types.CodeType](code)
    if make is types.CodeType:
        arguments = (*arguments[:_FILE], code.co_filename, *arguments[_FILE + 1 :])
    return (make, arguments, *rest)


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle's pickler, for code that keeps its place.

    Example:
        >>> file = io.BytesIO()
        >>> Pickler(file, protocol=5).dump(compile("6 * 7", "<cell 1>", "eval"))
        >>> loads(file.getvalue()).co_filename
        '<cell 1>'
    """

    # A table of its own in front: cloudpickle's stays as others in this process know it.
    dispatch_table: ClassVar[Any] = cloudpickle.Pickler.dispatch_table.new_child(
        {types.CodeType: _with_its_file}
    )


def dumps(
    value: Any,
    protocol: int | None = None,
    buffer_callback: Callable[[Any], Any] | None = None,
) -> bytes:
    """Return a value as bytes, functions and classes of a notebook included.

    Args:
        value: What is pickled.
        protocol: That of pickle; None for the newest.
        buffer_callback: As for ``pickle.dumps``.

    Example:
        >>> loads(dumps(lambda x: 2 * x))(21)
        42
    """
    with io.BytesIO() as file:
        Pickler(file, protocol=protocol, buffer_callback=buffer_callback).dump(value)
        return file.getvalue()


def use_in_ipyparallel() -> None:
    """Have ipyparallel's messages of this process, too, pickle functions and data this way."""
    import sys

    from ipyparallel import serialize

    # It removes ipyparallel's own way with functions, and leaves the name in place.
    serialize.use_cloudpickle()
    serialize.serialize.pickle = sys.modules[__name__]
