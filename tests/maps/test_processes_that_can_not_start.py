"""What can't start is not started again and again, and says why."""

import os
import subprocess
import sys

import pytest
from map_helpers import mapped

from parflow_jupyter.errors import EngineLostError
from parflow_jupyter.maps.schemes import _loky, load

BESIDE = """
import os, sys
import parflow_jupyter as pf, loky, numpy
os.chdir(sys.argv[1])
sys.path.insert(0, "")

def halved(x):
    import os, random
    assert random.random() >= 0
    return x / 2, os.environ.get("PYTHONSAFEPATH")

if __name__ == "__main__":
    result = pf.parallel_map(halved, [2, 4, 6], scheme="processes", progress=False)
    print(list(result), result.report.engine_retries)
"""


@pytest.mark.parametrize("name", ["random", "queue", "token", "socket"])
def test_files_beside_the_notebook_keep_no_process_from_starting(isolated_home, tmp_path, name):
    """Whatever they are called; and the items' own processes see their folder as ever."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / f"{name}.py").write_text("raise RuntimeError('the one beside')\n")
    script = tmp_path / "script.py"
    script.write_text(BESIDE)
    done = subprocess.run(
        [sys.executable, script, tmp_path / "notebooks"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout == "[(1.0, None), (2.0, None), (3.0, None)] 0\n", done.stderr


def test_processes_that_end_as_they_begin_are_given_up(tmp_path, monkeypatch):
    """With their last words, after a few."""
    (tmp_path / "sitecustomize.py").write_text(
        f"import os\nopen({str(tmp_path / 'begun')!r}, 'a').write('x')\n"
        "os.write(2, b'no licence for this machine')\nos._exit(3)\n"
    )
    usual = _loky._environment
    monkeypatch.setattr(
        _loky, "_environment", lambda threads: {**usual(threads), "PYTHONPATH": str(tmp_path)}
    )
    _loky.WORKERS.close()
    try:
        with pytest.raises(EngineLostError, match="ended as they began: no licence for this mach"):
            mapped(load("processes")(2), abs, [-1, -2])
    finally:
        _loky.WORKERS.close()
    assert (tmp_path / "begun").stat().st_size < 12
    monkeypatch.undo()
    assert os.environ.get("PYTHONSAFEPATH") is None
    assert mapped(load("processes")(2), abs, [-1, -2]) == [1, 2]
