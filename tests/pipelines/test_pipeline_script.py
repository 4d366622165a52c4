"""The exported script computes what the pipeline computes."""

import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_steps import add, join, load, measure, names, show

from parflow_jupyter.errors import PipelineCheckError, PipelineError
from parflow_jupyter.pipelines import Pipeline

ROOT = Path(__file__).parents[2]


def nested() -> list[list[str]]:
    return [["a", "b"], ["c"]]


def chain() -> tuple[Pipeline, list]:
    p = Pipeline("p")
    a, b, c = p.add(names, folder="f"), p.add_map(load, over="path", size=64), p.add(join)
    p.connect(a["result"], b["path"])
    p.connect(b["result"], c["images"])
    return p, [a, b, c]


def looped() -> Pipeline:
    p, (_, _, c) = chain()
    d, e, f = p.add(nested), p.add(load), p.add(measure)
    p.connect(d["result"], e["path"])
    p.connect(e["result"], f["text"])
    g = p.add(join)
    p.connect(c["result"], g["images"])
    p.add_map(add, over=["x", "y"], x=[1, 2], y=[10, 20])
    p.add_map(measure, over="text", text=["a", "bc"])
    p.add(measure, text="abc")
    return p


def grouped() -> Pipeline:
    p, (a, b, c) = chain()
    g = p.group([b, c], name="inner")
    p.add(g, path=["x"], size=3)
    outer = p.group([a, g], name="outer")
    p.add_map(outer, over="folder", folder=["x", "y"])
    p.add(outer, folder=["z"])
    return p


def builtins() -> Pipeline:
    import math

    p = Pipeline("p")
    a, b = p.add(math.sqrt, x=9.0), p.add(pow, exp=2)
    p.connect(a["result"], b["base"])
    p.add(show, anything='it\'s "text"')
    return p


@pytest.mark.parametrize("make", [looped, grouped, builtins])
def test_script_gives_the_same_results(make, tmp_path: Path):
    """Run by Python alone, with a map that is a plain loop."""
    p = make()
    script = p.to_python()
    expected = {f"{id}_{port}": value for (id, port), value in p.run().values.items()}
    (tmp_path / "script.py").write_text(script)
    code = (
        "import sys, parflow_jupyter\n"
        "parflow_jupyter.parallel_map = lambda f, *xs: [f(*row) for row in zip(*xs)]\n"
        "names = {}\n"
        "exec(compile(open(sys.argv[1]).read(), 'script', 'exec'), names)\n"
        f"print({{n: names[n] for n in {list(expected)!r}}})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "script.py")],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"},
    )
    assert done.stderr == "", script
    assert done.stdout == f"{expected}\n", script


def test_script_is_readable():
    """Imports, then one line per module."""
    p, _ = chain()
    assert p.to_python() == (
        "import parflow_jupyter as pf\n"
        "from pipeline_steps import names\n"
        "from pipeline_steps import load\n"
        "from pipeline_steps import join\n\n\n"
        "names_result = names(folder='f')\n"
        "load_result = pf.parallel_map(lambda path_item: load(path=path_item, size=64), "
        "names_result)\n"
        "join_result = join(images=load_result)\n"
    )


def test_what_cannot_run_has_no_script():
    """Problems and functions without a name are told."""
    p = Pipeline("p")
    p.add(load)
    with pytest.raises(PipelineCheckError, match="'path': it needs a value"):
        p.to_python()
    q = Pipeline("q")
    q.add(lambda: 1)
    with pytest.raises(PipelineError, match="which a script can't name"):
        q.to_python()
