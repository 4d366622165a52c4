"""Modules that call a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from parflow_jupyter.errors import PipelineError, Problem
from parflow_jupyter.pipelines import reasons
from parflow_jupyter.pipelines.abc import Planner, ScriptWriter, Work, WriteCall
from parflow_jupyter.pipelines.kinds._reference import Calls
from parflow_jupyter.pipelines.model import Group, ModuleSpec, find_function, listing


class Function(Calls):
    """Calls a function of this process, or one that is imported."""

    name = "function"

    def problems(self, spec: ModuleSpec, groups: Mapping[str, Group]) -> Iterator[Problem]:
        place, module = f"module {spec.name!r}", find_function(spec)
        if module is None:
            yield Problem(
                place,
                f"its function {spec.function} is not defined in this process",
                "import or define it first as @pf.module, or trust the file and use "
                "run(trust=True)",
                reasons.FUNCTION_MISSING,
            )
            return
        now, then = [p.name for p in module.inputs], [p.name for p in spec.inputs]
        new = [p.name for p in module.inputs if p.required and p.name not in then]
        gone = [name for name in then if name not in now]
        if new or gone or [p.name for p in module.outputs] != [p.name for p in spec.outputs]:
            yield Problem(
                place,
                f"its function {spec.function} has other ports now: inputs {listing(now)}, "
                f"outputs {listing(p.name for p in module.outputs)}",
                "remove the module and add it again, or restore the function",
                reasons.FUNCTION_CHANGED,
            )

    def work(self, spec: ModuleSpec, planner: Planner) -> Work:
        module = find_function(spec)
        if module is None:
            raise PipelineError(f"The function {spec.function} of {spec.name!r} is not defined.")
        return module

    def script(self, spec: ModuleSpec, writer: ScriptWriter) -> WriteCall:
        name, module = writer.function(spec), find_function(spec)
        positional = () if module is None else module.positional
        return lambda inputs: f"{name}({writer.arguments(inputs, positional)})"

    def noun(self, spec: ModuleSpec) -> str:
        return ""


KIND = Function
