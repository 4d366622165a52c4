"""Pure functions on modules and connections: order, cycles, and loops by list depth."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from parflow_jupyter.pipelines.model import Connection, ModuleSpec
from parflow_jupyter.pipelines.ports import Port
from parflow_jupyter.pipelines.types import ANY, accepts


def topological_order(ids: Iterable[str], connections: Iterable[Connection]) -> list[str]:
    """Return the module ids so that each comes after those it gets values from.

    Raises:
        graphlib.CycleError: There is a cycle.

    Example:
        >>> topological_order(["b", "a"], [Connection(("a", "result"), ("b", "x"))])
        ['a', 'b']
    """
    before: dict[str, list[str]] = {id: [] for id in ids}
    for connection in connections:
        before[connection.target[0]].append(connection.source[0])
    return list(graphlib.TopologicalSorter(before).static_order())


def find_cycle(ids: Iterable[str], connections: Iterable[Connection]) -> list[str]:
    """Return the module ids along one cycle, the first again at the end; [] without one.

    Example:
        >>> find_cycle(["a"], [Connection(("a", "result"), ("a", "x"))])
        ['a', 'a']
    """
    try:
        topological_order(ids, connections)
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def fitting_depth(source: Port, looped: int, target: Port, mapped: bool) -> int | None:
    """Return by how many lists a connection is too deep, or None if the types don't fit.

    Args:
        source: The output port.
        looped: How many loops its module makes by itself, around all its outputs.
        target: The input port, of a map as shown, that is one list deeper.
        mapped: Whether the target is mapped over.

    Returns:
        More than 0: the module loops over so many levels. Less: the value is wrapped in
        so many lists. 0: passed as it is, as always where an end is not annotated.

    Example:
        >>> fitting_depth(Port("result", "str", 1), 0, Port("path", "str"), False)
        1
        >>> fitting_depth(Port("result", "str", 1), 0, Port("path"), False)
        0
        >>> fitting_depth(Port("result", "str"), 0, Port("size", "int"), False) is None
        True
    """
    inner = target.depth - mapped
    if (source.type, source.depth) == (ANY, 0) or (target.type, inner) == (ANY, 0):
        return 0
    difference = source.depth + looped - target.depth
    if difference > 0 and accepts("list", target.type):
        return 0
    if difference < 0 and source.type != ANY and accepts("list", source.type):
        return 0
    return difference if accepts(source.type, target.type) else None


@dataclass(frozen=True)
class Loops:
    """How often modules loop.

    Args:
        excess: By connection, what ``fitting_depth`` says; type mismatches are left out.
        ports: Levels of loops over an input port, by (module id, port name).
        modules: Levels of loops of a module, a map's own included, by module id.
    """

    excess: Mapping[Connection, int]
    ports: Mapping[tuple[str, str], int]
    modules: Mapping[str, int]


def find_loops(modules: Mapping[str, ModuleSpec], connections: Iterable[Connection]) -> Loops:
    """Work out from the list depths where modules loop.

    Args:
        modules: By id; the graph must be free of cycles.
        connections: Those that lead to unknown ports are left out.
    """
    links = list(connections)
    excess: dict[Connection, int] = {}
    ports: dict[tuple[str, str], int] = {}
    levels: dict[str, int] = {}
    for id in topological_order(modules, links):
        spec = modules[id]
        for port in spec.over or ():
            ports[id, port] = 1
        for link in links:
            if link.target[0] == id:
                depth = _excess(modules, levels, link)
                if depth is not None:
                    excess[link] = depth
                    ports[link.target] = ports.get(link.target, 0) + max(depth, 0)
        levels[id] = max((n for (owner, _), n in ports.items() if owner == id), default=0)
    return Loops(excess, ports, levels)


def _excess(
    modules: Mapping[str, ModuleSpec], levels: Mapping[str, int], link: Connection
) -> int | None:
    giver, taker = modules[link.source[0]], modules[link.target[0]]
    source, target = giver.output(link.source[1]), taker.input(link.target[1])
    if source is None or target is None:
        return None
    looped = levels[giver.id] - (giver.over is not None)
    return fitting_depth(source, looped, target, taker.is_mapped(target.name))
