"""Tables of what is known about a cluster, as text and as HTML (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Any

from parflow_jupyter._system.cpu_count import counted
from parflow_jupyter._system.tables import html_table, text_table

_ENGINE_COLUMNS = (
    "engine",
    "pid",
    "state",
    "queued",
    "completed",
    "CPU %",
    "memory",
    "Python",
    "launcher",
    "started here",
)
_NUMBERS = {"pid", "queued", "completed", "CPU %", "memory"}
_CELL = "padding:3px 10px;border-bottom:1px solid var(--jp-border-color2,#8886);"
_TABLE = (
    "border-collapse:collapse;font-size:var(--jp-content-font-size1,14px);"
    "color:var(--jp-ui-font-color1,inherit)"
)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def memory_text(size: int | None) -> str:
    """Return a size in bytes as people write it.

    Example:
        >>> memory_text(25_400_000)
        '25 MB'
    """
    return "–" if size is None else f"{size / 1e6:.0f} MB"


def _state_text(engine: dict[str, Any]) -> str:
    meaning = (engine["exit"] or {}).get("meaning")
    return f"{engine['state']}: {meaning}" if meaning else str(engine["state"])


def _started_here(engine: dict[str, Any]) -> str:
    if engine["started_here"] or not engine.get("owner"):
        return _shown(engine["started_here"])
    return f"no ({engine['owner']})"


def _engine_row(engine: dict[str, Any]) -> list[str]:
    return [
        _shown(engine["id"]),
        _shown(engine["pid"]),
        _state_text(engine),
        _shown(engine["queued"]),
        _shown(engine["completed"]),
        _shown(engine["cpu_percent"]),
        memory_text(engine["rss_bytes"]),
        _shown(engine["python"]),
        _shown(engine["launcher"]),
        _started_here(engine),
    ]


def _by_host(info: dict[str, Any]) -> Iterable[tuple[str, list[list[str]]]]:
    def host(engine: dict[str, Any]) -> str:
        return engine["host"] or "unknown host"

    for name, engines in groupby(sorted(info["engines"], key=host), key=host):
        yield name, [_engine_row(engine) for engine in engines]


def _summary(info: dict[str, Any]) -> str:
    name = f"{info['profile']}:{info['cluster_id']}" if info["cluster_id"] else info["profile"]
    count = info["engines_total"]
    text = f"Cluster {name}: {info['state']}, {counted(count, 'engine', 'engines')}"
    if count:
        text += f" ({info['engines_started_here']} started here)"
    controller = info["controller"]
    if controller is None:
        return f"{text}, no controller"
    whose = "started here" if controller["started_here"] else "started elsewhere"
    silent = "" if info["connected"] else ", not answering"
    return f"{text}, controller pid {_shown(controller['pid'])} {whose}{silent}"


def _html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return html_table(header, rows, table_style=_TABLE, cell_style=_CELL, numbers=_NUMBERS)


def _problem_text(problem: dict[str, Any]) -> str:
    return f"{problem['where']}: {problem['what']}; {problem['fix']}"


def _problems_html(problems: list[dict[str, Any]]) -> str:
    items = "".join(f"<li>{escape(_problem_text(problem))}</li>" for problem in problems)
    style = "color:var(--jp-warn-color0,#8a5a00)"
    return f'<ul style="{style}">{items}</ul>' if items else ""


def cluster_text(info: dict[str, Any]) -> str:
    """Return the plain table of a cluster, by host, from its JSON form."""
    lines = [_summary(info)]
    for host, rows in _by_host(info):
        lines += [f"{host}:", *(f"  {line}" for line in text_table(_ENGINE_COLUMNS, rows))]
    lines += [f"! {_problem_text(problem)}" for problem in info["problems"]]
    return "\n".join(lines)


def cluster_html(info: dict[str, Any]) -> str:
    """Return the themed HTML table of a cluster, by host, from its JSON form."""
    parts = [f"<div>{escape(_summary(info))}</div>"]
    for host, rows in _by_host(info):
        parts += [f"<div><b>{escape(host)}</b></div>", _html_table(_ENGINE_COLUMNS, rows)]
    return "".join([*parts, _problems_html(info["problems"])])


_CLEANUP_COLUMNS = ("process", "id", "pid", "host", "outcome")


def _cleanup_rows(report: dict[str, Any]) -> list[list[str]]:
    keys = ("kind", "id", "pid", "host", "outcome")
    return [[_shown(process[key]) for key in keys] for process in report["processes"]]


def cleanup_text(report: dict[str, Any]) -> str:
    """Return the plain table of a cleanup from its JSON form."""
    rows = _cleanup_rows(report)
    lines = text_table(_CLEANUP_COLUMNS, rows) if rows else ["Nothing was started here."]
    return "\n".join([*lines, *(f"! {_problem_text(item)}" for item in report["problems"])])


def cleanup_html(report: dict[str, Any]) -> str:
    """Return the themed HTML table of a cleanup from its JSON form."""
    rows = _cleanup_rows(report)
    table = _html_table(_CLEANUP_COLUMNS, rows) if rows else "<div>Nothing was started here.</div>"
    return table + _problems_html(report["problems"])


def logs_text(logs: dict[str, Any]) -> str:
    """Return the ends of several logs, one below the other, from their JSON form."""
    parts = []
    for log in logs["logs"]:
        parts.append(f"{log['process']} ({log['path']}):")
        parts += [f"  {line}" for line in log["lines"] or ["(empty)"]]
    return "\n".join(parts) or "There are no logs."


def logs_html(logs: dict[str, Any]) -> str:
    """Return the ends of several logs as HTML, from their JSON form."""
    style = "max-height:30em;overflow:auto;font-size:var(--jp-code-font-size,13px)"
    parts = [
        f"<div><b>{escape(log['process'])}</b> {escape(log['path'])}</div>"
        f'<pre tabindex="0" style="{style}">'
        f"{escape(chr(10).join(log['lines'])) or '(empty)'}</pre>"
        for log in logs["logs"]
    ]
    return "".join(parts) or "<div>There are no logs.</div>"


def started_here_text(engines: int, controller: bool) -> str:
    """Say what was started here, as a sentence.

    Example:
        >>> started_here_text(1, True), started_here_text(0, True)
        ('1 engine was started here.', 'The controller was started here.')
        >>> started_here_text(2, False)
        '2 engines were started here.'
    """
    if not engines and controller:
        return "The controller was started here."
    return f"{counted(engines, 'engine was', 'engines were')} started here."


def lost_text(count: int) -> str:
    """Say how many engines of others go down with the controller; nothing for none.

    Example:
        >>> lost_text(0), lost_text(1)
        ('', ' 1 engine that others started would lose its controller.')
    """
    if not count:
        return ""
    nouns = ("engine", "its") if count == 1 else ("engines", "their")
    return f" {count} {nouns[0]} that others started would lose {nouns[1]} controller."


def others_text(info: dict[str, Any]) -> str:
    """Say which engines of others a shutdown ends, by owner; nothing for none.

    Args:
        info: The facts of a ClusterInfo.

    Example:
        >>> theirs = {"started_here": False, "state": "idle", "owner": "Jupyter server, pid 12"}
        >>> others_text({"engines": [theirs, theirs, {**theirs, "owner": None}]})
        ' 3 engines that others started end, too: 2 of Jupyter server, pid 12; 1 of unknown origin.'
    """
    living = [engine for engine in info["engines"] if engine["state"] != "dead"]
    others = [engine for engine in living if not engine["started_here"]]
    if not others:
        return ""
    owners = Counter(engine.get("owner") or "unknown origin" for engine in others)
    shown = "; ".join(f"{count} of {owner}" for owner, count in owners.items())
    ends = ("engine that others started ends", "engines that others started end")
    return f" {counted(len(others), *ends)}, too: {shown}."
