"""Put modules into a group, as a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines.graph import find_cycle, find_loops
from parflow_jupyter.pipelines.kinds._reference import group_reference
from parflow_jupyter.pipelines.model import (
    Connection,
    Group,
    ModuleSpec,
    unused_name,
)
from parflow_jupyter.pipelines.ports import NO_DEFAULT, Port, is_json

_Ends = dict[tuple[str, str], str]
"""Port inside the group → the group's port."""


@dataclass(frozen=True)
class Grouped:
    """A pipeline's graph after grouping: the group, its module, and all connections outside."""

    group: Group
    module: ModuleSpec
    connections: tuple[Connection, ...]


def make_group(
    name: str,
    members: tuple[str, ...],
    modules: Mapping[str, ModuleSpec],
    connections: tuple[Connection, ...],
) -> Grouped:
    """Turn some modules into a group and one module that runs it in their place.

    Its inputs are all inputs inside that nothing inside is connected to; its outputs
    those that go outside, or nowhere. A port keeps its name if that is unique in the
    group, else it is called ``module_port``. What was connected stays connected.

    Args:
        name: Id and name of the group and its module, not taken yet.
        members: Ids of the modules to put inside, at least one.
        modules: All modules, by id.
        connections: All connections.

    Raises:
        PipelineError: A module outside lies between two inside.
    """
    inside = [link for link in connections if _ends_in(link, members) == (True, True)]
    inputs, outputs = _open_ports(members, modules, connections, inside)
    crossing = tuple(
        _rerouted(link, name, members, inputs, outputs)
        for link in connections
        if link not in inside
    )
    outer = [id for id in modules if id not in members]
    _refuse_cycle(name, outer, crossing, modules)
    specs = {id: modules[id] for id in members}
    group = Group(
        name,
        name,
        tuple(specs.values()),
        tuple(inside),
        tuple((port, end) for end, port in inputs.items()),
        tuple((port, end) for end, port in outputs.items()),
    )
    return Grouped(group, _group_module(group, specs), crossing)


def _ends_in(link: Connection, members: tuple[str, ...]) -> tuple[bool, bool]:
    return link.source[0] in members, link.target[0] in members


def _open_ports(
    members: tuple[str, ...],
    modules: Mapping[str, ModuleSpec],
    connections: tuple[Connection, ...],
    inside: list[Connection],
) -> tuple[_Ends, _Ends]:
    fed = {link.target for link in inside}
    used = {link.source for link in inside}
    leaving = {link.source for link in connections if link not in inside}
    ins = [(id, p.name) for id in members for p in modules[id].inputs if (id, p.name) not in fed]
    outs = [
        (id, p.name)
        for id in members
        for p in modules[id].outputs
        if (id, p.name) not in used or (id, p.name) in leaving
    ]
    return _named(ins), _named(outs)


def _named(ends: list[tuple[str, str]]) -> _Ends:
    ports = [port for _, port in ends]
    names: _Ends = {}
    for id, port in ends:
        wanted = port if ports.count(port) == 1 else f"{id}_{port}"
        names[id, port] = unused_name(wanted, names.values())
    return names


def _rerouted(
    link: Connection, name: str, members: tuple[str, ...], inputs: _Ends, outputs: _Ends
) -> Connection:
    leaves, enters = _ends_in(link, members)
    return Connection(
        (name, outputs[link.source]) if leaves else link.source,
        (name, inputs[link.target]) if enters else link.target,
    )


def _refuse_cycle(
    name: str,
    outer: list[str],
    connections: tuple[Connection, ...],
    modules: Mapping[str, ModuleSpec],
) -> None:
    cycle = find_cycle([*outer, name], connections)
    if cycle:
        between = ", ".join(repr(modules[id].name) for id in dict.fromkeys(cycle) if id != name)
        raise PipelineError(
            f"Can't make group {name!r}: {between} lies between its modules; "
            f"put it into the group too."
        )


def _group_module(group: Group, specs: Mapping[str, ModuleSpec]) -> ModuleSpec:
    levels = find_loops(specs, group.connections).modules
    inputs = [_input(name, specs[id], port) for name, (id, port) in group.inputs]
    outputs = []
    for name, (id, port) in group.outputs:
        known = next(p for p in specs[id].outputs if p.name == port)
        looped = levels[id] - (specs[id].over is not None)
        outputs.append(replace(known, name=name, depth=known.depth + looped))
    return ModuleSpec(
        group.id,
        group.name,
        group_reference(group.id),
        tuple(inputs),
        tuple(outputs),
        kind="group",
        group=group.id,
    )


def _input(name: str, spec: ModuleSpec, port: str) -> Port:
    """Return an input of the group: what is set inside becomes its default."""
    known = next(p for p in spec.inputs if p.name == port)
    if port in spec.parameters:
        value = spec.parameters[port]
        return replace(
            known, name=name, required=False, default=value if is_json(value) else NO_DEFAULT
        )
    return replace(known, name=name, required=known.required or spec.is_mapped(port))
