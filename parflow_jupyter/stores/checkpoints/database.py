"""The database of kept results: one SQLite file per user, for any number of processes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parflow_jupyter._system.caller import warn
from parflow_jupyter._system.private_files import private_file
from parflow_jupyter.errors import CheckpointError
from parflow_jupyter.stores.checkpoints.folder import check_own, on_network

VERSION = 1
_BUSY = 20.0
_NAME = "results.sqlite"
_PARTS = ("", "-wal", "-shm", "-journal")
_TABLES = """
CREATE TABLE IF NOT EXISTS checkpoints (
    id INTEGER PRIMARY KEY,
    name TEXT UNIQUE NOT NULL,
    function TEXT,
    created REAL NOT NULL,
    used REAL NOT NULL,
    entropy TEXT,
    parts TEXT
);
CREATE TABLE IF NOT EXISTS results (
    id INTEGER PRIMARY KEY,
    checkpoint INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB,
    file TEXT,
    size INTEGER NOT NULL,
    mark BLOB NOT NULL,
    used REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS result_by_key ON results (checkpoint, key);
CREATE INDEX IF NOT EXISTS result_by_use ON results (used, size, checkpoint);
CREATE TABLE IF NOT EXISTS files (
    checkpoint INTEGER NOT NULL,
    path BLOB NOT NULL,
    size INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    inode TEXT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (checkpoint, path)
);
"""


def open_database(folder: Path) -> sqlite3.Connection:
    """Return a connection to the database of a folder, made if missing.

    Threads may hand it on, but not use it at the same time.

    A damaged database is set aside with a warning, and a new one begun.

    Raises:
        CheckpointError: It is of a newer version, or not our own.
        sqlite3.Error: It can't be read.
        OSError: Likewise.
    """
    try:
        return _open(folder)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        set_aside(folder, error)
        return _open(folder)


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error tells that the file is not what SQLite wrote."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def _open(folder: Path) -> sqlite3.Connection:
    path = folder / _NAME
    private_file(path)
    check_own(path)
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise CheckpointError(
                f"The kept results in {folder} were written by a newer version of parflow_jupyter "
                f"(their format is {version}, this one reads {VERSION}): upgrade it here, or set "
                f"PARFLOW_DATA_DIR to another folder."
            )
        if version < VERSION:
            _create(connection, folder)
        # Killed processes lose nothing; a power cut at worst the last moments.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 20000")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection, folder: Path) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    # Hosts have no memory in common, which the write-ahead log needs; and of two processes
    # that begin at once, one is told that the file is locked, without waiting.
    if not on_network(folder):
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
    with writing(connection):
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written in the block is kept as a whole, or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def set_aside(folder: Path, error: sqlite3.Error) -> None:
    """Rename a damaged database, with a warning."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for part in _PARTS:
        with suppress(FileNotFoundError):
            os.replace(folder / f"{_NAME}{part}", folder / f"damaged-{stamp}-{_NAME}{part}")
    warn(
        f"The list of kept results is damaged ({error}). It was set aside in {folder} as "
        f"damaged-{stamp}-{_NAME}; what was kept is computed again.",
        RuntimeWarning,
    )
