"""The example runs as its readers would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.timeout(300)
def test_notebook_runs_from_top_to_bottom(isolated_home):
    """Serial loop, map cell and pipeline all count the same galaxies on real data."""
    notebook = nbformat.read(EXAMPLES / "galaxies.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()

    texts = {
        cell.id: "".join(str(output.get("text", "")) for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    everything = " ".join(texts.values())
    assert "36 tiles" in everything
    assert "times as fast" in everything


@pytest.mark.timeout(300)
def test_demo_script_says_what_ran_where(isolated_home):
    """The demo prints engines, their shares, the speed-up and what was stopped."""
    answer = subprocess.run(
        [sys.executable, str(EXAMPLES / "demo.py"), "-n", "2"],
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ.copy(),
    )
    assert answer.returncode == 0, answer.stderr
    for words in ("same as serial: True", "times as fast", "terminated"):
        assert words in answer.stdout
    # On a busy machine one engine may have searched all before the other was ready.
    assert re.search(r"engine [01] searched \d+ tiles", answer.stdout)
