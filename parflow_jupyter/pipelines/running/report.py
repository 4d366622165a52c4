"""What a run of a pipeline gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from parflow_jupyter._system.tables import html_table, table_css
from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines.model import Handle, listing

_STYLE = f"""
<style>
{table_css("parflow-run")}\
.parflow-run.parflow-run td:last-child {{ white-space: normal; }}
</style>
"""


@dataclass(frozen=True)
class ModuleReport:
    """How one module fared.

    Args:
        module: Its id.
        name: Its name.
        state: One of waiting, running, done, failed, skipped.
        elapsed: Seconds it took, or None.
        items: How many items its map or loop had, or None.
        scheme: How they were run, or None.
        message: Why it failed or was skipped.
    """

    module: str
    name: str
    state: str = "waiting"
    elapsed: float | None = None
    items: int | None = None
    scheme: str | None = None
    message: str = ""


class ModuleResult(Mapping[str, Any]):
    """The outputs of one module by port name."""

    def __init__(self, name: str, outputs: dict[str, Any]) -> None:
        self._name, self._outputs = name, outputs

    def __getitem__(self, port: str) -> Any:
        if port not in self._outputs:
            raise PipelineError(
                f"Module {self._name!r} has no output {port!r}: it has {listing(self._outputs)}."
            )
        return self._outputs[port]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def __repr__(self) -> str:
        return f"<outputs of {self._name!r}: {listing(self._outputs)}>"


@dataclass
class PipelineRun:
    """One run of a pipeline: ``run[handle]["result"]`` and ``run.report[id]``.

    Args:
        name: Of the pipeline.
        report: By module id, in the order the modules run.
        values: By (module id, output port), of the modules that are done.
        state: One of running, done, failed, cancelled.
        elapsed: Seconds from begin to end.
    """

    name: str
    report: dict[str, ModuleReport]
    values: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    state: str = "running"
    elapsed: float = 0.0

    def __getitem__(self, module: Handle | str) -> ModuleResult:
        id = module.id if isinstance(module, Handle) else module
        if id not in self.report:
            raise PipelineError(
                f"The run of {self.name!r} has no module {id!r}: it has {listing(self.report)}."
            )
        entry = self.report[id]
        if entry.state != "done":
            raise PipelineError(
                f"Module {entry.name!r} has no outputs in this run: it is {entry.state}"
                f"{': ' + entry.message if entry.message else ''}."
            )
        return ModuleResult(
            entry.name, {port: v for (owner, port), v in self.values.items() if owner == id}
        )

    def note(self, id: str, state: str, facts: Mapping[str, Any]) -> None:
        """Enter what an event says into the report."""
        self.report[id] = replace(
            self.report[id],
            state=state,
            elapsed=facts.get("elapsed"),
            items=facts.get("total"),
            message=facts.get("message", ""),
        )

    def note_scheme(self, id: str, scheme: str) -> None:
        """Enter how a map's items are run."""
        self.report[id] = replace(self.report[id], scheme=scheme)

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return the report as text: module, state, items, seconds, remark."""
        return [
            (
                entry.name,
                entry.state,
                "" if entry.items is None else f"{entry.items} ({entry.scheme or 'none to run'})",
                "" if entry.elapsed is None else f"{entry.elapsed:.2f} s",
                entry.message,
            )
            for entry in self.report.values()
        ]

    def __repr__(self) -> str:
        lines = [f"<run of pipeline {self.name!r}: {self.state} after {self.elapsed:.2f} s>"]
        lines += ["  " + " · ".join(cell for cell in row if cell) for row in self.rows()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        caption = escape(f"Pipeline {self.name}: {self.state} after {self.elapsed:.2f} s")
        header = ("Module", "State", "Items", "Time", "Remark")
        table = html_table(header, self.rows(), cell_style=None)
        return f'{_STYLE}<div class="parflow-run">{caption}{table}</div>'
