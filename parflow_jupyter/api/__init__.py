"""The façade: what notebook code, the magics and the builder call.

It wires the cores together, which never import each other: the ipyparallel
scheme of maps is given a connection to the cluster, and pipelines are given
the map. Everything heavy is imported when it is first needed.
"""

from __future__ import annotations

from parflow_jupyter.api.apply import parallel_apply
from parflow_jupyter.api.clusters import (
    adopt as adopt,
)
from parflow_jupyter.api.clusters import (
    change_profile,
    cleanup,
    cluster_info,
    direct_view,
    get_client,
    load_balanced_view,
    profiles,
    shutdown_cluster,
    start_engines,
)
from parflow_jupyter.api.clusters import (
    logs as logs,
)
from parflow_jupyter.api.maps import amap, imap, parallel_map
from parflow_jupyter.api.pipelines import Pipeline, module
from parflow_jupyter.api.schemes import configure_scheme, runs, schemes
from parflow_jupyter.api.tasks import MapTask, StringTask, TaskClient, parallel
from parflow_jupyter.fingerprint.files import File
from parflow_jupyter.maps import MapResult, last_result, parallelizable
from parflow_jupyter.stores.checkpoints.listing import checkpoints

__all__ = [
    "File",
    "MapResult",
    "MapTask",
    "Pipeline",
    "StringTask",
    "TaskClient",
    "amap",
    "change_profile",
    "checkpoints",
    "cleanup",
    "cluster_info",
    "configure_scheme",
    "direct_view",
    "get_client",
    "imap",
    "last_result",
    "load_balanced_view",
    "module",
    "parallel",
    "parallel_apply",
    "parallel_map",
    "parallelizable",
    "profiles",
    "runs",
    "schemes",
    "shutdown_cluster",
    "start_engines",
]
