"""How a result looks: one line, then failures and output; as text and as HTML of the same content.

The HTML needs no script and no widget: it is the same in a saved notebook and on an exported page.
"""

from __future__ import annotations

import re
from html import escape
from typing import Protocol

from parflow_jupyter._system.cpu_count import counted
from parflow_jupyter._system.tables import Html, html_table, table_css
from parflow_jupyter._system.words import bounded_repr, seconds, text_of
from parflow_jupyter.maps.report import ItemFailure, Report
from parflow_jupyter.maps.schemes import place

ROWS = 10
_MESSAGE = 300
_OUTPUT = 2000
_WARNING = re.compile(r"^.*\b\w*Warning: ", re.MULTILINE)

STYLE = f"""
<style>
{table_css("parflow-result")}\
.parflow-result.parflow-result td.parflow-text {{ white-space: normal; }}
.parflow-result summary {{ cursor: pointer; }}
.parflow-result.parflow-result pre {{ background: var(--jp-layout-color2, #8882); padding: 6px 8px;
  margin: 4px 0; max-height: 20em; overflow: auto; color: inherit; text-align: left;
  white-space: pre; width: 0; min-width: max(100% - 16px, 36em); }}
.parflow-result .parflow-failed {{ color: var(--jp-error-color0, #c62828); font-weight: 600; }}
</style>
"""


class Shown(Protocol):
    """What a result tells of itself to be shown."""

    state: str

    @property
    def errors(self) -> list[ItemFailure]: ...
    @property
    def report(self) -> Report: ...
    @property
    def progress(self) -> tuple[int, int]: ...
    def done(self) -> bool: ...


def summary(result: Shown) -> str:
    """Return the one line on a result.

    Example:
        >>> from parflow_jupyter.maps import MapOptions, run_map
        >>> result = run_map(abs, [[-1, 2]], options=MapOptions(label="distance"))
        >>> summary(result).startswith("distance: 2 items, "), "failed" in summary(result)
        (True, False)
    """
    report, failed = result.report, len(result.errors)
    done, total = result.progress
    counts = counted(total, "item", "items")
    if not result.done():
        counts = f"running, {done} of {counts} done"
    elif report.not_run:
        counts = f"{done} of {counts} ({result.state})"
    retried = report.retries + report.engine_retries
    parts = [counts]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{retried} retried"] if retried else []
    parts += [f"{len(report.kept)} kept"] if report.kept else []
    parts += [seconds(report.elapsed)] if result.done() else []
    parts.append(place(report.scheme, len(set(report.slots))))
    return f"{report.label}: " + ", ".join(parts) + _computed_again(report)


def _computed_again(report: Report) -> str:
    """Return why results that were kept do not fit any more; nothing if they do."""
    if not report.changed:
        return ""
    more = f" and {len(report.changed) - 3} more" if len(report.changed) > 3 else ""
    return f" (since the last run, {', '.join(report.changed[:3])}{more})"


def outputs(result: Shown) -> dict[int, dict[str, str]]:
    """Return what items printed, by item and stream, in input order.

    Example:
        >>> from parflow_jupyter.maps import run_map
        >>> outputs(run_map(abs, [[-1]]))
        {}
    """
    found: dict[int, dict[str, str]] = {}
    for index, stream, text in sorted(result.report.output, key=lambda entry: entry[0]):
        streams = found.setdefault(index, {})
        streams[stream] = streams.get(stream, "") + text
    return found


def _output_title(found: dict[int, dict[str, str]]) -> str:
    warned = sum(bool(_WARNING.search(streams.get("stderr", ""))) for streams in found.values())
    title = f"Output of {counted(len(found), 'item', 'items')}"
    return f"{title}, {warned} of them with warnings" if warned else title


def as_text(result: Shown) -> str:
    """Return the plain form: the summary, the failures, the output."""
    errors, printed = result.errors, outputs(result)
    lines = [f"<MapResult {summary(result)}>"]
    lines += [f"  {_failure_text(failure)}" for failure in errors[:ROWS]]
    if len(errors) > ROWS:
        lines.append(f"  ... and {len(errors) - ROWS} more in .errors")
    if errors:
        lines.append("  tracebacks: .errors[0].traceback; once more: .retry_failed()")
    if printed:
        lines.append(f"  {_output_title(printed)}:")
        lines += [
            f"    item {index}, {stream}: {_first_line(text)}"
            for index, streams in list(printed.items())[:ROWS]
            for stream, text in sorted(streams.items(), reverse=True)
        ]
    if len(printed) > ROWS:
        lines.append(f"    ... and {len(printed) - ROWS} more in .report.output")
    return "\n".join(lines)


def _failure_text(failure: ItemFailure) -> str:
    where = f" on {failure.engine}" if failure.engine else ""
    tries = f", {failure.attempts} attempts" if failure.attempts > 1 else ""
    kind = type(failure.exception).__name__
    text = f"item {failure.index} ({bounded_repr(failure.item)}){where}{tries}: {kind}: "
    return text + text_of(failure.exception)[:200]


def _first_line(text: str) -> str:
    lines = text.strip().splitlines() or [""]
    more = f" ... ({len(lines)} lines)" if len(lines) > 1 else ""
    return lines[0][:100] + more


def as_html(result: Shown) -> str:
    """Return the HTML form: the summary, a table of the failures, the output folded away."""
    body = f"<div>{escape(summary(result))}</div>{_failures_html(result)}{_output_html(result)}"
    return f'{STYLE}<div class="parflow-result">{body}</div>'


def _failures_html(result: Shown) -> str:
    errors, shown = result.errors, result.errors[:ROWS]
    if not errors:
        return ""
    columns = {
        "Item": [str(failure.index) for failure in shown],
        "Input": [bounded_repr(failure.item) for failure in shown],
        "Error": [type(failure.exception).__name__ for failure in shown],
        "Message": [_message(failure) for failure in shown],
    }
    if any(failure.engine for failure in errors):
        columns["Ran on"] = [failure.engine or "" for failure in shown]
    if any(failure.attempts > 1 for failure in errors):
        columns["Attempts"] = [str(failure.attempts) for failure in shown]
    rows = list(zip(*columns.values(), strict=True))
    classes = {"Error": "parflow-failed", "Message": "parflow-text"}
    table = html_table(list(columns), rows, cell_style=None, classes=classes)
    return table + _more(len(errors), ".errors")


def _message(failure: ItemFailure) -> Html:
    message = escape(text_of(failure.exception)[:_MESSAGE])
    if failure.traceback:
        message = _folded(message or "traceback", f"<pre>{escape(failure.traceback)}</pre>")
    return Html(message)


def _output_html(result: Shown) -> str:
    printed = outputs(result)
    if not printed:
        return ""
    rows = [
        (str(index), stream, Html(f"<pre>{escape(_cut(text))}</pre>"))
        for index, streams in list(printed.items())[:ROWS]
        for stream, text in sorted(streams.items(), reverse=True)
    ]
    header, classes = ("Item", "Stream", "Text"), {"Text": "parflow-text"}
    table = html_table(header, rows, cell_style=None, row_heads=("Item",), classes=classes)
    return _folded(escape(_output_title(printed)), table + _more(len(printed), ".report.output"))


def _folded(title: str, inner: str) -> str:
    return f"<details><summary>{title}</summary>{inner}</details>"


def _more(count: int, where: str) -> str:
    return f"<p>and {count - ROWS} more in <code>{where}</code></p>" if count > ROWS else ""


def _cut(text: str) -> str:
    return text if len(text) <= _OUTPUT else text[:_OUTPUT] + "\n... (more in .report.output)"
