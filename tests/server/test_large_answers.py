"""A large cluster is told in few bytes, to who can read them."""

import gzip
import json

import pytest
from in_memory import engine


@pytest.mark.parametrize(("engines", "accepted", "packed"), [
    (500, "gzip, deflate, br", True),
    (500, "identity", False),
    (500, "", False),
    (2, "gzip", False),
])  # fmt: skip
async def test_large_answers_are_compressed(
    extension, jp_fetch, clusters, engines, accepted, packed
):
    """The same answer either way; a small one is not worth it."""
    clusters.engines = [engine(number) for number in range(engines)]
    sent = {"headers": {"Accept-Encoding": accepted}, "decompress_response": False}
    answer = await jp_fetch("parflow", "cluster", **sent)
    assert (answer.headers.get("Content-Encoding") == "gzip") is packed
    assert answer.headers["Content-Type"].startswith("application/json")
    body = json.loads(gzip.decompress(answer.body) if packed else answer.body)
    assert len(body["engines"]) == engines
    if packed:
        assert len(answer.body) < 12_000
