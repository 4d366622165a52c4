"""Files: what is written is what is read, and reading runs no code."""

import json
import os
import sys
import textwrap
from pathlib import Path

import pytest
from pipeline_steps import join, load, measure, names, show

from parflow_jupyter.errors import DocumentError, PipelineCheckError, PipelineError
from parflow_jupyter.pipelines import Pipeline


def build() -> Pipeline:
    p = Pipeline("thumbnails ö")
    a = p.add(names, folder="photos")
    b = p.add_map(load, over="path", size=64)
    c = p.add(join)
    p.connect(a["result"], b["path"])
    p.connect(b["result"], c["images"])
    p.move(c, 10, 20.5)
    g = p.group([a, b], name="prepare")
    p.add_map(g, over="folder", folder=["x", "y"])
    d = p.add_map(measure, over="text")
    p.connect(c["result"], d["text"])
    return p


def test_what_is_saved_is_loaded(tmp_path: Path):
    """The loaded pipeline is equal, runs, and is saved to the same bytes."""
    one, two = tmp_path / "one.parflow.json", tmp_path / "two.parflow.json"
    p = build()
    p.save(one)
    loaded = Pipeline.load(one)
    loaded.save(two)
    assert loaded == p
    assert one.read_bytes() == two.read_bytes()
    assert loaded.run().values == p.run().values


def test_document_has_the_agreed_form():
    """Keys in fixed order, ports with shown depths, positions apart."""
    p = Pipeline("t")
    b = p.add_map(load, over="path")
    p.move(b, 1, 2)
    assert json.dumps(p.to_dict()) == json.dumps(
        {
            "format": "parflow-pipeline",
            "version": 1,
            "name": "t",
            "modules": [
                {
                    "id": "load",
                    "name": "load",
                    "function": "pipeline_steps:load",
                    "inputs": [
                        {"name": "path", "type": "str", "depth": 1, "required": True},
                        {
                            "name": "size",
                            "type": "int",
                            "depth": 0,
                            "required": False,
                            "default": 128,
                        },
                    ],
                    "outputs": [{"name": "result", "type": "str", "depth": 1}],
                    "parameters": {},
                    "map": {"over": ["path"]},
                }
            ],
            "connections": [],
            "groups": [],
            "layout": {"load": [1, 2]},
        }
    )


def test_parameters_are_written_in_the_order_of_the_ports():
    """A file does not depend on what was set first."""
    p, q = Pipeline("t"), Pipeline("t")
    p.add(load, size=1, path="a")
    q.set_parameter(q.add(load, path="a"), "size", 1)
    assert json.dumps(p.to_dict()) == json.dumps(q.to_dict())


@pytest.mark.parametrize("value", [(1, 2), float("nan"), Path("x"), {1: 2}, [{"a": (1,)}]])
def test_values_that_would_not_come_back_are_refused(tmp_path: Path, value):
    """The message names module and port, and an existing file is kept."""
    file = tmp_path / "p.json"
    file.write_text("old")
    p = Pipeline("t")
    p.add(show, anything=value)
    with pytest.raises(
        PipelineError, match=r"Module 'show', input 'anything': .* can't be written"
    ):
        p.save(file)
    assert file.read_text() == "old"


def test_functions_that_a_file_cannot_name_are_refused(tmp_path: Path):
    """A lambda can be run, but not saved."""
    p = Pipeline("t")
    p.add(lambda: 1)
    assert p.run()["function"]["result"] == 1
    with pytest.raises(PipelineError, match=r"'function' runs .*<lambda>, which a file can't name"):
        p.save(tmp_path / "p.json")
    assert list(tmp_path.iterdir()) == []


def test_saving_replaces_what_a_link_points_to_and_keeps_its_mode(tmp_path: Path):
    """The link stays a link."""
    file, link = tmp_path / "p.json", tmp_path / "link.json"
    file.write_text("")
    file.chmod(0o600)
    link.symlink_to(file)
    Pipeline("t").save(link)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600
    assert Pipeline.load(file) == Pipeline("t")


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch):
    """The old file is whole, and no part is left."""
    file = tmp_path / "p.json"
    Pipeline("old").save(file)

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DocumentError, match="disk full"):
        Pipeline("new").save(file)
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]
    assert Pipeline.load(file).name == "old"


def set_at(data, path, value):
    *parents, last = path
    for key in parents:
        data = data[key]
    if value is None:
        del data[last]
    else:
        data[last] = value


BROKEN = [
    (["format"], "other", "at format: the field 'format' must be 'parflow-pipeline'"),
    (["format"], None, "the field 'format' must be"),
    (["version"], 2, "at version: it has version 2, and this parflow-jupyter reads up to 1; upd"),
    (["version"], 0, "at version: there is no version 0"),
    (["version"], True, "at version: True stands where a whole number belongs"),
    (["version"], None, "the field 'version' is missing"),
    (["modules"], {}, "at modules: {} stands where a list belongs"),
    (["extra"], 1, "the field 'extra' is unknown here"),
    (["modules", 0, "id"], None, "at modules[0]: the field 'id' is missing; add it by hand"),
    (["modules", 0, "id"], "", "at modules[0].id: the text is empty"),
    (["modules", 2, "id"], "join", "at modules[2].id: the id 'join' is used twice"),
    (["modules", 1, "inputs", 0, "name"], 3, "at modules[1].inputs[0].name: 3 stands where text"),
    (["modules", 1, "inputs", 0, "depth"], -1, "at modules[1].inputs[0].depth: -1 is no list"),
    (["modules", 1, "inputs", 0, "colour"], 1, "at modules[1].inputs[0]: the field 'colour'"),
    (["modules", 1, "outputs", 0, "required"], True, "at modules[1].outputs[0]: the field 'requ"),
    (["modules", 0, "inputs", 1, "name"], "folder", "at modules[0].inputs[1].name: the port 'fol"),
    (["modules", 1, "function"], "join", "at modules[1].function: 'join' names no function"),
    (["modules", 1, "parameters"], [], "at modules[1].parameters: [] stands where an object"),
    (["modules", 0, "map"], {"over": []}, "at modules[0].map: 'over' must name each"),
    (["connections", 0, "from"], ["nope", "x"], "at connections[0].from: there is no module 'nope"),
    (["connections", 0, "to"], ["join"], "at connections[0].to: ['join'] is no port"),
    (["groups", 0, "modules"], [], "at groups[0].modules: the group is empty"),
    (["groups", 0, "inputs", 0, "to"], ["load", "x"], "at groups[0].inputs[0].to: module 'load'"),
    (["groups", 0, "modules", 0, "function"], "group:prepare", "group 'prepare' holds itself"),
    (["layout", "join"], [1], "at layout.join: [1] is no position"),
    (["layout", "gone"], [1, 2], "at layout.gone: there is no module 'gone'"),
]


@pytest.mark.parametrize(("path", "value", "words"), BROKEN)
def test_a_broken_file_is_explained(tmp_path: Path, path, value, words):
    """The message names the file, the place, and what to do."""
    data = build().to_dict()
    set_at(data, path, value)
    file = tmp_path / "broken.parflow.json"
    file.write_text(json.dumps(data))
    with pytest.raises(DocumentError) as caught:
        Pipeline.load(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)
    assert str(caught.value).count(";") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is no JSON"),
        (b"", "is no JSON"),
        (b'{"format": NaN}', "NaN is no JSON number"),
        (b"[" * 100_000, "is no JSON"),
        (b"\xff\xfe", "can't be read"),
        (b"[]", "[] stands where an object belongs"),
    ],
)
def test_a_file_that_is_no_json_is_explained(tmp_path: Path, content, words):
    """Also when it is no text at all."""
    file = tmp_path / "p.json"
    file.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        Pipeline.load(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_explained(tmp_path: Path):
    """It is a broken document too, for who catches one kind."""
    with pytest.raises(DocumentError, match=r"gone\.json can't be read") as caught:
        Pipeline.load(tmp_path / "gone.json")
    assert str(caught.value).count("gone.json") == 1


def test_a_file_that_cannot_be_written_is_explained(tmp_path: Path):
    """The message names the file that was asked for, and nothing is left behind."""
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "no" / "p.json", "No such file")):
        with pytest.raises(DocumentError, match=why) as caught:
            Pipeline("p").save(path)
        assert str(caught.value).startswith(f"{path} can't be written")
        assert ".part" not in str(caught.value)
    assert list(tmp_path.parent.glob(".*.part")) == []


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch):
    """A saved pipeline of a package that leaves a trace when it is imported."""
    (tmp_path / "parflow_foreign.py").write_text(
        textwrap.dedent("""
        from pathlib import Path
        Path(__file__).with_name("imported").touch()
        def double(x: int) -> int:
            return 2 * x
        def explode(x: int) -> int:
            return x
        """)
    )
    (tmp_path / "parflow_explosive.py").write_text("raise SystemError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    data = Pipeline("foreign")

    def double(x: int) -> int:
        return 2 * x

    double.__qualname__, double.__module__ = "double", "parflow_foreign"
    data.add(double, x=21)
    data.save(tmp_path / "p.json")
    yield tmp_path
    sys.modules.pop("parflow_foreign", None)


def test_loading_and_checking_run_no_code(foreign: Path):
    """Only run(trust=True) imports what a file names."""
    p = Pipeline.load(foreign / "p.json")
    assert "not defined in this process" in str(p.check()[0])
    with pytest.raises(PipelineCheckError, match=r"trust the file and use run\(trust=True\)"):
        p.run()
    assert not (foreign / "imported").exists()
    assert p.run(trust=True)["double"]["result"] == 42
    assert (foreign / "imported").exists()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("parflow_explosive:f", "failed: SystemError: imported"),
        ("parflow_nowhere:f", "failed: ModuleNotFoundError"),
        ("parflow_foreign:nope.more", "has no function 'nope.more'"),
    ],
)
def test_a_trusted_import_that_fails_is_a_problem(foreign: Path, function, words):
    """It names the module and what happened."""
    data = json.loads((foreign / "p.json").read_text())
    data["modules"][0]["function"] = function
    with pytest.raises(PipelineCheckError) as caught:
        Pipeline.from_dict(data).run(trust=True)
    assert words in str(caught.value)
    assert "module 'double'" in str(caught.value)
