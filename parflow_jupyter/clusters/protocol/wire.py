"""What goes over a supervisor's socket: one JSON object per line, and errors as data (pure)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from parflow_jupyter.errors import (
    InvalidInputError,
    ParflowError,
    ProtocolMismatchError,
    SupervisorError,
)

PROTOCOL = 1
"""Number of the protocol; changes within it only add."""

_WAY_OUT = (
    "End the supervisor ('python -m parflow_jupyter doctor' tells its pid): the next one takes "
    "over what runs, and nothing is lost."
)

SUBSCRIBE = "subscribe"
"""The method whose answer is a stream of events, until the asker hangs up."""

MAX_LINE = 64 * 1024 * 1024


def encode(message: dict[str, Any]) -> bytes:
    r"""Return a message as one line.

    Example:
        >>> encode({"method": "hello"})
        b'{"method":"hello"}\n'
    """
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the message in a line.

    Raises:
        InvalidInputError: The line is no JSON object.
    """
    try:
        message = json.loads(line)
    except ValueError as error:
        raise InvalidInputError(f"A message is no JSON: {error}; send one object a line.") from None
    if not isinstance(message, dict):
        raise InvalidInputError("A message is no JSON object: send one object a line.")
    return message


def hello(package_version: str) -> dict[str, Any]:
    """Return what a supervisor says about itself."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"protocol": PROTOCOL, "version": package_version, "python": python}


def check_protocol(theirs: object) -> None:
    """Refuse another protocol number, saying what to do.

    Raises:
        ProtocolMismatchError: The other side speaks another protocol.
    """
    if theirs != PROTOCOL:
        raise ProtocolMismatchError(
            f"The running supervisor and this package speak different protocols ({theirs!r} and "
            f"{PROTOCOL}): the package was changed while a cluster runs. {_WAY_OUT}"
        )


def check_known_method(method: str, answer: dict[str, Any]) -> None:
    """Refuse the answer of a supervisor that is too old to know a method.

    Raises:
        ProtocolMismatchError: It is.
    """
    if "unknown_method" in (answer.get("error") or {}):
        raise ProtocolMismatchError(
            f"The running supervisor is of an older version, which does not know {method!r}: the "
            f"package was changed while a cluster runs. {_WAY_OUT}"
        )


def _subclasses(base: type[ParflowError]) -> Iterator[type[ParflowError]]:
    yield base
    for sub in base.__subclasses__():
        yield from _subclasses(sub)


def error_from_dict(data: dict[str, Any]) -> ParflowError:
    """Return the error that was sent, as an instance of its own class.

    Example:
        >>> error_from_dict({"message": "It is silent.", "reason": "controller-silent"})
        ControllerSilentError('It is silent.')
    """
    reason = data.get("reason")
    known = {found.reason: found for found in _subclasses(ParflowError)}
    kind = known.get(str(reason), SupervisorError)
    # Some classes build their message from facts: the finished message is put in as it is.
    error = kind.__new__(kind, data.get("message", ""))
    details = {key: value for key, value in data.items() if key not in ("message", "reason")}
    ParflowError.__init__(error, str(data.get("message", "")), **details)
    return error
