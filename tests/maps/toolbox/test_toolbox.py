"""The toolbox: its order, what it takes by itself, and schemes of other packages."""

import os
import sys
import textwrap
import time

import pytest

import parflow_jupyter as pf
from parflow_jupyter.errors import InvalidInputError, SchemeUnavailableError
from parflow_jupyter.maps.schemes import load, names, provided, registered
from parflow_jupyter.maps.toolbox.selection import choose, supports
from parflow_jupyter.wiring import schemes

pytestmark = pytest.mark.usefixtures("no_cluster")


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """Installs a package that provides schemes by entry point, for one test."""

    def install(module, *entries):
        (tmp_path / "other_schemes.py").write_text(textwrap.dedent(module))
        about = tmp_path / "other_schemes-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: other-schemes\nVersion: 1.0\n"
        )
        lines = "\n".join(entries)
        (about / "entry_points.txt").write_text(f"[parflow_jupyter.schemes]\n{lines}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        registered.cache_clear()

    yield install
    monkeypatch.undo()
    sys.modules.pop("other_schemes", None)
    registered.cache_clear()


TWICE = """
    from parflow_jupyter.maps.schemes.serial import SerialScheme
    from parflow_jupyter.maps.abc import Readiness

    class Twice(SerialScheme):
        name = "twice"
        kind = "remote"
        def readiness(self):
            return Readiness(1, "one place of another package")
"""


def item(x):
    return x + 1


def test_a_scheme_of_another_package_is_one_of_the_toolbox(other_package):
    """It is listed before serial, runs maps by name and by itself, and can be disabled."""
    other_package(TWICE, "twice = other_schemes:Twice")
    assert "twice" in names()
    assert list(pf.schemes())[-2:] == ["twice", "serial"]
    result = pf.parallel_map(item, [1, 2], scheme="twice", progress=False)
    assert result == [2, 3]
    assert result.report.reason == "twice: asked for; one place of another package"
    for name in ("processes", "threads"):
        pf.configure_scheme(name, enabled=False)
    report = pf.parallel_map(item, [1, 2], progress=False).report
    assert report.reason.startswith("twice: one place of another package")
    assert "processes skipped: it is disabled" in report.reason
    assert pf.configure_scheme("twice", enabled=False) == {"enabled": False, "workers": None}
    assert pf.parallel_map(item, [1, 2], progress=False).report.scheme == "serial"


def test_a_function_says_what_it_supports_by_name(other_package):
    """What it says of a scheme by name goes before what it says of the kind."""
    other_package(TWICE, "twice = other_schemes:Twice")
    twice, serial = provided("twice"), load("serial")()
    no = pf.parallelizable(twice=False)(lambda x: x)
    assert choose([twice, serial], supported=supports(no)).scheme.name == "serial"
    yes = pf.parallelizable(ipyparallel=False, twice=True)(lambda x: x)
    assert choose([twice, serial], supported=supports(yes)).scheme.name == "twice"
    with pytest.raises(InvalidInputError, match="twice='no'"):
        pf.parallelizable(twice="no")


def test_a_broken_package_breaks_no_map(other_package):
    """Its scheme is passed over, with the reason; asked for by name, it says why."""
    other_package(
        "NO_CLASS = 3\n", "broken = other_schemes:NO_CLASS", "gone = other_schemes:Missing"
    )
    for name in ("processes", "threads"):
        pf.configure_scheme(name, enabled=False)
    report = pf.parallel_map(item, [1, 2], progress=False).report
    assert report.scheme == "serial"
    assert "broken skipped: Scheme 'broken' is 3, which is no Scheme class" in report.reason
    assert "gone skipped: " in report.reason
    with pytest.raises(SchemeUnavailableError, match="Missing"):
        pf.parallel_map(item, [1], scheme="gone", progress=False)


def test_settings_of_a_package_that_is_gone_are_kept(other_package):
    """They are shown, and nothing takes the scheme."""
    other_package(TWICE, "twice = other_schemes:Twice")
    pf.configure_scheme("twice", enabled=False)
    sys.path.remove(next(path for path in sys.path if os.path.exists(f"{path}/other_schemes.py")))
    registered.cache_clear()
    assert pf.schemes()["twice"]["enabled"] is False
    assert pf.parallel_map(item, [1, 2], progress=False) == [2, 3]
    with pytest.raises(SchemeUnavailableError, match="no scheme 'twice'"):
        pf.configure_scheme("twice", enabled=True)


def test_the_order_of_the_toolbox():
    """Other machines, this machine's processes, threads, and what always works."""
    found = [choice.scheme.name for choice in schemes.toolbox()]
    assert found == ["ipyparallel", "dask", "processes", "threads", "serial"]
    assert sorted(found) == names()


def test_workers_are_taken_from_the_settings():
    """Those of one map are as many as was set."""
    pf.configure_scheme("threads", workers=3)
    wait = pf.parallelizable(threads=True)(lambda x: time.sleep(0.02) or x)
    report = pf.parallel_map(wait, range(12), scheme="threads", progress=False).report
    assert len(report.slots) == 3
    pf.configure_scheme("threads", workers=0)
    assert pf.schemes()["threads"]["workers"] is None


def test_auto_takes_dask_only_when_told_to(dask_workers):
    """Then it goes before the processes of this machine, and the reason says how many."""
    with dask_workers.client.as_current():
        report = pf.parallel_map(item, [1, 2], progress=False).report
        assert report.scheme == "processes"
        assert "dask skipped: it is disabled" in report.reason
        named = pf.parallel_map(item, [1, 2], scheme="dask", progress=False)
        assert named == [2, 3]
        pf.configure_scheme("dask", enabled=True)
        report = pf.parallel_map(item, [1, 2], progress=False).report
        assert report.reason.startswith("dask: 2 dask workers connected")
        here_only = pf.parallelizable(dask=False)(item)
        report = pf.parallel_map(here_only, [1, 2], progress=False).report
        assert "dask skipped: the function does not support it" in report.reason
    with pytest.raises(SchemeUnavailableError, match="dask client"):
        pf.parallel_map(item, [1], scheme="dask", progress=False)


def _inner(n):
    wait = pf.parallelizable(threads=True)(abs_slowly)
    plain = pf.parallel_map(abs, range(-n, 0), progress=False)
    threaded = pf.parallel_map(wait, range(-n, 0), progress=False)
    refused = None
    try:
        pf.parallel_map(abs, [1], scheme="processes", progress=False)
    except SchemeUnavailableError as error:
        refused = str(error)
    return list(threaded), plain.report.scheme, threaded.report.scheme, refused


def abs_slowly(x):
    return abs(x)


@pytest.mark.parametrize("outer", ["processes", "threads", "serial", "dask"])
def test_a_map_inside_a_map_uses_threads_or_serial(outer, request):
    """By what its own function supports, whatever runs the outer one."""
    if outer == "dask":
        with request.getfixturevalue("dask_workers").client.as_current():
            (found,) = pf.parallel_map(_inner, [3], scheme=outer, progress=False)
    else:
        (found,) = pf.parallel_map(_inner, [3], scheme=outer, progress=False)
    values, plain, threaded, refused = found
    assert values == [3, 2, 1]
    if outer == "serial":
        # Nothing waits for a slot that waits for it: the inner one may take any scheme.
        assert (plain, refused) == ("processes", None)
        return
    assert (plain, threaded) == ("serial", "threads")
    assert "inside an item" in refused
