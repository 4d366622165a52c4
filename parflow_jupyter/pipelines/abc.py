"""What modules are given when they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from parflow_jupyter.events import Listener


class Cancel(Protocol):
    """What a run looks at to see whether it was stopped; a threading.Event is one."""

    def is_set(self) -> bool:
        """Tell whether to stop."""


@dataclass(frozen=True)
class RunContext:
    """What a module may use while it runs.

    Args:
        run_map: Runs a function on lists: ``run_map(function, *lists, listener, label, cancel)``.
        listener: Gets the events of maps and the progress of groups, or None.
        cancel: Looked at between items, or None.
    """

    run_map: Callable[..., Sequence[Any]]
    listener: Listener | None = None
    cancel: Cancel | None = None
