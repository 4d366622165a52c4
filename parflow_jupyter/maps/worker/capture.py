"""Keeps what items print and what they warn of, per item and bounded."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

from parflow_jupyter.maps.worker.interrupts import Current

PER_ITEM = 10_000
PER_BATCH = 200_000
CUT = "\n... (output cut here)\n"
CUT_FOR_ALL = "\n... (output cut here, and that of the items after this one in its batch)\n"


class Capture:
    """Stands in for ``sys.stdout`` and ``sys.stderr`` while a batch runs, and hears warnings.

    Args:
        current: Tells which item is running.
        on: False leaves everything alone.
    """

    def __init__(self, current: Current, *, on: bool = True) -> None:
        self._current = current
        self._on = on
        self._parts: dict[tuple[int, str], list[str]] = {}
        self._lengths: dict[int, int] = {}
        self._total = 0
        self._cut = -1
        self._warned: tuple[int, set[tuple[Any, ...]]] = (-1, set())
        self._before: Any = None

    def __enter__(self) -> Capture:
        if self._on:
            self._before = sys.stdout, sys.stderr, warnings.showwarning
            sys.stdout, sys.stderr = _Stream(self, "stdout"), _Stream(self, "stderr")
            warnings.showwarning = self._warn
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            sys.stdout, sys.stderr, warnings.showwarning = self._before

    def add(self, stream: str, text: str) -> None:
        """Keep some text of the running item, or drop it beyond the bounds, with a note."""
        position = self._current.position
        if position == self._cut or self._total >= PER_BATCH:
            return
        used = self._lengths.get(position, 0)
        room = min(PER_ITEM - used, PER_BATCH - self._total)
        part = text
        if len(text) > room:
            part = text[:room] + (CUT if room == PER_ITEM - used else CUT_FOR_ALL)
            self._cut = position
        self._lengths[position] = used + len(part)
        self._total += len(part)
        self._parts.setdefault((position, stream), []).append(part)

    def _warn(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        """Keep a warning once per item; Python shows it once per process."""
        position, seen = self._warned
        if position != self._current.position:
            self._warned = (self._current.position, seen := set())
        what = (category, str(message), filename, lineno)
        if what not in seen:
            seen.add(what)
            text = warnings.formatwarning(message, category, filename, lineno, line)
            self.add("stderr", text)
        # Any change of the filters makes Python forget what it has shown.
        warnings.simplefilter("default", _Never, append=True)

    def kept(self) -> list[tuple[int, str, str]]:
        """Return (position, stream, text), in the order of the items."""
        # Also called while items print: the copy is made in one step.
        parts = sorted(self._parts.copy().items())
        return [(position, stream, "".join(text)) for (position, stream), text in parts]


class _Never(Warning):
    """Nothing warns of it: a filter for it changes nothing."""


class _Stream(io.TextIOBase):
    def __init__(self, capture: Capture, name: str) -> None:
        self._capture = capture
        self.name = f"<{name}>"
        self._stream = name

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._capture.add(self._stream, text)
        return len(text)
