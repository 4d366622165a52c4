"""The parts of a pipeline, as frozen data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines.ports import Module, Port, registered

Position = tuple[float, float]
"""Where a module is drawn: x and y of its upper left corner, in pixels of the canvas."""


@dataclass(frozen=True)
class ModuleSpec:
    """One module of a pipeline: what it calls, its ports, and what is set on them.

    Args:
        id: Unique in its pipeline and never changed; connections refer to it.
        name: What is shown.
        function: ``package.mod:qualname`` or ``group:<id>``; "" if it calls neither.
        inputs: Input ports; of a map, mapped ones are one list deeper than the function's.
        outputs: Output ports; of a map, one list deeper than the function's.
        parameters: Values set on input ports; a connection to the port wins.
        over: Mapped input ports, or None if the module is no map.
        live: The function itself, where this process knows it.
        kind: Name of its kind, the file in ``kinds/`` that knows what it does.
        group: Id of the group that it runs, or None.
        options: What else its kind needs to know, as JSON has it.
        inner: Modules that only run as parts of this one, such as the branches of a choice.
    """

    id: str
    name: str
    function: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    over: tuple[str, ...] | None = None
    live: Module | None = field(default=None, compare=False, repr=False)
    kind: str = "function"
    group: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    inner: tuple[ModuleSpec, ...] = ()

    def input(self, name: str) -> Port | None:
        """Return the input port of this name, or None."""
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> Port | None:
        """Return the output port of this name, or None."""
        return next((port for port in self.outputs if port.name == name), None)

    def is_mapped(self, port: str) -> bool:
        """Whether the map goes over this input port."""
        return self.over is not None and port in self.over

    def place(self, port: str) -> str:
        """Say which of its input ports, for a message."""
        return f"module {self.name!r}, input {port!r}"


@dataclass(frozen=True)
class Connection:
    """A link from an output port to an input port, each as (module id, port name)."""

    source: tuple[str, str]
    target: tuple[str, str]

    def __str__(self) -> str:
        return f"{'.'.join(self.source)} → {'.'.join(self.target)}"


@dataclass(frozen=True)
class Group:
    """Modules used as one.

    Args:
        id: Unique in its pipeline.
        name: What is shown.
        modules: The modules inside.
        connections: The connections among them.
        inputs: Port of the group → input port inside it, as (module id, port name).
        outputs: Port of the group → output port inside it.
    """

    id: str
    name: str
    modules: tuple[ModuleSpec, ...]
    connections: tuple[Connection, ...]
    inputs: tuple[tuple[str, tuple[str, str]], ...]
    outputs: tuple[tuple[str, tuple[str, str]], ...]


class Graph(Protocol):
    """What is read of a pipeline, by whatever does not change it."""

    @property
    def name(self) -> str: ...
    @property
    def modules(self) -> Mapping[str, ModuleSpec]: ...
    @property
    def connections(self) -> tuple[Connection, ...]: ...
    @property
    def groups(self) -> Mapping[str, Group]: ...
    @property
    def layout(self) -> Mapping[str, Position]: ...


@dataclass(frozen=True)
class Content:
    """All that a pipeline holds at one moment; modules, groups and positions by id."""

    name: str
    modules: Mapping[str, ModuleSpec]
    connections: tuple[Connection, ...]
    groups: Mapping[str, Group]
    layout: Mapping[str, Position]


class PipelineLike(Protocol):
    """A pipeline, as its handles and its runs see it."""

    def module(self, which: Handle | str) -> ModuleSpec:
        """Return what it knows about a module."""

    def content(self) -> Content:
        """Return what it holds now."""


@dataclass(frozen=True, eq=False)
class PortRef:
    """What ``handle["port"]`` gives: a port of a module of a pipeline."""

    pipeline: PipelineLike = field(repr=False)
    module: str
    port: str


@dataclass(frozen=True, eq=False)
class Handle:
    """What ``add`` gives: a module of a pipeline.

    ``handle["result"]`` refers to one of its ports; where an input and an output
    share a name, ``connect`` takes the one that fits the side.
    """

    pipeline: PipelineLike = field(repr=False)
    id: str

    def __getitem__(self, port: str) -> PortRef:
        spec = self.pipeline.module(self)
        if spec.input(port) is None and spec.output(port) is None:
            raise PipelineError(
                f"Module {spec.name!r} has no port {port!r}: its inputs are "
                f"{listing(p.name for p in spec.inputs)}, its outputs "
                f"{listing(p.name for p in spec.outputs)}."
            )
        return PortRef(self.pipeline, self.id, port)


def listing(names: Iterable[str]) -> str:
    """Join names for a message; 'none' if there are none.

    Example:
        >>> listing(["a", "b"]), listing([])
        ("'a', 'b'", 'none')
    """
    return ", ".join(repr(name) for name in names) or "none"


def unused_name(wanted: str, taken: Iterable[str]) -> str:
    """Return the name, or the first of name_2, name_3, … that is not taken.

    Example:
        >>> unused_name("thumbnail", {"thumbnail", "thumbnail_2"})
        'thumbnail_3'
    """
    used, number, name = set(taken), 1, wanted
    while name in used:
        number += 1
        name = f"{wanted}_{number}"
    return name


def walk(specs: Iterable[ModuleSpec]) -> Iterator[ModuleSpec]:
    """Yield modules, each with those inside it, but not those of groups."""
    for spec in specs:
        yield spec
        yield from walk(spec.inner)


def find_function(spec: ModuleSpec) -> Module | None:
    """Return the function of a module, without importing: its latest definition, or None."""
    if spec.live is not None and not spec.live.nameable:
        return spec.live
    return registered(spec.function) or spec.live


def spec_of(id: str, module: Module) -> ModuleSpec:
    """Return a function as a module of a pipeline, nothing set."""
    return ModuleSpec(id, id, module.reference, module.inputs, module.outputs, live=module)


Function = Callable[..., Any] | Module | Handle
"""What ``add`` takes: a function, a module, or the handle of a module or group to use again."""
