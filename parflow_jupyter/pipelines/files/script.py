"""A pipeline as a plain Python script that calls the same functions in the same order."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines import kinds
from parflow_jupyter.pipelines.abc import WriteCall
from parflow_jupyter.pipelines.graph import Loops, find_loops, topological_order
from parflow_jupyter.pipelines.model import (
    Connection,
    Graph,
    ModuleSpec,
    unused_name,
    walk,
)
from parflow_jupyter.pipelines.ports import NO_DEFAULT

_Ends = Mapping[tuple[str, str], str]
"""Port of a module → the Python expression of its value."""


def to_python(pipeline: Graph) -> str:
    """Return a script that computes what the pipeline computes.

    Maps and loops become ``pf.parallel_map``, groups become functions. Functions of a
    notebook are named, not included.

    Args:
        pipeline: One without problems.

    Raises:
        PipelineError: A script can't name one of its functions.
    """
    script = _Script(pipeline)
    body = script.graph(pipeline.modules, pipeline.connections, {}, parallel=True)
    parts = ["\n".join(script.head()), *script.definitions, "\n".join(body)]
    return "\n\n\n".join(part for part in parts if part) + "\n"


class _Script:
    """Names in use, and the parts of the script so far."""

    def __init__(self, pipeline: Graph) -> None:
        self._pipeline, self._groups = pipeline, pipeline.groups
        self._functions: dict[str, str] = {}
        self._group_names: dict[str, str] = {}
        # Names of parameters are given; a function called the same is imported as another.
        ports = {port for group in self._groups.values() for port, _ in group.inputs}
        self._names = {"pf", "each", *(_identifier(port) for port in ports)}
        self.definitions: list[str] = []

    def head(self) -> list[str]:
        """Return the imports, and what has to be defined before."""
        lines, own = ["import parflow_jupyter as pf"], []
        for reference, name in self._functions.items():
            home, _, path = reference.partition(":")
            start, _, rest = path.partition(".")
            if home in ("__main__", "builtins"):
                own += [path] if home == "__main__" else []
                lines += [] if name == path else [f"{name} = {path}"]
            elif rest:
                lines += [f"from {home} import {start}", f"{name} = {path}"]
            else:
                lines.append(f"from {home} import {path}" + ("" if name == path else f" as {name}"))
        return [*lines, *([f"# Defined in the notebook: {', '.join(own)}"] if own else [])]

    def graph(
        self,
        modules: Mapping[str, ModuleSpec],
        connections: Sequence[Connection],
        given: _Ends,
        *,
        parallel: bool,
        values: dict[tuple[str, str], str] | None = None,
    ) -> list[str]:
        """Return the lines that run a graph; ``values`` gets the variables of its outputs."""
        loops, order = find_loops(modules, connections), topological_order(modules, connections)
        # All of them first, so that functions keep their names and variables give way.
        calls = {id: self.call_of(modules[id]) for id in order}
        known = {} if values is None else values
        lines: list[str] = []
        for id in order:
            spec = modules[id]
            inputs = self._inputs(spec, connections, loops, given, known)
            levels = {
                port.name: level
                for port in spec.inputs
                if (level := loops.ports.get((id, port.name), 0))
            }
            call = self._call(calls[id], inputs, levels, parallel=parallel)
            lines += self._outputs(spec, call, loops.modules[id], known)
        return lines

    def _inputs(
        self,
        spec: ModuleSpec,
        connections: Sequence[Connection],
        loops: Loops,
        given: _Ends,
        values: _Ends,
    ) -> dict[str, str]:
        links = {link.target: link for link in connections}
        inputs: dict[str, str] = {}
        for port in spec.inputs:
            end = (spec.id, port.name)
            if end in links:
                wraps = max(-loops.excess.get(links[end], 0), 0)
                inputs[port.name] = "[" * wraps + values[links[end].source] + "]" * wraps
            elif end in given:
                inputs[port.name] = given[end]
            elif port.name in spec.parameters:
                inputs[port.name] = repr(spec.parameters[port.name])
        return inputs

    def _call(
        self,
        write: WriteCall,
        inputs: Mapping[str, str],
        levels: Mapping[str, int],
        *,
        parallel: bool,
    ) -> str:
        depth = max(levels.values(), default=0)
        if depth == 0:
            return write(inputs)
        walked = [port for port, level in levels.items() if level == depth]
        items = {port: unused_name(f"{_identifier(port)}_item", self._names) for port in walked}
        items = {port: name + "s" * (depth - 1) for port, name in items.items()}
        below = {port: level - (port in walked) for port, level in levels.items()}
        inner = self._call(write, {**inputs, **items}, below, parallel=False)
        lists, names = ", ".join(inputs[p] for p in walked), ", ".join(items.values())
        if parallel and depth == 1:
            return f"pf.parallel_map(lambda {names}: {inner}, {lists})"
        source = lists if len(walked) == 1 else f"zip({lists}, strict=True)"
        return f"[{inner} for {names} in {source}]"

    def _outputs(
        self, spec: ModuleSpec, call: str, level: int, values: dict[tuple[str, str], str]
    ) -> list[str]:
        names = [self._name(f"{spec.id}_{port.name}") for port in spec.outputs]
        values.update({(spec.id, p.name): n for p, n in zip(spec.outputs, names, strict=True)})
        if len(names) == 1 or level == 0:
            return [f"{', '.join(names)} = {call}"]
        every = self._name(f"{spec.id}_all")
        return [f"{every} = {call}"] + [
            f"{name} = {_picked(every, level, index)}" for index, name in enumerate(names)
        ]

    def call_of(self, spec: ModuleSpec) -> WriteCall:
        """Return what writes the calls of a module."""
        return kinds.of(spec).script(spec, self)

    def arguments(self, inputs: Mapping[str, str], positional: Sequence[str] = ()) -> str:
        """Return what stands between the parentheses of a call."""
        return ", ".join(
            v if p in positional else f"{_identifier(p)}={v}" for p, v in inputs.items()
        )

    def function(self, spec: ModuleSpec) -> str:
        """Return the name under which the script knows a module's function."""
        if "<" in spec.function:
            raise PipelineError(
                f"Module {spec.name!r} runs {spec.function}, which a script can't name: define "
                f"the function with def, outside of other functions."
            )
        if spec.function not in self._functions:
            title = spec.function.rpartition(":")[2].rpartition(".")[2]
            self._functions[spec.function] = self._name(title)
        return self._functions[spec.function]

    def group(self, id: str) -> str:
        """Return the name of the function that stands for a group; define it if need be."""
        if id in self._group_names:
            return self._group_names[id]
        group = self._groups[id]
        inside = {spec.id: spec for spec in group.modules}
        used = self._given_from_outside(id)
        given = {end: _identifier(port) for port, end in group.inputs if port in used}
        heads = [
            given[end] + _default(inside[end[0]], end[1]) for _, end in group.inputs if end in given
        ]
        values: dict[tuple[str, str], str] = {}
        lines = self.graph(inside, group.connections, given, parallel=False, values=values)
        lines.append(f"return {', '.join(values[end] for _, end in group.outputs)}")
        name = self._group_names[id] = self.define(id, heads, lines)
        return name

    def define(self, wanted: str, parameters: Iterable[str], lines: Iterable[str]) -> str:
        """Add a function to the script, and return its name."""
        name, body = self._name(wanted), "".join(f"\n    {line}" for line in lines)
        heads = ", ".join(sorted(parameters, key=lambda head: "=" in head))
        self.definitions.append(f"def {name}({heads}):{body}")
        return name

    def _given_from_outside(self, group: str) -> set[str]:
        """Return the inputs of a group that any of the modules running it gives a value to."""
        found = _given(group, self._pipeline.modules.values(), self._pipeline.connections, set())
        for outer in self._groups.values():
            if any(spec.group == group for spec in walk(outer.modules)):
                used = self._given_from_outside(outer.id)
                ends = {end for port, end in outer.inputs if port in used}
                found |= _given(group, outer.modules, outer.connections, ends)
        return found

    def _name(self, wanted: str) -> str:
        name = unused_name(_identifier(wanted), self._names)
        self._names.add(name)
        return name


def _given(
    group: str,
    specs: Iterable[ModuleSpec],
    connections: Iterable[Connection],
    ends: set[tuple[str, str]],
) -> set[str]:
    targets = {link.target for link in connections} | ends
    running = [(spec, part) for spec in specs for part in walk((spec,)) if part.group == group]
    connected = {port for spec, _ in running for owner, port in targets if owner == spec.id}
    return connected | {p for both in running for spec in both for p in spec.parameters}


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text)
    return f"_{name}" if name[:1].isdigit() or keyword.iskeyword(name) or not name else name


def _default(spec: ModuleSpec, name: str) -> str:
    """Return what follows a parameter in the head of a group's function."""
    port = spec.input(name)
    if name in spec.parameters:
        return f"={spec.parameters[name]!r}"
    if port is None or port.default is NO_DEFAULT or spec.is_mapped(name):
        return ""
    return f"={port.default!r}"


def _picked(values: str, level: int, index: int) -> str:
    """Return the expression of one output of all calls, nested like the calls."""
    if level == 0:
        return f"{values}[{index}]"
    return f"[{_picked('each', level - 1, index)} for each in {values}]"
