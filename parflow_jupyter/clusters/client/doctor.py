"""``python -m parflow_jupyter doctor``: every supervisor, owner and process, and how to end it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from parflow_jupyter._system.process import ProcessIdentity, own_identity
from parflow_jupyter._system.runtime_dir import runtime_path
from parflow_jupyter.clusters.client.rpc import ask_socket
from parflow_jupyter.clusters.files.owners import Owner, list_owners
from parflow_jupyter.clusters.protocol.tables import memory_text
from parflow_jupyter.errors import ParflowError


def age_text(seconds: float) -> str:
    """Return an age as people say it.

    Example:
        >>> age_text(5), age_text(600), age_text(7300), age_text(200_000)
        ('5 s', '10 min', '2 h', '2 d')
    """
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _age_and_memory(pid: int) -> str:
    import psutil

    try:
        process = psutil.Process(pid)
        age = age_text(time.time() - process.create_time())
        return f"age {age}, memory {memory_text(process.memory_info().rss)}"
    except psutil.Error:
        return "gone"


def _process_line(process: dict[str, Any]) -> str:
    pid = ProcessIdentity.from_dict(process["identity"]).pid
    number = process.get("engine_id")
    name = process["kind"] if number is None else f"{process['kind']} {number}"
    owner = process.get("owner") or "nobody (detached, or its server crashed)"
    return f"  {name}: pid {pid}, {_age_and_memory(pid)}, owner {owner}, log {process['log']}"


def _hello_lines(path: Path, owner: Owner) -> Iterator[str]:
    """Tell how to end a supervisor of another version; each version answers a hello."""
    try:
        about = ask_socket(path, owner, "hello", timeout=5) or {}
        pid = ProcessIdentity.from_dict(about["supervisor"]).pid
    except (ParflowError, KeyError, TypeError, ValueError):
        return
    version = about.get("version", "unknown")
    yield f"  It is of version {version}: pid {pid}, {_age_and_memory(pid)}"
    yield f"  To end it (the next one takes over what runs): kill {pid}"


def _supervisor_lines(path: Path) -> Iterator[str]:
    owner = Owner(own_identity(), "process")
    try:
        found = ask_socket(path, owner, "describe", timeout=5)
    except ParflowError as error:
        yield f"Supervisor at {path} does not answer properly: {error}"
        yield from _hello_lines(path, owner)
        return
    if found is None:
        yield f"Socket {path}: nobody listens; the next start replaces it."
        return
    pid = ProcessIdentity.from_dict(found["supervisor"]).pid
    cluster = Path(found["profile_dir"]).name.removeprefix("profile_")
    shown = f"{cluster}:{found['cluster_id']}" if found["cluster_id"] else cluster
    yield f"Supervisor of cluster {shown} ({found['state']}): pid {pid}, {_age_and_memory(pid)}"
    yield from map(_process_line, found["processes"])
    for helper in found.get("helpers", ()):
        yield f"  fork server: pid {helper}, {_age_and_memory(helper)}; ends with its processes"
    if found["processes"]:
        yield "  To end it all: pf.shutdown_cluster() with this profile as the current one."
    yield f"  To end only the supervisor (the next one takes over what runs): kill {pid}"


def _owner_lines() -> Iterator[str]:
    for owner, alive in list_owners():
        pid = owner.identity.pid
        state = _age_and_memory(pid) if alive else "ended"
        yield f"Owner {owner.key} ({owner.kind}): pid {pid}, {state}"


def doctor_lines() -> Iterator[str]:
    """Yield the lines of the report."""
    folder = runtime_path()
    yield f"Runtime folder: {folder}"
    if not folder.is_dir():
        yield "Nothing runs: the folder does not exist."
        return
    sockets = sorted(folder.glob("*.sock"))
    for path in sockets:
        yield from _supervisor_lines(path)
    if not sockets:
        yield "No supervisor runs."
    yield from _owner_lines()


def run_doctor(stream: TextIO) -> int:
    """Write the report to a stream; return the exit code: 0, or 1 when it can't be made.

    Example:
        >>> import io
        >>> run_doctor(io.StringIO())
        0
    """
    try:
        for line in doctor_lines():
            stream.write(line + "\n")
    except ParflowError as error:
        stream.write(f"{error}\n")
        return 1
    return 0
