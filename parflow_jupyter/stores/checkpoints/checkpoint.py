"""A checkpoint as a whole: its name, its function's parts, its seed, the files it has seen."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from parflow_jupyter.errors import CheckpointDiskError, InvalidInputError
from parflow_jupyter.fingerprint.files import Signature
from parflow_jupyter.stores.checkpoints.database import open_database, set_aside, writing
from parflow_jupyter.stores.checkpoints.eviction import most_bytes_allowed
from parflow_jupyter.stores.checkpoints.folder import kept_folder, secret_of

_LONGEST_NAME = 200


class NamedCheckpoint:
    """What belongs to a checkpoint as a whole; see ``Checkpoint`` for the arguments."""

    def __init__(
        self,
        name: str,
        folder: Path | None = None,
        *,
        most_bytes: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = check_name(name)
        self.most_bytes = most_bytes if most_bytes is not None else most_bytes_allowed()
        self._clock = clock
        self._folder = kept_folder(folder)
        self._written = 0
        try:
            self._secret = secret_of(self._folder)
            self._connection = open_database(self._folder)
        except (sqlite3.Error, OSError) as error:
            raise CheckpointDiskError(
                f"Results can't be kept in {self._folder} ({error}): free disk space, or set "
                f"PARFLOW_DATA_DIR to a folder of your own."
            ) from error
        self._id: int | None = None

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    # Of the class: at the end of Python, the names of this module are gone before __del__ runs.
    _quietly = suppress(AttributeError, sqlite3.Error)

    def __del__(self) -> None:
        # A lazy map that is never begun is never ended either.
        with self._quietly:
            self._connection.close()

    def _begin_anew(self, error: sqlite3.Error) -> None:
        self._connection.close()
        set_aside(self._folder, error)
        self._connection = open_database(self._folder)

    # --- what belongs to the checkpoint as a whole ------------------------------------------

    def parts(self) -> dict[str, str]:
        """Return the parts of the function whose results were kept last."""
        row = self._row("parts")
        return dict(json.loads(row)) if row else {}

    def begin(self, function: str, parts: dict[str, str]) -> None:
        """Remember the function whose results are kept now."""
        changes = "function = ?, parts = ?, used = ?"
        values = function.encode("utf-8", "replace").decode(), json.dumps(parts), self._clock()
        with writing(self._connection):
            self._connection.execute(
                f"UPDATE checkpoints SET {changes} WHERE id = ?", (*values, self._made())
            )

    def entropy(self, draw: Callable[[], int]) -> int:
        """Return the seed of a checkpoint whose function uses random numbers, drawn once."""
        with writing(self._connection):
            self._connection.execute(
                "UPDATE checkpoints SET entropy = ? WHERE id = ? AND entropy IS NULL",
                (str(draw()), self._made()),
            )
        return int(self._row("entropy"))

    def files(self) -> dict[str, tuple[Signature, bytes]]:
        """Return the files that were hashed for this checkpoint, by path."""
        rows = self._connection.execute(
            "SELECT path, size, changed, inode, digest FROM files WHERE checkpoint = ?",
            (self._known(),),
        )
        return {
            os.fsdecode(path): ((size, changed, int(inode)), bytes(digest))
            for path, size, changed, inode, digest in rows
        }

    def remember_files(self, files: dict[str, tuple[Signature, bytes]]) -> None:
        """Remember what files hold."""
        with writing(self._connection):
            mine = self._made()
            self._connection.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (mine, os.fsencode(path), size, changed, str(inode), digest)
                    for path, ((size, changed, inode), digest) in files.items()
                ],
            )

    def _row(self, column: str) -> Any:
        row = self._connection.execute(
            f"SELECT {column} FROM checkpoints WHERE name = ?", (self.name,)
        ).fetchone()
        return row[0] if row is not None else None

    def _known(self) -> int | None:
        # Looked up each time: another kernel may have deleted it, and begun it anew.
        found: int | None = self._row("id")
        return found

    def _made(self) -> int:
        """Return the number of this checkpoint, begun if it is new; only while writing."""
        known = self._known()
        if known is not None:
            return known
        now = self._clock()
        made = self._connection.execute(
            "INSERT INTO checkpoints (name, created, used) VALUES (?, ?, ?)", (self.name, now, now)
        ).lastrowid
        assert made is not None
        return made


def check_name(name: object) -> str:
    """Return the name of a checkpoint if it can be one.

    Raises:
        InvalidInputError: It can't.
    """
    fits = isinstance(name, str) and name.strip() and len(name) <= _LONGEST_NAME
    if not fits or any("\ud800" <= letter <= "\udfff" for letter in str(name)):
        raise InvalidInputError(
            f"checkpoint={name!r} can't be used: give a name of 1 to {_LONGEST_NAME} characters."
        )
    return str(name)
