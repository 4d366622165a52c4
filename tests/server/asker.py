"""Sends requests, and checks every answer against ``openapi.yaml``."""

import json
from types import SimpleNamespace

from jsonschema import Draft202012Validator
from tornado.httpclient import HTTPClientError

from parflow_jupyter.server.openapi import document
from parflow_jupyter.server.routes.table import ROUTES


def asker(jp_fetch):
    """Return a function that sends a request and checks the answer against ``openapi.yaml``."""

    async def ask(method, path, body=None, *, raw=None, headers=None, **params):
        if raw is None:
            raw = "" if body is None else json.dumps(body)
        sent = None if method in ("GET", "DELETE") else raw
        try:
            response = await jp_fetch(
                *("parflow", *path.split("/")),
                method=method,
                body=sent,
                params=params,
                headers=headers,
            )
        except HTTPClientError as refused:
            response = refused.response
        answer = json.loads(response.body) if response.body else None
        check_against_document(method, path, response.code, answer)
        return SimpleNamespace(code=response.code, body=answer, headers=response.headers)

    return ask


def check_against_document(method, path, code, answer):
    """Fail unless a response is what ``openapi.yaml`` says for its route and status."""
    responses = document()["paths"][route_of(path)][method.lower()]["responses"]
    assert code >= 400 or str(code) in responses
    declared = responses.get(str(code), responses["default"])
    if "$ref" in declared:
        declared = document()["components"]["responses"][declared["$ref"].split("/")[-1]]
    if "content" not in declared:
        assert answer is None
        return
    schema = declared["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": document()["components"]}).validate(answer)


def route_of(path):
    """Return the path template of a path."""
    parts = ["parflow", *path.split("/")]
    for route in ROUTES:
        expected = route.strip("/").split("/")
        pairs = zip(expected, parts, strict=True) if len(expected) == len(parts) else ()
        if pairs and all(want.startswith("{") or want == part for want, part in pairs):
            return route
    raise AssertionError(f"no route of ours matches {path}")
