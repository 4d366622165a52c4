"""The list of checkpoints: what is kept, what it takes, and how to be rid of it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parflow_jupyter._system.tables import html_table, text_table
from parflow_jupyter.errors import CheckpointError, InvalidInputError
from parflow_jupyter.stores.checkpoints.database import open_database, writing
from parflow_jupyter.stores.checkpoints.eviction import ROW_BYTES, most_bytes_allowed, sweep
from parflow_jupyter.stores.checkpoints.folder import kept_folder

_DAY = 86400.0
_HEADS = ("checkpoint", "results", "size", "function", "last used")


@dataclass(frozen=True)
class CheckpointInfo:
    """What is kept under one name.

    Args:
        name: As given to ``checkpoint=``.
        results: How many.
        bytes: What they take on disk.
        function: The function whose results were kept last.
        created: When it was begun, seconds since the epoch.
        used: When it was used last, likewise.
    """

    name: str
    results: int
    bytes: int
    function: str
    created: float
    used: float


class Checkpoints(list[CheckpointInfo]):
    """The checkpoints of this user, the last used first; with a table for notebooks.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(checkpoints(Path(folder) / "kept"))
        No results are kept.
    """

    def __init__(self, found: list[CheckpointInfo], folder: Path) -> None:
        super().__init__(found)
        self.folder = folder

    @property
    def bytes(self) -> int:
        """What all kept results take on disk."""
        return sum(one.bytes for one in self)

    def delete(self, name: str | None = None, *, unused_days: float | None = None) -> int:
        """Forget kept results, and return how many.

        Args:
            name: Of the checkpoint whose results are forgotten.
            unused_days: Forget the checkpoints that were not used for so many days.

        Raises:
            InvalidInputError: Neither is given, or there is no such checkpoint.
            CheckpointError: They can't be deleted.
        """
        if (name is None) == (unused_days is None):
            raise InvalidInputError(
                "Nothing was deleted: give the name of a checkpoint, or unused_days=30, or call "
                "clear() for all of them."
            )
        if name is not None:
            if all(one.name != name for one in self):
                known = ", ".join(repr(one.name) for one in self[:10]) or "there are none"
                raise InvalidInputError(f"There is no checkpoint {name!r} ({known}).")
            return self._delete(lambda one: one.name == name)
        if isinstance(unused_days, bool) or not isinstance(unused_days, (int, float)):
            raise InvalidInputError(f"unused_days={unused_days!r} can't be used: give a number.")
        limit = time.time() - unused_days * _DAY
        return self._delete(lambda one: one.used < limit)

    def clear(self) -> int:  # type: ignore[override]
        """Forget all kept results, and return how many."""
        return self._delete(lambda one: True)

    def _delete(self, chosen: Callable[[CheckpointInfo], bool]) -> int:
        going = [one for one in self if chosen(one)]
        with _connection(self.folder) as connection:
            deleted = 0
            for one in going:
                with writing(connection):
                    count, files = _delete(connection, one.name)
                deleted += count
                for file in files:
                    (self.folder / "values" / file).unlink(missing_ok=True)
            sweep(self.folder, connection)
            connection.execute("PRAGMA incremental_vacuum").fetchall()
        self[:] = [one for one in self if one not in going]
        return deleted

    # --- how it looks -------------------------------------------------------------------------

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.name,
                f"{one.results:,}",
                size(one.bytes),
                one.function,
                time.strftime("%Y-%m-%d %H:%M", time.localtime(one.used)),
            )
            for one in self
        ]

    def _summary(self) -> str:
        limit = size(most_bytes_allowed())
        return f"{size(self.bytes)} of at most {limit} in {self.folder}"

    def __repr__(self) -> str:
        if not self:
            return "No results are kept."
        return "\n".join([*text_table(_HEADS, self._rows()), self._summary()])

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No results are kept.</p>"
        return html_table(_HEADS, self._rows(), caption=self._summary(), cell_style=None)


def checkpoints(folder: Path | None = None) -> Checkpoints:
    """Return what is kept: one entry per name, the last used first.

    ``delete(name)`` forgets the results of one, ``delete(unused_days=30)`` those that nobody
    needs any more, ``clear()`` all.

    Args:
        folder: Where results are kept; this user's folder if None.

    Raises:
        CheckpointError: The folder belongs to someone else, or can't be read.
    """
    found = kept_folder(folder)
    with _connection(found) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            "SELECT c.name, COUNT(r.id), COALESCE(SUM(r.size), 0), c.function, c.created, c.used "
            "FROM checkpoints c LEFT JOIN results r ON r.checkpoint = c.id "
            "GROUP BY c.id ORDER BY c.used DESC, c.id DESC"
        ).fetchall()
    return Checkpoints(
        [
            CheckpointInfo(name, count, bytes_ + count * ROW_BYTES, function or "", created, used)
            for name, count, bytes_, function, created, used in rows
        ],
        found,
    )


@contextmanager
def _connection(folder: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(open_database(folder)) as connection:
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise CheckpointError(
            f"The kept results in {folder} can't be listed or deleted ({error}): free disk space, "
            f"or remove the folder to forget them all."
        ) from error


def _delete(connection: sqlite3.Connection, name: str) -> tuple[int, list[str]]:
    row = connection.execute("SELECT id FROM checkpoints WHERE name = ?", (name,)).fetchone()
    if row is None:
        return 0, []
    named = "SELECT file FROM results WHERE checkpoint = ? AND file NOT NULL"
    files = [os.path.basename(file) for (file,) in connection.execute(named, row)]
    connection.execute("DELETE FROM files WHERE checkpoint = ?", row)
    connection.execute("DELETE FROM checkpoints WHERE id = ?", row)
    count = connection.execute("DELETE FROM results WHERE checkpoint = ?", row).rowcount
    return count, files


def size(count: float) -> str:
    """Return a number of bytes for people.

    Example:
        >>> size(0), size(1500), size(3 << 30)
        ('0 B', '1.5 KB', '3.2 GB')
    """
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
