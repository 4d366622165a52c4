"""The document is valid, complete, and requests are checked against it."""

import ast
import re

import pytest
import yaml
from openapi_spec_validator import validate

from parflow_jupyter.errors import EngineCountError, InvalidInputError, UnknownFieldError, reasons
from parflow_jupyter.server.bridge import SCHEMAS
from parflow_jupyter.server.openapi import (
    DOCUMENT,
    declared_body,
    declared_query,
    document,
    read_body,
    read_query,
)
from parflow_jupyter.server.routes.table import ROUTES

PACKAGE = DOCUMENT.parents[1]
VERBS = ("get", "post", "put", "patch", "delete")
ENGINES = declared_body("/parflow/cluster/engines", "POST")
PROFILE = declared_body("/parflow/profile", "PUT")
CLUSTER = declared_query("/parflow/cluster", "GET")
RUNS = declared_query("/parflow/runs", "GET")


def test_the_document_is_valid_openapi():
    """Tools can read it."""
    validate(document())


def test_the_document_describes_exactly_the_routes_there_are():
    """No route and no verb is missing or too many."""
    described = {
        (route, verb)
        for route, path in document()["paths"].items()
        for verb in path
        if verb in VERBS
    }
    served = {
        (route, verb)
        for route, handler in ROUTES.items()
        for verb in VERBS
        if verb in vars(handler)
    }
    assert described == served


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"", {}),
        (b" \n", {}),
        (b"{}", {}),
        (b'{"n": null}', {"n": None}),
        (b'{"n": 2, "launcher": "local"}', {"n": 2, "launcher": "local"}),
        (b'{"python": "/usr/bin/python3"}', {"python": "/usr/bin/python3"}),
    ],
)
def test_good_bodies_are_read(raw, read):
    """Only what was given is returned."""
    assert read_body(raw, ENGINES) == read


@pytest.mark.parametrize(
    ("raw", "kind", "message"),
    [
        (b'{"n": 0}', EngineCountError, "Can't start 0 engines"),
        (b'{"n": -1}', EngineCountError, "Can't start -1 engines"),
        (b'{"n": 10000}', EngineCountError, "Can't start 10000 engines"),
        (b'{"n": "two"}', EngineCountError, "Can't start 'two' engines"),
        (b'{"n": true}', EngineCountError, "Can't start True engines"),
        (b'{"n": 1.5}', EngineCountError, "Can't start 1.5 engines"),
        (b'{"n": 2.0}', EngineCountError, "Can't start 2.0 engines"),
        (b'{"n": {}}', EngineCountError, "Can't start {} engines"),
        (b'{"n": []}', EngineCountError, "Can't start [] engines"),
        (b'{"n": NaN}', EngineCountError, "Can't start nan engines"),
        (b'{"launcher": 3}', InvalidInputError, "'launcher' is 3: give a text of 1 to 64"),
        (b'{"launcher": ""}', InvalidInputError, "'launcher' is \"\": give a text"),
        (b'{"python": "a\\u0000b"}', InvalidInputError, "without control characters"),
        (b'{"python": "\\ud800"}', InvalidInputError, "without control characters"),
        (b'{"engines": 2}', UnknownFieldError, '"engines" here: leave it out (known: n, l'),
        (b"[2]", InvalidInputError, "The body is [2]: send a JSON object."),
        (b"null", InvalidInputError, "The body is null: send a JSON object."),
        (b"{n: 2}", InvalidInputError, "The body is no JSON"),
        (b"\xff\xfe", InvalidInputError, "The body is no JSON"),
        (b"[" * 100_000, InvalidInputError, "The body is no JSON"),
        (b'{"n": 1' + b"0" * 5000 + b"}", InvalidInputError, "The body is no JSON"),
    ],
)
def test_bad_bodies_are_refused_with_the_value(raw, kind, message):
    """The message names what was given and what to give."""
    with pytest.raises(kind) as caught:
        read_body(raw, ENGINES)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{}", "The field 'name' is missing: give a text of 1 to 64 characters."),
        (b'{"name": "a/b"}', "'a/b' is no profile name"),
        (b'{"name": ""}', "'' is no profile name"),
        (b'{"name": 3}', "3 is no profile name"),
        (b'{"name": null}', "None is no profile name"),
        (b'{"name": "a", "cleanup": "x"}', 'give "terminate" or "detach" or null'),
    ],
)
def test_a_bad_change_of_profile_is_refused(raw, message):
    """Fields that the core knows rules for are checked by these rules."""
    with pytest.raises(InvalidInputError) as caught:
        read_body(raw, PROFILE)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("given", "declared", "read"),
    [
        ({}, CLUSTER, {}),
        ({"profile": ["p"], "cluster": [""]}, CLUSTER, {"profile": "p", "cluster": ""}),
        ({"token": ["secret"], "1700000000000": [""]}, CLUSTER, {}),
        ({"limit": ["5"]}, RUNS, {"limit": 5}),
    ],
)
def test_good_queries_are_read(given, declared, read):
    """Values get their declared type; what Jupyter's own front end adds is ignored."""
    assert read_query(given, declared) == read


@pytest.mark.parametrize(
    ("given", "declared", "message"),
    [
        ({"profil": ["p"]}, CLUSTER, '"profil" here: leave it out (known: profile, cluster)'),
        ({"profile": [""]}, CLUSTER, "'' is no profile name"),
        ({"profile": ["../x"]}, CLUSTER, "'../x' is no profile name"),
        ({"profile": ["a", "b"]}, CLUSTER, "'profile' is given 2 times"),
        ({"limit": ["many"]}, RUNS, "'limit' is \"many\": give a whole number from 1 to 1000."),
        ({"limit": ["0"]}, RUNS, "'limit' is 0: give a whole number from 1 to 1000."),
        ({"limit": ["9" * 5000]}, RUNS, "give a whole number from 1 to 1000."),
        ({"1700000000000": ["x"]}, RUNS, "There is no query parameter"),
    ],
)
def test_bad_queries_are_refused_with_the_value(given, declared, message):
    """A typing error never silently means another cluster."""
    with pytest.raises(InvalidInputError) as caught:
        read_query(given, declared)
    assert message in str(caught.value)


def test_the_page_on_rest_names_every_route_and_event():
    """What the server has, the reader finds."""
    page = (DOCUMENT.parents[2] / "docs" / "rest.md").read_text("utf-8")
    for route, path in document()["paths"].items():
        for verb in set(path) & set(VERBS):
            assert f"`{verb.upper()} {route}" in page
    for schema in SCHEMAS:
        declared = yaml.safe_load(schema.read_text("utf-8"))
        line = next(line for line in page.splitlines() if declared["$id"] in line)
        assert [name for name in declared["properties"] if f"`{name}`" not in line] == []


def test_the_page_on_rest_explains_each_reason_of_a_problem_once():
    """With an anchor to point at; and no problem is made without a reason of the list."""
    page = (DOCUMENT.parents[2] / "docs" / "rest.md").read_text("utf-8")
    told = re.findall(r'^\| <a id="([a-z-]+)"></a>`\1` \| \w', page, re.MULTILINE)
    known = {name: value for name, value in vars(reasons).items() if name.isupper()}
    assert told == sorted(known.values())
    schema = document()["components"]["schemas"]["Problem"]["properties"]["reason"]
    assert all(re.fullmatch(schema["pattern"], reason) for reason in told)
    sources = [*(PACKAGE / "clusters").rglob("*.py"), *(PACKAGE / "_system").rglob("*.py")]
    made = [call for path in sources for call in _problems_made(ast.parse(path.read_text("utf-8")))]
    assert len(made) > 10
    assert [ast.unparse(call) for call in made if len(call.args) < 4] == []


def test_each_action_of_a_problem_is_a_request_of_the_document():
    """What mends a problem can be done by whoever has the document."""
    operations = {
        operation["operationId"]
        for path in document()["paths"].values()
        for verb, operation in path.items()
        if verb in VERBS
    }
    sources = [path.read_text("utf-8") for path in (PACKAGE / "clusters").rglob("*.py")]
    named = {name for text in sources for name in re.findall(r'{"name": "(\w+)", "arg', text)}
    assert {"adopt"} <= named <= operations


def _problems_made(tree):
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in calls if ast.unparse(call.func) == "Problem"]
