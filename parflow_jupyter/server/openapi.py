"""Reads ``openapi.yaml``, and checks requests against what it declares.

The YAML is the one place where the fields of a route are written down. Fields
with a ``format`` of ours are checked by the core's own rule, whose message
says what to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from parflow_jupyter.errors import InvalidInputError, UnknownFieldError

Schema = Mapping[str, Any]

DOCUMENT = Path(__file__).with_name("openapi.yaml")
ALWAYS_ALLOWED = frozenset({"token", "no_track_activity"})
TYPES = {
    "null": "null",
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
}


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document of our routes."""
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text("utf-8"))
    return loaded


@cache
def declared_query(route: str, method: str) -> dict[str, Schema]:
    """Return the declared query parameters of a route, each with its schema.

    Args:
        route: Path template as in the document, such as ``/parflow/runs/{id}``.
        method: HTTP method.
    """
    path = document()["paths"][route]
    declared = [
        _resolve(item)
        for item in [*path.get("parameters", ()), *path[method.lower()].get("parameters", ())]
    ]
    return {item["name"]: _resolve(item["schema"]) for item in declared if item["in"] == "query"}


@cache
def declared_body(route: str, method: str) -> Schema:
    """Return the schema of a route's JSON body; one without fields when it takes none."""
    operation = document()["paths"][route][method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    schema: Schema = content.get("application/json", {}).get("schema", {})
    fields = {name: _resolve(field) for name, field in schema.get("properties", {}).items()}
    return {**schema, "properties": fields}


def read_query(
    arguments: Mapping[str, list[str]], declared: Mapping[str, Schema]
) -> dict[str, Any]:
    """Check the query of a request and give each value its declared type.

    Args:
        arguments: Every value of each name, as text.
        declared: Schema of each allowed name.

    Returns:
        One value for each name that was given.

    Raises:
        UnknownFieldError: A name is not declared.
        InvalidInputError: A value has the wrong type, or a name is given twice.

    Example:
        >>> read_query({"limit": ["5"]}, {"limit": {"type": "integer"}})
        {'limit': 5}
    """
    given = {name: values for name, values in arguments.items() if not _is_plumbing(name, values)}
    _refuse_unknown(given, declared, "query parameter")
    read = {}
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidInputError(f"{name!r} is given {len(values)} times: give it once.")
        read[name] = _to_number(values[0]) if _is_number(declared[name]) else values[0]
        check_value(name, read[name], declared[name])
    return read


def read_body(raw: bytes, schema: Schema) -> dict[str, Any]:
    """Read a JSON body and check it against its schema.

    Args:
        raw: The body; an empty one stands for an object without fields.
        schema: Schema of an object; only its ``properties`` are allowed.

    Returns:
        The fields that were given.

    Raises:
        UnknownFieldError: A field is not declared.
        InvalidInputError: It is no JSON object, a field is missing, or has a wrong value.

    Example:
        >>> read_body(b'{"n": 2}', {"properties": {"n": {"type": "integer"}}})
        {'n': 2}
    """
    body = _parse(raw) if raw.strip() else {}
    if not isinstance(body, dict):
        raise InvalidInputError(f"The body is {_short(body)}: send a JSON object.")
    declared = schema.get("properties", {})
    _refuse_unknown(body, declared, "field")
    for name in schema.get("required", ()):
        if name not in body:
            raise InvalidInputError(
                f"The field {name!r} is missing: give {expectation(declared[name])}."
            )
    for name, value in body.items():
        check_value(name, value, declared[name])
    return body


def check_value(name: str, value: Any, schema: Schema) -> None:
    """Check one value against its schema.

    Raises:
        InvalidInputError: It does not fit; the message names field, value and what to give.

    Example:
        >>> check_value("mode", "kill", {"enum": ["terminate", "detach"]})
        Traceback (most recent call last):
        ...
        parflow_jupyter.errors.InvalidInputError: 'mode' is "kill": give "terminate" or "detach".
    """
    from jsonschema import Draft202012Validator

    rule = _rules().get(schema.get("format", ""))
    if rule is not None and (value is not None or "null" not in schema["type"]):
        rule(value)
    if not Draft202012Validator(schema).is_valid(value):
        raise InvalidInputError(f"{name!r} is {_short(value)}: give {expectation(schema)}.")
    if isinstance(value, str) and not value.isprintable():
        raise InvalidInputError(
            f"{name!r} is {_short(value)}: give a text without control characters."
        )


def expectation(schema: Schema) -> str:
    """Say in words what a schema asks for.

    Example:
        >>> expectation({"type": ["integer", "null"], "minimum": 1})
        'a whole number of at least 1, or null'
    """
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = [TYPES[kind] + _bounds(kind, schema) for kind in types]
    return ", or ".join(words)


def _bounds(kind: str, schema: Schema) -> str:
    if kind == "string" and "maxLength" in schema:
        return f" of 1 to {schema['maxLength']} characters"
    if kind == "integer" and "maximum" in schema:
        return f" from {schema['minimum']} to {schema['maximum']}"
    if kind == "integer" and "minimum" in schema:
        return f" of at least {schema['minimum']}"
    return ""


def _rules() -> dict[str, Callable[[Any], object]]:
    from parflow_jupyter.clusters import (
        check_engine_count,
        check_profile_name,
        largest_limit,
        restart_limit,
    )

    return {
        # Which limit holds depends on the launcher: the clusters check that.
        "engine-count": lambda n: check_engine_count(n, largest_limit()),
        "profile-name": check_profile_name,
        "restart-policy": restart_limit,
    }


def _resolve(item: Schema) -> Schema:
    if "$ref" not in item:
        return item
    found: Any = document()
    for part in item["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    resolved: Schema = found
    return resolved


def _refuse_unknown(given: Mapping[str, Any], declared: Mapping[str, Any], what: str) -> None:
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise UnknownFieldError(
                f"There is no {what} {_short(name)} here: leave it out (known: {known})."
            )


def _is_plumbing(name: str, values: list[str]) -> bool:
    # Jupyter's own front end adds "?1700000000000" to get past caches.
    return name in ALWAYS_ALLOWED or (name.isdigit() and values == [""])


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"The body is no JSON ({error}): send a JSON object.") from error


def _is_number(schema: Schema) -> bool:
    return bool(schema.get("type") == "integer")


def _to_number(text: str) -> int | str:
    # Anything else stays text and is refused by its schema, which names it.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
