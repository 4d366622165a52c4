"""What kinds share that call a function or a group; documents name either in one field."""

from __future__ import annotations

from typing import Any

from parflow_jupyter.pipelines import kinds
from parflow_jupyter.pipelines.abc import Kind
from parflow_jupyter.pipelines.model import ModuleSpec
from parflow_jupyter.pipelines.reading import Entry

_GROUP = "group"


class Calls(Kind):
    """A kind whose modules call one function or group; documents name no kind, but imply it."""

    fields = ("function", "map")

    def document(self, spec: ModuleSpec) -> dict[str, Any]:
        over = None if spec.over is None else {"over": list(spec.over)}
        return {"function": spec.function, "map": over}

    def read(self, entry: Entry) -> dict[str, Any]:
        function = entry.field("function")
        home, _, name = function.text().partition(":")
        if not home or not name:
            raise function.error(
                f"{function.value!r} names no function", "write 'package.mod:name'"
            )
        return {"function": function.value, "group": name if home == _GROUP else None}


def implied_kind(entry: Entry) -> str:
    """Return the kind of a module whose document names none, as all of version 1 did."""
    if entry.field("map").value is not None:
        return "map"
    called = entry.field("function").text()
    return "group" if called.startswith(f"{_GROUP}:") else "function"


def callee(spec: ModuleSpec) -> Kind:
    """Return the kind that knows what a module calls: that of functions, or that of groups."""
    return kinds.load("function" if spec.group is None else "group")


def group_reference(id: str) -> str:
    """Return how a document names a group in the place of a function.

    Example:
        >>> group_reference("prepare")
        'group:prepare'
    """
    return f"{_GROUP}:{id}"
