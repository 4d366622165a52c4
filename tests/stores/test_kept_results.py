"""The store of kept results: whole or not at all, only one's own, never more than allowed."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from contextlib import closing

import pytest

from parflow_jupyter.errors import CheckpointError, InvalidInputError
from parflow_jupyter.fingerprint.files import File
from parflow_jupyter.stores.checkpoints.listing import checkpoints
from parflow_jupyter.stores.checkpoints.pickles import SMALL, Large, TooBigError, freeze, thaw
from parflow_jupyter.stores.checkpoints.results import Checkpoint, Found


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept"


def keep(folder, name="c", **results):
    with closing(Checkpoint(name, folder)) as checkpoint:
        return checkpoint.keep((key.encode(), freeze(v)) for key, v in results.items())


def find(folder, *keys, name="c", **options):
    with closing(Checkpoint(name, folder, **options)) as checkpoint:
        found = checkpoint.find([key.encode() for key in keys])
    return {key.decode(): one for key, one in found.items()}


def database(folder):
    return closing(sqlite3.connect(folder / "results.sqlite"))


def files(folder):
    return sorted(path.name for path in (folder / "values").iterdir())


# --- what is kept -------------------------------------------------------------------------


def ring():
    first = [1]
    first.append(first)
    return first


@pytest.mark.parametrize("value", [None, b"", "", 0, [], {"a": (1, 2)}, b"x" * 3 * SMALL])
def test_what_is_kept_comes_back(folder, value):
    """Results of no bytes, and larger ones than the database takes."""
    with closing(Checkpoint("c", folder)) as checkpoint:
        small = len(pickle.dumps(value)) < SMALL
        checkpoint.keep([(b"key", freeze(value) if small else Large(value))])
        assert checkpoint.find([b"key", b"other"]) == {b"key": Found(value)}
    assert len(files(folder)) == (0 if small else 1)


def test_results_with_cycles_come_back(folder):
    """As what they are."""
    keep(folder, a=ring())
    value = find(folder, "a")["a"].value
    assert value[0] == 1
    assert value[1] is value


def test_of_two_results_the_first_counts(folder):
    """Also from another process; nothing is left of the second."""
    assert keep(folder, a=1) == 1
    with closing(Checkpoint("c", folder)) as checkpoint:
        assert checkpoint.keep([(b"a", freeze(2)), (b"b", Large(b"x" * 2 * SMALL))]) == 1
        assert checkpoint.keep([(b"b", Large(b"y" * 2 * SMALL))]) == 0
    assert find(folder, "a")["a"].value == 1
    assert len(files(folder)) == 1


def test_checkpoints_do_not_see_each_other(folder):
    """The same key under another name is another result."""
    keep(folder, "one", a=1)
    assert find(folder, "a", name="two") == {}


@pytest.mark.parametrize("name", ["", "  ", None, 3, "x" * 201, "\ud800"])
def test_unusable_names_are_refused(folder, name):
    with pytest.raises(InvalidInputError, match="checkpoint="):
        Checkpoint(name, folder)


def test_everything_is_for_the_owner_only(folder):
    """Folders, database, secret and values."""
    with closing(Checkpoint("c", folder)) as checkpoint:
        checkpoint.keep([(b"a", Large(b"x" * 2 * SMALL))])
        for path in [folder, *folder.rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


class OfNotebook:
    def __eq__(self, other):
        return type(other) is OfNotebook


def test_classes_of_the_notebook_come_back_as_its_own(monkeypatch):
    """isinstance holds in another kernel that ran the same cell; without it, nothing is read."""
    main = sys.modules["__main__"]
    kind = type("Own", (), {"__module__": "__main__"})
    monkeypatch.setattr(main, "Own", kind, raising=False)
    data = freeze(kind())
    again = type("Own", (), {"__module__": "__main__"})
    monkeypatch.setattr(main, "Own", again)
    assert type(thaw(data)) is again
    monkeypatch.delattr(main, "Own")
    with pytest.raises(LookupError, match="class 'Own' of the notebook is not defined"):
        thaw(data)


# --- damage and strangers -----------------------------------------------------------------


@pytest.mark.parametrize("large", [False, True])
def test_a_damaged_result_is_told_and_forgotten(folder, large):
    """One bit is enough; the next run keeps it anew."""
    value = Large(b"x" * 2 * SMALL) if large else freeze([1, 2, 3])
    with closing(Checkpoint("c", folder)) as checkpoint:
        checkpoint.keep([(b"a", value)])
        if large:
            path = folder / "values" / files(folder)[0]
            data = bytearray(path.read_bytes())
            data[1000] ^= 1
            path.write_bytes(data)
        else:
            with database(folder) as other, other:
                other.execute("UPDATE results SET value = ?", (freeze([1, 2, 4]),))
        assert checkpoint.find([b"a"])[b"a"].problem.startswith("damaged")
        assert checkpoint.find([b"a"]) == {}
        assert files(folder) == []


def test_a_result_can_not_be_put_in_another_place(folder):
    """A row with the value and mark of another one is no result."""
    keep(folder, a=1, b=2)
    with database(folder) as other, other:
        row = other.execute("SELECT value, mark FROM results WHERE key = x'62'").fetchone()
        other.execute("UPDATE results SET value = ?, mark = ? WHERE key = ?", (*row, b"a"))
    assert find(folder, "a")["a"].problem


class Trap:
    def __reduce__(self):
        return os.mkdir, (str(Trap.where),)


@pytest.mark.parametrize("large", [False, True])
def test_what_others_wrote_is_never_unpickled(folder, tmp_path, large):
    """A pickle that does something bad needs our secret first."""
    Trap.where = tmp_path / "trapped"
    bad = pickle.dumps(Trap())
    with closing(Checkpoint("c", folder)) as checkpoint:
        checkpoint.keep([(b"a", Large(b"x" * 2 * SMALL) if large else freeze(1))])
        if large:
            (folder / "values" / files(folder)[0]).write_bytes(bad)
        else:
            with database(folder) as other, other:
                other.execute("UPDATE results SET value = ?", (bad,))
        assert checkpoint.find([b"a"])[b"a"].problem
    assert not Trap.where.exists()


def test_another_secret_makes_all_results_foreign(folder):
    """A folder that was copied from someone else is not believed."""
    keep(folder, a=1)
    (folder / "secret").write_bytes(b"s" * 32)
    assert find(folder, "a")["a"].problem.startswith("damaged")
    (folder / "secret").write_bytes(b"half")
    keep(folder, a=1)
    assert find(folder, "a")["a"].value == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("place", ["", "secret", "results.sqlite", "values"])
def test_a_folder_of_someone_else_is_refused(folder, place):
    """Whichever part of it; the message names the path and what to do."""
    keep(folder, a=1)
    os.chown(folder / place, 54321, -1)
    with pytest.raises(CheckpointError, match=r"belongs to the user with number 54321.*PARFLOW"):
        Checkpoint("c", folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_result_file_of_someone_else_is_not_read(folder):
    """Though its mark is right."""
    with closing(Checkpoint("c", folder)) as checkpoint:
        checkpoint.keep([(b"a", Large(b"x" * 2 * SMALL))])
        os.chown(folder / "values" / files(folder)[0], 54321, -1)
        assert "belongs to" in checkpoint.find([b"a"])[b"a"].problem


@pytest.mark.parametrize(("place", "mode"), [("", 0o777), ("secret", 0o644), ("values", 0o770)])
def test_a_folder_that_others_can_write_is_refused(folder, place, mode):
    """Anyone could have put something there."""
    keep(folder, a=1)
    (folder / place).chmod(mode)
    with pytest.raises(CheckpointError, match=r"by others"):
        Checkpoint("c", folder)


def test_a_link_to_somewhere_else_is_refused(folder, tmp_path):
    """Writing through it would go where nobody looks."""
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="link"):
        Checkpoint("c", folder)


def test_a_newer_version_is_refused(folder):
    """With both versions and what to do; nothing in it is changed."""
    keep(folder, a=1)
    with database(folder) as other, other:
        other.execute("PRAGMA user_version = 2")
    with pytest.raises(CheckpointError, match=r"format is 2, this one reads 1.*upgrade it here"):
        Checkpoint("c", folder)
    with pytest.raises(CheckpointError, match="newer version"):
        checkpoints(folder)


def test_what_is_no_database_is_set_aside(folder):
    """It is kept beside a new one, and what was kept is computed again."""
    keep(folder, a=1)
    for old in folder.glob("results.sqlite*"):
        old.unlink()
    (folder / "results.sqlite").write_bytes(b"this is no database" * 100)
    (folder / "results.sqlite").chmod(0o600)
    with pytest.warns(RuntimeWarning, match="set aside"):
        assert find(folder, "a") == {}
    assert any(path.name.startswith("damaged") for path in folder.iterdir())
    assert keep(folder, a=1) == 1


def test_a_damaged_page_gives_no_wrong_result(folder):
    """SQLite notices it, or the mark of a result does."""
    keep(folder, **{f"k{n}": "x" * 1000 for n in range(100)})
    path = folder / "results.sqlite"
    with database(folder) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    damaged = range(len(data) // 2, len(data), 997)
    for place in damaged:
        data[place] ^= 255
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where SQLite notices it, the database is set aside
        found = find(folder, *[f"k{n}" for n in range(100)])
    assert all(one.problem or one.value == "x" * 1000 for one in found.values())
    assert sum(not one.problem for one in found.values()) < 100


# --- size ---------------------------------------------------------------------------------


def test_the_least_recently_used_go_first(folder):
    """By when they were used, not by when they were written; large ones with their files."""
    now = [1000.0]
    options = {"most_bytes": 1_000_000, "clock": lambda: now[0]}
    with closing(Checkpoint("c", folder, **options)) as checkpoint:
        for n in range(4):
            now[0] += 10_000
            checkpoint.keep([(b"%d" % n, Large(bytes(240_000)))])
        now[0] += 10_000
        assert checkpoint.find([b"0"])
        now[0] += 10_000
        checkpoint.keep([(b"4", Large(bytes(240_000)))])
        left = checkpoint.find([b"%d" % n for n in range(5)])
        assert set(left) == {b"0", b"3", b"4"}
        assert len(files(folder)) == 3


def test_small_results_are_bounded_too(folder):
    """The file shrinks with them."""
    with closing(Checkpoint("c", folder, most_bytes=500_000)) as checkpoint:
        for start in range(0, 3000, 100):
            checkpoint.keep((b"%d" % n, os.urandom(1000)) for n in range(start, start + 100))
        checkpoint.trim()
    (listed,) = checkpoints(folder)
    assert 100 < listed.results < 500
    assert listed.bytes <= 500_000
    assert (folder / "results.sqlite").stat().st_size < 1_500_000


def test_a_result_larger_than_all_may_be_is_refused(folder):
    """It is not even written to its end."""
    with closing(Checkpoint("c", folder, most_bytes=500_000)) as checkpoint:
        with pytest.raises(TooBigError):
            checkpoint.keep([(b"a", Large(bytes(10_000_000)))])
        assert files(folder) == []


@pytest.mark.parametrize("given", ["lots", "nan", "1e999"])
def test_an_unusable_size_is_refused(folder, monkeypatch, given):
    monkeypatch.setenv("PARFLOW_KEPT_BYTES", given)
    with pytest.raises(InvalidInputError, match="PARFLOW_KEPT_BYTES"):
        Checkpoint("c", folder)


def test_a_large_result_streams(folder):
    """256 MB of a list are written and read without a second copy in memory."""
    program = f"""
    import resource, sys
    from pathlib import Path
    from parflow_jupyter.stores.checkpoints.results import Checkpoint
    from parflow_jupyter.stores.checkpoints.pickles import Large
    value = [bytes([n]) * (8 << 20) for n in range(32)]
    checkpoint = Checkpoint("c", Path({str(folder)!r}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    checkpoint.keep([(b"a", Large(value))])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    del value
    found = checkpoint.find([b"a"])[b"a"].value
    print(grown, all(one == bytes([n]) * (8 << 20) for n, one in enumerate(found)))
    """
    done = run(program)
    grown, right = done.stdout.split()
    assert int(grown) < 64 << 10  # KB
    assert right == "True"


# --- many at once, and killed ------------------------------------------------------------


def run(program, **options):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
        **options,
    )


_WRITE = """
import sys
from pathlib import Path
from parflow_jupyter.stores.checkpoints.results import Checkpoint
from parflow_jupyter.stores.checkpoints.pickles import Large, freeze
checkpoint = Checkpoint("c", Path(sys.argv[1]))
print("ready", flush=True)
for n in range(int(sys.argv[2])):
    large = bytes([n % 256]) * 200_000
    checkpoint.keep([(b"s%d" % n, freeze(n)), (b"l%d" % n, Large(large))])
    print(n, flush=True)
"""


def test_processes_and_threads_write_at_once(folder):
    """Starting in the same moment, on a folder that is not there yet; each finds all."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITE, str(folder), "60"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    failed = []

    def write():
        try:
            for n in range(60):
                keep(folder, **{f"t{n}": n})
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for writer in writers:
        _, told = writer.communicate(timeout=60)
        assert writer.returncode == 0, told.decode()
    assert failed == []
    keys = [f"{kind}{n}" for n in range(60) for kind in "slt"]
    found = find(folder, *keys)
    assert len(found) == 180
    assert all(not one.problem for one in found.values())
    assert len(files(folder)) == 60


def test_killed_at_any_moment_it_loses_only_what_it_was_writing(folder):
    """What was said to be kept is there; what is there is right; leftovers are swept."""
    said = -1
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITE, str(folder), "100000"], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout.readline() == "ready\n"
        reached = int(writer.stdout.readline()) + 20 + os.getpid() % 7
        for line in writer.stdout:
            if int(line) >= reached:
                break
        writer.send_signal(signal.SIGKILL)
        rest = [line for line in writer.stdout.read().split("\n")[:-1] if line]
        said = max(said, int(rest[-1]) if rest else reached)
        writer.stdout.close()
        writer.wait(30)
        found = find(folder, *[f"{kind}{n}" for n in range(said + 1) for kind in "sl"])
        assert len(found) == 2 * (said + 1)
        assert all(not one.problem for one in found.values())
    draft = folder / "values" / ".left-behind"
    draft.write_bytes(b"half")
    os.utime(draft, (1, 1))
    listed = checkpoints(folder)
    assert listed.delete("c") >= 2 * (said + 1)
    assert not draft.exists()
    assert all(time.time() - (folder / "values" / n).stat().st_mtime < 600 for n in files(folder))


# --- the list -----------------------------------------------------------------------------


def test_the_list_measures_and_deletes(folder):
    """By name, by when they were used last, or all; with a table in text and HTML."""
    old = time.time() - 40 * 86400
    with closing(Checkpoint("old <b>", folder, clock=lambda: old)) as checkpoint:
        checkpoint.keep([(b"a", freeze(1)), (b"b", Large(b"x" * 300_000))])
    keep(folder, "new", a=1)
    keep(folder, "other", a=1)
    listed = checkpoints(folder)
    assert [one.name for one in listed] == ["other", "new", "old <b>"]
    assert [one.results for one in listed] == [1, 1, 2]
    assert 300_000 < listed[2].bytes < 301_000
    assert listed.bytes == sum(one.bytes for one in listed)
    assert "old <b>" in repr(listed)
    assert "old &lt;b&gt;" in listed._repr_html_()
    with pytest.raises(InvalidInputError, match="give the name"):
        listed.delete()
    with pytest.raises(InvalidInputError, match=r"no checkpoint 'nwe' \('other', 'new'"):
        listed.delete("nwe")
    assert listed.delete(unused_days=30) == 2
    assert files(folder) == []
    assert listed.delete("new") == 1
    assert [one.name for one in listed] == [one.name for one in checkpoints(folder)] == ["other"]
    assert listed.clear() == 1
    assert repr(checkpoints(folder)) == "No results are kept."
    assert "No results" in checkpoints(folder)._repr_html_()


def test_pickles_that_name_a_file_as_earlier_versions_did_can_be_read():
    """Kept results live longer than the place of a class in this package."""
    old = b"cparflow_jupyter.stores.files\nFile\n(Va.csv\ntR."
    found = pickle.loads(old)
    assert type(found) is File
    assert found == File("a.csv")
