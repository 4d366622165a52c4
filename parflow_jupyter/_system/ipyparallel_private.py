"""All that is used of ipyparallel's client beyond its documentation, one small function each.

Proven with 9.2.0. tests/system/test_ipyparallel_private.py says what breaks when one changes. What
controller and engines override of ipyparallel's classes is in clusters/processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any


def is_closed(client: Any) -> bool:
    """Tell whether a client was closed, after which its sockets must not be used."""
    return bool(client._closed)


def uuids(client: Any) -> dict[int, str]:
    """Return the engines that a client knows: the uuid of each by its number."""
    return dict(client._engines)


def has_work(client: Any, uuid: str) -> bool:
    """Tell whether an engine still owes a client an answer."""
    return bool(client._outstanding_dict.get(uuid))


def call_later(client: Any, seconds: float, function: Callable[[], Any]) -> None:
    """Call a function in the thread in which a client reads its answers."""
    loop = client._io_loop
    loop.add_callback(partial(loop.call_later, seconds, function))


def apply(client: Any, uuid: bytes, function: Any, arguments: list[Any]) -> Any:
    """Have one engine call a function; return the future of what that returns."""
    future = client.send_apply_request(client._mux_socket, function, arguments, ident=uuid)
    _look(client, client._mux_stream)
    return future


def order(client: Any, uuid: bytes, kind: str, content: Mapping[str, Any]) -> Any:
    """Send an engine a request that it serves even while busy; return the future of its answer."""
    future = client._send(client._control_socket, kind, content=content, ident=uuid)
    _look(client, client._control_stream)
    return future


def ask_controller(client: Any, kind: str) -> Any:
    """Ask the controller something; return the future of its answer.

    Raises:
        OSError: The client is closed, or just being.
    """
    future = client._send(client._query_socket, kind)
    _look(client, client._query_stream)
    return future


def _look(client: Any, stream: Any) -> None:
    # The client sends on the bare socket. If an answer arrives in that moment, the send
    # takes the wake-up of zmq's edge-triggered descriptor, and nobody would look for it.
    client._io_loop.add_callback(stream.flush)


def follow_notice(client: Any, kind: str, handle: Callable[[Any], None]) -> None:
    """Have a client handle a kind of the controller's notices in another way."""
    client._notification_handlers[kind] = handle


def give_notice(client: Any, kind: str, content: dict[str, Any]) -> None:
    """Let a client believe that the controller had told it something."""
    client._notification_handlers[kind]({"content": content})


def follow_engines(client: Any, tell: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
    """Have the coming and going of engines told as a client hears of it; return what ends that."""
    client._registration_callbacks.append(tell)
    return partial(client._registration_callbacks.remove, tell)
