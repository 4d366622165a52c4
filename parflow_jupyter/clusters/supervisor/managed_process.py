"""A process that the supervisor started, and how it is kept in the record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from parflow_jupyter._system.process import ProcessIdentity
from parflow_jupyter.clusters.processes.engine_counters import EngineCounters, read_block
from parflow_jupyter.clusters.protocol.start_options import StartOptions


@dataclass
class ManagedProcess:
    """A controller or engine that this cluster's supervisor started."""

    kind: str
    identity: ProcessIdentity
    uuid: str
    owner: str | None
    launcher: str
    python: str
    log: str
    counters: str
    entropy: str
    spec: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    restart_limit: int = 0
    note: str = ""
    engine_id: int | None = None
    lease_until: float | None = None
    is_stopping: bool = False
    is_lost: bool = False
    lost_since: float | None = None
    ended_because: str = ""
    exit: dict[str, Any] | None = None
    ended_at: float | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int:
        """The process's pid."""
        return self.identity.pid

    @property
    def lives(self) -> bool:
        """Whether its end was not seen yet."""
        return not self.ended.is_set()

    def read_counters(self) -> EngineCounters | None:
        """Return what the engine last told about itself."""
        return read_block(Path(self.counters)) if self.counters else None

    def to_dict(self) -> dict[str, Any]:
        """Return the form kept in the record; it holds no secret."""
        kept: tuple[str, ...] = ("kind", "uuid", "owner", "launcher", "python", "log", "counters")
        kept += ("entropy", "engine_id", "restarts", "restart_limit", "spec", "versions")
        more = {name: getattr(self, name) for name in kept}
        leased = None if self.lease_until is None else time.time() + self.lease_left()
        return {**more, "identity": self.identity.to_dict(), "lease_until": leased}

    def start_options(self, environment: dict[str, str]) -> StartOptions:
        """Return how one is started in its place; the record holds no environment."""
        restart = f"on-failure:{self.restart_limit}"
        return StartOptions(1, self.launcher, **self.spec, environment=environment, restart=restart)

    def lease_left(self) -> float:
        """Return the seconds until the lease ends."""
        return 0.0 if self.lease_until is None else self.lease_until - time.monotonic()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ManagedProcess:
        """Rebuild from the record.

        Raises:
            TypeError, ValueError, KeyError: The form is broken.
        """
        known = {item.name for item in fields(cls)}
        # A later version may have written more.
        values = {key: value for key, value in dict(data).items() if key in known}
        leased = values.pop("lease_until", None)
        identity = ProcessIdentity.from_dict(values.pop("identity"))
        process = cls(identity=identity, **values)
        if leased is not None:
            process.lease_until = time.monotonic() + float(leased) - time.time()
        return process
