"""Building a pipeline: adding, connecting, setting, grouping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines import kinds
from parflow_jupyter.pipelines.editing import edits
from parflow_jupyter.pipelines.editing.grouping import make_group
from parflow_jupyter.pipelines.editing.layout import arrange
from parflow_jupyter.pipelines.model import (
    Connection,
    Content,
    Function,
    Group,
    Handle,
    ModuleSpec,
    PortRef,
    Position,
    listing,
    spec_of,
    unused_name,
)
from parflow_jupyter.pipelines.ports import as_module
from parflow_jupyter.pipelines.values import with_parameters


class PipelineGraph:
    """The modules, connections, groups and positions of a pipeline, and their edits.

    Args:
        name: What it is called in files, reports and messages.
    """

    def __init__(self, name: str = "pipeline") -> None:
        if not isinstance(name, str) or not name:
            raise PipelineError(f"{name!r} is no name for a pipeline: give some text.")
        self.name = name
        self._modules: dict[str, ModuleSpec] = {}
        self._connections: tuple[Connection, ...] = ()
        self._groups: dict[str, Group] = {}
        self._layout: dict[str, Position] = {}
        self._listeners: list[Callable[[], None]] = []

    # --- looking ---------------------------------------------------------

    @property
    def modules(self) -> Mapping[str, ModuleSpec]:
        """The modules by id, in the order they were added."""
        return dict(self._modules)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections, in the order they were made."""
        return self._connections

    @property
    def groups(self) -> Mapping[str, Group]:
        """The groups by id."""
        return dict(self._groups)

    @property
    def layout(self) -> Mapping[str, Position]:
        """The positions of the modules that were moved, by id."""
        return dict(self._layout)

    def positions(self) -> dict[str, Position]:
        """Return where each module is drawn: where it was moved to, else in columns."""
        return {**arrange(list(self._modules), self._connections), **self._layout}

    def module(self, which: Handle | str) -> ModuleSpec:
        """Return what the pipeline knows about a module.

        Raises:
            PipelineError: It is not in this pipeline, or inside a group.
        """
        return self._modules[self._id(which)]

    def handle(self, id: str) -> Handle:
        """Return the handle of a module by its id, as for a loaded pipeline."""
        return Handle(self, self._id(id))

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener after each edit, in the thread that made it.

        Returns:
            A function that ends this; calling it again does nothing.
        """
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    # --- building --------------------------------------------------------

    def add(self, function: Function, /, **parameters: Any) -> Handle:
        """Add a module.

        Args:
            function: A function, or the handle of a module or group to use once more.
            parameters: Values by input port.

        Raises:
            PipelineError: The function can't be a module, or a parameter does not fit.
        """
        return self._store(kinds.load("function").build(self._new_spec, function, **parameters))

    def add_map(
        self, function: Function, /, over: str | Sequence[str], **parameters: Any
    ) -> Handle:
        """Add a map: the function is called once per item of a list.

        Args:
            function: A function; or the handle of a group or module of this pipeline,
                which then becomes a map in place and keeps its connections.
            over: The input, or inputs, that get a list each; they are walked together.
            parameters: Values by input port; lists for mapped ones.

        Raises:
            PipelineError: A port is unknown, or a parameter does not fit.
        """
        new = self.module if isinstance(function, Handle) else self._new_spec
        return self._store(kinds.load("map").build(new, function, over=over, **parameters))

    def _add_method(self, name: str) -> Callable[..., Handle]:
        """Return ``add_NAME`` for the kinds that have no method of their own here."""
        kind = name.removeprefix("add_")
        if kind == name or kind not in kinds.names():
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

        def add(*args: Any, **parameters: Any) -> Handle:
            return self._store(kinds.load(kind).build(self._new_spec, *args, **parameters))

        return add

    if not TYPE_CHECKING:
        # Seen by a type checker, it would let every misspelt name pass.
        __getattr__ = _add_method

    def connect(self, source: PortRef, target: PortRef) -> None:
        """Connect an output to an input.

        Args:
            source: As ``a["result"]``.
            target: As ``b["path"]``.

        Raises:
            PipelineError: No such ports, types that never fit, an input that is connected
                already, or a cycle.
        """
        link = Connection(self._end(source), self._end(target))
        edits.check_connection(self._modules, self._connections, link)
        self._connections = (*self._connections, link)
        self._changed()

    def disconnect(self, source: PortRef, target: PortRef) -> None:
        """Take a connection away.

        Raises:
            PipelineError: There is none between these ports.
        """
        link = Connection(self._end(source), self._end(target))
        if link not in self._connections:
            raise PipelineError(
                f"There is no connection {link}: the pipeline has "
                f"{listing(str(known) for known in self._connections)}."
            )
        self._connections = tuple(known for known in self._connections if known != link)
        self._changed()

    def remove(self, module: Handle | str) -> None:
        """Take a module and its connections away."""
        id = self._id(module)
        del self._modules[id]
        self._layout.pop(id, None)
        self._connections = tuple(
            link for link in self._connections if id not in (link.source[0], link.target[0])
        )
        self._groups = edits.used_groups(self._modules, self._groups)
        self._changed()

    def set_parameter(self, module: Handle | str, port: str, value: Any) -> None:
        """Set a value on an input port; a connection to the port wins over it.

        Raises:
            PipelineError: There is no such input, or the value can't be right for it.
        """
        spec = self.module(module)
        self._modules[spec.id] = with_parameters(spec, {port: value})
        self._changed()

    def clear_parameter(self, module: Handle | str, port: str) -> None:
        """Take the value set on an input port away, if there is one."""
        spec = self.module(module)
        kept = {name: value for name, value in spec.parameters.items() if name != port}
        self._modules[spec.id] = replace(spec, parameters=kept)
        self._changed()

    def move(self, module: Handle | str, x: float, y: float) -> None:
        """Set where the builder draws a module: its upper left corner, in pixels."""
        self._layout[self._id(module)] = edits.checked_position(x, y)
        self._changed()

    def group(self, modules: Iterable[Handle | str], name: str = "group") -> Handle:
        """Put modules into a group, which runs as one module in their place.

        Args:
            modules: What goes inside.
            name: Of the group; a number is added if it is taken.

        Raises:
            PipelineError: There is none, or one outside lies between two inside.
        """
        chosen = {self._id(module) for module in modules}
        if not chosen:
            raise PipelineError(f"Group {name!r} would be empty: give the modules to put inside.")
        members = tuple(id for id in self._modules if id in chosen)
        # Where it is the only thing of this name, the group may be called like what is inside.
        outside = {id for id in self._modules if id not in chosen}
        id = unused_name(name, outside | set(self._groups))
        made = make_group(id, members, self._modules, self._connections)
        self._modules = edits.put_in_place(self._modules, members, made.module)
        self._connections, self._groups = made.connections, {**self._groups, id: made.group}
        self._layout = edits.layout_of_group(self._layout, members, id)
        self._changed()
        return Handle(self, id)

    def content(self) -> Content:
        """Return what it holds now, which later edits don't change."""
        return Content(self.name, self.modules, self.connections, self.groups, self.layout)

    def copy(self) -> Self:
        """Return an independent pipeline of the same content."""
        return self._of(self.content())

    @classmethod
    def _of(cls, content: Content) -> Self:
        made = cls(content.name)
        made._modules, made._connections = dict(content.modules), content.connections
        made._groups, made._layout = dict(content.groups), dict(content.layout)
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PipelineGraph):
            return NotImplemented
        return self.content() == other.content()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return edits.describe(self)

    # --- inside ----------------------------------------------------------

    def _new_spec(self, function: Any = None, *, name: str = "") -> ModuleSpec:
        taken = edits.taken_ids(self._modules, self._groups)
        if name:
            id = unused_name(name, taken)
            return ModuleSpec(id, id, "", (), ())
        if isinstance(function, Handle):
            known = self.module(function)
            id = unused_name(known.id, taken)
            return replace(known, id=id, name=id)
        module = as_module(function)
        return spec_of(unused_name(module.title, taken), module)

    def _store(self, spec: ModuleSpec) -> Handle:
        self._modules[spec.id] = spec
        self._changed()
        return Handle(self, spec.id)

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def _id(self, which: Handle | str) -> str:
        if isinstance(which, Handle) and which.pipeline is not self:
            raise PipelineError(f"Module {which.id!r} belongs to another pipeline: add it here.")
        id = which.id if isinstance(which, Handle) else which
        if id not in self._modules:
            raise edits.unknown_module(id, self._modules, self._groups)
        return id

    def _end(self, ref: PortRef) -> tuple[str, str]:
        if not isinstance(ref, PortRef) or ref.pipeline is not self:
            raise PipelineError(
                f"{ref!r} is no port of a module of this pipeline: give handle['port']."
            )
        return self._id(ref.module), ref.port
