"""What a process does to become a controller, an engine, or their fork server."""

FORK_SERVER_MODULE = f"{__name__}.fork_server"
"""What a new process runs to become a fork server."""

ENGINE_SIDE = (
    "parflow_jupyter._system.private_json",
    "parflow_jupyter._system.process",
    "parflow_jupyter._system.versions",
    f"{__name__}.engine_counters",
)
"""What a Python without this package loads beside it, before the package is out of its reach."""
