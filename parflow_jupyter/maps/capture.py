"""Keeps what items print, per item and bounded."""

from __future__ import annotations

import io
import sys
from typing import Any

from parflow_jupyter.maps.interrupts import Current

PER_ITEM = 10_000
PER_BATCH = 200_000


class Capture:
    """Stands in for ``sys.stdout`` and ``sys.stderr`` while a batch runs.

    Args:
        current: Tells which item is running.
        on: False leaves both streams alone.
    """

    def __init__(self, current: Current, *, on: bool = True) -> None:
        self._current = current
        self._on = on
        self._parts: dict[tuple[int, str], list[str]] = {}
        self._lengths: dict[int, int] = {}
        self._total = 0
        self._before: Any = None

    def __enter__(self) -> Capture:
        if self._on:
            self._before = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = _Stream(self, "stdout"), _Stream(self, "stderr")
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            sys.stdout, sys.stderr = self._before

    def add(self, stream: str, text: str) -> None:
        """Keep some text of the running item, or drop it beyond the bounds."""
        position = self._current.position
        used = self._lengths.get(position, 0)
        room = min(PER_ITEM - used, PER_BATCH - self._total)
        if room <= 0:
            return
        part = text if len(text) <= room else text[:room] + "\n... (output cut here)\n"
        self._lengths[position] = used + len(part)
        self._total += len(part)
        self._parts.setdefault((position, stream), []).append(part)

    def kept(self) -> list[tuple[int, str, str]]:
        """Return (position, stream, text), in the order of the items."""
        # Also called while items print: the copy is made in one step.
        parts = sorted(self._parts.copy().items())
        return [(position, stream, "".join(text)) for (position, stream), text in parts]


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
