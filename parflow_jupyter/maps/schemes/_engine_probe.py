"""The first thing an engine is asked: whether and how it can take part in maps."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any
from weakref import WeakKeyDictionary

from parflow_jupyter.maps.worker.worker import PROTOCOL

# Sent as text: code objects of another Python version would crash the engine.
_SOURCE = """
import sys
try:
    from parflow_jupyter._system import engine_side
    # The question is no task: a message that reports how many it did counts none itself.
    engine_side.count_tasks(0)
    from parflow_jupyter.maps.worker import control
    answer = control.install()
except Exception as error:
    answer = {"python": list(sys.version_info[:3]), "error": f"{type(error).__name__}: {error}"}
"""
_EXPRESSION = "(ns := {'__name__': 'parflow_probe'}, exec(source, ns), ns['answer'])[2]"

ASK_AFTER = 2.0
"""Seconds after which an engine that did not answer is asked again."""
TIMES = 4

PROBE = (eval, [_EXPRESSION, {"source": _SOURCE}])
"""What an engine is sent, and with which arguments; its answer goes to ``why_unfit``."""


class ProbeTimes:
    """When an engine was asked; what is sent to one that has just registered may be lost.

    The controller drops what is for an engine whose connection it does not know yet.
    """

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._times = 1

    def due(self) -> bool:
        """Return whether it is time to ask once more, and count it as done; a few times only."""
        now = time.monotonic()
        if self._times >= TIMES or now - self._last < ASK_AFTER * self._times:
            return False
        self._last, self._times = now, self._times + 1
        return True


def why_unfit(about: dict[str, Any]) -> str | None:
    """Return why an engine can't take part in a map, or None.

    Args:
        about: The engine's answer to the probe.

    Example:
        >>> why_unfit({"python": [2, 7, 18], "protocol": PROTOCOL, "control": True})[:24]
        'runs Python 2.7 and this'
    """
    theirs, ours = tuple(about["python"][:2]), sys.version_info[:2]
    if theirs != ours:
        return (
            f"runs Python {theirs[0]}.{theirs[1]} and this process {ours[0]}.{ours[1]}: "
            f"start engines with this Python"
        )
    if "error" in about:
        return f"lacks parflow_jupyter ({about['error']}): install it there"
    if about["protocol"] != PROTOCOL:
        return "has another version of parflow_jupyter: install the same one there"
    return None


_canning = threading.Lock()
KNOWN: WeakKeyDictionary[Any, dict[bytes, dict[str, Any]]] = WeakKeyDictionary()
"""Engines that answered the probe, by client: an engine's answer never changes."""


def prepare_canning() -> None:
    # ipyparallel completes its table of types on first use, which two maps must not do at once.
    from ipyparallel.serialize.canning import can

    with _canning:
        can(b"")
