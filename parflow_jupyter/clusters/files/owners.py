"""Owners: the processes for which others are started, and each one's current profile.

A server registers itself. A process whose parent is a registered living server (a
kernel) belongs to that server; every other process owns what it asks for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from parflow_jupyter._system.private_json import (
    believed,
    read_private_json,
    remove_file,
    write_private_json,
)
from parflow_jupyter._system.process import ProcessIdentity, identity_of, is_alive, own_identity
from parflow_jupyter._system.runtime_dir import runtime_dir, writing_in
from parflow_jupyter.clusters.files.profiles import DEFAULT

OwnerKind = Literal["server", "process"]


@dataclass(frozen=True)
class Owner:
    """A registered process: what happens to its processes when it ends depends on its kind."""

    identity: ProcessIdentity
    kind: OwnerKind

    @property
    def key(self) -> str:
        """The text by which supervisors tell owners apart."""
        return self.identity.key

    @property
    def text(self) -> str:
        """How people are told of it; not its command line, in which a token may be."""
        kind = "Jupyter server" if self.kind == "server" else "process"
        return f"{kind}, pid {self.identity.pid}"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"identity": self.identity.to_dict(), "kind": self.kind}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Owner:
        """Rebuild from the JSON form.

        Raises:
            TypeError, ValueError, KeyError: The form is broken.
        """
        kind: OwnerKind = "server" if data["kind"] == "server" else "process"
        return cls(ProcessIdentity.from_dict(data["identity"]), kind)


def _path(owner: Owner) -> Path:
    return runtime_dir("owners") / f"{owner.key}.json"


def _read(path: Path) -> tuple[Owner, dict[str, Any]] | None:
    data, _ = read_private_json(path)
    owner = believed(Owner.from_dict, data)
    return None if data is None or owner is None else (owner, data)


def register_owner(owner: Owner) -> None:
    """Make an owner known to the processes it starts; its current profile is kept."""
    write_current(owner, *read_current(owner))


def forget_owner(owner: Owner) -> None:
    """Take an owner out of the register."""
    remove_file(_path(owner))


def find_owner(kind: OwnerKind) -> Owner:
    """Return the owner for which this process asks (see the module's first lines)."""
    if kind == "server":
        return Owner(own_identity(), "server")
    parent = identity_of(os.getppid())
    if parent is not None:
        found = _read(runtime_dir("owners") / f"{parent.key}.json")
        if found is not None and found[0].kind == "server" and found[0].identity == parent:
            return found[0]
    return Owner(own_identity(), "process")


def read_current(owner: Owner) -> tuple[str, str]:
    """Return (profile, cluster id) that are current for an owner."""
    found = _read(_path(owner))
    if found is None or found[0] != owner:
        return DEFAULT, ""
    return str(found[1].get("profile", DEFAULT)), str(found[1].get("cluster_id", ""))


def write_current(
    owner: Owner, profile: str, cluster_id: str, used: tuple[str, str] | None = None
) -> None:
    """Keep what is current for an owner.

    Args:
        owner: Whose.
        profile: Name of the profile.
        cluster_id: The cluster's id.
        used: (profile folder, cluster id) of a cluster where the owner starts something.

    Raises:
        SupervisorError: The runtime folder is full, or can't be written.
    """
    clusters = set(read_used(owner)) | ({used} if used is not None else set())
    data = {"version": 1, **owner.to_dict(), "profile": profile, "cluster_id": cluster_id}
    path = _path(owner)
    with writing_in(path.parent):
        write_private_json(path, {**data, "clusters": sorted(clusters)})


def read_used(owner: Owner) -> list[tuple[str, str]]:
    """Return (profile folder, cluster id) of all clusters where an owner started something."""
    found = _read(_path(owner))
    if found is None or found[0] != owner:
        return []
    pairs = found[1].get("clusters") or []
    return [(str(pair[0]), str(pair[1])) for pair in pairs if len(pair) == 2]


def list_owners() -> list[tuple[Owner, bool]]:
    """Return all registered owners with whether each lives; dead ones are forgotten."""
    listed = []
    for path in sorted(runtime_dir("owners").glob("*.json")):
        found = _read(path)
        if found is None:
            continue
        alive = is_alive(found[0].identity)
        listed.append((found[0], alive))
        if not alive:
            remove_file(path)
    return listed
