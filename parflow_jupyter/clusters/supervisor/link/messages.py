"""Jupyter messages as the controller's query channel wants them: packed and signed (pure).

Source: "Messaging in Jupyter", wire protocol. Written out here, because importing
jupyter_client takes longer than all else the supervisor does to start.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

DELIMITER = b"<IDS|MSG>"


def _signature(key: bytes, parts: Sequence[bytes]) -> bytes:
    if not key:
        return b""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()


def pack(
    key: bytes, session: str, kind: str, content: Mapping[str, Any]
) -> tuple[str, list[bytes]]:
    """Return (message id, frames) of a signed message."""
    message_id = uuid.uuid4().hex
    header = {
        "msg_id": message_id,
        "msg_type": kind,
        "username": "parflow",
        "session": session,
        "date": datetime.now(UTC).isoformat(),
        "version": "5.3",
    }
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    return message_id, [DELIMITER, _signature(key, parts), *parts]


def unpack(key: bytes, frames: Sequence[bytes]) -> tuple[str, str, dict[str, Any]] | None:
    """Return (message type, id of the message answered, content); None when not to be trusted.

    Example:
        >>> _, frames = pack(b"k", "s", "ping", {"a": 1})
        >>> unpack(b"k", frames)
        ('ping', '', {'a': 1})
        >>> unpack(b"another key", frames) is None
        True
    """
    try:
        start = list(frames).index(DELIMITER)
        signature, parts = frames[start + 1], frames[start + 2 : start + 6]
        if not hmac.compare_digest(signature, _signature(key, parts)):
            return None
        header, parent, _, content = (json.loads(part) for part in parts)
        return str(header["msg_type"]), str(parent.get("msg_id", "")), content
    except (ValueError, KeyError, TypeError, IndexError):
        return None
