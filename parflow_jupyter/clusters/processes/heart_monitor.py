"""A heart monitor that beats often while engines register, and rarely when none does.

An engine counts as registered when it has answered a beat and the next one has noticed. With
ipyparallel's one period a start waits for that, or idle engines are woken all the time.
Source: ipyparallel.controller.heartmonitor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

QUICK = 0.1
"""Seconds between two beats while engines register."""


def be_attentive(hub: Any) -> None:
    """Replace the heart monitor that this process is about to start in a thread.

    Args:
        hub: ipyparallel's; engines register there.
    """
    from ipyparallel.controller import heartmonitor

    wake_ups: list[Callable[[], None]] = []

    class PacedHeartMonitor(heartmonitor.HeartMonitor):  # type: ignore[misc]
        _hurries = False
        _counts = True

        def start(self) -> None:
            super().start()
            loop = self.loop
            wake_ups.append(lambda: loop.add_callback(self._wake))

        def _wake(self) -> None:
            if not self._hurries:
                self._hurry()

        def _hurry(self) -> None:
            self._hurries = bool(hub.incoming_registrations)
            if self._hurries:
                self._counts = False
                try:
                    self.beat()
                finally:
                    self._counts = True
                self.loop.call_later(QUICK, self._hurry)

        def _check_missed(self, missed: Any, on_probation: Any, hearts: Any) -> Any:
            # Misses are limited by time: the beats in between are none to count.
            if not self._counts:
                return [], on_probation
            return super()._check_missed(missed, on_probation, hearts)

    heartmonitor.HeartMonitor = PacedHeartMonitor
    register = hub.query_handlers["registration_request"]

    def register_and_wake(*message: Any) -> Any:
        answer = register(*message)
        for wake_up in wake_ups:
            wake_up()
        return answer

    hub.query_handlers["registration_request"] = register_and_wake
