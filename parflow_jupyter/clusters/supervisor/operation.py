"""An operation as the supervisor carries it out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from parflow_jupyter.clusters.protocol.model import Operation, OperationState
from parflow_jupyter.errors import Problem


@dataclass
class RunningOperation:
    """An operation and the asyncio task that carries it out."""

    id: str
    kind: Any
    total: int
    state: OperationState = "running"
    done: int = 0
    message: str = ""
    error: dict[str, Any] | None = None
    problems: list[Problem] = field(default_factory=list)
    owner: str = ""
    task: asyncio.Task[None] | None = None

    def tell(self, publish: Callable[[str, dict[str, Any]], None]) -> None:
        """Tell subscribers how far it is."""
        names = ("kind", "state", "done", "total", "message")
        publish(
            "OperationChanged",
            {"operation": self.id, **{name: getattr(self, name) for name in names}},
        )

    def view(self) -> Operation:
        """Return the frozen form that askers see."""
        values = {key: value for key, value in vars(self).items() if key not in ("task", "owner")}
        return Operation(**{**values, "problems": list(self.problems)})
