"""What `import parflow_jupyter as pf` offers, and what it costs."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import parflow_jupyter as pf

ROOT = Path(__file__).parents[2]

DESIGNED = [
    *("start_engines", "cluster_info", "change_profile", "cleanup", "shutdown_cluster"),
    *("profiles", "get_client", "direct_view", "load_balanced_view"),
    *(
        "parallel_map",
        "imap",
        "amap",
        "last_result",
        "schemes",
        "configure_scheme",
        "parallelizable",
    ),
    *("module", "Pipeline", "PipelineBuilder"),
    *("TaskClient", "StringTask", "MapTask", "parallel"),
]
HEAVY = [
    *("tornado.web", "jupyter_server", "IPython.core.interactiveshell", "ipywidgets"),
    *("anywidget", "ipyparallel", "zmq", "numpy"),
]


@pytest.mark.parametrize("name", DESIGNED)
def test_designed_names_exist(name):
    """Each name of the public surface is there and says what it does."""
    assert name in pf.__all__
    assert inspect.getdoc(getattr(pf, name))


def test_all_is_what_can_be_loaded():
    """Every name in __all__ is there, and a star-import brings exactly these."""
    for name in pf.__all__:
        assert getattr(pf, name) is not None
    assert dir(pf) == pf.__all__
    names = {}
    exec("from parflow_jupyter import *", names)
    assert sorted(names.keys() - {"__builtins__"}) == pf.__all__


def test_unknown_name_is_an_attribute_error():
    """A misspelt name fails like with any other module; so does what the façade uses."""
    for name in ("start_engine", "MapOptions", "_ELSEWHERE_"):
        with pytest.raises(AttributeError, match=f"{name}'"):
            getattr(pf, name)


def test_a_type_checker_sees_the_same_names(tmp_path):
    """It finds each name with its type, and finds a misspelt one, too."""
    mypy = pytest.importorskip("mypy.api", reason="mypy comes with the extra 'check'")
    uses = [f"pf.{name}" for name in pf.__all__ if name != "__version__"]
    script = tmp_path / "uses.py"
    script.write_text("\n".join(["import parflow_jupyter as pf", *uses, "pf.start_engine"]))
    out, _, status = mypy.run(
        [
            "--strict",
            "--follow-imports=silent",
            f"--cache-dir={ROOT / '.mypy_cache' / 'names'}",
            str(script),
        ]
    )
    assert (status, out.count("error:")) == (1, 1), out
    assert 'has no attribute "start_engine"' in out


def test_importing_loads_nothing_heavy():
    """The package, and its façade too, load no web server, shell, widgets or ipyparallel."""
    script = (
        "import sys, json, parflow_jupyter, parflow_jupyter.api;"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(answer.stdout) == []


def test_one_version_number():
    """package.json alone holds the version; Python reads the same."""
    package = json.loads((ROOT / "package.json").read_text())
    assert pf.__version__ == package["version"]
    assert package["name"] == "parflow-jupyter"


def test_every_error_is_drawn_in_the_tree():
    """The tree in the docstring of errors.py names every class, and has no others."""
    errors = importlib.import_module("parflow_jupyter.errors")
    classes = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.ParflowError)
    }
    drawn = {word for word in errors.__doc__.replace("(", " ").split() if word.endswith("Error")}
    assert classes <= drawn
    reasons = [getattr(errors, name).reason for name in classes]
    assert len(set(reasons)) == len(reasons)
