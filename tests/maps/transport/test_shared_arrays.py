"""Large arrays: once per host, read-only, and gone when their run or their client is."""

import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy
import pandas
import pytest
from map_helpers import mapped
from process_helpers import wait_until

from parflow_jupyter.maps import MapOptions
from parflow_jupyter.maps.abc import Plan
from parflow_jupyter.maps.lazy import run_imap
from parflow_jupyter.maps.messages import Batch, SharedPlaces
from parflow_jupyter.maps.schemes import _codec as codec
from parflow_jupyter.maps.schemes import load, names
from parflow_jupyter.maps.schemes._codec import Codec
from parflow_jupyter.maps.transport import shared_memory
from parflow_jupyter.maps.transport.shared_arrays import SharedArrays
from parflow_jupyter.maps.transport.shared_arrays import load as load_pickled
from parflow_jupyter.maps.worker.array_cache import ArrayCache
from parflow_jupyter.maps.worker.worker import Worker

MANY = 400_000
SHIPPING = [name for name in names() if load(name).ships]


@pytest.fixture(params=SHIPPING)
def scheme(request, make_scheme):
    return make_scheme(request.param, 2)


def shares_of(pid):
    """How many shared arrays a process has mapped."""
    return Path(f"/proc/{pid}/maps").read_text().count("memfd:parflow-shared")


@pytest.fixture
def sent(monkeypatch):
    """Sizes of the batches that were packed."""
    sizes = []
    pack = codec.Codec.pack

    def counted(self, slot, batch):
        packed = pack(self, slot, batch)
        sizes.append(packed[1])
        return packed

    monkeypatch.setattr(codec.Codec, "pack", counted)
    return sizes


def about(array, x):
    return os.getpid(), float(array[x]), array.flags.writeable, shares_of("self")


def first_and_shares(array):
    gc.collect()  # the tracebacks of an earlier run may hold its arrays a little longer
    return float(array[0]), shares_of("self")


# --- what is shared --------------------------------------------------------------------------


def test_an_array_of_the_function_is_mapped_by_all(scheme, sent):
    """Global, closure, attribute or partial: it is in no message, and can't be written to."""
    array = numpy.arange(MANY, dtype=float)
    result = mapped(scheme, lambda x: about(array, x), range(20), batch=1)
    assert [value for _, value, _, _ in result] == list(range(20))
    assert {writeable for _, _, writeable, _ in result} == {False}
    assert min(count for *_, count in result) >= 1
    assert max(sent) < 100_000


def test_an_array_that_several_items_have_is_mapped_too(scheme, sent):
    """By itself, in a tuple with others, or as an argument of its own."""
    array = numpy.arange(MANY, dtype=float)
    for items in ([[(array, x) for x in range(12)]], [[array] * 12, range(12)]):
        function = about if len(items) == 2 else (lambda pair: about(*pair))
        result = mapped(scheme, function, *items, batch=2)
        assert [value for _, value, _, _ in result] == list(range(12))
        assert min(count for *_, count in result) >= 1
    assert max(sent) < 100_000


def test_arrays_that_some_items_have_are_shared_among_them(scheme, sent):
    """Each once; what only one item has is sent with it."""
    arrays = [numpy.full(MANY, x, dtype=float) for x in range(4)]
    items = [*([arrays[0]] * 4), *([arrays[1]] * 4), arrays[2]]
    result = mapped(scheme, lambda a: (float(a[-1]), a.flags.writeable), items, batch=1)
    assert result == [*([(0.0, False)] * 4), *([(1.0, False)] * 4), (2.0, True)]
    assert sum(size > 1_000_000 for size in sent) == 1


def test_each_items_own_array_stays_its_own(scheme, sent):
    """It can be written to, like where nothing is sent."""
    arrays = [numpy.full(MANY, x, dtype=float) for x in range(4)]

    def add_one(array):
        array += 1
        return float(array[0])

    with pytest.warns(UserWarning, match="Items are heavy"):
        result = mapped(scheme, add_one, arrays)
    assert result == [1.0, 2.0, 3.0, 4.0]
    assert [array[0] for array in arrays] == [0, 1, 2, 3]


def test_tables_and_bytes_are_shared(scheme, sent):
    """Columns of a DataFrame, Fortran order, and bytes."""
    table = pandas.DataFrame({"a": numpy.arange(MANY), "b": numpy.arange(MANY) * 0.5})
    fortran = numpy.asfortranarray(numpy.arange(MANY, dtype=float).reshape(1000, -1))
    data = b"abcd" * MANY

    def item(x):
        return float(table["b"].iloc[x]), int(table.a.sum()), float(fortran[x, 1]), data[x : x + 2]

    result = mapped(scheme, item, range(6), batch=1)
    assert result == [item(x) for x in range(6)]
    assert max(sent) < 100_000
    result = mapped(scheme, lambda pair: pair[0][pair[1]], [(data, x) for x in range(6)], batch=1)
    assert result == [data[x] for x in range(6)]
    assert max(sent) < 100_000


def test_share_can_be_turned_off(scheme, sent):
    """Then every engine has its own, which can be written to."""
    array = numpy.arange(MANY, dtype=float)
    result = mapped(scheme, lambda x: about(array, x), range(6), share=False, batch=1)
    assert {(writeable, count) for *_, writeable, count in result} == {(True, 0)}
    assert max(sent) > 1_000_000


def test_writing_to_a_shared_array_says_what_to_do(scheme):
    """Instead of changing it for some of the items."""
    array = numpy.zeros(MANY)

    def write(x):
        array[x] = 1

    result = mapped(scheme, write, range(3), on_error="collect")
    assert [type(f.exception) for f in result.errors] == [ValueError] * 3
    assert "share=False" in result.errors[0].traceback


def test_what_changed_between_two_maps_is_seen(scheme):
    """Nothing is kept by identity from one map to the next."""
    array = numpy.zeros(MANY)
    assert set(mapped(scheme, lambda x: float(array[x]), range(4))) == {0.0}
    array[:] = 7
    assert set(mapped(scheme, lambda x: float(array[x]), range(4))) == {7.0}


def test_an_array_that_a_stream_fills_anew_is_not_shared(scheme):
    """Its items are the same object with other content."""

    def frames():
        for x in range(4):
            yield numpy.full(MANY, x, dtype=float)

    options = MapOptions(progress=False, scheme=scheme.name)
    results = run_imap(
        first_and_shares,
        [frames()],
        options=options,
        schemes=[scheme],
        ordered=True,
    )
    assert list(results) == [(0.0, 0), (1.0, 0), (2.0, 0), (3.0, 0)]


@pytest.mark.parametrize("kind", ["serial", "threads"])
def test_where_nothing_is_sent_nothing_is_shared(kind):
    """The items have the very array."""
    array = numpy.zeros(MANY)
    assert set(mapped(load(kind)(), lambda x: id(array), range(3))) == {id(array)}


def test_an_array_that_all_items_have_is_no_reason_to_warn(scheme):
    """It is sent once."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mapped(scheme, lambda a: float(a[0]), [numpy.zeros(MANY)] * 4) == [0.0] * 4


# --- who can reach it, and for how long ------------------------------------------------------


def test_the_memory_is_its_users_alone():
    """It has no name in any folder, and mode 0600."""
    shares = SharedArrays()
    shares.dumps(numpy.zeros(MANY))
    address = shares._memory.address
    assert os.stat(f"/proc/{address.pid}/fd/{address.descriptor}").st_mode & 0o777 == 0o600
    assert "(deleted)" in os.readlink(f"/proc/{address.pid}/fd/{address.descriptor}")
    shares.close()


def test_everything_is_let_go_of_when_the_run_ends(scheme):
    """Here and there."""
    array = numpy.zeros(MANY)
    result = mapped(scheme, lambda x: (time.sleep(0.02), os.getpid())[1], range(8), batch=1)
    pids = set(result)
    mapped(scheme, lambda x: float(array[x]), range(8), batch=1)
    assert wait_until(lambda: not any(shares_of(pid) for pid in pids))
    assert not [
        name for name in os.listdir("/proc/self/fd") if "parflow-shared" in link_of(f"{name}")
    ]


def link_of(name):
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        return ""


def test_everything_is_let_go_of_when_the_client_is_killed(engines):
    """kill -9 in the middle of a map: the engines that go on hold nothing of it."""
    code = (
        "import sys, time, ipyparallel, numpy\n"
        "from parflow_jupyter.maps import MapOptions, run_map\n"
        "from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme\n"
        "client = ipyparallel.Client(sys.argv[1])\n"
        "array = numpy.zeros(400_000)\n"
        "def item(x):\n"
        "    time.sleep(0.2)\n"
        "    return float(array[x])\n"
        "run_map(item, [range(500)], options=MapOptions(progress=False, batch=1),\n"
        "        schemes=[IPyParallelScheme(lambda: client)])\n"
    )
    file = engines.cluster.controller.connection_files["client"]
    client = subprocess.Popen([sys.executable, "-c", code, file])
    try:
        pids = set(engines.pids().values())
        assert wait_until(lambda: all(shares_of(pid) for pid in pids), timeout=30)
    finally:
        client.kill()
        client.wait(10)
    assert wait_until(lambda: not any(shares_of(pid) for pid in pids))
    assert mapped(engines.scheme(), abs, [-1, -2]) == [1, 2]


def test_a_client_that_ends_while_its_function_is_read_leaves_nothing(monkeypatch):
    """What is forgotten before it is kept is not kept; here the client lives, to ask for it."""
    array = numpy.zeros(MANY)
    packer = Codec(Plan("run", lambda x: float(array[x])))
    worker = Worker()

    def load_late(pickled, numbers, held):
        value = load_pickled(pickled, numbers, held)
        if numbers:
            worker.forget("run")
        return value

    monkeypatch.setattr("parflow_jupyter.maps.worker.worker.load", load_late)

    def run(number):
        blob, _ = packer.pack("slot", Batch("run", number, range(1), [[0]]))
        return packer.unpack("slot", worker.run_batch(blob)).state

    assert run(0) == "done"
    packer.sent("slot")
    assert run(1) == "need-function"
    packer.close()


def test_a_slot_of_another_host_is_sent_the_bytes_once(scheme, sent, monkeypatch):
    """Told by the boot of the host; the items are in no message more."""
    monkeypatch.setattr(shared_memory, "boot_id", lambda: "another host")
    array = numpy.arange(MANY, dtype=float)
    result = mapped(
        scheme,
        lambda pair: (float(pair[0][pair[1]]), float(array[pair[1]]), time.sleep(0.02))[:2],
        [(array, x) for x in range(20)],
        batch=1,
    )
    assert result == [(float(x), float(x)) for x in range(20)]
    assert 1 <= sum(size > 1_000_000 for size in sent) <= 2


def test_what_an_engine_dropped_to_make_room_is_sent_again():
    """By a worker that answers that it lacks it."""
    plan = Plan("run", lambda x: x)
    packer = Codec(plan)
    worker = Worker()
    packer._afar["slot"] = set()
    array = numpy.zeros(MANY)
    packer._shipped.shares.dumps(array)
    object.__setattr__(plan, "items", [[array, array]])

    def run(number):
        batch = Batch("run", number, range(1), [[array]])
        blob, _ = packer.pack("slot", batch)
        return packer.unpack("slot", worker.run_batch(blob)).state

    assert run(0) == "done"
    packer.sent("slot")
    worker.forget("run")
    assert run(1) == "need-shared"
    assert run(2) == "done"


def test_the_oldest_run_makes_room():
    """What came as bytes is kept up to a size; the run that is running stays."""
    held = ArrayCache(most_bytes=250)
    for run in "abc":
        held.take(run, SharedPlaces(None, {0: (None, 100)}, {0: bytes(100)}))
    assert held.runs() == ["b", "c"]
    shared = SharedPlaces(None, {0: (None, 900)}, {0: bytes(900)})
    assert len(held.take("d", shared)[0]) == 900
    assert held.runs() == ["d"]


def test_a_killed_slot_is_given_the_arrays_again(tmp_path):
    """Its successor maps them too."""
    array = numpy.arange(MANY, dtype=float)
    scheme = load("processes")(2)

    def item(x):
        if x == 3 and not os.path.exists(tmp_path / "once"):
            (tmp_path / "once").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(array[x])

    assert mapped(scheme, item, range(8), batch=1) == list(range(8))
