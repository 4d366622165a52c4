"""A checked pipeline as steps that can be run here or shipped to an engine."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from parflow_jupyter._system.exceptions import add_note
from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines import kinds
from parflow_jupyter.pipelines.abc import RunContext, Work
from parflow_jupyter.pipelines.graph import find_loops, topological_order
from parflow_jupyter.pipelines.model import Connection, Group, ModuleSpec
from parflow_jupyter.pipelines.running.loops import columns, spread, wrap
from parflow_jupyter.pipelines.running.serial import serial_map

OUTSIDE = ""
"""Stands for the module id of values that a group gets from outside."""

Values = dict[tuple[str, str], Any]
"""Values by (module id, output port)."""


@dataclass(frozen=True)
class Input:
    """Where an input gets its value from: ``source`` if it gave one, else the parameter."""

    port: str
    source: tuple[str, str] | None
    wrap: int = 0
    level: int = 0


@dataclass(frozen=True)
class Step:
    """One module, ready to run."""

    id: str
    name: str
    work: Work
    inputs: tuple[Input, ...]
    parameters: Mapping[str, Any]
    outputs: tuple[str, ...]

    @property
    def loops(self) -> bool:
        """Whether the function is called once per item."""
        return any(input.level for input in self.inputs)

    def gather(self, values: Values) -> dict[str, Any]:
        """Return the values of the inputs, wrapped in lists where they are too shallow."""
        gathered: dict[str, Any] = {}
        for input in self.inputs:
            if input.source in values:
                gathered[input.port] = wrap(values[input.source], input.wrap)
            elif input.port in self.parameters:
                gathered[input.port] = self.parameters[input.port]
        return gathered

    def run(self, values: Values, context: RunContext) -> tuple[Values, int | None]:
        """Run the module once, or once per item.

        Args:
            values: What its inputs come from.
            context: What it may use.

        Returns:
            Its outputs, and the number of items if it looped.
        """
        inputs = self.gather(values)
        if not self.loops:
            outputs = self.work.call(inputs, context)
            return self._named(outputs), None
        looped = {input.port: input.level for input in self.inputs if input.level}
        items = spread({port: inputs.pop(port) for port in looped}, looped)
        call = ItemCall(self.work, items.ports, inputs, single=len(self.outputs) == 1)
        results = _map(call, list(columns(items)), self.name, context) if items.calls else []
        if len(results) != len(items.calls):
            raise PipelineError(
                f"The map of module {self.name!r} gave {len(results)} results for "
                f"{len(items.calls)} items: it must give one each."
            )
        parts = [results] if call.single else [list(part) for part in zip(*results, strict=True)]
        parts = parts or [[] for _ in self.outputs]
        return self._named([items.nest(part) for part in parts]), len(items.calls)

    def _named(self, outputs: Sequence[Any]) -> Values:
        return {(self.id, name): v for name, v in zip(self.outputs, outputs, strict=True)}


class ItemCall:
    """The function of a map, as it is shipped: the module with its other inputs filled in.

    Args:
        work: What runs on each item.
        ports: The inputs that the items go to, in order.
        fixed: The other inputs, the same for every item.
        single: Whether there is one output, returned without a tuple around it.
    """

    def __init__(
        self,
        work: Work,
        ports: tuple[str, ...],
        fixed: Mapping[str, Any],
        *,
        single: bool,
    ) -> None:
        # Marks set on the function, such as the schemes it supports, hold for its map too.
        vars(self).update(work.marks)
        self.work, self.ports, self.fixed, self.single = work, ports, dict(fixed), single
        self.__name__ = self.__qualname__ = work.title

    def __call__(self, *items: Any) -> Any:
        inputs = dict(zip(self.ports, items, strict=True))
        try:
            outputs = self.work.call({**self.fixed, **inputs})
        except Exception as error:
            shown = ", ".join(f"{port}={reprlib.repr(v)}" for port, v in inputs.items())
            add_note(error, f"{self.__name__} was called with {shown}.")
            raise
        return outputs[0] if self.single else outputs


@dataclass(frozen=True)
class GroupFunction:
    """A group as one function; maps inside it run serially where it is called.

    Args:
        title: Name of the group.
        steps: Its modules, in the order they run.
        outputs: Where the outputs come from, in the order of the group's output ports.
    """

    title: str
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, str], ...]

    @property
    def marks(self) -> dict[str, Any]:
        """What can be said of all functions inside together."""
        return common_marks([step.work.marks for step in self.steps])

    def call(self, inputs: Mapping[str, Any], context: RunContext | None = None) -> tuple[Any, ...]:
        """Run the modules of the group and return its outputs.

        Args:
            inputs: Values by input port of the group.
            context: What its modules may use; nothing but serial maps by default.
        """
        values: Values = {(OUTSIDE, port): value for port, value in inputs.items()}
        used = context or RunContext(serial_map)
        for step in self.steps:
            if used.cancel is not None and used.cancel.is_set():
                raise PipelineError(f"Group {self.title!r} was stopped before {step.name!r}.")
            try:
                values.update(step.run(values, used)[0])
            except BaseException as error:
                add_note(error, f"It happened in module {step.name!r} of group {self.title!r}.")
                raise
        return tuple(values[output] for output in self.outputs)


def common_marks(marks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the marks that hold for several functions used as one.

    Args:
        marks: By name, for each function. A mark that is a dataclass of truths, such as
            the supported schemes, holds where all agree; a function without it counts
            with the dataclass's defaults. Any other mark is kept if all functions share it.

    Example:
        >>> common_marks([{"a": 1, "b": 2}, {"a": 1}])
        {'a': 1}
    """
    common: dict[str, Any] = {}
    for name in dict.fromkeys(name for known in marks for name in known):
        found = [known[name] for known in marks if name in known]
        kind = type(found[0])
        if is_dataclass(kind) and all(type(mark) is kind for mark in found):
            filled = [known.get(name, kind()) for known in marks]
            names = [entry.name for entry in fields(kind)]
            common[name] = kind(**{n: all(getattr(m, n) for m in filled) for n in names})
        elif len(found) == len(marks) and all(mark == found[0] for mark in found):
            common[name] = found[0]
    return common


class Planner:
    """Turns graphs without problems into steps.

    Args:
        groups: That modules may run, by id.
    """

    def __init__(self, groups: Mapping[str, Group]) -> None:
        self._groups = groups

    def steps(
        self,
        modules: Mapping[str, ModuleSpec],
        connections: Sequence[Connection],
        given: Mapping[tuple[str, str], str] | None = None,
    ) -> tuple[Step, ...]:
        """Return the steps of a graph, in the order they run.

        Args:
            modules: By id.
            connections: Among them.
            given: Input ports that get their value from outside → name of the group's port.
        """
        loops = find_loops(modules, connections)
        sources = {target: (OUTSIDE, name) for target, name in (given or {}).items()}
        sources |= {link.target: link.source for link in connections}
        wraps = {link.target: max(-depth, 0) for link, depth in loops.excess.items()}
        steps = []
        for id in topological_order(modules, connections):
            spec = modules[id]
            inputs = tuple(
                Input(port, sources.get(key), wraps.get(key, 0), loops.ports.get(key, 0))
                for port in (port.name for port in spec.inputs)
                if (key := (id, port)) in sources or port in spec.parameters
            )
            work, outputs = self.work(spec), tuple(port.name for port in spec.outputs)
            steps.append(Step(id, spec.name, work, inputs, dict(spec.parameters), outputs))
        return tuple(steps)

    def work(self, spec: ModuleSpec) -> Work:
        """Return what a module calls."""
        return kinds.of(spec).work(spec, self)

    def group(self, id: str) -> GroupFunction:
        """Return a group as one function."""
        group = self._groups[id]
        inside = {inner.id: inner for inner in group.modules}
        given = {target: name for name, target in group.inputs}
        steps = self.steps(inside, group.connections, given)
        return GroupFunction(group.name, steps, tuple(source for _, source in group.outputs))


def _map(call: ItemCall, lists: list[list[Any]], label: str, context: RunContext) -> list[Any]:
    options: dict[str, Any] = {"listener": context.listener, "label": label}
    if "cancel" in inspect.signature(context.run_map).parameters:
        options["cancel"] = context.cancel
    return list(context.run_map(call, *lists, **options))
