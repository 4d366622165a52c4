"""Turns what the cores tell into Jupyter events on the server's loop.

Listeners are called in threads of the cores and must return at once, so they
only hand the fact over. Facts about the same thing that follow one another
quickly are merged: the newest counts, and the last one always arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parflow_jupyter.events import ClusterChanged, Event, OperationChanged

INTERVAL = 0.25
SCHEMAS = tuple(sorted((Path(__file__).parent / "events").glob("*.yaml")))
_ID = "https://parflow-jupyter.github.io/events/{}/v1"
RUN_FIELDS = ("run", "state", "done", "total")

Emit = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Fact:
    """One Jupyter event to be: its schema, what it is about, and its data."""

    schema_id: str
    about: tuple[str, ...]
    data: dict[str, Any]


def fact_of(event: Event) -> Fact | None:
    """Return what the sidebar is told of an event, None for nothing.

    Example:
        >>> event = ClusterChanged(profile="p", cluster_id="", state="running", engines_total=2)
        >>> fact_of(event).data["engines_total"]
        2
    """
    match event:
        case ClusterChanged():
            cluster = ("cluster", event.profile, event.cluster_id)
            return Fact(_ID.format("cluster_changed"), cluster, asdict(event))
        case OperationChanged():
            operation = ("operation", event.operation)
            return Fact(_ID.format("operation_changed"), operation, asdict(event))
    return None


def run_facts(before: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """Return a fact for each run that is new or changed.

    Args:
        before: The data last told of each run, by its id.
        rows: The newest runs of the history.

    Example:
        >>> row = {"run": "a", "state": "running", "done": 1, "total": 4, "label": "squares"}
        >>> [fact.data["done"] for fact in run_facts({}, [row])]
        [1]
    """
    told = [{name: row[name] for name in RUN_FIELDS} for row in rows]
    return [
        Fact(_ID.format("run_changed"), ("run", data["run"]), data)
        for data in told
        if before.get(data["run"]) != data
    ]


class Throttle:
    """Lets the first fact about a thing through at once and merges the next ones.

    Args:
        emit: Called on the loop with schema id and data.
        interval: Shortest time between two facts about the same thing, in seconds.
    """

    def __init__(self, emit: Emit, interval: float = INTERVAL) -> None:
        self._emit = emit
        self._interval = interval
        self._waiting: dict[tuple[str, ...], Fact | None] = {}

    def offer(self, fact: Fact) -> None:
        """Emit a fact now, or once the interval is over unless a newer one replaces it."""
        if fact.about in self._waiting:
            self._waiting[fact.about] = fact
        else:
            self._send(fact)

    def close(self) -> None:
        """Forget what waits."""
        self._emit = _to_nobody
        self._waiting.clear()

    def _send(self, fact: Fact) -> None:
        self._waiting[fact.about] = None
        self._emit(fact.schema_id, fact.data)
        asyncio.get_running_loop().call_later(self._interval, self._interval_over, fact.about)

    def _interval_over(self, about: tuple[str, ...]) -> None:
        newer = self._waiting.pop(about, None)
        if newer is not None:
            self._send(newer)


def _to_nobody(schema_id: str, data: dict[str, Any]) -> None:
    """Stand in for the event logger after the server has stopped."""


class Bridge:
    """Carries facts from the cores' threads to the event logger on the server's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, emit: Emit) -> None:
        self._loop = loop
        self._throttle = Throttle(emit)

    def listen(self, event: Event) -> None:
        """Take an event, in any thread; returns at once."""
        fact = fact_of(event)
        if fact is not None:
            self.hand_over(fact)

    def hand_over(self, fact: Fact) -> None:
        """Take a fact, in any thread; returns at once."""
        # The loop of a server that has stopped is closed: nobody is left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._throttle.offer, fact)

    def close(self) -> None:
        """Emit nothing more; called on the loop."""
        self._throttle.close()
