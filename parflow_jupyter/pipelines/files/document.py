"""Pipelines as JSON: ports are stored, so that reading a file runs no code."""

from __future__ import annotations

import json
import os
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parflow_jupyter._system.private_files import written_whole
from parflow_jupyter.errors import DocumentError, PipelineError
from parflow_jupyter.pipelines import kinds
from parflow_jupyter.pipelines.files.parts import read_content
from parflow_jupyter.pipelines.model import (
    Connection,
    Content,
    Graph,
    Group,
    ModuleSpec,
    Position,
)
from parflow_jupyter.pipelines.ports import NO_DEFAULT, Port, is_json
from parflow_jupyter.pipelines.reading import Entry

FORMAT, VERSION = "parflow-pipeline", 1
_SHOWN = 2000
"""Characters of a parameter that are sent to the builder; longer ones are abbreviated."""

_FIELDS = ("id", "name", "kind", "function", "inputs", "outputs", "parameters")
_RANK = {name: rank for rank, name in enumerate(_FIELDS)}
"""A module's fields in the order of the file; those of its kind follow."""


@dataclass(frozen=True)
class _Writer:
    """How values become JSON: strictly for files, abbreviated for the builder."""

    strict: bool

    def value(self, place: str, value: Any) -> Any:
        if self.strict:
            if not is_json(value):
                raise PipelineError(
                    f"{place}: {reprlib.repr(value)}, a "
                    f"{type(value).__name__}, can't be written to a file so that it comes back "
                    f"the same: set text, a number, true or false, None, or lists and "
                    f"dictionaries of these, or connect a module that makes the value."
                )
            return value
        if is_json(value) and len(json.dumps(value)) <= _SHOWN:
            return value
        return f"<{reprlib.repr(value)}>"

    def module(self, spec: ModuleSpec) -> dict[str, Any]:
        if self.strict and "<" in spec.function:
            raise PipelineError(
                f"Module {spec.name!r} runs {spec.function}, which a file can't name: define the "
                f"function with def and @pf.module, outside of other functions."
            )
        kind, place = kinds.of(spec), f"Module {spec.name!r}"
        data = {
            "id": spec.id,
            "name": spec.name,
            "inputs": [_input(port) for port in spec.inputs],
            "outputs": [
                {"name": port.name, "type": port.type, "depth": port.depth} for port in spec.outputs
            ],
            "parameters": {
                name: self.value(f"{place}, input {name!r}", value)
                for name, value in spec.parameters.items()
            },
            **kind.document(spec),
        }
        for name in spec.options:
            data[name] = self.value(f"{place}, {name}", data[name])
        if spec.inner:
            data["inner"] = [self.module(part) for part in spec.inner]
        if not self.strict:
            data |= {"kind": kind.name, "card": asdict(kind.card(spec))}
        return dict(sorted(data.items(), key=lambda field: _RANK.get(field[0], len(_RANK))))

    def group(self, group: Group) -> dict[str, Any]:
        return {
            "id": group.id,
            "name": group.name,
            "modules": [self.module(spec) for spec in group.modules],
            "connections": _connections(group.connections),
            "inputs": [{"name": name, "to": list(end)} for name, end in group.inputs],
            "outputs": [{"name": name, "from": list(end)} for name, end in group.outputs],
        }

    def pipeline(self, pipeline: Graph, layout: Mapping[str, Position]) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "name": pipeline.name,
            "modules": [self.module(spec) for spec in pipeline.modules.values()],
            "connections": _connections(pipeline.connections),
            "groups": [self.group(group) for group in pipeline.groups.values()],
            "layout": {id: list(layout[id]) for id in pipeline.modules if id in layout},
        }


def _input(port: Port) -> dict[str, Any]:
    data = {"name": port.name, "type": port.type, "depth": port.depth, "required": port.required}
    return data if port.default is NO_DEFAULT else {**data, "default": port.default}


def _connections(connections: Iterable[Connection]) -> list[dict[str, list[str]]]:
    return [{"from": list(link.source), "to": list(link.target)} for link in connections]


def to_dict(pipeline: Graph) -> dict[str, Any]:
    """Return the JSON form, in which all can be written to a file.

    Raises:
        PipelineError: A parameter or a function can't be written.
    """
    return _Writer(strict=True).pipeline(pipeline, pipeline.layout)


def shown_dict(pipeline: Graph, positions: Mapping[str, Position]) -> dict[str, Any]:
    """Return the JSON form for the builder: long values abbreviated, modules where drawn."""
    return _Writer(strict=False).pipeline(pipeline, positions)


def write(data: Mapping[str, Any], path: Path) -> None:
    """Write a JSON form to a file, whole or not at all.

    Args:
        data: As ``to_dict`` gives it.
        path: The file; if it is a link, what it points to is replaced.

    Raises:
        DocumentError: The file can't be written.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    target = Path(os.path.realpath(path))
    try:
        with written_whole(target, private=False, durable=True) as file:
            file.write(text.encode())
    except OSError as error:
        raise DocumentError(
            f"{path} can't be written ({error.strerror or error}): give the name of a file, "
            f"in a folder that exists and may be written to."
        ) from error


def read(path: Path) -> Content:
    """Read a file; imports and runs nothing.

    Raises:
        DocumentError: It can't be opened, is no JSON, or no pipeline of this version.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise DocumentError(
            f"{path} can't be read ({why}): check the name and that it is a pipeline file."
        ) from error
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DocumentError(
            f"{path} is no JSON ({error}): repair it by hand there, or restore an older copy."
        ) from error
    return from_dict(data, str(path))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def from_dict(data: Any, file: str) -> Content:
    """Take a JSON form apart; imports and runs nothing.

    Args:
        data: What JSON gave.
        file: Where it is from, for messages.

    Raises:
        DocumentError: It is another format, a newer version, or something is missing or wrong.
    """
    entry = Entry(data, file)
    form = entry.optional("format")
    if form is None or form.value != FORMAT:
        raise (form or entry).error(
            f"the field 'format' must be {FORMAT!r}", "choose a file saved by Pipeline.save"
        )
    version = entry.field("version")
    if version.expect(int) > VERSION:
        raise version.error(
            f"it has version {version.value}, and this parflow-jupyter reads up to {VERSION}",
            "update parflow-jupyter",
        )
    if version.value < 1:
        raise version.error(f"there is no version {version.value}", f"set it to {VERSION}")
    return read_content(entry)
