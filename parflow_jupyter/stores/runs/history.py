"""The history of runs: one row per run of a map, and the flag by which anyone stops it.

Beside its row, which is small and read often, a run has details: its code, engines, errors and
the times of its items, bounded, and never its values. SQLite, one file per user. Writing is best
effort: a full or read-only disk warns once and never fails a map. Reading tells runs whose
process is gone as "lost".
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import sqlite3
import time
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

from parflow_jupyter._system.caller import warn
from parflow_jupyter._system.private_files import private_file
from parflow_jupyter._system.process import began
from parflow_jupyter.errors import InvalidInputError, RunNotFoundError
from parflow_jupyter.stores.data_dir import data_folder

KEPT = 1000
"""Runs that are kept; the oldest go first."""

_COLUMNS = {
    "run": "TEXT PRIMARY KEY",
    "label": "TEXT",
    "scheme": "TEXT",
    "reason": "TEXT",
    "profile": "TEXT",
    "state": "TEXT",
    "total": "INTEGER",
    "done": "INTEGER DEFAULT 0",
    "failed": "INTEGER DEFAULT 0",
    "started": "REAL",
    "finished": "REAL",
    "host": "TEXT",
    "user": "TEXT",
    "pid": "INTEGER",
    "pid_started": "REAL",
    "cancel": "INTEGER DEFAULT 0",
    "notebook": "TEXT",
    "retried": "INTEGER DEFAULT 0",
    "kept": "INTEGER DEFAULT 0",
}
_TABLES = {
    "runs": _COLUMNS,
    "details": {"run": "TEXT PRIMARY KEY", "details": "TEXT"},
}
_HIDDEN = ("pid_started", "cancel")
_BUSY = 1.0


class History:
    """The history in one file; cheap to make, safe under many processes and threads.

    Args:
        path: The file; that of this user if None.
        always: Columns that every run of this process gets, such as its notebook.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     history = History(Path(folder) / "runs.sqlite")
        ...     history.begin({"run": "r1", "label": "squares", "total": 3})
        ...     history.update("r1", done=3, state="done")
        ...     [(run["label"], run["done"], run["state"]) for run in history.runs()]
        [('squares', 3, 'done')]
    """

    def __init__(self, path: Path | None = None, *, always: dict[str, Any] | None = None) -> None:
        self._path = path
        self._always = always or {}
        self._warned = False

    # --- written by the run ---------------------------------------------------------------

    def begin(self, run: dict[str, Any]) -> None:
        """Write the row of a run that starts in this process."""
        row = {
            "state": "running",
            "started": time.time(),
            "host": platform.node(),
            "user": _user(),
            "pid": os.getpid(),
            "pid_started": began(os.getpid()),
            **self._always,
            **run,
        }
        row = {name: value for name, value in row.items() if name in _COLUMNS}
        marks = ", ".join("?" for _ in row)
        self._write(
            (
                f"INSERT OR REPLACE INTO runs ({', '.join(row)}) VALUES ({marks})",
                tuple(row.values()),
            ),
            (
                "DELETE FROM runs WHERE run NOT IN "
                "(SELECT run FROM runs ORDER BY started DESC LIMIT ?)",
                (KEPT,),
            ),
            ("DELETE FROM details WHERE run NOT IN (SELECT run FROM runs)", ()),
        )

    def describe(self, run: str, details: dict[str, Any]) -> None:
        """Write the details of a run, instead of those it had.

        Args:
            run: Its id.
            details: JSON data; see :mod:`parflow_jupyter.maps.monitor.run_record`.
        """
        text = json.dumps(details, default=str)
        self._write(("INSERT OR REPLACE INTO details (run, details) VALUES (?, ?)", (run, text)))

    def update(self, run: str, **changes: Any) -> None:
        """Change columns of a run's row."""
        known = {name: value for name, value in changes.items() if name in _COLUMNS}
        if known:
            marks = ", ".join(f"{name} = ?" for name in known)
            self._write((f"UPDATE runs SET {marks} WHERE run = ?", (*known.values(), run)))

    def cancel_wanted(self, run: str) -> bool:
        """Return whether someone asked for a run to stop; False where that can't be read."""
        try:
            with closing(self._open()) as connection:
                row = connection.execute("SELECT cancel FROM runs WHERE run = ?", (run,)).fetchone()
        except (sqlite3.Error, OSError):
            return False
        return bool(row and row["cancel"])

    # --- asked by others ------------------------------------------------------------------

    def runs(self, limit: int = 50) -> list[dict[str, Any]]:
        """Return the latest runs, newest first.

        Args:
            limit: How many at most.

        Raises:
            InvalidInputError: The limit is no whole number from 1.
        """
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise InvalidInputError(f"limit={limit!r} can't be used: give a whole number from 1.")
        query = "SELECT * FROM runs ORDER BY started DESC, rowid DESC LIMIT ?"
        with closing(self._open()) as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return [_shown(row) for row in rows]

    def details(self, run: str) -> dict[str, Any]:
        """Return the details of a run; {} where there are none, or none that can be read."""
        query = "SELECT details FROM details WHERE run = ?"
        with closing(self._open()) as connection:
            row = connection.execute(query, (run,)).fetchone()
        try:
            found = json.loads(row["details"]) if row is not None else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def run(self, run: str) -> dict[str, Any]:
        """Return one run.

        Raises:
            RunNotFoundError: There is none of this id.
        """
        with closing(self._open()) as connection:
            row = connection.execute("SELECT * FROM runs WHERE run = ?", (run,)).fetchone()
        if row is None:
            raise RunNotFoundError(
                f"There is no run {run!r} in the history: it keeps the last {KEPT} runs, "
                f"list them with parflow_jupyter.runs()."
            )
        return _shown(row)

    def request_cancel(self, run: str) -> None:
        """Ask a run to stop; it looks about twice a second.

        Raises:
            RunNotFoundError: There is none of this id.
        """
        self.run(run)
        with closing(self._open()) as connection, connection:
            connection.execute("UPDATE runs SET cancel = 1 WHERE run = ?", (run,))

    # --- the file ---------------------------------------------------------------------------

    def _write(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        try:
            with closing(self._open()) as connection, connection:
                for statement in statements:
                    connection.execute(*statement)
        except (sqlite3.Error, OSError) as error:
            if not self._warned:
                self._warned = True
                warn(
                    f"This run is not in the history of runs, which can't be written ({error}): "
                    f"free disk space, or set PARFLOW_DATA_DIR to a folder of your own.",
                    RuntimeWarning,
                )

    def _open(self) -> sqlite3.Connection:
        path = self._path or data_folder() / "runs.sqlite"
        private_file(path)
        connection = sqlite3.connect(path, timeout=_BUSY)
        try:
            connection.row_factory = sqlite3.Row
            # A lost update of the history is no loss: no waiting for the disk.
            connection.execute("PRAGMA synchronous = OFF")
            for table, columns in _TABLES.items():
                _bring_up_to_date(connection, table, columns)
        except BaseException:
            connection.close()
            raise
        return connection


def _bring_up_to_date(connection: sqlite3.Connection, table: str, columns: dict[str, str]) -> None:
    there = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
    if not there:
        _create(connection, table, columns)
        return
    for name in columns.keys() - there:
        # Another process may have added it in this moment.
        with suppress(sqlite3.OperationalError):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")


def _create(connection: sqlite3.Connection, table: str, columns: dict[str, str]) -> None:
    # Network file systems have no shared memory, and then no write-ahead log; and of two
    # processes that begin at once, one is told that the file is locked, without waiting.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    shown = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({shown})")


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    run = {name: row[name] for name in _COLUMNS if name not in _HIDDEN}
    if run["state"] == "running":
        # By the clock, not an identity: a row outlives the boot that the identity's ticks are of.
        if run["host"] == platform.node() and began(row["pid"]) != row["pid_started"]:
            run["state"] = "lost"
        elif row["cancel"]:
            run["state"] = "stopping"
    return run


@cache
def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if hasattr(os, "getuid") else ""
