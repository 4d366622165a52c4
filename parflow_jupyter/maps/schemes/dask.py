"""Workers of the dask cluster that this process is a client of; the extra ``dask`` installs it.

Batches are tasks that are bound to one worker, so that dask's dashboard shows them and the
runner balances. Requests to stop or to hand items back are run on the workers' event loops,
beside the tasks. Whatever has to wait for the cluster does so in the client's own thread.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from typing import Any

from parflow_jupyter._system.cpu_count import counted
from parflow_jupyter._system.words import words_of
from parflow_jupyter.maps.abc import (
    Capabilities,
    Plan,
    Readiness,
    Scheme,
    Sink,
    Slot,
    SlotJoined,
    SlotLeft,
    SlotRefused,
    Slots,
)
from parflow_jupyter.maps.messages import Batch
from parflow_jupyter.maps.schemes._engine_probe import KNOWN, PROBE, why_unfit
from parflow_jupyter.maps.schemes._remote import ControlRequest, Heard, RemoteSlots
from parflow_jupyter.maps.worker.control import answer
from parflow_jupyter.maps.worker.worker import WORKER

DEADLINE = 5.0
"""Seconds that the scheduler has to tell its workers."""
LOOK = 0.2
"""Seconds between two looks at which workers there are."""
_ONE_AT_A_TIME = threading.Lock()


class DaskScheme(Scheme):
    """Runs the items on the workers of a dask cluster, one at a time on each.

    A worker runs items in a thread of its own, which hears no interrupt while it sleeps or
    computes outside of Python: items can't have a timeout, and stop at their next Python step.

    Args:
        connect: Returns the ``distributed.Client``, or None; the current one by default.
    """

    name = "dask"
    kind = "remote"
    capabilities = Capabilities(captures=True, survives=True, gives_back=True)
    rank = 20
    # A dask client is there for more than maps: "auto" takes its workers only when told to.
    enabled_at_first = False

    def __init__(self, connect: Callable[[], Any] | None = None) -> None:
        self._connect = connect or current_client

    def readiness(self) -> Readiness:
        """Return the number of workers of the client's cluster."""
        client = self._connect()
        if client is None:
            return Readiness(0, _why_none())
        if client.asynchronous:
            why = "the current dask client is asynchronous: make one without asynchronous=True"
            return Readiness(0, why)
        try:
            count = len(client.nthreads(callback_timeout=DEADLINE))
        except Exception as error:
            return Readiness(0, f"the dask scheduler does not answer ({words_of(error)})")
        if not count:
            return Readiness(0, "the dask cluster has no workers")
        return Readiness(count, f"{counted(count, 'dask worker', 'dask workers')} connected")

    def open(self, plan: Plan, sink: Sink) -> Slots:
        """Begin a run on the workers that are there; more may join."""
        return _Workers(self._connect(), plan, sink)


def current_client() -> Any:
    """Return the dask client that this process uses now, or None; never loads dask.

    Example:
        >>> current_client() is None
        True
    """
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    with suppress(ValueError):
        return distributed.Client.current()
    return None


def _why_none() -> str:
    if find_spec("distributed") is None:
        return "dask.distributed is not installed: pip install 'parflow-jupyter[dask]'"
    return "there is no dask client: make one with distributed.Client()"


class _Workers(RemoteSlots):
    def __init__(self, client: Any, plan: Plan, sink: Sink) -> None:
        super().__init__(plan, sink)
        self._client = client
        self._lock = threading.Lock()
        self._there: set[str] = set()
        self._asked: set[str] = set()
        self._out: dict[int, tuple[str, Any]] = {}
        self._known = KNOWN.setdefault(client, {})
        self._open = True
        self._in_loop(self._look_after)

    def _in_loop(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._client.status != "closed":
            self._client.loop.add_callback(work)

    # --- workers that come and go -------------------------------------------------

    async def _look_after(self) -> None:
        from asyncio import sleep

        while self._open and self._client.status != "closed":
            with suppress(OSError, TimeoutError):
                self._found(set(await self._client.nthreads()))
            await sleep(LOOK)

    def poll(self) -> None:
        if self._client.status == "closed" and self._open:
            self._open = False
            why = "the dask client was closed"
            self._sink(SlotRefused("dask", why))
            for address in list(self._there):
                self._left(address, why, replaceable=False)

    def _found(self, now: set[str]) -> None:
        for address in self._there - now:
            self._left(address, f"{_slot(address)} died")
        for address in now - self._there:
            self._there.add(address)
            self._asked.add(address)
            self._in_loop(partial(self._probe, address))

    def _forget(self, address: str | None = None) -> None:
        # dask would keep the batches of a worker that is gone for one of the same address.
        out = [
            (number, future)
            for number, (where, future) in list(self._out.items())
            if address in (None, where)
        ]
        for number, _ in out:
            self._out.pop(number, None)
        if out:
            self._in_loop(partial(self._cancel, [future for _, future in out]))

    async def _cancel(self, futures: list[Any]) -> None:
        with suppress(Exception):
            await self._client.cancel(futures, force=True)

    def _left(self, address: str, why: str, replaceable: bool = True) -> None:
        with self._lock:
            known = address in self._there
            self._there.discard(address)
        if known:
            self._asked.discard(address)
            self._known.pop(address.encode(), None)
            self._packer.forget(_slot(address))
            self._forget(address)
            self._sink(SlotLeft(_slot(address), why, replaceable))

    async def _probe(self, address: str) -> None:
        slot, (function, arguments) = _slot(address), PROBE
        try:
            about = self._known.get(address.encode())
            if about is None:
                told = await self._client.run(function, *arguments, workers=[address])
                about = self._known[address.encode()] = told[address]
            why = _unfit(about)
        except Exception as error:
            about, why = {}, f"does not answer: {words_of(error)}"
        self._asked.discard(address)
        self._sink(SlotRefused(slot, f"{slot} {why}") if why else SlotJoined(slot, about))

    def awaited(self) -> bool:
        return bool(self._asked)

    def replace(self, slot: Slot) -> bool:
        # Nannies and adaptive clusters start workers again by themselves.
        return bool(self._client.status != "closed")

    # --- batches -------------------------------------------------------------------

    def submit(self, slot: Slot, batch: Batch) -> None:
        import dask

        blob, size = self._packer.pack(slot, batch)
        key = f"parflow-batch-{self._plan.run}-{batch.id}"
        # A batch is as large as it is on purpose: dask need not tell.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            future = self._client.submit(
                run_batch, blob, key=key, workers=[_address(slot)], pure=False
            )
        self._packer.sent(slot)
        self._out[batch.id] = _address(slot), future
        self._in_loop(partial(self._hear, slot, batch.id, size, future))

    async def _hear(self, slot: Slot, batch: int, size: int, future: Any) -> None:
        try:
            packed = await self._client.gather(future, asynchronous=True)
        except BaseException as error:
            if _is_loss(error):
                self._left(_address(slot), f"{slot} died")
                return
            packed = error
        self._out.pop(batch, None)
        self._sink(self._packer.answered(slot, batch, packed, size))

    # --- control requests --------------------------------------------------------------------

    def _request(self, slot: Slot, request: ControlRequest, heard: Heard) -> None:
        async def ask() -> None:
            address = _address(slot)
            # A worker that is gone is noticed by whoever looks after them.
            with suppress(Exception):
                heard((await self._client.run(answer, request, workers=[address]))[address])

        self._in_loop(ask)

    def close(self) -> None:
        self._open = False
        for address in list(self._there):
            self._forget_shares(_slot(address))
        self._forget()
        self._packer.close()


def run_batch(blob: bytes) -> bytes:
    """Run a packed batch on a worker; others of the same process wait for their turn."""
    with _ONE_AT_A_TIME:
        return WORKER.run_batch(blob)


def _unfit(about: dict[str, Any]) -> str | None:
    if about.get("pid") == os.getpid():
        return "is a thread of this process: start the dask cluster with processes=True"
    return why_unfit(about)


def _is_loss(error: BaseException) -> bool:
    from asyncio import CancelledError

    from distributed import KilledWorker

    return isinstance(error, (KilledWorker, CancelledError)) or "Cancelled" in type(error).__name__


def _slot(address: str) -> Slot:
    return f"dask {address}"


def _address(slot: Slot) -> str:
    return slot.removeprefix("dask ")


SCHEME = DaskScheme
