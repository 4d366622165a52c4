"""What the queue of tasks needs of the engines; the façade gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Work = dict[str, Any]
"""A task in the form that an engine is sent: see :func:`parflow_jupyter.tasks.worker.run_task`."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one attempt ended.

    Args:
        value: What the engine answered.
        failure: What was raised instead, or None.
        traceback: Its formatted traceback from the engine.
        output: What was printed there.
        seconds: How long it took there, or None.
        unfit: The engine could not even begin, and why; or "".
    """

    value: Any = None
    failure: BaseException | None = None
    traceback: str = ""
    output: str = ""
    seconds: float | None = None
    unfit: str = ""


class Engines(Protocol):
    """The engines of one cluster."""

    def ids(self) -> dict[int, str]:
        """Return the engines that are connected, each with a name that no later one has."""

    def is_free(self, engine: int) -> bool:
        """Return whether an engine has nothing left of what it was given by :meth:`start`."""

    def start(
        self, engine: int, work: Work, label: str, ended: Callable[[Ended], None]
    ) -> Callable[[], None]:
        """Run a task on one engine, and return how to stop it.

        Args:
            engine: Its id.
            work: The task.
            label: What it is called.
            ended: Called once at the end, in a thread of its own, also if the engine died.
        """

    def pack_call(self, function: Any, args: Any, kwargs: Any) -> Work:
        """Return a call as an engine takes it.

        Raises:
            CannotShipError: A part of it can't be sent.
        """

    def pack_names(self, names: dict[str, Any]) -> bytes:
        """Return values by name as an engine takes them.

        Raises:
            CannotShipError: A value can't be sent.
        """
