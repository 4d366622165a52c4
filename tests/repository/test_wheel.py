"""What ships: the wheel that scripts/build makes."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEELS = sorted((ROOT / "dist").glob("parflow_jupyter-*.whl"))

needs_wheel = pytest.mark.skipif(
    not WHEELS, reason="no wheel in dist/: scripts/test (all of it) and scripts/build make one"
)


@pytest.fixture
def names():
    with zipfile.ZipFile(WHEELS[-1]) as wheel:
        return wheel.namelist()


@needs_wheel
@pytest.mark.parametrize(
    "part",
    [
        "share/jupyter/labextensions/parflow-jupyter/package.json",
        "share/jupyter/labextensions/parflow-jupyter/install.json",
        "share/jupyter/labextensions/parflow-jupyter/static/style.js",
        "share/jupyter/labextensions/parflow-jupyter/schemas/parflow-jupyter/",
        "etc/jupyter/jupyter_server_config.d/parflow_jupyter.json",
        "parflow_jupyter/static/builder.js",
        "parflow_jupyter/static/builder.css",
        "parflow_jupyter/kernel/buttons/retry.js",
        "parflow_jupyter/kernel/buttons/retry.css",
        "parflow_jupyter/server/openapi.yaml",
        "parflow_jupyter/py.typed",
    ],
)
def test_wheel_holds(names, part):
    """Users need no Node: front end, widget and configuration are in the wheel."""
    assert [name for name in names if part in name]


@needs_wheel
def test_wheel_holds_nothing_else(names):
    """No tests, no development maps, no sources of the front end."""
    assert not [n for n in names if n.endswith(".map") or "node_modules" in n or ".tsx" in n]


@needs_wheel
def test_wheel_works_where_it_is_unpacked(tmp_path):
    """The package imports from the wheel alone, and its widget finds its files."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(tmp_path), str(WHEELS[-1])], check=True, timeout=60)
    script = (
        "import parflow_jupyter as pf, pathlib;"
        "print(pf.__file__); pf.PipelineBuilder(pf.Pipeline('p'))"
    )
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    assert Path(answer.stdout.strip()).is_relative_to(tmp_path)
