"""Notes and attributes on exceptions that belong to a user, which may refuse both."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from parflow_jupyter._system.callables import attribute_of


def put(error: BaseException, **attributes: Any) -> None:
    """Set attributes of an exception, past a ``__setattr__`` of its own; never raises.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Frozen(Exception):
        ...     code: int
        >>> error = Frozen(3)
        >>> put(error, map_result=[1, 2])
        >>> error.map_result
        [1, 2]
    """
    for name, value in attributes.items():
        # A property of this name stays what it is.
        with suppress(Exception):
            BaseException.__setattr__(error, name, value)


def add_note(error: BaseException, note: str) -> None:
    """Add a note to an exception as PEP 678 does, also to one that is frozen; never raises.

    Example:
        >>> error = ValueError("x")
        >>> add_note(error, "first"), add_note(error, "second"), error.__notes__
        (None, None, ['first', 'second'])
    """
    put(error, __notes__=[*notes_of(error), note])


def notes_of(error: BaseException) -> list[str]:
    """Return the notes of an exception.

    Example:
        >>> notes_of(ValueError("x"))
        []
    """
    found = attribute_of(error, "__notes__")
    return list(found) if type(found) is list else []
