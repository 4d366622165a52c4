"""The contract of launchers, and the plain data that describes what to start."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from parflow_jupyter._system.process import ProcessIdentity


@dataclass(frozen=True)
class ProcessSpec:
    """All that a controller or engine needs to know to start.

    ``settings`` are ours, per traitlets class, below what the profile configures.
    ``connection`` (engines only) holds the controller's secret: it goes to the process
    through a socket, never through its arguments or environment.
    """

    role: Literal["controller", "engine", "engine-set"]
    profile_dir: str
    cluster_id: str
    python: str
    cwd: str
    path: list[str]
    environment: dict[str, str]
    log: str
    settings: dict[str, dict[str, Any]]
    uuid: str
    counters: str = ""
    connection: dict[str, Any] = field(default_factory=dict)
    entropy: int = 0
    threads: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True)
class Started:
    """A process that a launcher started; ``python`` is its version, such as 3.11.

    ``versions`` are those of packages in its interpreter, by name, as far as they are known.
    """

    identity: ProcessIdentity
    python: str
    versions: dict[str, str] = field(default_factory=dict)


ExitListener = Callable[[int, int], None]
"""Called with the pid and wait status of a process that ended."""


class Launcher(ABC):
    """Starts controllers and engines; watching and ending them is the supervisor's part.

    Args:
        log_dir: Folder for the launcher's own logs.
        on_exit: Called when a process that this launcher started has ended.
    """

    is_on_this_host: ClassVar[bool] = False
    """Whether its engines reach a controller that listens on this host only.

    Where they don't, a controller that is started for them listens to other hosts, encrypted.
    """

    def __init__(self, log_dir: Path, on_exit: ExitListener) -> None:
        self.log_dir = log_dir
        self.on_exit = on_exit

    @abstractmethod
    async def prepare(self, python: str) -> None:
        """Get ready to start processes of an interpreter; may be called early, to save time."""

    @abstractmethod
    async def start(self, spec: ProcessSpec, timeout: float) -> Started:
        """Start one process and return at once, before it has registered.

        Raises:
            EngineStartError: It could not be started within ``timeout`` seconds.
        """

    def recorded(self, started: Started) -> None:  # noqa: B027 (most hold nothing back)
        """Hear that a process is in the record; one that was held back until then begins now."""

    def own_pids(self) -> list[int]:
        """Return the pids of processes that the launcher itself keeps, such as fork servers."""
        return []

    @abstractmethod
    def close(self) -> None:
        """Give up what the launcher itself holds; what it started goes on."""
