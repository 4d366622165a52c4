"""Looks now and then at what nobody tells the server by itself.

Kernels write their runs into the history and may change the current profile,
which they share with the server; neither reaches the server as an event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from parflow_jupyter.server.bridge import Bridge, run_facts
from parflow_jupyter.server.service import Service

if TYPE_CHECKING:
    from parflow_jupyter.clusters import Clusters

PERIOD = 1.0
RUNS = 20


class Poller:
    """Tells the bridge of runs that changed, and listens to the current cluster.

    Args:
        service: Where to ask.
        bridge: Whom to tell.
        report: Called with a text when looking starts to fail.
    """

    def __init__(self, service: Service, bridge: Bridge, report: Callable[[str], None]) -> None:
        self._service = service
        self._bridge = bridge
        self._report = report
        self._followed: tuple[str, str] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._told: dict[str, Any] | None = None

    async def forever(self) -> None:
        """Look once a period until cancelled; a failure is reported once, then retried."""
        failing = ""
        while True:
            try:
                await self.look()
                failing = ""
            except Exception as error:
                if failing != str(error):
                    failing = str(error)
                    self._report(f"parflow_jupyter can't look after its clusters: {error}")
            await asyncio.sleep(PERIOD)

    async def look(self) -> None:
        """Follow the current cluster, and tell of the runs that changed since the last look."""
        await self._service.ask(self._follow)
        rows = await self._service.call(lambda: self._service.history.runs(RUNS))
        facts = run_facts(self._told or {}, rows)
        if self._told is not None:
            for fact in facts:
                self._bridge.hand_over(fact)
        self._told = {**(self._told or {}), **{fact.data["run"]: fact.data for fact in facts}}

    def _follow(self, clusters: Clusters) -> None:
        current = clusters.current()
        if current == self._followed:
            return
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._unsubscribe = clusters.subscribe(self._bridge.listen, *current)
        self._followed = current
