"""How much kept results may take, and which go when they take more."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from parflow_jupyter.errors import InvalidInputError

MOST_BYTES = 10 << 30
"""What all kept results may take, unless $PARFLOW_KEPT_BYTES says otherwise."""
ROW_BYTES = 150
"""What a row takes besides its value."""
SWEEP_AFTER = 3600.0
"""Seconds after which a file without a row is not one that is being written."""


def most_bytes_allowed() -> int:
    """Return what all kept results may take.

    Raises:
        InvalidInputError: The setting is no number.
    """
    chosen = os.environ.get("PARFLOW_KEPT_BYTES", "")
    if not chosen:
        return MOST_BYTES
    try:
        return max(1, int(float(chosen)))
    except (ValueError, OverflowError):
        raise InvalidInputError(
            f"PARFLOW_KEPT_BYTES={chosen!r} can't be used: give a number of bytes."
        ) from None


def surplus(connection: sqlite3.Connection, most_bytes: int) -> list[tuple[int, str | None]]:
    """Return the least recently used results, with their files, that have to go."""
    total, count = connection.execute(
        "SELECT COALESCE(SUM(size), 0), COUNT(*) FROM results"
    ).fetchone()
    over = total + count * ROW_BYTES - most_bytes
    going: list[tuple[int, str | None]] = []
    if over <= 0:
        return going
    # A little more than needed, so that the next results do not trim at once again.
    over += most_bytes // 20
    for row, file, size in connection.execute(
        "SELECT id, file, size FROM results ORDER BY used, id"
    ):
        going.append((row, file))
        over -= size + ROW_BYTES
        if over <= 0:
            break
    return going


def sweep(folder: Path, connection: sqlite3.Connection, older_than: float = SWEEP_AFTER) -> int:
    """Remove files that no row names: left by a process that was killed while it wrote.

    Args:
        folder: The folder of kept results.
        connection: To its database.
        older_than: Seconds since their last change; younger ones may be written just now.
    """
    known = {row[0] for row in connection.execute("SELECT file FROM results WHERE file NOT NULL")}
    limit = time.time() - older_than
    swept = 0
    for path in (folder / "values").iterdir():
        with suppress(OSError):
            if path.name not in known and path.stat().st_mtime < limit:
                path.unlink()
                swept += 1
    return swept
