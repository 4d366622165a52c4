"""Whatever is sent, within the described fields or against them, nothing is a 500."""

import asyncio
import warnings

import pytest
from asker import check_against_document
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from parflow_jupyter.server.openapi import document

EXAMPLES = 25
ROUNDS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def engines_and_runs(clusters, history):
    """Give requests something to hit."""
    clusters.begin_start_engines(2)
    history.rows = [{"run": "0", "state": "running", "done": 1, "total": None}]


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.timeout(60)
async def test_no_request_is_a_500(
    extension, engines_and_runs, http_server_client, jp_auth_header, jp_base_url, mode
):
    """Every route, with input that fits and input that does not; each answer is as described."""
    base = http_server_client.get_url(jp_base_url.rstrip("/"))
    sent = await asyncio.to_thread(fuzz, base, jp_auth_header, mode)
    # A route without any input has nothing that could not fit.
    expected = {"positive": len(OPERATIONS), "negative": len(OPERATIONS) - 1}
    assert set(sent) <= OPERATIONS
    assert len(sent) >= expected[mode]


OPERATIONS = {
    (verb.upper(), route)
    for route, path in document()["paths"].items()
    for verb in path
    if verb != "parameters"
}


def fuzz(base, headers, mode):
    """Send generated requests to every route; return how many to which."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import schemathesis
        from schemathesis.generation.modes import GenerationMode

        schema = schemathesis.openapi.from_dict(document())
        sent = {}
        for found in schema.get_all_operations():
            operation = found.ok()
            strategy = operation.as_strategy(generation_mode=GenerationMode(mode))
            options = {"base_url": base, "headers": headers, "timeout": 10}
            count = send_all(operation, strategy, options)
            if count:
                sent[operation.method.upper(), operation.path] = count
        return sent


def send_all(operation, strategy, options):
    """Send what the strategy makes, check each answer; return how many requests that were."""
    count = 0
    path = operation.path.removeprefix("/parflow/")

    @ROUNDS
    @given(case=strategy)
    def send(case):
        nonlocal count
        count += 1
        response = case.call(**options)
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        answer = response.json() if response.content else None
        check_against_document(operation.method, path, response.status_code, answer)

    try:
        send()
    except Unsatisfiable:
        assert count == 0
    return count
