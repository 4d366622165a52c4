"""Clusters: profiles, the supervisor process, launchers, and the handle that asks for them.

Importing this package loads nothing heavy; its names are fetched on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parflow_jupyter.clusters.client.clusters import Clusters
    from parflow_jupyter.clusters.files.profiles import check_profile_name
    from parflow_jupyter.clusters.protocol.engine_count import check_engine_count, largest_limit
    from parflow_jupyter.clusters.protocol.model import (
        CleanupReport,
        ClusterInfo,
        ClusterLogs,
        ControllerInfo,
        EngineInfo,
        Operation,
        ProcessLog,
        ProfileInfo,
    )
    from parflow_jupyter.clusters.protocol.restart_policy import restart_limit

_HOMES = {
    "Clusters": "client.clusters",
    "check_engine_count": "protocol.engine_count",
    "largest_limit": "protocol.engine_count",
    "CleanupReport": "protocol.model",
    "ClusterInfo": "protocol.model",
    "ClusterLogs": "protocol.model",
    "ControllerInfo": "protocol.model",
    "EngineInfo": "protocol.model",
    "Operation": "protocol.model",
    "ProcessLog": "protocol.model",
    "ProfileInfo": "protocol.model",
    "check_profile_name": "files.profiles",
    "restart_limit": "protocol.restart_policy",
}

__all__ = [
    "CleanupReport",
    "ClusterInfo",
    "ClusterLogs",
    "Clusters",
    "ControllerInfo",
    "EngineInfo",
    "Operation",
    "ProcessLog",
    "ProfileInfo",
    "check_engine_count",
    "check_profile_name",
    "largest_limit",
    "restart_limit",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
