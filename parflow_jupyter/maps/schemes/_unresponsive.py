"""Engines with an item that no interrupt ends: the next maps leave them out until it is over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

ASK_EVERY = 1.0
"""Seconds between two looks whether an item is over."""


@dataclass
class Unresponsive:
    """An engine with such an item.

    Args:
        run: The run of the item.
        replacing: Whether a new engine is on its way.
        asked: When it was looked at last.
    """

    run: str
    replacing: bool = True
    asked: float = 0.0

    def due(self) -> bool:
        """Return whether it is time for another look, and count it as taken."""
        now = time.monotonic()
        if now - self.asked < ASK_EVERY:
            return False
        self.asked = now
        return True

    def why(self, slot: str) -> str:
        """Return why the engine is left out.

        Example:
            >>> Unresponsive("r", replacing=False).why("engine 0")[:40]
            'engine 0 is left out: an item of an earl'
        """
        if self.replacing:
            return f"{slot} is being replaced: an item of an earlier map could not be interrupted"
        return (
            f"{slot} is left out: an item of an earlier map still runs there, and ignores "
            f"interrupts; end that engine, or wait"
        )


UNRESPONSIVE: WeakKeyDictionary[Any, dict[bytes, Unresponsive]] = WeakKeyDictionary()
"""Such engines by client and identity, from run to run."""


def replacing(client: Any) -> int:
    """Return how many engines of a client are being replaced because of such an item."""
    return sum(
        unresponsive.replacing for unresponsive in list(UNRESPONSIVE.get(client, {}).values())
    )
