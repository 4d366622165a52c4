"""The history of runs as a person reads it: a table; as programs do: JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parflow_jupyter._system.tables import html_table, text_table
from parflow_jupyter.stores.runs.history import History

_DETAILS: dict[str, Any] = {"code": None, "entropy": None, "engines": [], "errors": [], "items": []}
_HEADINGS = ("run", "started", "label", "notebook", "place", "state", "done", "failed", "seconds")
_LONGEST = 40


class RunList(list[dict[str, Any]]):
    """Runs, newest first; shows as a table.

    Example:
        >>> RunList([{"run": "4f2a", "label": "squares", "done": 3, "total": 3, "state": "done"}])
        run   started  label    notebook  place  state  done    failed  seconds
        4f2a           squares                   done   3 of 3
        >>> RunList()
        There are no runs yet.
    """

    def __repr__(self) -> str:
        if not self:
            return "There are no runs yet."
        return "\n".join(text_table(_HEADINGS, [_cells(run) for run in self]))

    def _repr_html_(self) -> str:
        if not self:
            return "There are no runs yet."
        return html_table(_HEADINGS, [_cells(run) for run in self])

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write everything that is known of the runs to a file, as JSON.

        Args:
            path: The file; None returns the text.

        Example:
            >>> print(RunList([{"run": "4f2a"}]).to_json())
            [
              {
                "run": "4f2a"
              }
            ]
        """
        text = json.dumps(list(self), indent=2)
        if path is None:
            return text
        Path(path).write_text(text + "\n", encoding="utf-8")
        return None


def run_list(history: History, limit: int) -> RunList:
    """Return the latest runs with their details.

    Args:
        history: Where they are.
        limit: How many at most.

    Raises:
        InvalidInputError: ``limit`` is no whole number from 1.
    """
    return RunList(
        {**_DETAILS, **history.details(run["run"]), **run} for run in history.runs(limit)
    )


def _cells(run: Mapping[str, Any]) -> tuple[str, ...]:
    started, finished = run.get("started"), run.get("finished")
    begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(started)) if started else ""
    took = f"{finished - started:.1f}" if started and finished else ""
    total = run.get("total")
    done = f"{run.get('done')} of {total}" if total is not None else str(run.get("done", ""))
    engines = run.get("engines") or []
    place = run.get("scheme") or ""
    place += f" ({len(engines)})" if len(engines) > 1 else ""
    what = (run["run"][:8], begun, run.get("label"), run.get("notebook"), place)
    how = (run.get("state"), done, run.get("failed"), took)
    return tuple(_short(cell) for cell in (*what, *how))


def _short(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= _LONGEST else "…" + text[1 - _LONGEST :]
