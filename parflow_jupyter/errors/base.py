"""What all errors share, and the findings of checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Problem:
    """One finding of a check: where it is, what is wrong, and how to fix it.

    ``reason`` is the same for programs, one of :mod:`~parflow_jupyter.errors.reasons`; empty in
    what an earlier version says. ``action`` names a request that mends it, by its operationId in
    server/openapi.yaml, as ``{"name", "arguments"}``; None where it needs a person.

    Example:
        >>> str(Problem("engine 1", "runs Python 3.12", "start it with Python 3.11"))
        'engine 1: runs Python 3.12; start it with Python 3.11'
    """

    where: str
    what: str
    fix: str
    reason: str = ""
    action: dict[str, Any] | None = field(default=None, hash=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.fix}"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Problem:
        """Rebuild from the JSON form; a later version may have told more."""
        return from_plain(cls, data)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return to_plain(self)


def to_plain(told: Any) -> dict[str, Any]:
    """Return the JSON form of a dataclass, and of the problems in it.

    Example:
        >>> to_plain(Problem("engine 1", "is silent", "wait"))
        {'where': 'engine 1', 'what': 'is silent', 'fix': 'wait'}
    """
    return asdict(told, dict_factory=_without_unsaid)


def from_plain(kind: type[Kind], data: Mapping[str, Any]) -> Kind:
    """Return an instance of a dataclass; a later version may have told more than is known here.

    Example:
        >>> from_plain(Problem, {"where": "a", "what": "b", "fix": "c", "since": 5}).fix
        'c'
    """
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in data.items() if name in known})


def _without_unsaid(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(fields)
    # What an earlier version did not say must not be said to be none.
    return plain if plain.get("reason") != "" else {key: plain[key] for key in list(plain)[:3]}


class ParflowError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: What was wrong, with the offending value, and what to do.
        details: JSON-ready facts for programs, such as the list of problems.

    Example:
        >>> error = ParflowError("It rains.", where="Bergen")
        >>> error.to_dict()
        {'where': 'Bergen', 'message': 'It rains.', 'reason': 'error'}
    """

    reason: ClassVar[str] = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details

    def __str__(self) -> str:
        return self.message

    def to_dict(self) -> dict[str, Any]:
        """Return the REST and socket form, ``{"message", "reason"}`` and details."""
        return {**self.details, "message": self.message, "reason": self.reason}


def shown(value: object) -> str:
    """Return how a message shows a value, which may be huge."""
    try:
        text = repr(value)
    except ValueError:  # an int of too many digits
        return f"(a huge {type(value).__name__})"
    return text if len(text) <= 80 else f"{text[:60]}…{text[-10:]}"
