"""Shows the progress of a map: one line in a terminal, one bar in a notebook.

The notebook's display is plain text and HTML in one output that is updated in
place: it needs no widgets, and a saved notebook shows how the run ended.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from html import escape
from typing import Any, TextIO

from parflow_jupyter._system.shell import own_shell
from parflow_jupyter._system.words import seconds, span
from parflow_jupyter.events import Event, Listener, MapFinished, MapProgress, MapStarted
from parflow_jupyter.maps.schemes import place

SHOW_AFTER = 0.3
"""Seconds before a display appears in a terminal; shorter maps leave no trace there."""
EVERY = 0.1


@dataclass(frozen=True)
class Shown:
    """What a display shows of a run."""

    label: str = ""
    scheme: str = ""
    slots: int = 0
    total: int = 0
    done: int = 0
    failed: int = 0
    retried: int = 0
    kept: int = 0
    elapsed: float = 0.0
    left: tuple[float, float] | None = None
    state: str = "running"


def after(shown: Shown, event: Event) -> Shown:
    """Return what to show after an event.

    Example:
        >>> begun = MapStarted(run="r", label="f", scheme="serial", reason="", total=4, slots=1)
        >>> after(Shown(), begun).total
        4
    """
    if isinstance(event, MapStarted):
        return Shown(event.label, event.scheme, event.slots, event.total or 0)
    if isinstance(event, MapProgress | MapFinished):
        shown = replace(shown, done=event.done, failed=event.failed, elapsed=event.elapsed)
    if isinstance(event, MapProgress):
        return replace(shown, retried=event.retried, kept=event.kept, left=event.left)
    if isinstance(event, MapFinished):
        return replace(shown, state=event.state, total=event.total)
    return shown


def counts(shown: Shown) -> str:
    """Return failed, retried, kept, rate, time left and place in words.

    Example:
        >>> counts(Shown(scheme="ipyparallel", slots=2, total=4, done=4, failed=1, elapsed=2.0))
        '1 failed, 2.0 items/s, 2.0 s, ipyparallel on 2 engines'
    """
    parts = [f"{shown.failed} failed"] if shown.failed else []
    parts += [f"{shown.retried} retried"] if shown.retried else []
    parts += [f"{shown.kept} kept"] if shown.kept else []
    if shown.state == "cancelled":
        parts.insert(0, "stopped")
    computed = shown.done - shown.kept
    if shown.elapsed > 0 and computed > 0:
        parts.append(f"{_rate(computed / shown.elapsed)} items/s")
    parts.append(seconds(shown.elapsed))
    if shown.left is not None and shown.state == "running" and shown.elapsed >= 1:
        parts.append(f"about {span(*shown.left)} left")
    parts.append(place(shown.scheme, shown.slots))
    return ", ".join(parts)


def _rate(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def as_line(shown: Shown, width: int | None = None) -> str:
    """Return the line for a terminal, drawn by tqdm."""
    from tqdm import tqdm

    return str(
        tqdm.format_meter(
            shown.done,
            shown.total or None,  # type: ignore[arg-type]
            shown.elapsed,
            ncols=width,
            prefix=shown.label,
            unit=" items",
            bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} [" + counts(shown) + "]",
        )
    )


def as_text(shown: Shown) -> str:
    """Return the plain text for a notebook.

    Example:
        >>> as_text(Shown(label="f", scheme="serial", total=2, done=2, elapsed=1.0, state="done"))
        'f: 2 of 2 items, 2.0 items/s, 1.0 s, serial'
    """
    of_all = f" of {shown.total}" if shown.total else ""
    return f"{shown.label}: {shown.done}{of_all} items, {counts(shown)}"


def as_html(shown: Shown) -> str:
    """Return the bar for a notebook; its colours follow the theme, light or dark."""
    percent = 100 * shown.done / shown.total if shown.total else 100
    colour = "var(--jp-brand-color1, #1976d2)"
    if shown.failed or shown.state == "failed":
        colour = "var(--jp-warn-color0, #c66900)"
    text = escape(as_text(shown))
    return (
        '<div style="color: var(--jp-ui-font-color1, inherit)">'
        f'<div role="progressbar" aria-label="{escape(shown.label)}" aria-valuemin="0" '
        f'aria-valuemax="{shown.total}" aria-valuenow="{shown.done}" aria-valuetext="{text}" '
        'style="max-width: 48em; height: 6px; border-radius: 3px; margin: 4px 0; overflow: hidden; '
        'background: var(--jp-layout-color3, #8884)">'
        f'<div style="height: 100%; width: {percent:.1f}%; background: {colour}"></div></div>'
        f"<span>{text}</span></div>"
    )


def progress_listener(stream: TextIO | None = None, *, force: bool = False) -> Listener | None:
    """Return a listener that shows the progress where there is a notebook or a terminal.

    Args:
        stream: Where a terminal's line goes; ``sys.stderr`` if None.
        force: Show it also where the stream is no terminal.
    """
    found = own_shell()
    if getattr(found, "kernel", None) is not None and hasattr(found, "display_pub"):
        return _Notebook()
    target = stream or sys.stderr
    if force or (target is not None and target.isatty()):
        return _Terminal(target)
    return None


class _Notebook:
    def __init__(self) -> None:
        self._shown = Shown()
        self._handle: Any = None
        self._at = 0.0

    def __call__(self, event: Event) -> None:
        self._shown = after(self._shown, event)
        now = time.monotonic()
        if isinstance(event, MapProgress) and now - self._at < EVERY:
            return
        self._at = now
        from IPython.display import display

        data = {"text/plain": as_text(self._shown), "text/html": as_html(self._shown)}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call,unused-ignore]
        else:
            self._handle.update(data, raw=True)


class _Terminal:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = Shown()
        self._begun = False

    def __call__(self, event: Event) -> None:
        self._shown = after(self._shown, event)
        last = isinstance(event, MapFinished)
        if not self._begun and self._shown.elapsed < SHOW_AFTER:
            return
        self._begun = True
        self._stream.write(f"\r{as_line(self._shown, _width(self._stream))}\x1b[K")
        self._stream.write("\n" if last else "")
        self._stream.flush()


def _width(stream: TextIO) -> int | None:
    import os

    try:
        return os.get_terminal_size(stream.fileno()).columns - 1
    except (OSError, ValueError):
        return None
