"""Facts the cores tell to whoever listens: progress bars, the sidebar, the builder.

Events are frozen and carry counts, names and states, never the values of a
computation. This module imports nothing of the package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Listener = Callable[["Event"], None]
"""Called with each event, in the thread that noticed it; it must return at once."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events."""


# --- clusters --------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ClusterChanged(Event):
    """Something about a cluster changed: ask for its ClusterInfo."""

    profile: str
    cluster_id: str
    state: str
    engines_total: int
    engines_busy: int = 0


@dataclass(frozen=True, kw_only=True)
class OperationChanged(Event):
    """An operation that takes time (starting engines, shutting down) made progress.

    ``state`` is one of running, done, failed, cancelled; ``done`` of ``total``
    steps are finished (for a start: engines that registered).
    """

    operation: str
    kind: str
    state: str
    done: int
    total: int
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class EngineExited(Event):
    """An engine process ended, whoever ended it."""

    profile: str
    cluster_id: str
    engine: int | None
    pid: int
    exit_code: int | None
    meaning: str = ""


# --- maps ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class MapStarted(Event):
    """A run of a map began; ``total`` is None when the input is unsized."""

    run: str
    label: str
    scheme: str
    reason: str
    total: int | None
    slots: int


@dataclass(frozen=True, kw_only=True)
class MapProgress(Event):
    """A map finished some items: ``done`` of them in all, ``failed`` and ``kept`` among those.

    ``left`` is the range of seconds that holds the time left in 8 of 10 cases, where known.
    """

    run: str
    total: int | None
    done: int
    failed: int
    retried: int
    running: int
    elapsed: float
    kept: int = 0
    left: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class MapFinished(Event):
    """A map ended; ``state`` is one of done, failed, cancelled."""

    run: str
    state: str
    total: int
    done: int
    failed: int
    elapsed: float


# --- pipelines -------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ModuleChanged(Event):
    """A module of a running pipeline changed its state.

    ``state`` is one of waiting, running, done, failed, skipped. A map module
    that runs also tells how many of its items are ``done`` of ``total``.
    """

    module: str
    state: str
    done: int | None = None
    total: int | None = None
    message: str = ""
    elapsed: float | None = None
