"""Nobody gets in without a token, and who may only look changes nothing."""

import json

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError

from parflow_jupyter.server.routes.not_found import OtherHandler
from parflow_jupyter.server.routes.table import ROUTES

VERBS = ("GET", "POST", "PUT", "DELETE")
CALLS = [
    (verb, route)
    for route, handler in ROUTES.items()
    for verb in VERBS
    if verb.lower() in vars(handler)
]
LOOKING = {"GET": "read", "PUT": "write", "POST": "execute", "DELETE": "execute"}


def registered_routes(web_app):
    """Return the handlers of ours that the server really has, by pattern."""
    rules = [
        rule
        for group in web_app.default_router.rules
        for rule in getattr(group.target, "rules", [])
        if str(getattr(rule.target, "__module__", "")).startswith("parflow_jupyter")
    ]
    return {rule.matcher.regex.pattern: rule.target for rule in rules}


def parts_of(route):
    return [part if not part.startswith("{") else "0" for part in route.strip("/").split("/")]


async def send(jp_fetch, verb, route, **options):
    body = None if verb in ("GET", "DELETE") else "{}"
    try:
        return await jp_fetch(*parts_of(route), method=verb, body=body, **options)
    except HTTPClientError as refused:
        return refused.response


def test_these_are_all_the_routes_that_the_server_has(extension, jp_web_app):
    """The list below misses none."""
    assert sorted(registered_routes(jp_web_app).values(), key=str) == sorted(
        [*ROUTES.values(), OtherHandler], key=str
    )


@pytest.mark.parametrize(("verb", "route"), CALLS)
@pytest.mark.parametrize("header", ["", "token wrong"])
async def test_without_the_token_every_route_refuses(
    extension, jp_fetch, clusters, verb, route, header
):
    """Nothing is asked of the clusters, and the answer is an error of the one form."""
    answer = await send(jp_fetch, verb, route, headers={"Authorization": header})
    assert answer.code == 403
    assert set(json.loads(answer.body)) == {"message", "reason"}
    assert clusters.calls == []


class Strict(Authorizer):
    """Allows only the actions in ``allowed``, and only on our resources."""

    allowed = ()
    resources = ("parflow", "parflow:logs")

    def is_authorized(self, handler, user, action, resource):
        return resource in self.resources and action in self.allowed


@pytest.fixture
def jp_server_config(jp_server_config):
    # Without the check of cookies, nothing but our own guard keeps a request out.
    guards = {"authorizer_class": Strict, "disable_check_xsrf": True}
    return {"ServerApp": {**jp_server_config["ServerApp"], **guards}}


@pytest.mark.parametrize(("verb", "route"), CALLS)
async def test_each_verb_needs_its_action(extension, jp_fetch, clusters, monkeypatch, verb, route):
    """Everything but that action allowed: refused. Only that action allowed: let through."""
    needed = LOOKING[verb]
    monkeypatch.setattr(Strict, "allowed", {"read", "write", "execute"} - {needed})
    assert (await send(jp_fetch, verb, route)).code == 403
    assert clusters.calls == []
    monkeypatch.setattr(Strict, "allowed", {needed})
    assert (await send(jp_fetch, verb, route)).code != 403


async def test_who_may_only_read_changes_nothing(extension, jp_fetch, clusters, monkeypatch):
    """Looking works, everything else is refused."""
    monkeypatch.setattr(Strict, "allowed", {"read"})
    for verb, route in CALLS:
        assert ((await send(jp_fetch, verb, route)).code == 403) == (verb != "GET")
    assert {name for name, *_ in clusters.calls} == {
        *("profiles", "info", "operation", "logs", "owners"),
    }


async def test_logs_are_a_resource_of_their_own(extension, jp_fetch, clusters, monkeypatch):
    """Who may look at everything else can be kept from what others printed."""
    monkeypatch.setattr(Strict, "allowed", {"read"})
    monkeypatch.setattr(Strict, "resources", ("parflow",))
    assert (await send(jp_fetch, "GET", "/parflow/cluster/logs")).code == 403
    assert (await send(jp_fetch, "GET", "/parflow/cluster")).code == 200
    assert "logs" not in {name for name, *_ in clusters.calls}


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_where_there_is_no_route_the_answer_is_json(extension, jp_fetch, monkeypatch, verb):
    """Not Jupyter's page for people; and nobody without a token learns even that."""
    monkeypatch.setattr(Strict, "allowed", {"read"})
    for path in ("", "unknown", "cluster/engine", "cluster/engines/0/x", "Cluster"):
        await assert_not_found(jp_fetch, verb, path)


async def assert_not_found(jp_fetch, verb, path):
    body = None if verb in ("GET", "DELETE") else "{}"
    for headers, code, reason in (
        (None, 404, "not-found"),
        ({"Authorization": "token no"}, 403, "forbidden"),
    ):
        options = {"method": verb, "body": body, "headers": headers}
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("parflow", *path.split("/"), **options)
        answer = json.loads(caught.value.response.body)
        assert (caught.value.code, answer["reason"]) == (code, reason)
        assert set(answer) == {"message", "reason"}


async def test_a_verb_that_a_route_lacks_is_refused_as_json(extension, jp_fetch):
    """405, in the one form of errors."""
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("parflow", "cluster", method="PATCH", body="{}")
    assert caught.value.code == 405
    assert json.loads(caught.value.response.body)["reason"] == "method-not-allowed"
