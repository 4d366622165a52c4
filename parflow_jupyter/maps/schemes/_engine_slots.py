"""The engines of a cluster as the slots of one run, each with a queue of its own.

Batches are addressed to one engine, not to the load-balanced view: a killed
engine is then seen in about one second instead of six, and the runner
balances anyway. Control requests to stop or to hand items back go by the control
channel, which engines serve also while an item runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from parflow_jupyter._system.ipyparallel_private import apply, is_closed, order, uuids
from parflow_jupyter.errors import SchemeUnavailableError
from parflow_jupyter.maps.abc import Plan, Sink, Slot, SlotJoined, SlotLeft, SlotRefused
from parflow_jupyter.maps.messages import Batch
from parflow_jupyter.maps.schemes._controller_check import ControllerCheck
from parflow_jupyter.maps.schemes._engine_probe import KNOWN, PROBE, ProbeTimes, why_unfit
from parflow_jupyter.maps.schemes._engine_replies import (
    as_interrupt,
    engine_of,
    hear,
    hear_of_another,
    is_loss,
    slot_of,
)
from parflow_jupyter.maps.schemes._remote import ControlRequest, Heard, RemoteSlots
from parflow_jupyter.maps.schemes._unresponsive import UNRESPONSIVE, Unresponsive
from parflow_jupyter.maps.worker.control import FIELD
from parflow_jupyter.maps.worker.worker import RunBatch

Connect = Callable[[], Any]
Replace = Callable[[int, int | None], None]


def offered(ids: Iterable[int], only: int | None) -> set[int]:
    """Return the engines that may be used.

    Example:
        >>> offered([0, 1], None), offered([0, 1], only=1)
        ({0, 1}, {1})
    """
    return {engine for engine in ids if only is None or engine == only}


class EngineSlots(RemoteSlots):
    """The engines of one run.

    Args:
        connect: Returns the connected ipyparallel.Client.
        plan: What is the same for all batches.
        sink: Takes the events of the slots.
        replace: Starts a new engine for an id and pid, or raises; None where nothing can.
        only: The one engine that may be used; all of them if None.
    """

    def __init__(
        self,
        connect: Connect,
        plan: Plan,
        sink: Sink,
        replace: Replace | None,
        only: int | None = None,
    ) -> None:
        super().__init__(plan, sink)
        self._connect = connect
        client = self._client = connect()
        if client is None:
            raise SchemeUnavailableError(
                "The cluster ended before the map began. Start engines and run the map again."
            )
        self._only = only
        self._replace = replace
        self._killed: set[Slot] = set()
        self._uuids: dict[int, bytes] = {}
        self._gone: set[bytes] = set()
        self._left: dict[Slot, tuple[bytes, int | None]] = {}
        self._known = KNOWN.setdefault(client, {})
        self._unresponsive = UNRESPONSIVE.setdefault(client, {})
        self._left_out: set[str] = set()
        self._asked: dict[int, ProbeTimes] = {}
        self._lock = threading.Lock()
        self._following = threading.Lock()
        self._controller = ControllerCheck(self._follow)
        self.over = threading.Event()

    # --- engines that come and go ---------------------------------------------

    def poll(self) -> None:
        now = offered(self._client.ids, self._only) if not is_closed(self._client) else set()
        for engine in now - set(self._uuids):
            self._probe(engine)
        for engine in set(self._uuids) - now:
            self.engine_exited(engine)
        for engine, asked in list(self._asked.items()):
            if asked.due():
                self._ask(engine, self._uuids.get(engine))

    def engine_exited(self, engine: int, pid: int | None = None) -> None:
        """Tell that an engine is gone, once.

        Args:
            engine: Its number.
            pid: Its process, where that is known: another controller counts from 0 again.
        """
        with self._lock:
            uuid = self._uuids.get(engine)
            if uuid is None or (pid is not None and self._pid(uuid) != pid):
                return
            del self._uuids[engine]
            self._gone.add(uuid)
            if self._pid(uuid) is not None:
                self._left[slot_of(engine)] = uuid, self._pid(uuid)
        self._packer.forget(slot_of(engine))
        self._asked.pop(engine, None)
        self._sink(SlotLeft(slot_of(engine), f"engine {engine} died"))

    def _pid(self, uuid: bytes) -> int | None:
        found: int | None = self._known.get(uuid, {}).get("pid")
        return found

    def awaited(self) -> bool:
        return bool(self._asked) or any(
            unresponsive.replacing for unresponsive in list(self._unresponsive.values())
        )

    def why_silent(self) -> str | None:
        return self._controller.why(self._client)

    def replace(self, slot: Slot) -> bool:
        if slot in self._killed:
            self._left.pop(slot, None)
            return True
        if self._replace is None:
            return False
        here = self._uuids.get(engine_of(slot), b"")
        uuid, pid = self._left.pop(slot, (here, self._pid(here)))
        work = partial(self._try_replace, self._replace, slot, uuid, pid)
        threading.Thread(target=work, name=f"replace {slot}", daemon=True).start()
        return True

    def kill(self, slot: Slot) -> bool:
        uuid = self._uuids.get(engine_of(slot))
        if uuid is not None and uuid not in self._unresponsive:
            self._unresponsive[uuid] = Unresponsive(
                self._plan.run, replacing=self._replace is not None
            )
        if slot in self._killed or not self.replace(slot):
            return False
        self._killed.add(slot)
        return True

    def _try_replace(self, replace: Replace, slot: Slot, uuid: bytes, pid: int | None) -> None:
        before = set(uuids(self._client).values())
        try:
            replace(engine_of(slot), pid)
            self._follow()
            hear_of_another(self._client, before)
        except Exception as error:
            self._sink(SlotRefused(slot, f"{slot} can't be replaced: {error}"))
            if uuid in self._unresponsive:
                self._unresponsive[uuid].replacing = False
        else:
            self._unresponsive.pop(uuid, None)

    def _follow(self) -> None:
        """Go over to a new controller, where the engine came with one in a dead one's place."""
        with self._following:
            fresh = self._connect()
            if fresh is None or fresh is self._client:
                return
            for engine in list(self._uuids):
                self.engine_exited(engine)
            with self._lock:
                self._client, self._known = fresh, KNOWN.setdefault(fresh, {})
                self._unresponsive = UNRESPONSIVE.setdefault(fresh, {})
                self._uuids.clear()
                self._asked.clear()
                self._killed.clear()

    def _probe(self, engine: int) -> None:
        name = uuids(self._client).get(engine)
        uuid = name.encode() if name else b""
        if not uuid or uuid in self._gone or self._is_deaf(engine, uuid):
            return
        self._uuids[engine] = uuid
        about = self._known.get(uuid)
        if about is not None:
            self._sink(SlotJoined(slot_of(engine), about))
            return
        self._asked[engine] = ProbeTimes()
        self._ask(engine, uuid)

    def _ask(self, engine: int, uuid: bytes | None) -> None:
        if uuid is None:
            return
        future = apply(self._client, uuid, *PROBE)
        future.add_done_callback(partial(self._probed, engine))

    def _is_deaf(self, engine: int, uuid: bytes) -> bool:
        unresponsive = self._unresponsive.get(uuid)
        if unresponsive is None:
            return False
        if unresponsive.due():
            self._request_at(
                uuid, {"do": "status"}, partial(self._is_it_over, uuid, unresponsive.run)
            )
        why = unresponsive.why(slot_of(engine))
        if why not in self._left_out:
            self._left_out.add(why)
            self._sink(SlotRefused(slot_of(engine), why))
        return True

    def _is_it_over(self, uuid: bytes, run: str, status: dict[str, Any]) -> None:
        if status["run"] != run:
            self._unresponsive.pop(uuid, None)

    def _probed(self, engine: int, future: Any) -> None:
        about = future.result()
        if self._asked.pop(engine, None) is None:
            # It was asked more than once, or has ended.
            return
        slot = slot_of(engine)
        if isinstance(about, BaseException):
            if is_loss(about):
                self.engine_exited(engine)
            else:
                self._sink(SlotRefused(slot, f"{slot} does not answer: {about}"))
            return
        why = why_unfit(about)
        if why:
            self._sink(SlotRefused(slot, f"{slot} {why}"))
        else:
            self._known[self._uuids.get(engine, b"")] = about
            self._sink(SlotJoined(slot, about))

    # --- batches -----------------------------------------------------------------

    def submit(self, slot: Slot, batch: Batch) -> None:
        blob, size = self._packer.pack(slot, batch)
        uuid = self._uuids.get(engine_of(slot))
        if uuid is None:
            return
        future = apply(self._client, uuid, RunBatch(), [blob])
        if self._client.history[-1:] == [future.msg_id]:
            # Nobody asks for it again, and the client would keep it for good.
            self._client.history.pop()
        self._packer.sent(slot)
        future.add_done_callback(partial(self._answered, slot, batch.id, size))

    def _answered(self, slot: Slot, batch: int, size: int, future: Any) -> None:
        answer = future.result()
        if isinstance(answer, BaseException) and is_loss(answer):
            self.engine_exited(engine_of(slot))
        else:
            self._sink(self._packer.answered(slot, batch, as_interrupt(answer), size))

    # --- control requests ------------------------------------------------------------------

    def _request(self, slot: Slot, request: ControlRequest, heard: Heard) -> None:
        uuid = self._uuids.get(engine_of(slot))
        if uuid is not None:
            self._request_at(uuid, request, heard)

    def _request_at(self, uuid: bytes, request: ControlRequest, heard: Heard) -> None:
        if is_closed(self._client):
            return
        future = order(self._client, uuid, "interrupt_request", {FIELD: request})
        future.add_done_callback(partial(hear, heard))

    def close(self) -> None:
        self.over.set()
        for engine in list(self._uuids):
            self._forget_shares(slot_of(engine))
        self._packer.close()
