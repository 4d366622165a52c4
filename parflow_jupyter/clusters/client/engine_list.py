"""Which engines a client knows: the controller is asked once more, as notices can be missed.

A client learns the engines when it connects and follows them by notices afterwards. Its
subscription takes a moment to reach the controller, and what is told in that moment is lost.
Source: ipyparallel.client.client, ``Client._connect``; ipyparallel asks only once.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any

ASK_AFTER = (0.3, 3.0)
"""Seconds after it connected at which a client asks again; the last also on a slow network."""


def keep_up(client: Any) -> None:
    """Have a client that just connected find the engines of which it missed the notice.

    Args:
        client: An ``ipyparallel.Client``; returns at once.
    """
    loop = client._io_loop
    for seconds in ASK_AFTER:
        loop.add_callback(partial(loop.call_later, seconds, partial(ask_again, client)))


def ask_again(client: Any) -> None:
    """Ask the controller which engines there are, and correct what the client knows.

    Args:
        client: An ``ipyparallel.Client``; returns at once, and never raises if it is closed.
    """
    known, gone = dict(client._engines), set()

    def note(event: dict[str, Any]) -> None:
        if event["event"] == "unregister":
            gone.add(int(event["id"]))

    def compare(future: Any) -> None:
        client._registration_callbacks.remove(note)
        content = future.result()["content"]
        there = {int(number): uuid for number, uuid in content.get("engines", {}).items()}
        tell = client._notification_handlers
        for number, uuid in missed(there, dict(client._engines), gone).items():
            tell["registration_notification"]({"content": {"id": number, "uuid": uuid}})
        for number in known.keys() - there.keys() if content["status"] == "ok" else ():
            tell["unregistration_notification"]({"content": {"id": number}})

    # The client may be closed meanwhile, with its sockets.
    with contextlib.suppress(OSError):
        future = client._send(client._query_socket, "connection_request")
        client._registration_callbacks.append(note)
        future.add_done_callback(compare)
        client._io_loop.add_callback(client._query_stream.flush)


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
