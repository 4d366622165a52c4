"""The traceback of a failed item begins at the cell's line, wherever it comes from."""

import traceback
from types import SimpleNamespace

import pytest

from parflow_jupyter.kernel.magics.pointing import at_the_cell

CELL = "/tmp/ipykernel_1/12+3.py"


def failing_at(line):
    """Return an error raised at a line of the cell, below a frame of something else."""
    code = compile("\n" * (line - 1) + "1 / 0", CELL, "exec")
    try:
        exec(code, {})
    except ZeroDivisionError as error:
        return error


def from_an_engine(text):
    error = ZeroDivisionError("division by zero")
    error.map_result = SimpleNamespace(errors=[SimpleNamespace(traceback=text)])
    return error


def shown(error):
    return [(s.filename, s.lineno) for s in traceback.extract_tb(at_the_cell(error, CELL))]


def test_what_ran_here_keeps_its_frames_from_the_cell_on():
    """Those of the runner go."""
    assert len(traceback.extract_tb(failing_at(3).__traceback__)) == 2
    assert shown(failing_at(3)) == [(CELL, 3)]


@pytest.mark.parametrize("line", [1, 2, 40])
def test_what_ran_elsewhere_gets_a_frame_at_the_line(line):
    """The first of the cell's, when it called a function of another cell, or its own again."""
    text = (
        "Traceback (most recent call last):\n"
        f'  File "{CELL}", line {line}, in <module>\n    f(x)\n'
        '  File "/tmp/ipykernel_1/4.py", line 2, in f\n'
        f'  File "{CELL}", line 99, in <lambda>\n'
    )
    assert shown(from_an_engine(text)) == [(CELL, line)]


def test_without_a_line_the_traceback_is_the_errors_own():
    """No place is made up."""
    for error in (
        from_an_engine('File "/elsewhere.py", line 3, in f'),
        from_an_engine(""),
        ValueError("of the options"),
    ):
        with pytest.raises(type(error)):
            raise error
        assert at_the_cell(error, CELL) is error.__traceback__ is not None
    error.map_result = SimpleNamespace(errors=[])
    assert at_the_cell(error, CELL) is error.__traceback__
