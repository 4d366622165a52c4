"""What all errors share, and the findings of checks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Problem:
    """One finding of a check: where it is, what is wrong, and how to fix it.

    Example:
        >>> str(Problem("engine 1", "runs Python 3.12", "start it with Python 3.11"))
        'engine 1: runs Python 3.12; start it with Python 3.11'
    """

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.fix}"

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return asdict(self)


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
