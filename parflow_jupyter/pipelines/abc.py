"""The contract of kinds of modules, and what they are given to run and to write scripts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from parflow_jupyter.errors import Problem
from parflow_jupyter.events import Listener
from parflow_jupyter.pipelines.model import Group, ModuleSpec
from parflow_jupyter.pipelines.reading import Entry
from parflow_jupyter.pipelines.values import with_parameters


class Cancel(Protocol):
    """What a run looks at to see whether it was stopped; a threading.Event is one."""

    def is_set(self) -> bool:
        """Tell whether to stop."""


@dataclass(frozen=True)
class RunContext:
    """What a module may use while it runs.

    Args:
        run_map: Runs a function on lists: ``run_map(function, *lists, listener, label, cancel)``.
        listener: Gets the events of maps and the progress of groups, or None.
        cancel: Looked at between items, or None.
    """

    run_map: Callable[..., Sequence[Any]]
    listener: Listener | None = None
    cancel: Cancel | None = None


class Work(Protocol):
    """What a module calls, once or once per item: a function, a group, or what a kind makes."""

    @property
    def title(self) -> str:
        """Its name, for messages."""

    @property
    def marks(self) -> Mapping[str, Any]:
        """Attributes that others set on it, such as the schemes it supports."""

    def call(self, inputs: Mapping[str, Any], context: RunContext | None = None) -> tuple[Any, ...]:
        """Return the outputs, in the order of the output ports; no context on an engine."""


class Planner(Protocol):
    """Finds what is called, while a pipeline is made ready to run."""

    def work(self, spec: ModuleSpec) -> Work:
        """Return what a module calls, such as one inside another."""

    def group(self, id: str) -> Work:
        """Return a group as one function."""


WriteCall = Callable[[Mapping[str, str]], str]
"""Writes one call: from the expressions of its inputs to the expression of its value."""


class ScriptWriter(Protocol):
    """The script that is being written."""

    def call_of(self, spec: ModuleSpec) -> WriteCall:
        """Return what writes the calls of a module, such as one inside another."""

    def function(self, spec: ModuleSpec) -> str:
        """Return the name under which the script knows a module's function."""

    def group(self, id: str) -> str:
        """Return the name of the function that stands for a group."""

    def define(self, wanted: str, parameters: Iterable[str], lines: Iterable[str]) -> str:
        """Add a function to the script, and return its name."""

    def arguments(self, inputs: Mapping[str, str], positional: Sequence[str] = ()) -> str:
        """Return what stands between the parentheses of a call."""


NewModule = Callable[..., ModuleSpec]
"""Makes a module of a function or handle; with only ``name=``, one that calls nothing."""


@dataclass(frozen=True)
class Card:
    """What the builder shows of a module besides ports, parameters and state.

    Args:
        hint: Shown where a person points at the name.
        badges: Short words beside the name.
        progress: Whether a bar shows how many of its items are done.
    """

    hint: str
    badges: tuple[str, ...] = ()
    progress: bool = False


class Kind(ABC):
    """What one kind of module is: one subclass per file in ``kinds/``, which has one object.

    All that differs between modules is asked here. What a kind needs to know of a module
    besides ports and parameters is in the module's ``options`` and ``inner``.
    """

    name: ClassVar[str]
    """As the file, and as documents name it."""
    fields: ClassVar[tuple[str, ...]] = ()
    """Fields of its own in a document; the module's ``options``, unless it reads others."""

    def build(self, new: NewModule, /, *args: Any, **parameters: Any) -> ModuleSpec:
        """Return a new module, as ``pipeline.add_NAME`` with these arguments makes it.

        Args:
            new: Makes what is to be filled in.
            args: One function or handle, unless a kind takes others.
            parameters: Values by input port.
        """
        return with_parameters(new(*args), parameters)

    def problems(self, spec: ModuleSpec, groups: Mapping[str, Group]) -> Iterable[Problem]:
        """Return what keeps a module from running, besides its inputs and connections."""
        return ()

    @abstractmethod
    def work(self, spec: ModuleSpec, planner: Planner) -> Work:
        """Return what a module without problems calls; it may be pickled, to run on an engine."""

    @abstractmethod
    def script(self, spec: ModuleSpec, writer: ScriptWriter) -> WriteCall:
        """Return what writes the calls of a module; the names it needs are reserved here."""

    def document(self, spec: ModuleSpec) -> dict[str, Any]:
        """Return what a document says of a module besides its ports and parameters."""
        return {"kind": self.name, **{name: spec.options[name] for name in self.fields}}

    def read(self, entry: Entry) -> dict[str, Any]:
        """Return what a document says, as fields of ``ModuleSpec``.

        Raises:
            DocumentError: Something in it is missing or wrong.
        """
        return {"options": {name: entry.field(name).value for name in self.fields}}

    def noun(self, spec: ModuleSpec) -> str:
        """Return the word that tells a module from one that calls a function; "" for that."""
        return self.name

    def card(self, spec: ModuleSpec) -> Card:
        """Return what the builder shows."""
        noun = self.noun(spec)
        return Card(spec.function or self.name, (noun,) if noun else ())
