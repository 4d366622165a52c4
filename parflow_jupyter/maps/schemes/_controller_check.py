"""Whether the controller lives, asked when no engine shows a sign of life."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from parflow_jupyter._system.ipyparallel_private import ask_controller, is_closed

ANSWER_WITHIN = 15.0
"""Seconds that a controller has to answer; one that lives does so in milliseconds."""


class ControllerCheck:
    """Asks a controller, and looks for another one in its place before it is given up.

    A connection says nothing: the system keeps that of a frozen process, and zmq waits for a dead
    one to come back.

    Args:
        follow: Goes over to another controller, where there is one; may take seconds.
    """

    def __init__(self, follow: Callable[[], None]) -> None:
        self._follow = follow
        self._client: Any = None
        self._answer: Any = None
        self._asked = 0.0
        self._follower: threading.Thread | None = None

    def why(self, client: Any) -> str | None:
        """Return why nothing can come from the engines any more, None while that is not known.

        Args:
            client: The connected ipyparallel.Client.
        """
        if client is not self._client or (self._answer is not None and self._answer.done()):
            self._client, self._answer, self._follower = client, None, None
        now = time.monotonic()
        if self._answer is None:
            if is_closed(client):
                return "the connection to the controller was closed"
            self._answer, self._asked = ask_controller(client, "connection_request"), now
        elif self._follower is None:
            if now - self._asked > ANSWER_WITHIN:
                self._follower = threading.Thread(target=self._follow, daemon=True)
                self._follower.start()
        elif not self._follower.is_alive() or now - self._asked > 2 * ANSWER_WITHIN:
            return f"the controller did not answer for {now - self._asked:.0f} s"
        return None
