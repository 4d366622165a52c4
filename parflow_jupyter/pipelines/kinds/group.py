"""Modules that run a group of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from parflow_jupyter.errors import Problem
from parflow_jupyter.pipelines import model, reasons
from parflow_jupyter.pipelines.abc import Planner, ScriptWriter, Work, WriteCall
from parflow_jupyter.pipelines.kinds._reference import Calls
from parflow_jupyter.pipelines.model import ModuleSpec


class Group(Calls):
    """Runs the modules of a group of its pipeline."""

    name = "group"

    def problems(self, spec: ModuleSpec, groups: Mapping[str, model.Group]) -> Iterator[Problem]:
        if spec.group not in groups:
            what, fix = f"there is no group {spec.group!r}", "remove the module"
            yield Problem(f"module {spec.name!r}", what, fix, reasons.GROUP_MISSING)

    def work(self, spec: ModuleSpec, planner: Planner) -> Work:
        return planner.group(spec.group or "")

    def script(self, spec: ModuleSpec, writer: ScriptWriter) -> WriteCall:
        name = writer.group(spec.group or "")
        return lambda inputs: f"{name}({writer.arguments(inputs)})"


KIND = Group
