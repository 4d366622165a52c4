"""The supervisor: the one process per cluster that starts, watches and ends its processes."""
