"""What each route asks of the clusters, and what it answers."""

import asyncio
import threading

import pytest

from parflow_jupyter.errors import ControllerStartError, SupervisorError
from parflow_jupyter.server.service import THREADS


async def test_a_server_without_a_cluster_says_so(ask, clusters):
    """GET starts nothing."""
    answer = await ask("GET", "cluster")
    assert (answer.code, answer.body["state"], answer.body["controller"]) == (200, "stopped", None)
    assert clusters.calls == [("info", None, "")]


async def test_starting_engines_begins_an_operation(ask, clusters):
    """202, with where to ask how far it is."""
    body = {"n": 2, "python": "/usr/bin/python3", "restart": "on-failure:2"}
    begun = await ask("POST", "cluster/engines", body)
    assert (begun.code, begun.body["total"]) == (202, 2)
    assert begun.headers["Location"] == f"/a%40b/parflow/operations/{begun.body['id']}"
    assert clusters.calls == [
        ("begin_start_engines", 2, None, None, "", "/usr/bin/python3", "on-failure:2"),
    ]
    assert (await ask("GET", f"operations/{begun.body['id']}")).body == begun.body
    assert [engine["id"] for engine in (await ask("GET", "cluster")).body["engines"]] == [0, 1]


async def test_an_empty_body_starts_one_engine_per_core(ask, clusters):
    """Every field has a default."""
    assert (await ask("POST", "cluster/engines")).code == 202
    assert clusters.calls == [("begin_start_engines", None, None, None, "", None, None)]


async def test_a_request_can_name_the_cluster(ask, clusters):
    """The query tells which."""
    await ask("GET", "cluster", profile="default", cluster="two")
    await ask("POST", "cluster/engines", profile="default", cluster="two")
    assert clusters.calls == [
        ("info", "default", "two"),
        ("begin_start_engines", None, None, "default", "two", None, None),
    ]


async def test_an_operation_can_be_cancelled(ask):
    """DELETE answers with the operation as it is then."""
    begun = await ask("POST", "cluster/engines", {"n": 2})
    cancelled = await ask("DELETE", f"operations/{begun.body['id']}")
    assert (cancelled.code, cancelled.body["state"]) == (200, "cancelled")


async def test_engines_are_interrupted_and_restarted(ask, clusters):
    """204 when it was done, 404 for an engine that is not there."""
    await ask("POST", "cluster/engines", {"n": 2})
    assert (await ask("POST", "cluster/engines/1/interrupt")).code == 204
    assert (await ask("POST", "cluster/engines/0/restart", {})).code == 204
    assert clusters.calls[1:] == [("interrupt_engine", 1), ("replace_engine", 0)]
    for missing in ("7", "x", "-1", "٣", "9" * 5000):
        answer = await ask("POST", f"cluster/engines/{missing}/interrupt")
        assert (answer.code, answer.body["reason"]) == (404, "engine-not-found")


async def test_one_engine_is_ended(ask, clusters):
    """204 when it was done, 404 for an engine that is not there (any more)."""
    await ask("POST", "cluster/engines", {"n": 2})
    assert (await ask("DELETE", "cluster/engines/1")).code == 204
    assert (await ask("DELETE", "cluster/engines/1")).code == 404
    assert [one["id"] for one in (await ask("GET", "cluster")).body["engines"]] == [0]


async def test_logs_are_shown(ask, clusters):
    """Of the controller, or of the engine that is asked for."""
    assert (await ask("GET", "cluster/logs")).body["logs"][0]["process"] == "controller"
    await ask("POST", "cluster/engines", {"n": 1})
    answer = await ask("GET", "cluster/logs", engine=0, tail=7)
    assert answer.body["logs"][0]["lines"] == ["started"]
    assert clusters.calls[-1] == ("logs", 0, 7)
    assert (await ask("GET", "cluster/logs", engine=3)).code == 404
    assert (await ask("GET", "cluster/logs", tail=0)).code == 400
    assert (await ask("GET", "cluster/logs", engine="../x")).code == 400


async def test_what_was_left_running_is_adopted(ask, clusters):
    """The answer is the cluster."""
    assert (await ask("POST", "cluster/adopt")).body["state"] == "stopped"
    assert clusters.calls == [("adopt",)]


@pytest.mark.parametrize(
    ("mode", "outcome"), [("terminate", "terminated"), ("detach", "left running")]
)
async def test_cleanup_tells_what_became_of_each_process(ask, mode, outcome):
    """The two modes do different things."""
    await ask("POST", "cluster/engines", {"n": 2})
    answer = await ask("POST", "cluster/cleanup", {"mode": mode})
    assert answer.body["mode"] == mode
    assert [process["outcome"] for process in answer.body["processes"]] == [outcome, outcome]


async def test_shutdown_begins_an_operation(ask, clusters):
    """It takes time, too."""
    answer = await ask("POST", "cluster/shutdown")
    assert (answer.code, answer.body["kind"]) == (202, "shutdown")
    assert clusters.calls == [("begin_shutdown",)]


async def test_profiles_are_listed_created_and_changed(ask, clusters):
    """The current one is marked."""
    made = await ask("POST", "profiles", {"name": "lab"})
    assert (made.code, made.body["name"]) == (201, "lab")
    changed = await ask("PUT", "profile", {"name": "lab"})
    assert (changed.code, changed.body["profile"]) == (200, "lab")
    listed = (await ask("GET", "profiles")).body["profiles"]
    assert {profile["name"]: profile["current"] for profile in listed} == {
        "default": False,
        "lab": True,
    }


async def test_changing_the_profile_asks_what_becomes_of_processes(ask, clusters):
    """409 until it is said."""
    clusters.names.append("lab")
    await ask("POST", "cluster/engines", {"n": 2})
    refused = await ask("PUT", "profile", {"name": "lab"})
    assert (refused.code, refused.body["reason"], refused.body["engines"]) == (
        409,
        "cleanup-needed",
        2,
    )
    assert (await ask("PUT", "profile", {"name": "lab", "cleanup": "detach"})).code == 200


async def test_runs_are_listed_told_and_stopped(ask, history):
    """They come from the history, of whichever kernel."""
    history.rows = [
        {"run": name, "state": "running", "done": 1, "total": 4, "label": "squares"}
        for name in ("b", "a")
    ]
    assert [row["run"] for row in (await ask("GET", "runs")).body["runs"]] == ["b", "a"]
    assert [row["run"] for row in (await ask("GET", "runs", limit="1")).body["runs"]] == ["b"]
    assert (await ask("GET", "runs/a")).body["done"] == 1
    assert (await ask("DELETE", "runs/a")).code == 202
    assert history.stopped == ["a"]
    assert (await ask("DELETE", "runs/c")).body["reason"] == "run-not-found"


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "reason"),
    [
        ("POST", "cluster/engines", {"n": 0}, 400, "invalid-engine-count"),
        ("POST", "cluster/engines", {"n": -1}, 400, "invalid-engine-count"),
        ("POST", "cluster/engines", {"n": 10000}, 400, "invalid-engine-count"),
        ("POST", "cluster/engines", {"n": "two"}, 400, "invalid-engine-count"),
        ("POST", "cluster/engines", {"n": True}, 400, "invalid-engine-count"),
        ("POST", "cluster/engines", {"n": 1.5}, 400, "invalid-engine-count"),
        ("POST", "cluster/engines", {"n": {}}, 400, "invalid-engine-count"),
        ("POST", "cluster/engines", {"launcher": "rocket"}, 400, "invalid-input"),
        ("POST", "cluster/engines", {"restart": "always"}, 400, "invalid-input"),
        ("POST", "cluster/engines", {"restart": ""}, 400, "invalid-input"),
        ("POST", "cluster/engines", {"engines": 2}, 400, "unknown-field"),
        ("POST", "cluster/engines", [2], 400, "invalid-input"),
        ("POST", "cluster/shutdown", {"mode": "x"}, 400, "unknown-field"),
        ("POST", "cluster/cleanup", {}, 400, "invalid-input"),
        ("POST", "cluster/cleanup", {"mode": "kill"}, 400, "invalid-input"),
        ("PUT", "profile", {"name": "a/b"}, 400, "invalid-profile-name"),
        ("PUT", "profile", {"name": ""}, 400, "invalid-profile-name"),
        ("PUT", "profile", {"name": "unknown"}, 404, "profile-not-found"),
        ("POST", "profiles", {"name": ".."}, 400, "invalid-profile-name"),
        ("GET", "operations/unknown", None, 404, "operation-not-found"),
        ("DELETE", "operations/unknown", None, 404, "operation-not-found"),
        ("GET", "runs/unknown", None, 404, "run-not-found"),
    ],
)
async def test_bad_input_changes_nothing(ask, clusters, method, path, body, code, reason):
    """It is refused with the right status and a reason, and no engine is there afterwards."""
    answer = await ask(method, path, body)
    assert (answer.code, answer.body["reason"]) == (code, reason)
    assert (clusters.engines, clusters.profile, clusters.names) == ([], "default", ["default"])


async def test_a_body_that_is_no_json_is_refused(ask):
    """With what to send instead."""
    answer = await ask("POST", "cluster/engines", raw="n=2")
    assert answer.code == 400
    assert "send a JSON object" in answer.body["message"]


async def test_unknown_query_parameters_are_refused(ask, clusters):
    """A typing error never means the current cluster."""
    answer = await ask("GET", "cluster", profil="lab")
    assert (answer.code, answer.body["reason"], clusters.calls) == (400, "unknown-field", [])
    assert (await ask("POST", "cluster/cleanup", {"mode": "detach"}, profile="lab")).code == 400


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (SupervisorError("The supervisor is silent."), 503, "The supervisor is silent."),
        (ControllerStartError("No controller."), 502, "No controller."),
        (ZeroDivisionError("secret"), 500, None),
    ],
)
async def test_failures_have_their_status(ask, clusters, caplog, error, code, message):
    """What nobody expected is in the log and not in the answer."""
    clusters.error = error
    answer = await ask("GET", "cluster")
    assert answer.code == code
    assert message is None or answer.body["message"] == message
    assert "secret" not in str(answer.body)
    assert ("ZeroDivisionError: secret" in caplog.text) == (code == 500)


async def test_a_slow_cluster_leaves_the_server_alone(ask, clusters, jp_fetch, monkeypatch):
    """More questions wait than there are threads, and the server still answers."""
    gate, info = threading.Event(), clusters.info()
    monkeypatch.setattr(clusters, "info", lambda *_, **__: info if gate.wait(20) else None)
    slow = [asyncio.ensure_future(ask("GET", "cluster")) for _ in range(THREADS + 1)]
    await asyncio.sleep(0.1)
    await jp_fetch("api", "status")
    assert not any(one.done() for one in slow)
    gate.set()
    assert {answer.code for answer in await asyncio.gather(*slow)} == {200}


async def test_looking_does_not_keep_an_idle_server_alive(ask, jp_web_app):
    """Servers are culled by their last activity; only changes count as one."""
    jp_web_app.settings.pop("api_last_activity", None)
    await ask("GET", "cluster")
    assert "api_last_activity" not in jp_web_app.settings
    await ask("POST", "cluster/engines", {"n": 1})
    assert "api_last_activity" in jp_web_app.settings
