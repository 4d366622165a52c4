"""What keeps a pipeline from running, found without running anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from parflow_jupyter.errors import Problem
from parflow_jupyter.pipelines import kinds, reasons
from parflow_jupyter.pipelines.graph import find_cycle, find_loops
from parflow_jupyter.pipelines.model import (
    Connection,
    Graph,
    Group,
    ModuleSpec,
    listing,
    walk,
)
from parflow_jupyter.pipelines.values import shown_type, value_problem


def check(pipeline: Graph) -> list[Problem]:
    """Return everything that keeps the pipeline from running; [] if it can run.

    Args:
        pipeline: It is not changed, and nothing is imported or run.

    Example:
        >>> from parflow_jupyter.pipelines import Pipeline
        >>> p = Pipeline("empty")
        >>> check(p)
        []
    """
    problems = check_graph(pipeline.modules, pipeline.connections, pipeline.groups)
    for group in pipeline.groups.values():
        inside = {spec.id: spec for spec in group.modules}
        given = {target for _, target in group.inputs}
        problems += [
            replace(problem, where=f"group {group.name!r}, {problem.where}")
            for problem in check_graph(inside, group.connections, pipeline.groups, given)
        ]
    return problems


def check_graph(
    modules: Mapping[str, ModuleSpec],
    connections: tuple[Connection, ...],
    groups: Mapping[str, Group],
    given: set[tuple[str, str]] | frozenset[tuple[str, str]] = frozenset(),
) -> list[Problem]:
    """Return the problems of one graph.

    Args:
        modules: By id.
        connections: Among them.
        groups: The groups that modules may run, by id.
        given: Input ports that get their value from outside.
    """
    problems = [*_doubled(modules, connections)]
    connected = {link.target for link in connections} | set(given)
    for spec in modules.values():
        for part in walk((spec,)):
            problems += kinds.of(part).problems(part, groups)
        problems += _input_problems(spec, connected)
    cycle = find_cycle(modules, connections)
    if cycle:
        path = " → ".join(modules[id].name for id in cycle)
        problems.append(
            Problem(
                f"modules {path}",
                "they wait for each other",
                "remove one connection of these",
                reasons.CYCLE,
            )
        )
        return problems
    fitting = find_loops(modules, connections).excess
    problems += [problem for link in connections if (problem := _misfit(modules, link, fitting))]
    return problems


def _doubled(
    modules: Mapping[str, ModuleSpec], connections: tuple[Connection, ...]
) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for link in connections:
        if link.target in seen:
            yield Problem(
                modules[link.target[0]].place(link.target[1]),
                "more than one connection leads to it",
                f"disconnect all but one, such as {link}",
                reasons.INPUT_CONNECTED_TWICE,
            )
        seen.add(link.target)


def _input_problems(spec: ModuleSpec, connected: set[tuple[str, str]]) -> Iterator[Problem]:
    for name in spec.parameters:
        if spec.input(name) is None:
            known = listing(port.name for port in spec.inputs)
            fix = f"use one of {known}"
            yield Problem(spec.place(name), "there is no such input", fix, reasons.INPUT_UNKNOWN)
    for port in spec.inputs:
        if (spec.id, port.name) in connected:
            continue
        if port.name in spec.parameters:
            what = value_problem(port, spec.parameters[port.name])
            if what:
                yield Problem(spec.place(port.name), *what, reasons.VALUE_UNFIT)
        elif spec.is_mapped(port.name):
            yield Problem(
                spec.place(port.name),
                "the map has no list to go over",
                "connect it, or set it to a list",
                reasons.LIST_MISSING,
            )
        elif port.required:
            yield Problem(
                spec.place(port.name),
                "it needs a value",
                "connect or set it",
                reasons.VALUE_MISSING,
            )


def _misfit(
    modules: Mapping[str, ModuleSpec], link: Connection, fitting: Mapping[Connection, int]
) -> Problem | None:
    if link in fitting:
        return None
    giver, taker = modules[link.source[0]], modules[link.target[0]]
    source, target = giver.output(link.source[1]), taker.input(link.target[1])
    if source is None:
        known = listing(port.name for port in giver.outputs)
        return Problem(
            f"connection {link}",
            f"module {giver.name!r} has no output {link.source[1]!r}",
            f"disconnect it and use one of {known}",
            reasons.OUTPUT_UNKNOWN,
        )
    if target is None:
        known = listing(port.name for port in taker.inputs)
        return Problem(
            f"connection {link}",
            f"module {taker.name!r} has no input {link.target[1]!r}",
            f"disconnect it and use one of {known}",
            reasons.INPUT_UNKNOWN,
        )
    return Problem(
        f"connection {link}",
        f"{shown_type(source)} does not fit {shown_type(target)}",
        "connect ports of types that fit, or put a module between them that converts",
        reasons.TYPES_UNFIT,
    )
