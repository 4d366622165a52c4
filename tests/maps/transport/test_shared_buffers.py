"""Large batches and answers in shared buffers: exact, and gone with the run, whatever happens."""

import os
import pickle
import signal
import threading
import time
from dataclasses import replace

import pytest
from map_helpers import mapped

from parflow_jupyter.errors import CannotShipError
from parflow_jupyter.maps.abc import Plan
from parflow_jupyter.maps.messages import Batch
from parflow_jupyter.maps.schemes import load, names
from parflow_jupyter.maps.schemes._codec import Codec
from parflow_jupyter.maps.transport import shared_buffers, shared_memory
from parflow_jupyter.maps.transport.shared_buffers import (
    LARGE,
    InSharedBuffer,
    SharedBuffers,
    answered,
    weight,
)
from parflow_jupyter.maps.worker.worker import Worker

ITEMS = [bytes([k % 251]) * 50_000 for k in range(300)]


@pytest.fixture(params=[name for name in names() if not load(name).capabilities.in_caller])
def elsewhere(request, make_scheme):
    return make_scheme(request.param)


@pytest.fixture
def put(monkeypatch):
    """Sizes of what the client put in shared buffers or read from there."""
    sizes = []
    loaded = shared_buffers._loaded
    monkeypatch.setattr(shared_buffers, "_loaded", lambda at, n: sizes.append(n) or loaded(at, n))
    return sizes


def turned(data):
    return data[::-1] + b"!"


def descriptors():
    return {os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")}


def test_large_items_come_and_go_by_shared_buffers(elsewhere, put):
    """Where slots are other processes of this host; and no memory is left when the run is over."""
    assert mapped(elsewhere, turned, ITEMS) == [turned(item) for item in ITEMS]
    assert bool(put) == elsewhere.ships
    assert not [name for name in descriptors() if "parflow-buffer" in name]


def test_a_slot_that_dies_takes_no_buffer_with_it(tmp_path, put):
    """Its batch runs elsewhere, in a shared buffer that nobody else knows."""
    died = tmp_path / "died"

    def once(data):
        if data[0] == 200 and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return turned(data)

    assert mapped(load("processes")(2), once, ITEMS) == [turned(item) for item in ITEMS]
    assert put


def test_what_is_collected_early_leaves_the_buffer_alone(put):
    """The batch is still running there, and answers on it."""

    def slow_at_the_end(data):
        if data[0] == 250:
            time.sleep(1.5)
        return turned(data)

    items = ITEMS[:251]
    result = mapped(load("processes")(1), slow_at_the_end, items, batch=125)
    assert result == [turned(item) for item in items]
    assert put


@pytest.mark.parametrize("name", ["no memory", "full memory"])
def test_without_shared_buffers_all_is_sent(name, monkeypatch, put):
    """As on systems that have no such memory, and where it is used up."""

    def fails(*_, **__):
        raise OSError(name)

    target = (
        (shared_memory.SharedMemory, "__init__")
        if name == "no memory"
        else (shared_buffers, "write")
    )
    monkeypatch.setattr(*target, fails)
    scheme = load("processes")(2)
    assert mapped(scheme, turned, ITEMS) == [turned(item) for item in ITEMS]


def test_a_slot_that_cannot_reach_a_buffer_says_so():
    """It is sent the batch then."""
    own = SharedBuffers()
    lent = own.lend(5)
    assert isinstance(pickle.loads(own.put(5, bytes(LARGE))), InSharedBuffer)
    other = replace(lent, address=replace(lent.address, inode=1), size=LARGE)
    batch_result = pickle.loads(Worker().run_batch(pickle.dumps(other)))
    assert (batch_result.batch, batch_result.state) == (5, "need-shared")
    # Its answer is sent, too.
    packed = pickle.dumps(bytes(LARGE))
    assert answered(packed, other) == packed
    own.close()


def test_a_buffer_that_was_not_answered_is_not_lent_again():
    """Its slot may only be late, and still write there."""
    own = SharedBuffers()
    first, second = own.lend(1), own.lend(2)
    own.give_back(1)
    own.give_back(99)
    assert own.lend(3).address == first.address
    assert own.lend(4).address not in (first.address, second.address)
    own.close()


def test_small_things_are_sent():
    """A shared buffer costs more than a copy of them."""
    own = SharedBuffers()
    lent = own.lend(1)
    assert own.put(1, b"small") == b"small"
    assert answered(b"small", lent) == b"small"
    assert own.put(2, bytes(LARGE)) == bytes(LARGE)
    assert weight(b"InSharedBuffer, says a text") == 27
    own.close()


class Unloadable:
    """What can be pickled here and nowhere be loaded."""

    def __reduce__(self):
        return int, ("no number",)


@pytest.fixture
def packer(monkeypatch):
    """One that gives every batch a shared buffer."""
    found = Codec(Plan("run", turned))
    monkeypatch.setattr(found, "_wants_buffer", lambda slot: True)
    yield found
    found.close()


def test_what_cannot_be_sent_takes_no_buffer(packer):
    """However many such items there are."""
    with pytest.raises(CannotShipError):
        packer.pack("slot", Batch("run", 1, range(1), [[threading.Lock()]]))
    assert (len(packer._buffers._lent), len(packer._buffers._free)) == (0, 1)


@pytest.mark.parametrize("answer", [pickle.dumps(Unloadable()), ValueError("no number")])
def test_an_answer_that_is_none_takes_no_buffer(packer, answer):
    """A shared buffer is free when its slot has answered, and gone when nobody knows."""
    packer.pack("slot", Batch("run", 1, range(1), [[b"x"]]))
    with pytest.raises(ValueError, match="no number"):
        packer.answered("slot", 1, answer, 0).unpack()
    assert len(packer._buffers._lent) == 0
    assert len(packer._buffers._free) == isinstance(answer, bytes)


def test_a_huge_buffer_is_not_kept(monkeypatch):
    """Its memory would be missing until the run is over."""
    monkeypatch.setattr(shared_buffers, "KEPT", 2 * LARGE)
    own = SharedBuffers()
    for size, kept in ((LARGE, 1), (3 * LARGE, 0)):
        own.lend(1)
        own.put(1, bytes(size))
        own.give_back(1)
        assert len(own._free) == kept
    own.close()


def test_an_error_of_a_process_is_an_error_of_the_item(monkeypatch):
    """Also where it is none of the item's own: nobody waits for ever."""
    result = mapped(load("processes")(1), lambda x: Unloadable(), range(3), on_error="collect")
    assert [failure.index for failure in result.errors] == [0, 1, 2]
