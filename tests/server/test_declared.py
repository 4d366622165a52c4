"""Nothing gets through that a route does not declare, and no name leads out of a folder."""

import json

import pytest
from test_access import CALLS, parts_of
from tornado.httpclient import HTTPClientError

NASTY = [
    "..",
    "../x",
    "a/b",
    "/etc",
    "~",
    "a\\b",
    "a\x00b",
    "%2e%2e",
    "\uff0e\uff0e",
    "-x",
    "x" * 65,
]
OTHERS = {
    "controller_args": ["--ip=0.0.0.0"],
    "profile_dir": "/etc",
    "cluster_file": "/tmp/x",
    "environment": {"LD_PRELOAD": "/tmp/x.so"},
    "cwd": "/",
    "__class__": "x",
}


async def refused(jp_fetch, verb, parts, **options):
    """Return status and reason of a request that must be refused."""
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*parts, method=verb, **options)
    return caught.value.code, json.loads(caught.value.response.body)["reason"]


@pytest.mark.parametrize(("verb", "route"), CALLS)
async def test_undeclared_fields_are_refused_by_every_route(
    extension, jp_fetch, clusters, verb, route
):
    """Also those that ipyparallel's own routes would take; nothing is asked of the clusters."""
    body = None if verb in ("GET", "DELETE") else "{}"
    for name, value in OTHERS.items():
        query = {"params": {name: json.dumps(value)}, "body": body}
        assert await refused(jp_fetch, verb, parts_of(route), **query) == (400, "unknown-field")
        if body is not None:
            sent = {"body": json.dumps({name: value})}
            assert await refused(jp_fetch, verb, parts_of(route), **sent) == (400, "unknown-field")
    assert clusters.calls == []


@pytest.mark.parametrize("name", NASTY)
async def test_names_that_lead_elsewhere_are_refused(extension, jp_fetch, clusters, name):
    """As the profile to make, to change to, or to look at, and as the id of a cluster."""
    body = json.dumps({"name": name})
    expected = (400, "invalid-profile-name")
    assert await refused(jp_fetch, "POST", ("parflow", "profiles"), body=body) == expected
    assert await refused(jp_fetch, "PUT", ("parflow", "profile"), body=body) == expected
    for path in ("cluster", "cluster/logs"):
        parts = ("parflow", *path.split("/"))
        assert await refused(jp_fetch, "GET", parts, params={"profile": name}) == expected
    assert clusters.names == ["default"]
