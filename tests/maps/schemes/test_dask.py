"""What is particular to dask's workers; the contract of all schemes is in test_schemes.py."""

import asyncio
import logging
import os
import signal
import threading
import time

import pytest
from map_helpers import mapped
from process_helpers import wait_until
from scripted import Scripted

from parflow_jupyter.errors import EngineLostError, SchemeUnavailableError
from parflow_jupyter.maps.scheduler import loop as runner_module
from parflow_jupyter.maps.schemes import load

distributed = pytest.importorskip("distributed", reason="the extra 'dask' is missing")
logging.getLogger("distributed").setLevel(logging.CRITICAL)


def pids(scheme):
    return sorted(set(mapped(scheme, lambda _: time.sleep(0.05) or os.getpid(), range(8), batch=1)))


def two_workers_are_there(workers):
    assert wait_until(lambda: len(workers.client.nthreads()) == 2)


def test_a_killed_worker_loses_and_doubles_nothing(dask_workers, tmp_path):
    """kill -9 mid-map: its item runs again, and the worker that dask starts instead gets some."""
    two_workers_are_there(dask_workers)
    script = Scripted(tmp_path, seconds=0.05)
    scheme = dask_workers.scheme()
    first, _ = pids(scheme)
    result = mapped(scheme, script, range(60), block=False, batch=1)
    assert wait_until(lambda: result.progress[0] >= 6)
    os.kill(first, signal.SIGKILL)
    assert result.wait(30)
    assert result == list(range(60))
    again = [item for item, count in script.runs().items() if count > 1]
    # Those that were running, or done there and not yet fetched.
    assert len(again) <= 2


def test_an_item_that_ends_its_worker_is_reported(dask_workers, tmp_path):
    """After its retries, with the others done."""
    two_workers_are_there(dask_workers)
    script = Scripted(tmp_path, kills={3: 99})
    result = mapped(dask_workers.scheme(), script, range(8), on_error="collect", batch=1)
    assert [failure.index for failure in result.errors] == [3]
    assert isinstance(result.errors[0].exception, EngineLostError)
    assert script.runs()[3] >= 4


def test_workers_of_several_threads_run_one_item_at_a_time():
    """An undecorated function supports no threads; workers of this process are refused."""
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=3, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        # The client that was made last is the current one.
        scheme = load("dask")()
        assert scheme.readiness().slots == 1
        assert "1 dask worker connected" in scheme.readiness().why
        background = mapped(scheme, _most_at_once, range(10), block=False, batch=1)
        other = mapped(scheme, _most_at_once, range(10), block=False, batch=1)
        assert background.wait(20)
        assert other.wait(20)
        assert set(background) | set(other) == {1}
    assert client.status == "closed"
    assert "there is no dask client" in scheme.readiness().why


def _most_at_once(_):
    import sys

    inside = sys.modules.setdefault("test_dask_inside", threading.Semaphore(0))
    inside.release()
    time.sleep(0.01)
    count = inside._value
    inside.acquire()
    return count


def test_workers_of_this_process_are_refused():
    """They would take the notebook's own output and generators; the reason says what to do."""
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        scheme = load("dask")(lambda: client)
        with pytest.raises(EngineLostError, match="processes=True"):
            mapped(scheme, abs, [1])


def test_a_client_of_an_event_loop_is_refused(dask_workers):
    """A map would wait for the loop that waits for the map."""

    async def main():
        address = dask_workers.cluster.scheduler_address
        async with distributed.Client(address, asynchronous=True, set_as_default=False) as client:
            return load("dask")(lambda: client).readiness()

    ready = asyncio.run(main())
    assert ready.slots == 0
    assert "asynchronous=True" in ready.why


def test_a_timeout_is_refused(dask_workers):
    """Its workers run items in threads that hear no interrupt."""
    with pytest.raises(SchemeUnavailableError, match="can't do timeout"):
        mapped(dask_workers.scheme(), abs, [1], scheme="dask", timeout=3.0)


def test_a_client_that_is_closed_mid_map_ends_it(monkeypatch):
    """With what was done, and no hang."""
    monkeypatch.setattr(runner_module, "NO_SLOT", 1.0)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        client = distributed.Client(cluster)
        scheme = load("dask")(lambda: client)
        result = mapped(
            scheme, lambda x: time.sleep(0.05) or x, range(400), block=False, on_error="skip"
        )
        assert wait_until(lambda: result.progress[0] >= 3)
        client.close()
        assert result.wait(15)
        assert list(result) == list(range(len(result)))
        assert len(result) >= 3
        assert "was closed" in str(result.errors[-1].exception)
