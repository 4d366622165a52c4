"""Following a cluster's events from a daemon thread, across supervisors that come and go."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from typing import Any

from parflow_jupyter.clusters.client.rpc import Target, connect, request
from parflow_jupyter.clusters.files.owners import Owner
from parflow_jupyter.clusters.protocol.wire import SUBSCRIBE, encode
from parflow_jupyter.errors import ParflowError
from parflow_jupyter.errors.base import from_plain
from parflow_jupyter.events import ClusterChanged, EngineExited, Event, Listener, OperationChanged

_log = logging.getLogger(__name__)
_EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (ClusterChanged, OperationChanged, EngineExited)
}
RECONNECT_SECONDS = 0.5


def event_from_dict(message: dict[str, Any]) -> Event | None:
    """Return the event in a message; unknown ones and unknown fields are passed over.

    Example:
        >>> event_from_dict({"event": "SomethingNew"}) is None
        True
    """
    kind = _EVENTS.get(str(message.get("event")))
    if kind is None:
        return None
    with contextlib.suppress(TypeError):
        return from_plain(kind, message)
    return None


class Subscription:
    """One listener on one cluster; ``close`` ends it within a moment."""

    def __init__(self, target: Target, owner: Owner, listener: Listener) -> None:
        self._target = target
        self._owner = owner
        self._listener = listener
        self._ended = threading.Event()
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="parflow-events", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError, ParflowError, ValueError):
                self._follow()
            self._ended.wait(RECONNECT_SECONDS)

    def _follow(self) -> None:
        connection = connect(self._target)
        if connection is None:
            return
        with connection:
            with self._lock:
                if self._ended.is_set():
                    return
                self._connection = connection
            connection.sendall(encode(request(self._owner, SUBSCRIBE)))
            connection.settimeout(None)
            with connection.makefile("rb") as lines:
                for line in lines:
                    self._tell(json.loads(line))

    def _tell(self, message: dict[str, Any]) -> None:
        event = event_from_dict(message)
        if event is None or self._ended.is_set():
            return
        try:
            self._listener(event)
        except Exception:
            _log.exception("A listener failed on %s", type(event).__name__)

    def close(self) -> None:
        """End the thread; safe to call twice, and from the listener itself."""
        with self._lock:
            self._ended.set()
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._thread:
            self._thread.join(2)
