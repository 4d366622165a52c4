"""ipyparallel's client has the private parts that we use, and they do what we take them to do."""

import re
import threading
from importlib import metadata
from operator import add
from pathlib import Path

import pytest
from process_helpers import wait_until

import parflow_jupyter as pf
from parflow_jupyter._system import ipyparallel_private as private

PROVEN_WITH = "9.2.0"

BREAKS = {
    "_closed": "what is asked of a closed client raises instead of being left",
    "_engines": "engines have no name, so none takes part in a map",
    "_outstanding_dict": "an engine is given its next task while a stopped one still runs there",
    "_io_loop": "answers wait until others come, and missed engines are never found",
    "_mux_socket": "no engine is asked anything, and no batch is sent",
    "_mux_stream": "a batch's answer may wait until another one comes",
    "_control_socket": "no item is interrupted, and no batch pulled back",
    "_control_stream": "the answer to an interrupt may wait until another one comes",
    "_query_socket": "engines whose notice was missed are never found",
    "_query_stream": "engines whose notice was missed are found later",
    "_send": "as _control_socket and _query_socket",
    "_notification_handlers": "a client of a controller that ended prints a traceback",
    "_registration_callbacks": "an engine that ends while the controller is asked stays listed",
}


@pytest.fixture
def client(isolated_home):
    """A client of one engine."""
    pf.start_engines(1)
    yield pf.get_client()
    pf.cleanup()


def test_the_parts_are_there_and_do_what_they_did(client):
    """Each function, on a real client."""
    here = metadata.version("ipyparallel")
    for name, what in BREAKS.items():
        assert hasattr(client, name), f"{name} (proven with {PROVEN_WITH}, not in {here}): {what}"
    (uuid,) = private.uuids(client).values()
    assert private.apply(client, uuid.encode(), add, [40, 2]).result(10) == 42
    assert wait_until(lambda: not private.has_work(client, uuid), 5)
    answer = private.order(client, uuid.encode(), "interrupt_request", {}).result(10)
    assert answer["content"]["status"] == "ok"
    told = private.ask_controller(client, "connection_request").result(10)
    assert told["content"]["engines"] == {"0": uuid}
    called = threading.Event()
    private.call_later(client, 0.01, called.set)
    assert called.wait(5)
    private.follow_notice(client, "shutdown_notification", told.update)
    private.give_notice(client, "shutdown_notification", {"said": True})
    assert told["content"] == {"said": True}
    unfollow = private.follow_engines(client, print)
    unfollow()
    assert not private.is_closed(client)


def test_no_other_file_uses_them():
    """One door: a change of ipyparallel's is mended in one file."""
    package = Path(pf.__file__).parent
    pattern = re.compile(rf"\b_?client\.({'|'.join(BREAKS)})\b")
    found = {path.name for path in package.rglob("*.py") if pattern.search(path.read_text("utf-8"))}
    assert found == {"ipyparallel_private.py"}
