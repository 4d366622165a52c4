"""The toolbox of schemes, and what a start can choose from."""

import sys
import textwrap

import pytest

import parflow_jupyter as pf
from parflow_jupyter.maps import schemes
from parflow_jupyter.maps.toolbox import scheme_settings
from parflow_jupyter.server.routes.choices import pythons
from parflow_jupyter.server.routes.schemes import rows


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PARFLOW_DATA_DIR", str(tmp_path / "parflow"))


async def test_the_toolbox_says_what_can_run_and_why(ask):
    """Engines count as soon as there are some."""
    listed = (await ask("GET", "schemes")).body["schemes"]
    assert [row["name"] for row in listed] == [
        "ipyparallel",
        "dask",
        "processes",
        "threads",
        "serial",
    ]
    assert (listed[0]["slots"], listed[0]["why"]) == (0, "no engines are connected")
    assert listed[1]["enabled"] is False
    assert listed[2]["slots"] >= 1
    assert [row["takes_workers"] for row in listed] == [False, False, True, True, False]
    await ask("POST", "cluster/engines", {"n": 2})
    listed = (await ask("GET", "schemes")).body["schemes"]
    assert (listed[0]["slots"], listed[0]["why"]) == (2, "2 engines connected")


async def test_changes_are_shared_with_kernels(ask):
    """They stand in the file that kernels read, and the answer shows them."""
    changed = await ask("PUT", "schemes", {"name": "processes", "workers": 3, "position": 0})
    assert changed.code == 200
    assert changed.body["schemes"][0]["name"] == "processes"
    assert changed.body["schemes"][0]["why"] == "3 processes of this machine"
    assert next(iter(scheme_settings.schemes().items())) == (
        "processes",
        {"enabled": True, "workers": 3},
    )
    scheme_settings.configure_scheme("threads", enabled=False)
    listed = (await ask("GET", "schemes")).body["schemes"]
    assert {row["name"]: row["enabled"] for row in listed}["threads"] is False


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ({"name": "warp"}, 400, "'ipyparallel'"),
        ({"name": "serial", "enabled": False}, 400, "last resort"),
        ({"name": "serial", "position": 0}, 400, "stays last"),
        ({"name": "threads", "position": 4}, 400, "from 0 to 3"),
        ({"name": "threads", "workers": -1}, 400, "'workers' is -1"),
        ({"name": "ipyparallel", "workers": 2}, 400, "start_engines"),
        ({"name": "threads", "colour": "red"}, 400, "colour"),
    ],
)
async def test_what_cannot_be_set_is_refused(ask, body, code, named):
    """With the value and what to do; nothing is kept."""
    before = scheme_settings.schemes()
    answer = await ask("PUT", "schemes", body)
    assert answer.code == code
    assert named in answer.body["message"]
    assert scheme_settings.schemes() == before


ECHO = """
    from parflow_jupyter.maps.abc import Readiness
    from parflow_jupyter.maps.schemes.serial import SerialScheme

    class EchoScheme(SerialScheme):
        name = "echo"
        kind = "remote"
        rank, takes_workers, noun = 35, True, ("echo", "echoes")

        def __init__(self, workers=None):
            self._workers = workers or 1

        def readiness(self):
            return Readiness(self._workers, f"{self._workers} in this file")

    SCHEME = EchoScheme
"""


@pytest.fixture
def echo(tmp_path, monkeypatch):
    """Drops one file into the folder of the schemes, for one test."""
    (tmp_path / "schemes").mkdir()
    (tmp_path / "schemes" / "echo.py").write_text(textwrap.dedent(ECHO))
    monkeypatch.setattr(schemes, "__path__", [*schemes.__path__, str(tmp_path / "schemes")])
    schemes.registered.cache_clear()
    yield
    monkeypatch.undo()
    sys.modules.pop(f"{schemes.__name__}.echo", None)
    schemes.registered.cache_clear()


@pytest.mark.usefixtures("echo")
async def test_a_file_in_the_folder_of_schemes_is_a_scheme(ask):
    """The façade, settings, completion, reports and the sidebar know it from its class."""
    assert list(pf.schemes()) == ["ipyparallel", "dask", "processes", "echo", "threads", "serial"]
    result = pf.parallel_map(abs, [-1, 2], scheme="echo", progress=False)
    assert result == [1, 2]
    assert result.report.reason == "echo: asked for; 1 in this file"
    assert "echo on 1 echo" in repr(result)

    async def rows(**change):
        body = (await ask("PUT", "schemes", {"name": "echo", **change})).body
        return {row["name"]: row for row in body["schemes"]}["echo"]

    expected = {"name": "echo", "enabled": False, "workers": None, "takes_workers": True}
    assert await rows(enabled=False) == {**expected, "slots": 1, "why": "1 in this file"}
    assert pf.schemes()["echo"]["enabled"] is False
    changed = await rows(enabled=True, workers=3)
    assert (changed["enabled"], changed["slots"], changed["why"]) == (True, 3, "3 in this file")
    assert pf.configure_scheme("echo", position=0) == {"enabled": True, "workers": 3}
    assert pf.parallel_map(abs, [-1], progress=False).report.reason == "echo: 3 in this file"


async def test_a_cluster_that_cannot_be_asked_hides_no_scheme(ask, clusters):
    """Only the engines are unknown then."""
    clusters.error = RuntimeError("gone")
    listed = (await ask("GET", "schemes")).body["schemes"]
    assert (listed[0]["slots"], listed[0]["why"]) == (0, "the cluster can't be asked")
    assert listed[-1]["slots"] == 1


def test_a_scheme_that_fails_to_tell_is_shown_with_its_reason():
    """A package of others must not break the list."""
    shown = rows({"gone": {"enabled": True, "workers": None}}, 0)
    assert shown[0]["slots"] == 0
    assert "There is no scheme 'gone'" in shown[0]["why"]


async def test_a_start_can_choose(ask):
    """Number, launcher and the Pythons of the kernels; the server's own comes first."""
    choices = (await ask("GET", "cluster/choices")).body
    assert (choices["default"], choices["limit"], choices["launcher"]) == (2, 16, "local")
    assert choices["pythons"][0]["python"] == sys.executable
    assert "python3" in choices["pythons"][0]["kernels"]


async def test_owners_are_told(ask):
    """Before what is theirs is ended."""
    assert (await ask("GET", "cluster/owners")).body["owners"] == []
    await ask("POST", "cluster/engines", {"n": 1})
    told = (await ask("GET", "cluster/owners")).body
    assert told["owners"] == [{"engine": 0, "owner": "process, pid 7"}]


def spec(*argv, language="python", name="A kernel"):
    return {"spec": {"argv": list(argv), "language": language, "display_name": name}}


def test_pythons_are_those_of_the_kernels(tmp_path):
    """Each once, none that is not there, and none that is no Python."""
    other = tmp_path / "python3.11"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    listed = pythons(
        {
            "plain": spec("python", "-m", "ipykernel_launcher", name="Plain"),
            "same": spec(sys.executable),
            "other": spec(str(other), name="Other"),
            "gone": spec(str(tmp_path / "gone" / "python")),
            "remote": spec("ssh", "host", "python"),
            "r": spec("R", language="R"),
        }
    )
    assert listed == [
        {"python": sys.executable, "name": "Plain", "kernels": ["plain", "same"]},
        {"python": str(other), "name": "Other", "kernels": ["other"]},
    ]
