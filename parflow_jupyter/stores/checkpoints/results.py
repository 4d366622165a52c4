"""Kept results: what a checkpoint has, one row per result, the least used first to go.

Small results lie in the database, large ones in files beside it. Everything is
written so that a process may be killed at any moment: a file gets its name
when it is whole, its row comes after it, and files without a row are swept.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.errors import CheckpointError
from parflow_jupyter.stores.checkpoints.checkpoint import NamedCheckpoint
from parflow_jupyter.stores.checkpoints.database import is_damage, writing
from parflow_jupyter.stores.checkpoints.eviction import ROW_BYTES, surplus, sweep
from parflow_jupyter.stores.checkpoints.pickles import (
    SMALL,
    Large,
    mark_of,
    read_file,
    thaw,
    write_file,
)

_AT_ONCE = 500
_USED_AFTER = 3600.0


@dataclass(frozen=True)
class Found:
    """A kept result: its value, or why it can't be had though there is one."""

    value: Any = None
    problem: str = ""


Result = tuple[bytes, bytes | Large]
"""A key, and what is kept under it."""


class Checkpoint(NamedCheckpoint):
    """The results under one name; for one thread, like the connection it holds.

    Args:
        name: What it is called.
        folder: Where results are kept; this user's folder if None.
        most_bytes: What all results may take.
        clock: Seconds since the epoch.

    Raises:
        InvalidInputError: The name can't be used.
        CheckpointDiskError: The disk is full or read-only.
        CheckpointError: The folder is someone else's, or of a newer version.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from parflow_jupyter.stores.checkpoints.pickles import freeze
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     checkpoint = Checkpoint("squares", Path(folder) / "kept")
        ...     checkpoint.keep([(b"key", freeze(49))])
        ...     print(checkpoint.find([b"key", b"other"]))
        ...     checkpoint.close()
        1
        {b'key': Found(value=49, problem='')}
    """

    # --- results -----------------------------------------------------------------------------

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Found]:
        """Return the kept results among some keys; what is damaged is told, and forgotten."""
        try:
            return self._find(keys)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._begin_anew(error)
            return {}

    def _find(self, keys: Sequence[bytes]) -> dict[bytes, Found]:
        found: dict[bytes, Found] = {}
        mine = self._known()
        if mine is None:
            return found
        spoilt: list[tuple[int, str | None]] = []
        stale: list[int] = []
        limit = self._clock() - _USED_AFTER
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            for row in self._connection.execute(
                f"SELECT id, key, value, file, size, mark, used FROM results "
                f"WHERE checkpoint = ? AND key IN ({marks})",
                (mine, *some),
            ).fetchall():
                one = self._read(row)
                found[bytes(row[1])] = one
                if one.problem:  # what is computed instead takes its place
                    spoilt.append((row[0], row[3]))
                elif row[6] < limit:
                    stale.append(row[0])
        # Reading works on a full or read-only disk too.
        with suppress(sqlite3.OperationalError):
            self._touch(stale)
            self._forget(spoilt)
        return found

    def _read(self, row: tuple[Any, ...]) -> Found:
        _, key, value, file, size, mark, _ = row
        label = self._label(bytes(key))
        try:
            if file is not None:
                path = self._folder / "values" / os.path.basename(file)
                return Found(read_file(path, self._secret, label, size, bytes(mark)))
            if not hmac.compare_digest(mark_of(self._secret, label, bytes(value)), bytes(mark)):
                return Found(problem="damaged: it is not what was written")
            return Found(thaw(bytes(value)))
        except (CheckpointError, FileNotFoundError) as error:
            return Found(problem=f"damaged: {error}")
        except Exception as error:
            return Found(problem=f"it can't be read: {error}")

    def _label(self, key: bytes) -> bytes:
        return b"%d:%b" % (len(key), key) + self.name.encode("utf-8", "surrogatepass") + b"\0"

    def _touch(self, rows: list[int]) -> None:
        if rows:
            now = self._clock()
            with writing(self._connection):
                self._connection.executemany(
                    "UPDATE results SET used = ? WHERE id = ?", [(now, row) for row in rows]
                )

    def _forget(self, rows: Iterable[tuple[int, str | None]]) -> None:
        rows = list(rows)
        if rows:
            with writing(self._connection):
                self._connection.executemany(
                    "DELETE FROM results WHERE id = ?", [(row,) for row, _ in rows]
                )
        for _, file in rows:
            if file is not None:
                (self._folder / "values" / os.path.basename(file)).unlink(missing_ok=True)

    def keep(self, results: Iterable[Result]) -> int:
        """Keep results; of two for one key the first counts. Return how many were new.

        Args:
            results: Keys, and what ``freeze`` made of results, or large ones as they are.

        Raises:
            TooBigError: One is larger than all results may be.
            OSError: The disk is full, or can't be written.
            sqlite3.Error: Likewise.
        """
        now = self._clock()
        rows: list[tuple[Any, ...]] = []
        for key, value in results:
            if isinstance(value, bytes) and len(value) <= SMALL:
                mark = mark_of(self._secret, self._label(key), value)
                rows.append((key, value, None, len(value), mark, now))
            else:
                name, size, mark = self._write_large(key, value)
                rows.append((key, None, name, size, mark, now))
        try:
            new = self._insert(rows)
        except BaseException:
            self._remove_files(row[2] for row in rows)
            raise
        self._written += sum(row[3] + ROW_BYTES for row in rows)
        if self._written > self.most_bytes // 50:
            self.trim()
        return new

    def _write_large(self, key: bytes, value: bytes | Large) -> tuple[str, int, bytes]:
        name = secrets.token_hex(16)
        path = self._folder / "values" / name
        size, mark = write_file(path, value, self._secret, self._label(key), self.most_bytes)
        return name, size, mark

    def _insert(self, rows: list[tuple[Any, ...]]) -> int:
        unwritten: list[str | None] = []
        with writing(self._connection):
            mine = self._made()
            for row in rows:
                done = self._connection.execute(
                    "INSERT OR IGNORE INTO results (checkpoint, key, value, file, size, mark, used)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (mine, *row),
                )
                if not done.rowcount:
                    unwritten.append(row[2])
        self._remove_files(unwritten)
        return len(rows) - len(unwritten)

    def _remove_files(self, names: Iterable[str | None]) -> None:
        for name in names:
            if name is not None:
                (self._folder / "values" / name).unlink(missing_ok=True)

    def trim(self) -> None:
        """Forget the least recently used results until the rest fits."""
        self._written = 0
        with suppress(OSError):
            sweep(self._folder, self._connection)
        self._forget(surplus(self._connection, self.most_bytes))
        self._connection.execute("PRAGMA incremental_vacuum").fetchall()
