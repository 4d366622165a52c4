"""What an edit of a pipeline must hold to, as pure functions."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable, Mapping

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines import kinds
from parflow_jupyter.pipelines.graph import find_cycle, find_loops
from parflow_jupyter.pipelines.model import (
    Connection,
    Graph,
    Group,
    ModuleSpec,
    Position,
    listing,
    walk,
)
from parflow_jupyter.pipelines.values import shown_type


def check_connection(
    modules: Mapping[str, ModuleSpec], connections: tuple[Connection, ...], link: Connection
) -> None:
    """Refuse a connection that can't work.

    Raises:
        PipelineError: It says which module and port, and what there is instead.
    """
    giver, taker = modules[link.source[0]], modules[link.target[0]]
    source, target = giver.output(link.source[1]), taker.input(link.target[1])
    if source is None:
        raise PipelineError(
            f"Module {giver.name!r} has no output {link.source[1]!r}: it has "
            f"{listing(port.name for port in giver.outputs)}."
        )
    if target is None:
        raise PipelineError(
            f"Module {taker.name!r} has no input {link.target[1]!r}: it has "
            f"{listing(port.name for port in taker.inputs)}."
        )
    for known in connections:
        if known.target == link.target:
            raise PipelineError(
                f"Input {target.name!r} of module {taker.name!r} is connected already, to "
                f"{'.'.join(known.source)!r}: disconnect that first."
            )
    cycle = find_cycle(modules, [*connections, link])
    if cycle:
        raise PipelineError(
            f"Connecting {link} would make modules wait for each other: "
            f"{' → '.join(modules[id].name for id in cycle)}. Connect to an earlier result."
        )
    if link not in find_loops(modules, [*connections, link]).excess:
        raise PipelineError(
            f"Output {source.name!r} of module {giver.name!r} gives {shown_type(source)}, and "
            f"input {target.name!r} of module {taker.name!r} takes {shown_type(target)}: connect "
            f"types that fit, or put a module between them that converts."
        )


def checked_position(x: object, y: object) -> Position:
    """Return a position, if both are finite numbers.

    Raises:
        PipelineError: They are not.

    Example:
        >>> checked_position(1, 2.5)
        (1, 2.5)
    """
    for value in (x, y):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):  # type: ignore[arg-type]
            raise PipelineError(f"[{x!r}, {y!r}] is no position: give two numbers of pixels.")
    return x, y  # type: ignore[return-value]


def put_in_place(
    modules: Mapping[str, ModuleSpec], members: tuple[str, ...], spec: ModuleSpec
) -> dict[str, ModuleSpec]:
    """Return the modules with one in place of some, where the first of them was."""
    result: dict[str, ModuleSpec] = {}
    for id, known in modules.items():
        if id == members[0]:
            result[spec.id] = spec
        elif id not in members:
            result[id] = known
    return result


def layout_of_group(
    layout: Mapping[str, Position], members: tuple[str, ...], id: str
) -> dict[str, Position]:
    """Return the positions with a group where the first moved one of its modules was."""
    moved = [layout[member] for member in members if member in layout]
    kept = {known: place for known, place in layout.items() if known not in members}
    return {**kept, id: moved[0]} if moved else kept


def used_groups(modules: Mapping[str, ModuleSpec], groups: Mapping[str, Group]) -> dict[str, Group]:
    """Return the groups that some module still runs, directly or inside another group."""
    used: set[str] = set()
    waiting: list[ModuleSpec] = list(walk(modules.values()))
    while waiting:
        name = waiting.pop().group
        if name is not None and name in groups and name not in used:
            used.add(name)
            waiting += walk(groups[name].modules)
    return {id: group for id, group in groups.items() if id in used}


def unknown_module(
    id: object, modules: Iterable[str], groups: Mapping[str, Group]
) -> PipelineError:
    """Return the error for a module that is not there."""
    for group in groups.values():
        if any(spec.id == id for spec in group.modules):
            return PipelineError(
                f"Module {id!r} is inside group {group.name!r} now: use the ports of the group."
            )
    return PipelineError(f"There is no module {id!r}: the pipeline has {listing(modules)}.")


def taken_ids(modules: Iterable[str], groups: Mapping[str, Group]) -> set[str]:
    """Return the ids that no new module may get, so that a handle never changes its meaning."""
    inside = {spec.id for group in groups.values() for spec in group.modules}
    return {*modules, *groups, *inside}


def describe(pipeline: Graph) -> str:
    """Return a pipeline as text: its modules and connections, one per line."""
    modules, links = pipeline.modules, pipeline.connections
    counts = f"{_count(len(modules), 'module')}, {_count(len(links), 'connection')}"
    lines = [f"Pipeline {pipeline.name!r}: {counts}"]
    for spec in modules.values():
        noun = kinds.of(spec).noun(spec)
        over = f", map over {listing(spec.over)}" if spec.over is not None else ""
        shown = ", ".join(f"{k}={reprlib.repr(v)}" for k, v in spec.parameters.items())
        lines.append(f"  {noun + ' ' if noun else ''}{spec.name}({shown}){over}")
    lines += [f"  {link}" for link in links]
    return "\n".join(lines)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
