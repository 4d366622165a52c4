"""Connecting to a controller, where several look for it at once."""

import asyncio

from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.clusters.supervisor.control.controllers import connect_controller
from parflow_jupyter.clusters.supervisor.reporting import refresh
from parflow_jupyter.clusters.supervisor.state import Cluster


def at_an_observer(body):
    """Run a coroutine on what another supervisor would know of the cluster."""

    async def run():
        cluster = Cluster(locate_profile("default"), "")
        try:
            await body(cluster)
        finally:
            cluster.drop_link(cluster.link)

    asyncio.run(run())


def test_two_who_look_at_once_share_one_link(clusters):
    clusters.start_engines(1)

    async def look(cluster):
        found = await asyncio.gather(*(connect_controller(cluster) for _ in range(8)))
        assert found == [True] * 8
        assert cluster.is_connected
        assert len(cluster.link.engines) == 1

    at_an_observer(look)


def test_a_status_does_not_wait_for_a_controller_that_is_gone(clusters):
    clusters.start_engines(1)

    async def look(cluster):
        assert await connect_controller(cluster)
        await asyncio.to_thread(clusters.shutdown)
        await refresh(cluster)
        assert cluster.link is None
        assert not cluster.is_connected

    at_an_observer(look)
