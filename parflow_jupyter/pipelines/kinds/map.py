"""Modules that call a function or a group once per item of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from parflow_jupyter.errors import PipelineError, Problem
from parflow_jupyter.pipelines import reasons
from parflow_jupyter.pipelines.abc import (
    Card,
    NewModule,
    Planner,
    ScriptWriter,
    Work,
    WriteCall,
)
from parflow_jupyter.pipelines.kinds._reference import Calls, callee
from parflow_jupyter.pipelines.model import Function, Group, ModuleSpec, listing
from parflow_jupyter.pipelines.reading import Entry
from parflow_jupyter.pipelines.values import with_parameters


class Map(Calls):
    """Its ``over`` names the inputs that get lists; the runner walks them, as all loops."""

    name = "map"

    def build(
        self,
        new: NewModule,
        function: Function,
        /,
        *,
        over: str | Sequence[str],
        **parameters: Any,
    ) -> ModuleSpec:
        ports = (over,) if isinstance(over, str) else tuple(over)
        return with_parameters(mapped(new(function), ports), parameters)

    def problems(self, spec: ModuleSpec, groups: Mapping[str, Group]) -> Iterator[Problem]:
        yield from callee(spec).problems(spec, groups)
        for name in spec.over or ():
            if spec.input(name) is None:
                yield Problem(
                    spec.place(name),
                    "the map goes over an unknown input",
                    f"map over one of {listing(port.name for port in spec.inputs)}",
                    reasons.INPUT_UNKNOWN,
                )

    def work(self, spec: ModuleSpec, planner: Planner) -> Work:
        return callee(spec).work(spec, planner)

    def script(self, spec: ModuleSpec, writer: ScriptWriter) -> WriteCall:
        return callee(spec).script(spec, writer)

    def read(self, entry: Entry) -> dict[str, Any]:
        field = entry.field("map")
        field.only(("over",))
        over = tuple(item.text() for item in field.field("over").items())
        if not over or len(set(over)) != len(over):
            raise field.error("'over' must name each mapped input once", "name at least one input")
        return {**super().read(entry), "over": over}

    def noun(self, spec: ModuleSpec) -> str:
        return callee(spec).noun(spec)

    def card(self, spec: ModuleSpec) -> Card:
        card = callee(spec).card(spec)
        walked = f"map over {', '.join(spec.over or ())}"
        return replace(card, badges=(*card.badges, walked), progress=True)


def mapped(spec: ModuleSpec, over: tuple[str, ...]) -> ModuleSpec:
    """Return the module as a map over some of its inputs.

    Args:
        spec: A module that is no map yet.
        over: Its mapped input ports.

    Raises:
        PipelineError: No port is named, one is unknown or named twice, or it is a map already.
    """
    if spec.over is not None:
        raise PipelineError(
            f"Module {spec.name!r} is a map over {listing(spec.over)} already: "
            f"put it in a group and map over the group to nest maps."
        )
    known = [port.name for port in spec.inputs]
    if not over or len(set(over)) != len(over):
        raise PipelineError(
            f"Can't map {spec.name!r} over {list(over)!r}: give each mapped input once, "
            f"of {listing(known)}."
        )
    for name in over:
        if name not in known:
            raise PipelineError(
                f"Can't map {spec.name!r} over {name!r}: its inputs are {listing(known)}."
            )
    return replace(
        spec,
        kind=Map.name,
        over=over,
        inputs=tuple(replace(p, depth=p.depth + 1) if p.name in over else p for p in spec.inputs),
        outputs=tuple(replace(p, depth=p.depth + 1) for p in spec.outputs),
    )


KIND = Map
