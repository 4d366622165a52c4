"""The supervisor: the one process per cluster that starts, watches and ends its processes."""

MAIN_MODULE = f"{__name__}.__main__"
"""What a new process runs to become a supervisor."""
