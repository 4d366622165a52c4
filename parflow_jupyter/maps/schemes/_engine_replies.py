"""What messages from engines say, and what engines are called as slots."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from parflow_jupyter._system.ipyparallel_private import uuids
from parflow_jupyter.maps.abc import Slot
from parflow_jupyter.maps.worker.control import DATA, FIELD

_log = logging.getLogger(__name__)

OnEngineExit = Callable[[Callable[[int, int], None]], Callable[[], None]]
"""Subscribes to ids and pids of engines that end; returns how to unsubscribe."""
NOTICE_WITHIN = 3.0
"""Seconds that the notice of a new engine may take from the controller to the client."""


def hear(heard: Callable[[dict[str, Any]], None], future: Any) -> None:
    """Tell ``heard`` an engine's answer to a request; a kernel without our worker gives none."""
    message = future.result()
    answer = message["content"].get(FIELD)
    if answer is not None:
        heard({**answer, DATA: bytes(message["buffers"][0])} if message["buffers"] else answer)


def hear_exits(
    on_engine_exit: OnEngineExit, exited: Callable[[int, int], None], over: threading.Event
) -> None:
    """Tell ``exited`` of engines that end, until ``over`` is set."""
    try:
        unsubscribe = on_engine_exit(exited)
        over.wait()
        unsubscribe()
    except Exception:
        # The controller tells of them too, if later.
        _log.debug("No supervisor tells of engines that end", exc_info=True)


def hear_of_another(client: Any, before: set[str]) -> None:
    """Return when a client knows an engine more, which is after that one has registered.

    Args:
        client: An ipyparallel.Client.
        before: The uuids that it knew.
    """
    deadline = time.monotonic() + NOTICE_WITHIN
    while not set(uuids(client).values()) - before and time.monotonic() < deadline:
        time.sleep(0.01)


def is_loss(error: BaseException) -> bool:
    """Return whether an error says that the engine is gone."""
    from ipyparallel.error import EngineError, RemoteError

    return isinstance(error, EngineError) or (
        isinstance(error, RemoteError) and error.ename == "EngineError"
    )


def as_interrupt(answer: Any) -> Any:
    """Return an engine's answer, an interrupt of the engine as what it is."""
    from ipyparallel.error import RemoteError

    if isinstance(answer, RemoteError) and answer.ename == "KeyboardInterrupt":
        return KeyboardInterrupt(str(answer))
    return answer


def slot_of(engine: int) -> Slot:
    """Return the slot of an engine.

    Example:
        >>> slot_of(3), engine_of("engine 3")
        ('engine 3', 3)
    """
    return f"engine {engine}"


def engine_of(slot: Slot) -> int:
    """Return the engine of a slot."""
    return int(slot.removeprefix("engine "))
