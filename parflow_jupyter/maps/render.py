"""How a result looks: one line, then the failures; as text and as HTML of the same content."""

from __future__ import annotations

import reprlib
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parflow_jupyter.maps.result import MapResult

_ROWS = 10
_PLACES = {
    "ipyparallel": ("engine", "engines"),
    "threads": ("thread", "threads"),
    "processes": ("process", "processes"),
}
_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60

_STYLE = """
<style>
.parflow-result { color: var(--jp-ui-font-color1, inherit); }
.parflow-result.parflow-result table { border-collapse: collapse; margin: 6px 0; }
.parflow-result.parflow-result th, .parflow-result.parflow-result td {
  border: 1px solid var(--jp-border-color2, #8886); padding: 3px 8px; text-align: left;
  vertical-align: top; background: transparent; }
.parflow-result.parflow-result th, .parflow-result.parflow-result td:not(:nth-child(4)) {
  white-space: nowrap; }
.parflow-result summary { cursor: pointer; }
.parflow-result.parflow-result pre { background: var(--jp-layout-color2, #8882); padding: 6px 8px;
  margin: 4px 0; max-height: 20em; overflow: auto; color: inherit; text-align: left;
  white-space: pre; width: 0; min-width: max(100% - 16px, 36em); }
.parflow-result .parflow-failed { color: var(--jp-error-color0, #c62828); font-weight: 600; }
</style>
"""


def bounded_repr(value: object) -> str:
    """Return the repr of a value, short, and never failing.

    Example:
        >>> bounded_repr(list(range(100)))
        '[0, 1, 2, 3, 4, 5, ...]'
    """
    try:
        return _short.repr(value)
    except Exception as error:
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"


def seconds(value: float) -> str:
    """Return a duration for people.

    Example:
        >>> seconds(0.0123), seconds(75)
        ('12 ms', '1 min 15 s')
    """
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def span(low: float, high: float) -> str:
    """Return a range of durations for people.

    Args:
        low: Seconds.
        high: Seconds.

    Example:
        >>> span(0.2, 0.8), span(3.2, 4.9), span(55, 190), span(130, 250), span(4000, 9000)
        ('1 s', '3 to 5 s', '55 s to 3 min', '2 to 4 min', '1.1 to 2.5 h')
    """
    (first, unit), (last, last_unit) = _rounded(low), _rounded(high)
    if unit != last_unit:
        return f"{first} {unit} to {last} {last_unit}"
    return f"{first} {unit}" if first == last else f"{first} to {last} {unit}"


def _rounded(value: float) -> tuple[str, str]:
    if value < 90:
        return f"{max(1, round(value))}", "s"
    return (f"{value / 60:.0f}", "min") if value < 3600 else (f"{value / 3600:.1f}", "h")


def place(scheme: str, slots: int) -> str:
    """Return where a map runs, in words.

    Args:
        scheme: The scheme's name.
        slots: How many slots it has; 0 where that is not known.

    Example:
        >>> place("ipyparallel", 2), place("threads", 2), place("processes", 1), place("serial", 1)
        ('ipyparallel on 2 engines', '2 threads', '1 process', 'serial')
    """
    if scheme == "serial" or not slots:
        return scheme
    word, many = _PLACES.get(scheme, ("slot", "slots"))
    counted = f"{slots} {word if slots == 1 else many}"
    return counted if scheme in ("threads", "processes") else f"{scheme} on {counted}"


def summary(result: MapResult) -> str:
    """Return the one line on a result."""
    report, failed = result.report, len(result.errors)
    done, total = result.progress
    if not result.done():
        return f"{report.label}: running, {done} of {total} items done, {failed} failed"
    counts = f"{total} item{'s' if total != 1 else ''}"
    if report.not_run:
        counts = f"{done} of {total} items ({result.state})"
    slots = len(set(report.slots))
    place = f"{report.scheme}, {slots} slots" if slots > 1 else report.scheme
    parts = [counts, f"{failed} failed", seconds(report.elapsed), place]
    retried = report.retries + report.engine_retries
    if retried:
        parts.insert(2, f"{retried} run again")
    return f"{report.label}: " + ", ".join(parts)


def as_text(result: MapResult) -> str:
    """Return the plain form: the summary, then the failures."""
    errors = result.errors
    lines = [f"<MapResult {summary(result)}>"]
    for failure in errors[:_ROWS]:
        where = f" on {failure.engine}" if failure.engine else ""
        kind = type(failure.exception).__name__
        text = f"  item {failure.index} ({bounded_repr(failure.item)}){where}: {kind}: "
        lines.append(text + str(failure.exception)[:200])
    if len(errors) > _ROWS:
        lines.append(f"  ... and {len(errors) - _ROWS} more in .errors")
    return "\n".join(lines)


def as_html(result: MapResult) -> str:
    """Return the HTML form: the summary, then a table of the failures."""
    errors = result.errors
    line = f'<div class="parflow-result">{escape(summary(result))}'
    if not errors:
        return f"{_STYLE}{line}</div>"
    rows = "".join(
        f"<tr><td>{failure.index}</td><td>{escape(bounded_repr(failure.item))}</td>"
        f'<td class="parflow-failed">{escape(type(failure.exception).__name__)}</td>'
        f"<td>{_error_cell(str(failure.exception)[:300], failure.traceback)}</td>"
        f"<td>{escape(failure.engine or '')}</td></tr>"
        for failure in errors[:_ROWS]
    )
    head = (
        '<tr><th scope="col">Item</th><th scope="col">Input</th><th scope="col">Error</th>'
        '<th scope="col">Message</th><th scope="col">Ran on</th></tr>'
    )
    rest = f"<p>and {len(errors) - _ROWS} more in <code>.errors</code></p>"
    more = rest if len(errors) > _ROWS else ""
    return f"{_STYLE}{line}<table>{head}{rows}</table>{more}</div>"


def _error_cell(message: str, traceback: str) -> str:
    if not traceback:
        return escape(message)
    return (
        f"<details><summary>{escape(message) or 'traceback'}</summary>"
        f"<pre>{escape(traceback)}</pre></details>"
    )
