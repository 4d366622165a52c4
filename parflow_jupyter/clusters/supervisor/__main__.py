"""``python -m parflow_jupyter.clusters.supervisor PROFILE_DIR CLUSTER_ID``: one supervisor.

Whoever asks first starts it. It is crash-only: what it knows can be rebuilt from
its record and the processes found alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from functools import partial
from pathlib import Path

from parflow_jupyter._system.private_json import remove_file
from parflow_jupyter._system.runtime_dir import cluster_key, file_lock, runtime_dir
from parflow_jupyter.clusters.files.owners import list_owners


def main(arguments: list[str]) -> None:
    """Leave the asker (so that it needs not wait for us), then supervise."""
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    profile_dir, cluster_id = Path(arguments[0]), arguments[1]
    lock = runtime_dir() / f"{cluster_key(profile_dir, cluster_id)}.supervisor.lock"
    code = 1
    try:
        with file_lock(lock, timeout=10):
            asyncio.run(_supervise(profile_dir, cluster_id))
        code = 0
    finally:
        if code:
            import traceback

            traceback.print_exc()
        sys.stderr.flush()
        # Not sys.exit: nothing that was imported may keep the process waiting.
        os._exit(code)


async def _supervise(profile_dir: Path, cluster_id: str) -> None:
    from parflow_jupyter.clusters.supervisor import ownership, recovery, server
    from parflow_jupyter.clusters.supervisor.control import restarting
    from parflow_jupyter.clusters.supervisor.state import Cluster

    cluster = Cluster(profile_dir, cluster_id)
    cluster.engine_ended = partial(restarting.engine_ended, cluster)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, cluster.quit.set)
    await recovery.rebuild(cluster)
    listening = await server.serve(cluster)
    # Leftovers of owners that crashed while no supervisor looked.
    list_owners()
    house = asyncio.gather(ownership.keep_house(cluster), server.keep_reachable(cluster, listening))
    cluster.save()
    await cluster.quit.wait()
    house.cancel()
    listening.close()
    remove_file(cluster.socket_path)
    if cluster.living():
        # Asked to end (SIGTERM) with processes alive: the next supervisor takes them over.
        cluster.save()
    else:
        cluster.forget_record()
    for launcher in cluster.launchers.values():
        launcher.close()
    with contextlib.suppress(Exception):
        if cluster.link is not None:
            cluster.link.close()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
