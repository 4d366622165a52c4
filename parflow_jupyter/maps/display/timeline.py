"""A picture of a run: what each slot did over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parflow_jupyter._system.words import seconds
from parflow_jupyter.errors import MissingLibraryError
from parflow_jupyter.maps.report import ItemTime, Report

MANY = 4000
"""Items beyond which those without failures are drawn by the batch."""

# Told apart by people with any kind of colour vision, on white and on black (Okabe and Ito).
_COLOURS = {"done": "#0f82c0", "retried": "#e69f00", "failed": "#d55e00"}
_WORDS = {"done": "done", "retried": "failed, run again", "failed": "failed for good"}
_HATCHES = {"done": "", "retried": "///", "failed": "xxx"}

Bar = tuple[float, float]


def plot(report: Report, failed: set[int], ax: Any = None) -> Any:
    """Draw what each slot did over time, and return the axes.

    Args:
        report: Of a map that has ended, or still runs.
        failed: Items that failed for good.
        ax: The matplotlib axes to draw on; a new figure if None.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingLibraryError(
            "A picture of the run needs matplotlib: pip install matplotlib, or read "
            ".report.items()."
        ) from error
    rows = bars(report, failed)
    if ax is None:
        height = 1.5 + 0.34 * max(1, min(40, len(rows)))
        _, ax = pyplot.subplots(figsize=(8, height), layout="constrained")
    end = max(
        (begin + width for row in rows.values() for b in row.values() for begin, width in b),
        default=0.0,
    )
    _draw(ax, rows)
    busy = report.item_seconds / (end * len(rows)) if end and rows else 0.0
    title = f"{report.label}: {seconds(report.elapsed)}"
    ax.set_title(f"{title}, items run {busy:.0%} of the time" if rows else title, loc="left")
    ax.set_xlabel("seconds")
    ax.set_xlim(0, end or 1)
    return ax


def bars(report: Report, failed: set[int]) -> dict[str, dict[str, list[Bar]]]:
    """Return for each slot, in order, the (begin, width) of its bars by kind.

    Args:
        report: Holds the times.
        failed: Items that failed for good.

    Example:
        >>> from array import array
        >>> from parflow_jupyter.maps.report import BatchRecord
        >>> report = Report("r", "serial", "", "f", total=2, slots=["here"])
        >>> stops = array("d", [1.0, 3.0])
        >>> report.batches.append(BatchRecord("here", [0, 1], 5.0, stops, frozenset({1})))
        >>> bars(report, {1})
        {'here': {'done': [(0.0, 1.0)], 'retried': [], 'failed': [(1.0, 2.0)]}}
    """
    begin = min((batch.started for batch in report.batches), default=0.0)
    count = sum(len(batch.stops) for batch in report.batches)
    times = report.items() if count <= MANY else _by_batch(report)
    names = sorted({*report.slots, *(b.engine for b in report.batches)}, key=_in_order)
    rows: dict[str, dict[str, list[Bar]]] = {
        name: {kind: [] for kind in _COLOURS} for name in names
    }
    last = {time.index: time for time in report.items() if time.failed}
    for time in times:
        kind = "done"
        if time.failed:
            final = time.index in failed and last[time.index] == time
            kind = "failed" if final else "retried"
        rows[time.engine][kind].append((time.started - begin, time.seconds))
    return rows


def _by_batch(report: Report) -> Iterable[ItemTime]:
    for batch in report.batches:
        if len(batch.stops):
            yield ItemTime(batch.indices[0], batch.engine, batch.started, batch.stops[-1])
    yield from (time for time in report.items() if time.failed)


def _in_order(name: str) -> tuple[str, int]:
    word, _, number = name.rpartition(" ")
    return (word, int(number)) if number.isdecimal() else (name, 0)


def _draw(ax: Any, rows: dict[str, dict[str, list[Bar]]]) -> None:
    from matplotlib.patches import Patch

    ground = ax.get_facecolor()
    for place, row in enumerate(rows.values()):
        for kind, found in row.items():
            # An edge in the colour of the ground keeps neighbours apart.
            ax.broken_barh(
                found,
                (place - 0.38, 0.76),
                facecolor=_COLOURS[kind],
                edgecolor=ground,
                linewidth=0.6 if sum(map(len, row.values())) < 400 else 0,
                hatch=_HATCHES[kind],
            )
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(max(1, len(rows)) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.25)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    there = [kind for kind in _COLOURS if any(row[kind] for row in rows.values())]
    patches = [
        Patch(facecolor=_COLOURS[k], edgecolor=ground, hatch=_HATCHES[k], label=_WORDS[k])
        for k in there
    ]
    if len(patches) > 1:
        ax.figure.legend(handles=patches, loc="outside lower right", ncols=3, frameon=False)
