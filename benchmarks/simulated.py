"""A supervisor whose cluster is made up: many engines on other hosts that change once a second.

Run by following.py: python benchmarks/simulated.py PROFILE_DIR ENGINES

Everything from the information on the cluster upwards is the real code: its socket, the answers,
the events. Made up is the controller's link, and with it the engines.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from parflow_jupyter.clusters.supervisor import server
from parflow_jupyter.clusters.supervisor.state import Cluster

ENGINES_PER_HOST = 64
BUSY = 0.9
"""Part of the engines that are busy at any time; every second one in ten changes."""


class MadeUpLink:
    """Answers as ControllerLink does for a controller with n engines."""

    def __init__(self, n: int) -> None:
        self.connection = {"interface": "tcp://10.0.0.1", "curve_serverkey": "-", "location": "h"}
        self.engines = {f"engine-{number}": number for number in range(n)}
        self.is_shut_down = False
        self.seconds = 0

    async def queues(self, timeout: float) -> dict[int, int]:
        """Return who is busy this second."""
        idle = {(number * 10 + self.seconds) % 10 for number in (0,)}
        return {number: int(number % 10 not in idle) for number in self.engines.values()}

    async def refresh(self, timeout: float) -> None:
        """The engines are always the same ones."""

    async def execute(self, engine_uuid: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Say who an engine is, as it would itself."""
        number = self.engines[engine_uuid]
        host = f"node{number // ENGINES_PER_HOST:03}.cluster.example.org"
        said = json.dumps([10_000 + number, host, "Linux", "3.11", "", "", version("ipyparallel")])
        return {"user_expressions": {"who": {"data": {"text/plain": repr(said)}}}}

    def tell_change(self) -> None:
        """Those who know an engine's identity need not be told again."""

    def close(self) -> None:
        """Nothing is open."""


async def simulate(profile_dir: Path, n: int) -> None:
    """Serve a made-up cluster until killed."""
    cluster = Cluster(profile_dir, "")
    link: Any = MadeUpLink(n)
    cluster.link, cluster.is_connected = link, True
    cluster.changed()
    async with asyncio.timeout(60):
        while len(cluster.identities.known) < n:
            await asyncio.sleep(0.01)
    await server.serve(cluster)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        await asyncio.sleep(1)
        link.seconds += 1
        cluster.changed()


if __name__ == "__main__":
    asyncio.run(simulate(Path(sys.argv[1]), int(sys.argv[2])))
