"""Logs of controllers, engines and supervisors: their names, their ends, their bounds.

A log is one file in the profile's ``log`` folder that stays when its process has ended.
The engine's id is part of the name, so that a log is found without asking anybody.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from parflow_jupyter._system.runtime_dir import host_name
from parflow_jupyter.errors import EngineNotFoundError, InvalidInputError

MAX_BYTES = 2_000_000
"""A log that grew beyond is moved to one old file; so a process keeps twice this at most."""

KEPT_LOGS = 64
"""Logs of ended engines that are kept per profile; the oldest go first."""

MAX_TAIL = 10_000
FORK_SERVER_LOG = "parflow-forkserver.log"

NOISE = (
    # ipykernel 7 greets on a channel where ipyparallel expects no greeting.
    re.compile(r"Monitor message without topic.*iopub_welcome"),
    re.compile(r"Unhandled message type: 'shutdown_notification'"),
    re.compile(r"debugpy_stream undefined"),
    re.compile(r"heartbeat::(waiting for subscription|subscription started)"),
)
"""Lines that say nothing to people: ipyparallel 9.2 writes them whenever all is well."""

_BENIGN_END = "Event loop stopped before Future completed"
_TRACEBACK = "Traceback (most recent call last):"


def controller_log_name(cluster_id: str) -> str:
    """Return the name of a controller's log.

    Example:
        >>> controller_log_name("big")
        'parflow-controller-big.log'
    """
    return f"parflow-controller{'-' if cluster_id else ''}{cluster_id}.log"


def engine_log_name(cluster_id: str, key: str, engine_id: int | None = None) -> str:
    """Return the name of an engine's log; the id joins it when the engine registers.

    Args:
        cluster_id: Of its cluster.
        key: Its uuid, of which the beginning is used.
        engine_id: None until the engine has registered.

    Example:
        >>> engine_log_name("", "4e391187-aaaa", 3).partition("@")[0]
        'parflow-engine-default'
    """
    number = "new" if engine_id is None else str(engine_id)
    return f"parflow-engine-{cluster_id or 'default'}@{host_name()}-{number}-{key[:8]}.log"


def launcher_log_name(cluster_id: str, key: str) -> str:
    """Return the name of the log of a set of engines and of what its launcher says."""
    return f"parflow-launcher-{cluster_id or 'default'}@{host_name()}-{key[:8]}.log"


def without_noise(lines: Iterable[str]) -> list[str]:
    """Return the lines without those that say nothing, and without benign tracebacks.

    Example:
        >>> without_noise(["a", "ERROR | Monitor message without topic: iopub_welcome", "b"])
        ['a', 'b']
        >>> without_noise(["Traceback (most recent call last):", "  File x",
        ...                "RuntimeError: Event loop stopped before Future completed.", "b"])
        ['b']
    """
    kept: list[str] = []
    for line in lines:
        if _BENIGN_END in line:
            _drop_traceback(kept)
        elif not any(pattern.search(line) for pattern in NOISE):
            kept.append(line)
    return kept


def _drop_traceback(kept: list[str]) -> None:
    """Remove the traceback at the end of ``kept``, if there is one."""
    for position in range(len(kept) - 1, -1, -1):
        if kept[position].endswith(_TRACEBACK):
            del kept[position:]
            return
        if not kept[position].startswith((" ", "\t", "+", "|")):
            return


def tail_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log without noise; reads its end only, of both its files.

    Args:
        path: The log.
        count: How many lines at most.
    """
    raw = _end_of(path, count)
    if raw.count(b"\n") < count:
        raw = _end_of(_older(path), count) + raw
    lines = without_noise(raw.decode(errors="replace").splitlines())
    return lines[-count:]


def _end_of(path: Path, count: int) -> bytes:
    # Lines are seldom longer than this, and never so many that reading takes long.
    wanted = min(MAX_BYTES, 1000 + 1000 * count)
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - wanted))
            raw = file.read(wanted)
    except OSError:
        return b""
    return raw if size <= wanted else raw.partition(b"\n")[2]


def tail_text(log: str, count: int = 10) -> str:
    """Return the last lines of a log as text, empty when it can't be read."""
    return "\n".join(tail_lines(Path(log), count))


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def rotate(path: Path, limit: int = MAX_BYTES) -> bool:
    """Keep a log within bounds: beyond ``limit`` bytes its end is copied, and it begins anew.

    The file stays the same one, as its process has it open (for appending).

    Returns:
        Whether it was too long.
    """
    try:
        with open(path, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size <= limit:
                return False
            file.seek(size - limit)
            end = file.read(limit)
            older = os.open(_older(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(older, "wb") as copy:
                copy.write(end)
            file.truncate(0)
    except OSError:
        return False
    return True


def prune(log_dir: Path, living: Collection[str], keep: int = KEPT_LOGS) -> None:
    """Remove the oldest logs of engines that ended; those named in ``living`` stay."""
    logs = [*log_dir.glob("parflow-engine-*.log"), *log_dir.glob("parflow-launcher-*.log")]
    ended = [path for path in logs if str(path) not in living]
    for path in _newest_first(ended)[keep:]:
        for file in (path, _older(path)):
            with contextlib.suppress(OSError):
                file.unlink()


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    def changed(path: Path) -> float:
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
        return 0.0

    return sorted(paths, key=changed, reverse=True)


def find_engine_log(log_dir: Path, cluster_id: str, engine_id: int) -> Path | None:
    """Return the newest log of an engine with this id on this host, None when there is none."""
    pattern = engine_log_name(cluster_id, "?" * 8, engine_id).replace("[", "[[]")
    return next(iter(_newest_first(log_dir.glob(pattern))), None)


def logged_engines(log_dir: Path, cluster_id: str) -> list[int]:
    """Return the ids of the engines of a cluster that have a log on this host, in order."""
    before, _, after = engine_log_name(cluster_id, "?" * 8, 0).rpartition("-0-")
    pattern = f"{before}-*-{after}".replace("[", "[[]")
    found = (path.name[len(before) + 1 :].partition("-")[0] for path in log_dir.glob(pattern))
    return sorted({int(number) for number in found if number.isdigit()})


def check_tail(tail: object) -> int:
    """Return how many lines to show.

    Raises:
        InvalidInputError: No whole number from 1 to 10 000.
    """
    if type(tail) is not int or not 1 <= tail <= MAX_TAIL:
        raise InvalidInputError(f"tail={tail!r}: use a whole number from 1 to {MAX_TAIL}.")
    return tail


def read_logs(
    log_dir: Path, cluster_id: str, supervisor_log: Path, engine_id: int | None, tail: int
) -> list[tuple[str, Path, list[str]]]:
    """Return the ends of the controller's, last launcher's and supervisor's logs, or one engine's.

    Returns:
        Whose each is, its path and its last lines.

    Raises:
        EngineNotFoundError: There is no log of such an engine.
        InvalidInputError: ``tail`` can't be used.
    """
    count = check_tail(tail)
    if engine_id is not None:
        path = find_engine_log(log_dir, cluster_id, engine_id)
        if path is None:
            raise EngineNotFoundError(
                f"There is no log of an engine {engine_id!r}: only engines of the launcher "
                f"'local' have one each; those of others share the one of their launcher."
            )
        return [(f"engine {engine_id}", path, tail_lines(path, count))]
    controller = log_dir / controller_log_name(cluster_id)
    sets = _newest_first(log_dir.glob(launcher_log_name(cluster_id, "?" * 8).replace("[", "[[]")))
    launchers = [("launcher", path) for path in sets[:1]]
    named = [("controller", controller), *launchers, ("supervisor", supervisor_log)]
    return [(name, path, tail_lines(path, count)) for name, path in named if path.exists()]
