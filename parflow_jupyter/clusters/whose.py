"""For whom the processes of a cluster were started, which one should know before ending them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class EngineOwner:
    """For whom an engine was started, in words that tell owners apart."""

    engine: int
    owner: str


@dataclass(frozen=True)
class ClusterOwners:
    """For whom the engines of a cluster were started.

    Engines of which nobody is known are missing in ``owners``. ``adoptable`` counts the processes
    that were left running and belong to nobody. ``cannot_detach`` says why who asks can leave
    nothing running, and is None where that is possible.

    Example:
        >>> found = ClusterOwners([EngineOwner(0, "process with PID 7")], adoptable=1)
        >>> ClusterOwners.from_dict(found.to_dict()) == found
        True
    """

    owners: list[EngineOwner] = field(default_factory=list)
    adoptable: int = 0
    cannot_detach: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ClusterOwners:
        """Rebuild from the JSON form."""
        return cls(**{**data, "owners": [EngineOwner(**owner) for owner in data["owners"]]})

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)
