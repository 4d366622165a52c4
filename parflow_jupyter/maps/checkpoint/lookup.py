"""What of a run is kept: looks results up before items run, and has new ones written down."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from parflow_jupyter._system.caller import warn
from parflow_jupyter.errors import CheckpointDiskError
from parflow_jupyter.fingerprint.files import FileDigests
from parflow_jupyter.fingerprint.keys import FunctionKey, ItemHasher, changes, function_key
from parflow_jupyter.fingerprint.values import UnhashableError, digest_of, sized
from parflow_jupyter.maps.checkpoint.writer import CheckpointWriter, Entry, warn_disk
from parflow_jupyter.maps.report import Report
from parflow_jupyter.maps.scheduler.item_queue import part as part_of
from parflow_jupyter.stores.checkpoints.pickles import SMALL, Large, TooBigError, freeze
from parflow_jupyter.stores.checkpoints.results import Checkpoint

WRITE_WITHIN = 30.0
"""Seconds that the end of a map waits for its results to be written."""
WRITE_WITHIN_STOPPED = 1.0
_ANY_SIZE = 1 << 62
_MOST_TOLD = 10


class CheckpointLookup:
    """The checkpoint of one run.

    Args:
        name: Of the checkpoint.
        function: What is mapped.
        init: What is called before it, or None.
        key: What an item is kept under, or None for the item itself.
        columns: The input.
        report: Told what was kept, and what not, and why.
        lasting: Whether values stay as they are until they are written; where the caller gets
            them at once, large ones are made bytes first.
        folder: Where results are kept; this user's folder if None.

    Raises:
        CheckpointError: The folder is someone else's, or of a newer version.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        init: Callable[[], Any] | None,
        key: Callable[..., Any] | None,
        columns: Sequence[Any],
        report: Report,
        *,
        lasting: bool = True,
        folder: Path | None = None,
    ) -> None:
        self._open = partial(Checkpoint, name, folder)
        self._name = name
        self._key = key
        self._columns = columns
        self._report = report
        self._lasting = lasting
        self._label = report.label
        self._keys: dict[int, bytes] = {}
        self._files_of: dict[int, tuple[str, ...]] = {}
        self._by_position = False
        self._writer: CheckpointWriter | None = None
        self._function: FunctionKey | None = None
        self._why_nothing = ""
        self._unused_results = 0
        report.checkpoint = name
        try:
            self._checkpoint: Checkpoint | None = self._open()
            known = self._checkpoint.files()
        except (CheckpointDiskError, sqlite3.Error) as error:
            self._checkpoint, known = None, {}
            self._why_nothing = f"results can't be kept ({error})"
            warn_disk(name, error)
        self._files = FileDigests(known)
        self._items = ItemHasher(self._files)
        self._take_apart(function, init)

    def _take_apart(self, function: Callable[..., Any], init: Callable[[], Any] | None) -> None:
        # Another key= means other items by the same value.
        others = [other for other in (init, self._key) if other is not None]
        try:
            self._function = function_key(function, *others, files=self._files)
        except UnhashableError as error:
            self._why_nothing = f"the function has no key: {error}"
            warn(
                f"Nothing is kept under {self._name!r}, and all items are computed: {error}. "
                f"Create that inside the function, or pass plain data instead.",
                UserWarning,
            )
        self._function_files = tuple(self._files.touched)

    def entropy(self, draw: Callable[[], int]) -> int:
        """Return the seed of the checkpoint, drawn when it was begun."""
        if self._checkpoint is not None:
            with suppress(sqlite3.Error):
                return self._checkpoint.entropy(draw)
        return draw()

    def depends_on_position(self) -> None:
        """Keep results by the position of items too: their random numbers follow from it."""
        self._by_position = True

    # --- before items run ---------------------------------------------------------------------

    def begin(self) -> None:
        """Compare the function with the one whose results were kept last."""
        if self._checkpoint is None or self._function is None:
            return
        try:
            before = self._checkpoint.parts()
            self._report.changed += changes(before, self._function.parts) if before else []
            self._checkpoint.begin(self._label, self._function.parts)
        except sqlite3.Error as error:
            warn_disk(self._name, error)

    def restore(self, indices: Sequence[int]) -> tuple[list[int], list[Any]]:
        """Return those of some items whose results are kept, and the results.

        Args:
            indices: Positions of the items.
        """
        keys = self._find_keys(indices)
        if not keys or self._checkpoint is None:
            return [], []
        try:
            found = self._checkpoint.find(list(dict.fromkeys(keys.values())))
        except sqlite3.Error as error:
            warn_disk(self._name, error)
            found = {}
        kept: list[int] = []
        values: list[Any] = []
        for index, key in keys.items():
            one = found.get(key)
            if one is not None and not one.problem:
                kept.append(index)
                values.append(one.value)
                continue
            if one is not None:
                self._unused(index, one.problem)
            self._keys[index] = key
        self._report.kept.extend(kept)
        return kept, values

    def _unused(self, index: int, problem: str) -> None:
        self._unused_results += 1
        if self._unused_results <= _MOST_TOLD:
            told = f"the kept result of item {index} was not used ({problem})"
            self._report.changed.append(told)

    def _find_keys(self, indices: Sequence[int]) -> dict[int, bytes]:
        if self._function is None or self._checkpoint is None:
            self._report.not_kept.update(dict.fromkeys(indices, self._why_nothing))
            return {}
        keys: dict[int, bytes] = {}
        # One value that is a pair, and two values, are different calls.
        base = self._function.digest + b"%d;" % len(self._columns)
        parts = [part_of(column, indices) for column in self._columns]
        rows = parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))
        digest, touched = self._items.digest, self._files.touched
        for index, row in zip(indices, rows, strict=True):
            touched.clear()
            try:
                part = digest(row if self._key is None else self._key_of(row))
            except UnhashableError as error:
                self._report.not_kept[index] = f"it has no key: {error}"
                continue
            place = b"%d;" % index if self._by_position else b""
            keys[index] = digest_of(base, sized(self._seed()), place, part)
            if touched:
                self._files_of[index] = tuple(touched)
        self._note_files()
        return keys

    def _key_of(self, row: Any) -> Any:
        assert self._key is not None
        try:
            return "key", self._key(row) if len(self._columns) == 1 else self._key(*row)
        except Exception as error:
            raise UnhashableError(f"key= raised {type(error).__name__}: {error}") from error

    def _seed(self) -> bytes:
        return b"" if self._report.entropy is None else b"%d" % self._report.entropy

    def _note_files(self) -> None:
        for path in self._files.changed:
            said = f"the file {path!r} changed"
            if said not in self._report.changed:
                self._report.changed.append(said)
        self._files.changed.clear()

    # --- as results come ----------------------------------------------------------------------

    def keep(self, indices: Sequence[int], values: Sequence[Any]) -> None:
        """Have results written down; called once for each answer of a slot."""
        entries: list[Entry] = []
        spoilt = any(map(self._files.moved, self._function_files))
        for index, value in zip(indices, values, strict=True):
            key = self._keys.pop(index, None)
            if key is None:
                continue
            if spoilt or any(map(self._files.moved, self._files_of.pop(index, ()))):
                self._report.not_kept[index] = "a file it uses changed while it ran"
                continue
            try:
                entries.append((index, key, self._frozen(value)))
            except Exception as error:
                self._report.not_kept[index] = f"its result can't be pickled: {error}"
        if entries:
            if self._writer is None:
                self._writer = CheckpointWriter(self._open, self._not_kept, self._name)
            self._writer.put(entries)

    def _frozen(self, value: Any) -> bytes | Large:
        try:
            return freeze(value, SMALL)
        except TooBigError:
            # What the caller may change meanwhile is made bytes now, the rest as it is written.
            return Large(value) if self._lasting else freeze(value, _ANY_SIZE)

    def _not_kept(self, index: int, why: str) -> None:
        self._report.not_kept[index] = why

    def end(self, failed: dict[int, Any], *, stopped: bool) -> None:
        """Wait until results are written, within bounds, and let go of the files.

        Args:
            failed: The items that failed.
            stopped: Whether someone waits for a stopped run to end.
        """
        for index in failed:
            self._report.not_kept[index] = "it failed"
        for index in self._keys:
            self._report.not_kept.setdefault(index, "it was not run")
        self._keys.clear()
        if self._unused_results > _MOST_TOLD:
            more = self._unused_results - _MOST_TOLD
            self._report.changed.append(f"{more} more kept results were not used")
        left = 0
        if self._writer is not None:
            left = self._writer.close(WRITE_WITHIN_STOPPED if stopped else WRITE_WITHIN)
        if left and not stopped:
            warn_disk(self._name, OSError(f"the disk is slow: {left} are still being written"))
        if self._checkpoint is not None:
            with suppress(sqlite3.Error, OverflowError):
                self._checkpoint.remember_files(self._files.to_remember())
            self._checkpoint.close()
