"""The settings of the toolbox."""

import json
import stat
import subprocess
import sys

import pytest

from parflow_jupyter.errors import InvalidInputError, SchemeUnavailableError
from parflow_jupyter.maps.toolbox import scheme_settings


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A data folder of the test's own."""
    monkeypatch.setenv("PARFLOW_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_everything_is_enabled_at_first():
    """In the toolbox's order; but dask, whose workers are there for more than maps."""
    found = {name: scheme["enabled"] for name, scheme in scheme_settings.schemes().items()}
    assert list(found) == ["ipyparallel", "dask", "processes", "threads", "serial"]
    assert [name for name, enabled in found.items() if not enabled] == ["dask"]


def test_a_change_is_kept(folder):
    """In a file of the user's own."""
    assert scheme_settings.configure_scheme("ipyparallel", enabled=False)["enabled"] is False
    assert scheme_settings.schemes()["ipyparallel"]["enabled"] is False
    scheme_settings.configure_scheme("ipyparallel", enabled=True)
    assert scheme_settings.schemes()["ipyparallel"]["enabled"] is True
    assert stat.S_IMODE((folder / "schemes.json").stat().st_mode) == 0o600


def test_a_number_of_workers_is_kept_and_given_up():
    """For the schemes that have one; 0 makes it automatic again."""
    assert scheme_settings.configure_scheme("processes", workers=3)["workers"] == 3
    assert scheme_settings.schemes()["processes"] == {"enabled": True, "workers": 3}
    assert scheme_settings.configure_scheme("processes", workers=0)["workers"] is None


def test_the_order_is_kept_and_serial_stays_last():
    """A scheme that the kept order does not know comes after those it knows."""
    scheme_settings.configure_scheme("threads", position=0)
    assert list(scheme_settings.schemes()) == [
        "threads",
        "ipyparallel",
        "dask",
        "processes",
        "serial",
    ]
    scheme_settings.configure_scheme("threads", position=3)
    assert list(scheme_settings.schemes()) == [
        "ipyparallel",
        "dask",
        "processes",
        "threads",
        "serial",
    ]


@pytest.mark.parametrize("order", ["threads", None, [["threads"]], ["gone", "threads"]])
def test_an_order_that_makes_no_sense_hides_no_scheme(folder, order):
    """Whatever stands in the file."""
    scheme_settings.configure_scheme("threads", workers=2)
    document = json.loads((folder / "schemes.json").read_text())
    (folder / "schemes.json").write_text(json.dumps({**document, "order": order}))
    assert sorted(scheme_settings.schemes()) == sorted(scheme_settings.order())
    assert list(scheme_settings.schemes())[-1] == "serial"


@pytest.mark.parametrize(
    ("name", "given", "error", "named"),
    [
        ("threads", {"position": 4}, InvalidInputError, "position=4"),
        ("threads", {"position": True}, InvalidInputError, "position=True"),
        ("serial", {"position": 0}, InvalidInputError, "stays last"),
        ("warp", {}, SchemeUnavailableError, "'ipyparallel'"),
        ("ipyparallel", {"enabled": 1}, InvalidInputError, "enabled=1"),
        ("serial", {"enabled": False}, InvalidInputError, "last resort"),
        ("ipyparallel", {"workers": -1}, InvalidInputError, "workers=-1"),
        ("ipyparallel", {"workers": True}, InvalidInputError, "workers=True"),
        ("ipyparallel", {"workers": 2}, InvalidInputError, "start_engines"),
    ],
)
def test_unusable_settings_are_refused(name, given, error, named):
    """By name, with what to do; nothing is kept."""
    before = scheme_settings.schemes()
    with pytest.raises(error) as refused:
        scheme_settings.configure_scheme(name, **given)
    assert named in str(refused.value)
    assert scheme_settings.schemes() == before


def test_a_broken_file_warns_and_the_defaults_hold(folder):
    """And the next change repairs it."""
    folder.mkdir()
    (folder / "schemes.json").write_text("{")
    with pytest.warns(RuntimeWarning, match="schemes.json"):
        assert scheme_settings.schemes()["ipyparallel"]["enabled"] is True
    with pytest.warns(RuntimeWarning):
        scheme_settings.configure_scheme("ipyparallel", enabled=False)
    assert scheme_settings.schemes()["ipyparallel"]["enabled"] is False


def test_concurrent_writers_lose_nothing(tmp_path):
    """Processes that change different schemes at once all find their change kept."""
    code = (
        "import sys\n"
        "from parflow_jupyter.maps.toolbox import scheme_settings\n"
        "scheme_settings.order = lambda: tuple('abcdef')\n"
        "for _ in range(20): scheme_settings.configure_scheme(sys.argv[1], enabled=False)\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "abc"]
    assert [process.wait(60) for process in processes] == [0] * 3
    kept = scheme_settings.schemes()
    assert [kept[name]["enabled"] for name in "abc"] == [False] * 3
