"""The parts of a pipeline from the parts of a file."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from parflow_jupyter.pipelines import kinds
from parflow_jupyter.pipelines.abc import Kind
from parflow_jupyter.pipelines.kinds._reference import implied_kind
from parflow_jupyter.pipelines.model import (
    Connection,
    Content,
    Group,
    ModuleSpec,
    Position,
    walk,
)
from parflow_jupyter.pipelines.ports import NO_DEFAULT, Port
from parflow_jupyter.pipelines.reading import Entry

_T = TypeVar("_T", ModuleSpec, Group)
_TOP = ("format", "version", "name", "modules", "connections", "groups", "layout")
_MODULE = ("id", "name", "kind", "inputs", "outputs", "parameters", "inner")
_GROUP = ("id", "name", "modules", "connections", "inputs", "outputs")


def read_content(entry: Entry) -> Content:
    """Take the top of a file apart, of which format and version are known to be right."""
    entry.only(_TOP)
    modules = _modules(entry.field("modules"))
    groups = _unique([(item, _group(item)) for item in entry.field("groups").items()])
    _refuse_endless(entry.field("groups"), groups)
    return Content(
        entry.field("name").text(),
        {spec.id: spec for spec in modules},
        _connections(entry.field("connections"), modules),
        {group.id: group for group in groups},
        _layout(entry.field("layout"), modules),
    )


def _modules(entry: Entry) -> tuple[ModuleSpec, ...]:
    return _unique([(item, _module(item)) for item in entry.items()])


def _unique(found: list[tuple[Entry, _T]]) -> tuple[_T, ...]:
    seen: set[str] = set()
    for entry, part in found:
        if part.id in seen:
            raise entry.field("id").error(f"the id {part.id!r} is used twice", "give it another id")
        seen.add(part.id)
    return tuple(part for _, part in found)


def _module(entry: Entry) -> ModuleSpec:
    kind = _kind(entry)
    entry.only((*_MODULE, *kind.fields))
    inner = entry.optional("inner")
    common = ModuleSpec(
        entry.field("id").text(),
        entry.field("name").text(),
        "",
        _ports(entry.field("inputs"), ("name", "type", "depth", "required", "default")),
        _ports(entry.field("outputs"), ("name", "type", "depth")),
        dict(entry.field("parameters").expect(dict)),
        kind=kind.name,
        inner=() if inner is None else _modules(inner),
    )
    return replace(common, **kind.read(entry))


def _kind(entry: Entry) -> Kind:
    named = entry.optional("kind")
    if named is None:
        return kinds.load(implied_kind(entry))
    if named.text() not in kinds.names():
        raise named.error(f"there is no kind {named.value!r} of modules", "update parflow-jupyter")
    return kinds.load(named.value)


def _ports(entry: Entry, fields: tuple[str, ...]) -> tuple[Port, ...]:
    ports: list[Port] = []
    for item in entry.items():
        port = _port(item, fields)
        if any(port.name == other.name for other in ports):
            raise item.field("name").error(f"the port {port.name!r} is there twice", "remove one")
        ports.append(port)
    return tuple(ports)


def _port(entry: Entry, fields: tuple[str, ...]) -> Port:
    entry.only(fields)
    depth = entry.field("depth")
    if depth.expect(int) < 0:
        raise depth.error(f"{depth.value} is no list depth", "set 0 or more")
    default = entry.optional("default")
    return Port(
        entry.field("name").text(),
        entry.field("type").text(),
        depth.value,
        "required" in fields and entry.field("required").expect(bool),
        NO_DEFAULT if default is None else default.value,
    )


def _connections(entry: Entry, modules: Iterable[ModuleSpec]) -> tuple[Connection, ...]:
    known = {spec.id for spec in modules}
    links = []
    for item in entry.items():
        item.only(("from", "to"))
        links.append(Connection(_end(item.field("from"), known), _end(item.field("to"), known)))
    return tuple(links)


def _end(entry: Entry, known: set[str]) -> tuple[str, str]:
    end = entry.pair()
    if end[0] not in known:
        raise entry.error(f"there is no module {end[0]!r}", "remove it, or correct the id")
    return end


def _group(entry: Entry) -> Group:
    entry.only(_GROUP)
    modules = _modules(entry.field("modules"))
    if not modules:
        raise entry.field("modules").error("the group is empty", "remove the group")
    return Group(
        entry.field("id").text(),
        entry.field("name").text(),
        modules,
        _connections(entry.field("connections"), modules),
        _outer_ports(entry.field("inputs"), "to", modules),
        _outer_ports(entry.field("outputs"), "from", modules),
    )


def _outer_ports(
    entry: Entry, side: str, modules: tuple[ModuleSpec, ...]
) -> tuple[tuple[str, tuple[str, str]], ...]:
    by_id = {spec.id: spec for spec in modules}
    ports = []
    for item in entry.items():
        item.only(("name", side))
        end = _end(item.field(side), set(by_id))
        spec = by_id[end[0]]
        if (spec.input(end[1]) if side == "to" else spec.output(end[1])) is None:
            raise item.field(side).error(
                f"module {end[0]!r} has no such port {end[1]!r}", "remove it, or correct the name"
            )
        ports.append((item.field("name").text(), end))
    return tuple(ports)


def _refuse_endless(entry: Entry, groups: tuple[Group, ...]) -> None:
    """Refuse groups that hold themselves, which could never be run."""
    inside = {group.id: {spec.group for spec in walk(group.modules)} for group in groups}
    for start in inside:
        seen: set[str | None] = set()
        waiting = list(inside[start])
        while waiting:
            id = waiting.pop()
            if id == start:
                raise entry.error(f"group {start!r} holds itself", "remove the module that runs it")
            if id is not None and id not in seen:
                seen.add(id)
                waiting += inside.get(id, set())


def _layout(entry: Entry, modules: Iterable[ModuleSpec]) -> dict[str, Position]:
    known = {spec.id for spec in modules}
    layout: dict[str, Position] = {}
    for id in entry.expect(dict):
        place = entry.field(id)
        if id not in known:
            raise place.error(f"there is no module {id!r}", "remove the position")
        numbers = place.expect(list)
        if len(numbers) != 2 or not all(
            type(n) in (int, float) and math.isfinite(n) for n in numbers
        ):
            raise place.error(f"{numbers!r} is no position", "give two numbers of pixels")
        layout[id] = (numbers[0], numbers[1])
    return layout
