"""What goes over a supervisor's socket: one JSON object per line, and errors as data (pure)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from ..errors import InvalidInputError, ParflowError, ProtocolMismatchError, SupervisorError

PROTOCOL = 1
"""Number of the protocol; changes within it only add."""

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
            f"{PROTOCOL}): the package was changed while a cluster runs. Clean the cluster up "
            f"with the version that started it, or end it as 'python -m parflow_jupyter doctor' "
            f"says."
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
