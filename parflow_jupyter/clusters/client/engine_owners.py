"""For whom the processes of a cluster were started, which one should know before ending them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from parflow_jupyter.clusters.protocol.model import NOBODY, ClusterInfo


@dataclass(frozen=True)
class EngineOwner:
    """For whom an engine was started, in words that tell owners apart."""

    engine: int
    owner: str


@dataclass(frozen=True)
class ClusterOwners:
    """For whom the engines of a cluster were started.

    Engines of which nobody is known are missing in ``owners``. ``adoptable`` counts the processes
    that were left running and belong to nobody, ``lost_by_cleanup`` the engines of others that
    would lose the controller if who asks terminated what it started. ``detach_refused`` says
    why who asks can leave nothing running, and is None where that is possible.

    Example:
        >>> ClusterOwners([EngineOwner(0, "process, pid 7")], adoptable=1).to_dict()["owners"]
        [{'engine': 0, 'owner': 'process, pid 7'}]
    """

    owners: list[EngineOwner] = field(default_factory=list)
    adoptable: int = 0
    lost_by_cleanup: int = 0
    detach_refused: str | None = None

    @classmethod
    def of(cls, info: ClusterInfo) -> ClusterOwners:
        """Return the owners of a cluster's engines, as its information knows them."""
        owners = [
            EngineOwner(engine.id, engine.owner)
            for engine in info.engines
            if engine.id is not None and engine.owner not in (None, NOBODY)
        ]
        return cls(owners, info.adoptable, info.lost_by_cleanup, info.detach_refused)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)
