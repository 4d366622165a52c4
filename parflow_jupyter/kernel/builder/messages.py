"""What the builder's front end may ask for, as edits of a pipeline."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.pipelines import Pipeline, PortRef
from parflow_jupyter.pipelines.types import accepts

Message = Mapping[str, Any]


def apply_edit(pipeline: Pipeline, message: Message) -> None:
    """Do what a message of the front end asks for.

    Args:
        pipeline: Changed in place, or not at all.
        message: Its ``type`` is one of ``EDITS``.

    Raises:
        PipelineError: The pipeline refuses the edit.
        InvalidInputError: The message is none that the front end sends.

    Example:
        >>> p = Pipeline("p")
        >>> handle = p.add(pow)
        >>> apply_edit(p, {"type": "set-parameter", "id": "pow", "port": "base", "value": 2})
        >>> p.module(handle).parameters
        {'base': 2}
    """
    kind = message.get("type")
    edit = EDITS.get(kind) if isinstance(kind, str) else None
    if edit is None:
        known = ", ".join(["run", "stop", *EDITS])
        raise InvalidInputError(f"There is no message {kind!r}: send one of {known}.")
    edit(pipeline, message)


def _connect(pipeline: Pipeline, message: Message) -> None:
    pipeline.connect(_port(pipeline, message, "from"), _port(pipeline, message, "to"))


def _disconnect(pipeline: Pipeline, message: Message) -> None:
    pipeline.disconnect(_port(pipeline, message, "from"), _port(pipeline, message, "to"))


def _move(pipeline: Pipeline, message: Message) -> None:
    x, y = _pair(message, "position")
    pipeline.move(_text(message, "id"), x, y)


def _set_parameter(pipeline: Pipeline, message: Message) -> None:
    id, port = _text(message, "id"), _text(message, "port")
    known = pipeline.module(id).input(port)
    takes_text = known is None or (accepts("str", known.type) and known.depth == 0)
    # An emptied field of the front end is empty text, also where that is no value.
    if "value" not in message or (message["value"] == "" and not takes_text):
        pipeline.clear_parameter(id, port)
    else:
        pipeline.set_parameter(id, port, message["value"])


def _remove(pipeline: Pipeline, message: Message) -> None:
    pipeline.remove(_text(message, "id"))


EDITS: dict[str, Callable[[Pipeline, Message], None]] = {
    "connect": _connect,
    "disconnect": _disconnect,
    "move": _move,
    "set-parameter": _set_parameter,
    "remove": _remove,
}


def _text(message: Message, field: str) -> str:
    value = message.get(field)
    if not isinstance(value, str):
        raise _broken(message, field, "a text")
    return value


def _pair(message: Message, field: str) -> tuple[Any, Any]:
    value = message.get(field)
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _broken(message, field, "a list of two")
    return value[0], value[1]


def _port(pipeline: Pipeline, message: Message, field: str) -> PortRef:
    id, port = _pair(message, field)
    if not isinstance(id, str) or not isinstance(port, str):
        raise _broken(message, field, "a module id and a port name")
    return pipeline.handle(id)[port]


def _broken(message: Message, field: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        f"The message {message.get('type')!r} has {reprlib.repr(message.get(field))} as "
        f"{field!r}: send {wanted}."
    )
