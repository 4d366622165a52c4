"""Maps whose results are kept: only what is missing runs, and why is said."""

from __future__ import annotations

import asyncio
import collections
import importlib
import linecache
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pandas
import pytest

from parflow_jupyter.errors import CheckpointError, ItemError
from parflow_jupyter.fingerprint.files import File
from parflow_jupyter.maps import MapOptions, run_map
from parflow_jupyter.maps.checkpoint import writer
from parflow_jupyter.maps.lazy import run_amap, run_imap
from parflow_jupyter.maps.pieces import split
from parflow_jupyter.maps.schemes.processes import ProcessesScheme
from parflow_jupyter.maps.schemes.serial import SerialScheme
from parflow_jupyter.maps.schemes.threads import ThreadsScheme
from parflow_jupyter.stores.checkpoints import eviction
from parflow_jupyter.stores.checkpoints.listing import checkpoints
from parflow_jupyter.stores.checkpoints.results import Checkpoint

KEPT = MapOptions(progress=False, checkpoint="c", scheme="serial")


def checkpointed(function, *iterables, scheme=None, **options):
    chosen = scheme or SerialScheme()
    options = replace(KEPT, scheme=chosen.name, **options)
    return run_map(function, iterables, options=options, schemes=[chosen, SerialScheme()])


class Log:
    """A file that counts which items ran, in any process."""

    def __init__(self, path):
        self.path = path
        path.touch()

    def runs(self):
        return collections.Counter(self.path.read_text().split())

    def clear(self):
        self.path.write_text("")


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "log")


def note(path, item):
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(handle, f"{item}\n".encode())
    os.close(handle)


def cell(text, **names):
    """Run a notebook cell, with its source known."""
    text = textwrap.dedent(text)
    name = f"<cell {hash(text)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"__name__": "__main__", "__builtins__": __builtins__, **names}
    exec(compile(text, name, "exec"), space)
    return space


def test_only_what_is_missing_runs(log):
    """When the list is the same, grew, shrank, or has another order."""

    def square(x):
        note(log.path, x)
        return x * x

    first = checkpointed(square, range(10))
    assert (first.report.kept, first.report.not_kept) == ([], {})
    assert sum(log.runs().values()) == 10
    log.clear()
    for items, missing in (
        (range(10), []),
        (range(14), ["10", "11", "12", "13"]),
        ([3, 1], []),
        ([13, 99, 0, 99.0], ["99", "99.0"]),
    ):
        result = checkpointed(square, items)
        assert result == [x * x for x in items]
        assert sorted(log.runs()) == missing
        assert len(result.report.kept) == len(items) - len(missing)
        log.clear()
    assert [result.report.origin(n) for n in range(4)] == ["kept", "computed", "kept", "computed"]


def test_the_result_says_how_many_were_kept(log):
    """In its one line."""
    checkpointed(abs, [-1, -2])
    assert "3 items, 2 kept, " in repr(checkpointed(abs, [-1, -2, -3]))


def test_every_scheme_shares_what_is_kept():
    """And threads and processes keep as well as serial."""

    def double(x):
        return 2 * x

    checkpointed(double, range(5), scheme=ThreadsScheme(2))
    result = checkpointed(double, range(8), scheme=ProcessesScheme(2))
    assert result == [2 * x for x in range(8)]
    assert result.report.kept == [0, 1, 2, 3, 4]
    assert checkpointed(double, range(8)).report.kept == list(range(8))


def test_engines_are_kept_too(engines):
    """A second map finds all, and asks no engine."""

    def double(x):
        import os

        return 2 * x, os.getpid()

    first = checkpointed(double, range(20), scheme=engines.scheme())
    assert os.getpid() not in {pid for _, pid in first}
    again = checkpointed(double, range(25), scheme=engines.scheme())
    assert again.report.kept == list(range(20))
    assert list(again)[:20] == list(first)
    assert [value for value, _ in again] == [2 * x for x in range(25)]


BEFORE = """
factor = 2
def helper(x):
    return factor * x
def f(x):
    return helper(x) + 1
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("factor = 2", "factor = 3", "the global 'factor' changed"),
        ("factor * x", "factor - x", "the function 'helper' changed"),
        ("+ 1", "+ 2", "the function 'f' changed"),
    ],
)
def test_a_change_computes_again_and_says_which(old, new, said):
    """Then changing it back finds what was kept first."""
    checkpointed(cell(BEFORE)["f"], range(3))
    changed = checkpointed(cell(BEFORE.replace(old, new))["f"], range(3))
    assert changed.report.kept == []
    assert changed.report.changed == [said]
    assert said in repr(changed)
    comment = checkpointed(cell("# why\n" + BEFORE.replace("    ", "        "))["f"], range(3))
    assert comment.report.kept == [0, 1, 2]


def test_a_changed_file_computes_again_and_is_named(tmp_path):
    """As an item: that item. As a global: all of them."""
    paths = [tmp_path / f"{n}.txt" for n in range(3)]
    for path in paths:
        path.write_text(path.name)

    def read(path):
        return path.read_text()

    assert checkpointed(read, map(File, paths)) == ["0.txt", "1.txt", "2.txt"]
    paths[1].write_text("changed")
    result = checkpointed(read, map(File, paths))
    assert result == ["0.txt", "changed", "2.txt"]
    assert result.report.kept == [0, 2]
    assert result.report.changed == [f"the file {str(paths[1])!r} changed"]
    table = File(tmp_path / "table.txt")
    table.write_text("10")

    def scaled(x):
        return x * int(table.read_text())

    assert checkpointed(scaled, [1, 2], checkpoint="t") == [10, 20]
    table.write_text("100")
    result = checkpointed(scaled, [1, 2], checkpoint="t")
    assert result == [100, 200]
    assert result.report.changed == [f"the file {str(table)!r} changed"]


def test_a_file_may_have_any_name(tmp_path):
    """Also one that is no text."""
    path = File(os.fsdecode(os.fsencode(tmp_path) + b"/\xff 'x'"))
    path.write_text("1")

    def read(file):
        return path.read_text() + file.read_text()

    checkpointed(read, [path], label="\udcff")
    path.write_text("2")
    result = checkpointed(read, [path], label="\udcff")
    assert result == ["22"]
    assert result.report.changed == [f"the file {str(path)!r} changed"]
    assert checkpointed(read, [path]).report.kept == [0]


def test_a_file_that_changes_meanwhile_is_not_kept(tmp_path):
    """The result may be of the one or the other content."""
    path = tmp_path / "a.txt"
    path.write_text("before")

    def append(file):
        file.write_text("while it ran")
        return file.read_text()

    report = checkpointed(append, [File(path)]).report
    assert report.origin(0) == "not kept: a file it uses changed while it ran"
    missing = checkpointed(lambda file: 1, [File(tmp_path / "missing")])
    assert missing == [1]
    assert "No such file" in missing.report.not_kept[0]


def test_a_key_stands_for_the_item(log):
    """Items that differ in what does not matter are the same; one without a key is told."""

    def work(record):
        note(log.path, record["id"])
        return record["id"]

    def records(noise):
        return [{"id": n, "noise": noise} for n in range(3)]

    checkpointed(work, records(1), key=lambda record: record["id"])
    again = checkpointed(work, records(2), key=lambda record: record["id"])
    assert again.report.kept == [0, 1, 2]
    wrong = checkpointed(work, [{"id": 5}], key=lambda record: record["nothing"])
    assert wrong.report.not_kept == {0: "it has no key: key= raised KeyError: 'nothing'"}
    several = checkpointed(lambda a, b: a + b, [1, 2], [3, 4], key=lambda a, b: a)
    assert several == [4, 6]
    assert checkpointed(lambda a, b: a + b, [1, 2], [7, 8], key=lambda a, b: a) == [4, 6]


def test_another_key_is_another_item():
    """What the same value of another key= stands for is not the same."""
    rows = [{"id": 1, "batch": 2}, {"id": 2, "batch": 1}]

    def add(row):
        return row["id"] + 10 * row["batch"]

    assert checkpointed(add, rows, key=lambda row: row["id"]) == [21, 12]
    assert checkpointed(add, rows, key=lambda row: row["batch"]) == [21, 12]


def test_a_part_of_a_package_counts(tmp_path, monkeypatch):
    """Also where only the package is named: ``import package.part``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "ownpackage").mkdir()
    (tmp_path / "ownpackage" / "__init__.py").touch()
    part = tmp_path / "ownpackage" / "part.py"
    for factor in (2, 30):
        part.write_text(f"def grow(x):\n    return {factor} * x\n")
        importlib.invalidate_caches()
        for name in [name for name in sys.modules if name.startswith("ownpackage")]:
            del sys.modules[name]
        package = importlib.import_module("ownpackage.part") and sys.modules["ownpackage"]
        f = cell("def f(x): return ownpackage.part.grow(x)", ownpackage=package)["f"]
        assert checkpointed(f, [1]) == [factor]


def test_the_name_of_a_group_counts():
    """It is what the rows were grouped by, and no column of theirs."""
    for city in ("Bern", "Ulm"):
        rain = pandas.DataFrame({"city": [city, city], "mm": [1.0, 2.0]})
        assert checkpointed(lambda group: group.name, split(rain.groupby("city"))) == [city]


def test_one_pair_is_not_two_values():
    """Though both are the same tuple of arguments."""

    def count(*values):
        return len(values)

    assert checkpointed(count, [(1, 2)]) == [1]
    assert checkpointed(count, [1], [2]) == [2]
    assert checkpointed(count, [(1, 2)]).report.kept == [0]


def test_errors_are_not_kept(log):
    """A failed item runs again; the others are kept."""

    def work(x):
        note(log.path, x)
        if x == 1 and log.runs()["1"] < 2:
            raise ValueError(x)
        return x

    first = checkpointed(work, range(3), on_error="collect")
    assert isinstance(first[1], ItemError)
    assert first.report.origin(1) == "not kept: it failed"
    assert checkpointed(work, range(3)) == [0, 1, 2]
    assert log.runs() == {"0": 1, "1": 2, "2": 1}


def test_what_was_done_before_a_failure_is_kept():
    """on_error="raise" ends the map; the next one goes on from there."""

    def work(x):
        if x == 5:
            raise ValueError(x)
        return x

    with pytest.raises(ValueError, match="5"):
        checkpointed(work, range(10), batch=1)
    assert checkpointed(work, range(5)).report.kept == [0, 1, 2, 3, 4]


def test_what_can_not_be_hashed_is_computed_and_told():
    """An item alone; or with the function, all of them, with a warning that says what to do."""
    lock = threading.Lock()
    result = checkpointed(lambda x: 1, [1, lock, 2])
    assert result == [1, 1, 1]
    assert result.report.not_kept.keys() == {1}
    assert "lock" in result.report.not_kept[1]
    assert checkpointed(lambda x: 1, [1, lock, 2]).report.kept == [0, 2]
    with pytest.warns(UserWarning, match=r"Nothing is kept.*variable 'lock'.*inside the function"):
        result = checkpointed(lambda x: lock.locked(), [1, 2])
    assert result == [False, False]
    assert result.report.not_kept.keys() == {0, 1}


def test_a_result_that_can_not_be_pickled_is_told():
    """It is computed each time."""
    result = checkpointed(lambda x: threading.Lock() if x else x, [0, 1])
    assert result.report.not_kept.keys() == {1}
    assert "can't be pickled" in result.report.not_kept[1]
    assert checkpointed(lambda x: threading.Lock() if x else x, [0, 1]).report.kept == [0]


def test_results_of_any_size_and_shape_are_kept():
    """None, nothing, cycles, arrays in the database and in files of their own."""

    def make(n):
        ring = [n]
        ring.append(ring)
        return [None, b"", ring, np.arange(10), np.ones(100_000), bytes(1_000_000)][n]

    checkpointed(make, range(6))
    result = checkpointed(make, range(6))
    assert result.report.kept == list(range(6))
    assert result[0] is None
    assert result[1] == b""
    assert result[2][1] is result[2]
    assert (result[3] == np.arange(10)).all()
    assert (result[4] == np.ones(100_000)).all()
    assert result[5] == bytes(1_000_000)


def test_a_result_larger_than_all_may_be_is_told(monkeypatch):
    """The others are kept."""
    monkeypatch.setattr(eviction, "MOST_BYTES", 1_000_000)
    report = checkpointed(lambda n: bytes(n), [10, 5_000_000]).report
    assert "larger than all kept results may be" in report.not_kept[1]
    assert report.not_kept.keys() == {1}


# --- random numbers -----------------------------------------------------------------------


def draw_one(x):
    return random.random()


def test_seeds_are_part_of_the_key():
    """Another seed draws other numbers; the same seed finds those that were kept."""
    first = checkpointed(draw_one, [0] * 5, seed=1)
    assert len(set(first)) == 5
    assert checkpointed(draw_one, [0] * 5, seed=2).report.kept == []
    again = checkpointed(draw_one, [0] * 7, seed=1)
    assert again.report.kept == [0, 1, 2, 3, 4]
    assert again == checkpointed(draw_one, [0] * 7, seed=1, checkpoint="other")


@pytest.mark.parametrize("scheme", [SerialScheme(), ProcessesScheme(2)])
def test_an_interrupted_random_map_goes_on_with_its_numbers(scheme):
    """Without a seed, one is drawn per checkpoint: equal items keep numbers of their own."""
    first = checkpointed(draw_one, [0] * 5, scheme=scheme)
    longer = checkpointed(draw_one, [0] * 10, scheme=scheme)
    assert longer.report.kept == [0, 1, 2, 3, 4]
    assert list(longer)[:5] == list(first)
    assert len(set(longer)) == 10
    assert first.report.entropy == longer.report.entropy is not None
    whole = checkpointed(
        draw_one, [0] * 10, scheme=scheme, checkpoint="w", seed=first.report.entropy
    )
    assert whole == longer


# --- other ways to map ----------------------------------------------------------------------


def test_lazy_maps_keep_and_find(log):
    """Item by item, as the input comes; what the caller changes meanwhile is not kept."""

    def work(x):
        note(log.path, x)
        return [x] * 50_000

    def run(count):
        results = run_imap(
            work, [iter(range(count))], options=KEPT, schemes=[SerialScheme()], ordered=True
        )
        for value in results:
            yield value[0], len(value)
            value.clear()

    assert list(run(6)) == [(n, 50_000) for n in range(6)]
    assert list(run(9)) == [(n, 50_000) for n in range(9)]
    assert log.runs() == {str(n): 1 for n in range(9)}


def test_awaited_maps_keep_and_find():
    """As others do."""

    async def run():
        return await run_amap(abs, [[-1, -2]], options=KEPT, schemes=lambda: [SerialScheme()])

    asyncio.run(run())
    assert asyncio.run(run()).report.kept == [0, 1]


def test_a_stopped_map_keeps_what_was_done(log):
    """Cancelled in the background; the next one goes on."""

    def work(x):
        note(log.path, x)
        if x == 3:
            time.sleep(30 if log.runs()["3"] == 1 else 0)
        return x

    result = checkpointed(work, range(5), scheme=ProcessesScheme(1), block=False, batch=1)
    deadline = time.monotonic() + 30
    while "3" not in log.runs():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    result.cancel()
    assert result.wait(20)
    assert result.state == "cancelled"
    assert result.report.origin(4) == "not kept: it was not run"
    again = checkpointed(work, range(5))
    assert again == [0, 1, 2, 3, 4]
    assert again.report.kept == [0, 1, 2]


# --- the store in trouble -------------------------------------------------------------------


def test_damage_is_computed_again_and_told():
    """Nothing wrong is returned, and it is kept anew."""
    import sqlite3

    checkpointed(abs, range(3))
    folder = checkpoints().folder
    with closing(sqlite3.connect(folder / "results.sqlite")) as other, other:
        other.execute("UPDATE results SET value = x'00' WHERE id = 2")
    result = checkpointed(abs, range(3))
    assert result == [0, 1, 2]
    assert result.report.kept == [0, 2]
    assert result.report.changed[0].startswith("the kept result of item 1 was not used (damaged")
    assert checkpointed(abs, range(3)).report.kept == [0, 1, 2]


def test_a_store_that_is_refused_is_refused_before_anything_runs(log, monkeypatch):
    """A newer version, or someone else's folder: nothing is half done."""
    import sqlite3

    checkpointed(abs, [1])
    with closing(sqlite3.connect(checkpoints().folder / "results.sqlite")) as other, other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(CheckpointError, match="newer version"):
        checkpointed(lambda x: note(log.path, x), [1])
    assert log.runs() == {}


_LIMITED = """
import resource, sys, warnings
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from parflow_jupyter.maps import MapOptions, run_map
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    options = MapOptions(progress=False, checkpoint="c", scheme="serial")
    result = run_map(lambda n: bytes([n]) * {size}, [range(20)], options=options)
assert list(result) == [bytes([n]) * {size} for n in range(20)]
print(len(told), len(result.report.not_kept), told[0].message)
"""


@pytest.mark.parametrize(("limit", "size"), [(4096, 10), (200_000, 50_000), (500_000, 600_000)])
def test_a_full_disk_is_told_once_and_the_map_goes_on(limit, size):
    """At the start, in the database and in a file; nothing that was kept is lost."""
    checkpointed(abs, range(3)) if limit > 4096 else None
    program = _LIMITED.format(limit=limit, size=size)
    done = run_python(program)
    warned, not_kept, *words = done.split()
    assert warned == "1"
    assert int(not_kept) > 0
    assert "Free disk space" in " ".join(words).replace("\n", " ")
    folder = checkpoints().folder
    assert not [path for path in (folder / "values").iterdir() if path.name.startswith(".")]
    if limit > 4096:
        assert checkpointed(abs, range(3)).report.kept == [0, 1, 2]


def test_a_disk_that_hangs_does_not_hang_the_map(monkeypatch):
    """Its results are there; those that are not written in time are said to be late."""
    go_on = threading.Event()
    write = Checkpoint.keep

    def slow(self, results):
        assert go_on.wait(60)
        return write(self, results)

    monkeypatch.setattr(Checkpoint, "keep", slow)
    monkeypatch.setattr("parflow_jupyter.maps.checkpoint.lookup.WRITE_WITHIN", 0.5)
    try:
        with pytest.warns(RuntimeWarning, match="2 are still being written"):
            assert checkpointed(abs, [-1, -2]) == [1, 2]
    finally:
        go_on.set()
        writer._finish_all()
    monkeypatch.undo()


def test_results_that_wait_for_the_disk_are_bounded(monkeypatch):
    """The map waits a little once, and then goes on without keeping; each item says so."""
    go_on = threading.Event()
    write = Checkpoint.keep

    def slow(self, results):
        assert go_on.wait(60)
        return write(self, results)

    monkeypatch.setattr(Checkpoint, "keep", slow)
    monkeypatch.setattr(writer, "MOST_WAITING", 100_000)
    monkeypatch.setattr(writer, "PATIENCE", 0.3)
    monkeypatch.setattr("parflow_jupyter.maps.checkpoint.lookup.WRITE_WITHIN", 0.1)
    start = time.monotonic()
    try:
        with pytest.warns(RuntimeWarning, match="still being written"):
            result = checkpointed(lambda n: bytes([n]) * 60_000, range(40), batch=1)
    finally:
        go_on.set()
        writer._finish_all()
    monkeypatch.undo()
    assert len(result) == 40
    assert time.monotonic() - start < 10
    assert 30 <= len(result.report.not_kept) < 40
    assert set(result.report.not_kept.values()) == {"the disk is too slow for so many results"}


# --- other processes ------------------------------------------------------------------------


def run_python(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


_MAP = """
import os, sys, time
from parflow_jupyter.maps import MapOptions, run_map
from parflow_jupyter.maps.schemes.processes import ProcessesScheme
log, scheme, os.environ["PAUSE"] = sys.argv[1:]
def work(x):
    handle = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.write(handle, b"%d\\n" % x)
    os.close(handle)
    time.sleep(float(os.environ["PAUSE"]))
    return x * x
def main():
    options = MapOptions(progress=False, checkpoint="c", scheme=scheme, batch=1)
    schemes = [ProcessesScheme(2)] if scheme == "processes" else None
    result = run_map(work, [range(60)], options=options, schemes=schemes)
    assert list(result) == [x * x for x in range(60)]
    print(len(result.report.kept))
if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(("scheme", "in_flight"), [("serial", 1), ("processes", 4)])
def test_killed_in_the_middle_it_goes_on_where_it_was(log, scheme, in_flight):
    """No finished item runs again but those in flight."""
    program = [sys.executable, "-c", _MAP, str(log.path), scheme]
    victim = subprocess.Popen([*program, "0.05"])
    deadline = time.monotonic() + 60
    while len(log.runs()) < 25:
        assert victim.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    victim.kill()
    victim.wait(30)
    begun = len(log.runs())
    kept = int(run_python(_MAP, log.path, scheme, 0))
    assert begun - in_flight - 1 <= kept <= begun
    runs = log.runs()
    assert set(runs) == {str(n) for n in range(60)}
    # A worker may begin one more item before it notices that its parent is gone.
    assert sum(runs.values()) - 60 <= in_flight + 2


def test_two_at_once_on_one_checkpoint(log):
    """Both are right, and a third finds all."""
    program = [sys.executable, "-c", _MAP, str(log.path), "serial", "0.01"]
    both = [subprocess.Popen(program, stdout=subprocess.PIPE) for _ in range(2)]
    for one in both:
        one.communicate(timeout=60)
        assert one.returncode == 0
    assert int(run_python(_MAP, log.path, "serial", 0)) == 60
    (listed,) = checkpoints()
    assert listed.results == 60
