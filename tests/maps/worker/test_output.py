"""What items print, what they warn of, and their tracebacks: kept per item, and bounded."""

import linecache
import resource
import subprocess
import sys
import textwrap
import time
import types
import warnings

import pytest
from map_helpers import mapped

from parflow_jupyter.maps.worker.capture import PER_BATCH, PER_ITEM
from parflow_jupyter.maps.worker.item_loop import _MAX_TRACEBACK


@pytest.fixture(params=["ipyparallel", "processes", "dask"])
def remote(request, make_scheme):
    return make_scheme(request.param, 2)


def printed(result):
    found = {}
    for index, stream, text in result.report.output:
        found[index, stream] = found.get((index, stream), "") + text
    return found


@pytest.fixture
def cell():
    """Makes functions as a notebook's cell does: in __main__, their source known to linecache."""
    made = []

    def make(source):
        name = f"/tmp/ipykernel_cell/{len(made)}.py"
        source = textwrap.dedent(source)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        notebook = types.ModuleType("__main__").__dict__
        exec(compile(source, name, "exec"), notebook)
        made.append(name)
        return notebook["item"]

    yield make
    for name in made:
        linecache.cache.pop(name, None)


def test_streams_are_kept_apart(remote):
    """What went to stdout and to stderr, by item; nothing for silent ones."""

    def item(x):
        if x != 1:
            print("out", x)
            print("err", x, file=sys.stderr)

    assert printed(mapped(remote, item, range(3))) == {
        (0, "stdout"): "out 0\n",
        (0, "stderr"): "err 0\n",
        (2, "stdout"): "out 2\n",
        (2, "stderr"): "err 2\n",
    }


def test_what_a_failing_item_printed_is_kept(remote):
    """It is what one looks at first."""

    def item(x):
        print("before", x)
        raise OSError(x)

    result = mapped(remote, item, range(2), on_error="collect")
    assert printed(result) == {(0, "stdout"): "before 0\n", (1, "stdout"): "before 1\n"}


def test_every_item_that_warns_is_heard(remote, cell):
    """Not only the first at each place; once per item, with the line of the cell."""
    item = cell("""
        import warnings

        def item(x):
            for _ in range(100):
                warnings.warn(f"odd number" if x % 2 else "even number")  # here
            return x
    """)
    for batch in (8, 1):
        found = printed(mapped(remote, item, range(8), batch=batch))
        assert sorted(found) == [(index, "stderr") for index in range(8)]
        for index in range(8):
            text = found[index, "stderr"]
            assert text.count("UserWarning") == 1
            assert ("odd" if index % 2 else "even") in text
            assert "# here" in text


def test_a_warning_that_is_an_error_or_recorded_stays_one(remote):
    """What the function does about warnings itself goes first."""

    def item(x):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.warn("one", stacklevel=1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                warnings.warn("two", stacklevel=1)
            except UserWarning as error:
                return len(caught), str(error)

    result = mapped(remote, item, range(3))
    assert result == [(1, "two")] * 3
    assert result.report.output == []


def test_a_gigabyte_is_bounded(remote):
    """In memory, in time, and in what comes back; a note says that some is missing."""

    def item(x):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if x == 1:
            line = "y" * 999 + "\n"
            for _ in range(500_000):
                sys.stdout.write(line)
            page = "z" * (1 << 20)
            for _ in range(500):
                print(page, file=sys.stderr)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    start = time.monotonic()
    result = mapped(remote, item, range(3))
    assert time.monotonic() - start < 30
    assert max(result) < 50_000  # kB
    text = printed(result)[1, "stdout"]
    assert len(text) < PER_ITEM + 100
    assert text.endswith("(output cut here)\n")
    assert (1, "stderr") not in printed(result)


def test_a_batch_is_bounded(remote):
    """With a note at the item from which on nothing is kept."""

    def item(x):
        print("y" * 9_000)

    found = printed(mapped(remote, item, range(60), batch=60))
    assert sum(map(len, found.values())) < PER_BATCH + 200
    assert "after this one in its batch" in found[max(found)]


def test_tracebacks_are_bounded_and_show_the_cell(remote, cell):
    """The lines of the notebook's cell, not those of this package."""
    item = cell("""
        def deeper(x):
            return 1 / x  # the line

        def item(x):
            if x > 1:
                raise OSError("y" * 100_000)
            return deeper(x)
    """)
    result = mapped(remote, item, [0, 1, 2], on_error="collect")
    first, second = (failure.traceback for failure in result.errors)
    assert "return 1 / x  # the line" in first
    assert "return deeper(x)" in first
    assert "parflow_jupyter" not in first
    assert len(second) < _MAX_TRACEBACK + 100
    assert "(shortened)" in second


def test_what_is_raised_here_shows_the_cell_of_there(remote, cell):
    """In the note of the exception, which a notebook prints."""
    item = cell("""
        def item(x):
            return {}["missing"]  # the line
    """)
    with pytest.raises(KeyError) as caught:
        mapped(remote, item, [1])
    assert 'return {}["missing"]  # the line' in "\n".join(caught.value.__notes__)


def test_output_of_this_process_is_left_alone():
    """Serial and threads show at once; streams and warnings are as before."""
    code = (
        "import sys, warnings\n"
        "from parflow_jupyter.maps import MapOptions, run_map\n"
        "from parflow_jupyter.maps.schemes import load\n"
        "before = sys.stdout, sys.stderr, warnings.showwarning\n"
        "for name in ('serial', 'threads'):\n"
        "    options = MapOptions(progress=False, scheme=name)\n"
        "    run_map(print, [[name]], options=options, schemes=[load(name)()])\n"
        "assert before == (sys.stdout, sys.stderr, warnings.showwarning)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == "serial\nthreads\n"
