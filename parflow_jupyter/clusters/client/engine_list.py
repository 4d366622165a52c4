"""Which engines a client knows: the controller is asked once more, as notices can be missed.

A client learns the engines when it connects and follows them by notices afterwards. Its
subscription takes a moment to reach the controller, and what is told in that moment is lost.
Source: ipyparallel.client.client, ``Client._connect``; ipyparallel asks only once.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any

from parflow_jupyter._system import ipyparallel_private
from parflow_jupyter._system.ipyparallel_private import (
    ask_controller,
    follow_engines,
    give_notice,
    uuids,
)

ASK_AFTER = (0.3, 3.0)
"""Seconds after it connected at which a client asks again; the last also on a slow network."""


def keep_up(client: Any) -> None:
    """Have a client that just connected find the engines of which it missed the notice.

    Args:
        client: An ``ipyparallel.Client``; returns at once.
    """
    for seconds in ASK_AFTER:
        ipyparallel_private.call_later(client, seconds, partial(ask_again, client))


def ask_again(client: Any) -> None:
    """Ask the controller which engines there are, and correct what the client knows.

    Args:
        client: An ``ipyparallel.Client``; returns at once, and never raises if it is closed.
    """
    known, gone = uuids(client), set()

    def note(event: dict[str, Any]) -> None:
        if event["event"] == "unregister":
            gone.add(int(event["id"]))

    def compare(future: Any) -> None:
        unfollow()
        content = future.result()["content"]
        there = {int(number): uuid for number, uuid in content.get("engines", {}).items()}
        for number, uuid in missed(there, uuids(client), gone).items():
            give_notice(client, "registration_notification", {"id": number, "uuid": uuid})
        for number in known.keys() - there.keys() if content["status"] == "ok" else ():
            give_notice(client, "unregistration_notification", {"id": number})

    # The client may be closed meanwhile, with its sockets.
    with contextlib.suppress(OSError):
        future = ask_controller(client, "connection_request")
        unfollow = follow_engines(client, note)
        future.add_done_callback(compare)


def missed(there: dict[int, str], known: dict[int, str], gone: set[int]) -> dict[int, str]:
    """Return the engines that a client was not told of (pure).

    Args:
        there: Engines by number that the controller has, with their uuid.
        known: Those that the client knows.
        gone: Numbers of those that ended since the controller was asked.

    Example:
        >>> missed({0: "a", 1: "b", 2: "c"}, {0: "a"}, gone={2})
        {1: 'b'}
    """
    return {n: uuid for n, uuid in there.items() if n not in known and n not in gone}
