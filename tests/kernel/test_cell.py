"""The cell of %%parflow map becomes a function of one item, or a problem that is explained."""

import linecache
import traceback

import pytest

from parflow_jupyter._system import pickling
from parflow_jupyter.errors import MagicError
from parflow_jupyter.kernel.magics.cell import build, check_names, read_cell


def run(line, body, notebook=None, filename="<cell>"):
    """Do what the magic does, here and one item after the other."""
    names = {"__name__": "__main__", **(notebook or {})}
    cell = read_cell(line, body)
    check_names(cell, names)
    function, iterable = build(cell, filename, names)
    return [function(item) for item in eval(iterable, names)]


@pytest.mark.parametrize(
    ("line", "body", "results"),
    [
        ("map x in range(3)", "x * x", [0, 1, 4]),
        ("map x in range(3)", "y = x + 1\ny * y;", [1, 4, 9]),
        ("map x in range(2)", "def f(n):\n    return n + 1\n\nf(x)\n\n# done\n", [1, 2]),
        ("map x in range(2)", "f = lambda: (yield x)\nlist(f())", [[0], [1]]),
        ("map (a, b) in zip([1, 2], 'xy')", "b * a", ["x", "yy"]),
        ("map i, (x, y) in enumerate([(1, 2), (3, 4)])", "i + x * y", [2, 13]),
        ("map first, *rest in ['abc', 'de']", "rest + [first]", [["b", "c", "a"], ["e", "d"]]),
        ("map x in (n for n in range(9) if n % 4 == 0)", "x", [0, 4, 8]),
        ("map x in range(2)", "import math\nmath.factorial(x + 3)", [6, 24]),
        ("map x in range(2)", "for k in range(3):\n    x += k\n'a -> b'\nx", [3, 4]),
        ("map x in range(2)", "if x:\n    y = 'odd'\nelse:\n    y = 'even'\ny", ["even", "odd"]),
        ("map x in range(2)", "(lambda x: x + 1)(x)", [1, 2]),
        ("map x in range(2)", "[y := x, y + 1]", [[0, 1], [1, 2]]),
        ("map x in range(2)", "'''text\n%not a magic\n!nor a command\n'''", None),
        ("map x in range(2)", "None", [None, None]),
        ("map wort in ['ä']", "größe = len(wort)\ngröße", [1]),
    ],
)
def test_a_cell_runs_for_each_item(line, body, results):
    """The last expression is the result."""
    results = results or [body.strip("'")] * 2
    assert run(line, body) == results


def test_names_of_the_notebook_are_found_when_the_item_runs():
    """As in a function that was written in the notebook."""
    assert run("map x in xs", "scale * x", {"xs": [1, 2], "scale": 10}) == [10, 20]


def test_the_function_ships_what_it_names_and_nothing_else():
    """By value, as everything of a notebook."""
    names = {"__name__": "__main__", "scale": 10, "big": b"not this" * 1000}
    function, _ = build(read_cell("map x in xs", "scale * x"), "<cell>", names)
    shipped = pickling.dumps(function)
    assert pickling.loads(shipped)(4) == 40
    assert b"not this" not in shipped


def test_tracebacks_show_the_lines_of_the_cell():
    """Line 1 is the magic's own."""
    source = "%%parflow map x in [0]\ny = 1\ny / x"
    linecache.cache["<cell of a test>"] = (len(source), None, source.splitlines(True), "")
    with pytest.raises(ZeroDivisionError) as caught:
        run("map x in [0]", "y = 1\ny / x", filename="<cell of a test>")
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.lineno, last.name, last.line) == (3, "<module>", "y / x")


@pytest.mark.parametrize(
    ("body", "line", "column", "message"),
    [
        ("y = x", 2, 1, "the last statement has no value: end the cell with the item's result"),
        ("x\nfor y in x:\n    y", 3, 1, "the last statement has no value"),
        ("return x", 2, 1, "'return' can't stand here"),
        ("if x:\n    return 1\nx", 3, 5, "'return' can't stand here"),
        ("yield x", 2, 1, "'yield' can't stand here"),
        ("[(yield x)]", 2, 3, "'yield' can't stand here"),
        ("y = await x\ny", 2, 5, "'await' can't stand here"),
        ("async with x:\n    pass\nx", 2, 1, "'async with' can't stand here"),
        ("%timeit x\nx", 2, 1, "magics and shell commands can't stand here"),
        ("y = 1\n  !ls\nx", 3, 3, "magics and shell commands can't stand here"),
        ("files = !ls\nfiles", 2, 1, "magics and shell commands can't stand here"),
        ("len?\nx", 2, 1, "magics and shell commands can't stand here"),
        ("%%bash\nls", 2, 1, "magics and shell commands can't stand here"),
        ("y = (x\ny", 2, 5, "'(' was never closed"),
        ("y = = x\ny", 2, 5, "invalid syntax"),
        ("    y = x\ny", 2, None, "unexpected indent"),
        ("break\nx", 2, 1, "'break' outside loop"),
        ("from math import *\nx", 2, None, "import * only allowed at module level"),
        ("nonlocal y\nx", 2, 1, "no binding for nonlocal 'y' found"),
    ],
)
def test_a_bad_cell_is_shown_with_its_place(body, line, column, message):
    """Before anything runs; lines count as in the notebook."""
    with pytest.raises(MagicError) as caught:
        run("map x in xs", body)
    first, shown, caret = str(caught.value).splitlines()
    assert message in first
    assert first.startswith(f"Line {line}, column {column or ''}")
    typed = f"%%parflow map x in xs\n{body}".splitlines()[line - 1]
    assert shown == f"    {typed.lstrip()}"
    if column is not None:  # else it is Python's own, which differs between versions
        assert caret.index("^") - 4 == column - 1 - (len(typed) - len(typed.lstrip()))


@pytest.mark.parametrize("body", ["", "\n\n", "# only a comment\n"])
def test_an_empty_cell_is_refused(body):
    """It has no result."""
    with pytest.raises(MagicError, match="The cell is empty"):
        read_cell("map x in xs", body)


NOTEBOOK = {"total": 0, "found": [], "counts": {}, "y": 1, "obj": object(), "text": "a"}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("x", []),
        ("z = x\nz", []),
        ("y = x\ny", ["y"]),
        ("for y in x:\n    pass\nx", ["y"]),
        ("with x as y:\n    pass\nx", ["y"]),
        ("[y for y in x]", []),
        ("[(y := z) for z in x]\ny", ["y"]),
        ("import y\ny", []),
        ("def f():\n    y = 1\n    return y\nf()", []),
        ("found.append(x)\nx", ["found"]),
        ("found.count(x)", []),
        ("found = []\nfound.append(x)\nfound", ["found"]),
        ("text.strip()", []),
        ("counts[x] = 1\nx", ["counts"]),
        ("counts[x] += 1\nx", ["counts"]),
        ("del counts[x]\nx", ["counts"]),
        ("counts.setdefault(x, []).append(x)\nx", ["counts"]),
        ("obj.a.b[0] = x\nx", ["obj"]),
        ("x.a = 1\nx", []),
        ("global total\ntotal = x\nx", ["total"]),
        ("match x:\n    case [y, *found]:\n        pass\ny", []),
        ("x = x + 1\nx", []),
        ("y = x\nfound.append(y)\ny", ["y", "found"]),
    ],
)
def test_changes_of_the_notebook_are_named(body, names):
    """What an item changes stays where it runs: whoever expects otherwise is told."""
    cell = read_cell("map x in xs", body)
    assert sorted(change.name for change in check_names(cell, NOTEBOOK)) == sorted(names)


@pytest.mark.parametrize(
    "body",
    [
        "total += x\nx",
        "if x:\n    total += x\nx",
        "for k in x:\n    total += k\nx",
        "total = total + x\nx",
        "z = total\ntotal = z + x\nx",
        "print(y)\ny = x\ny",
    ],
)
def test_an_update_of_the_notebook_is_a_problem(body):
    """Python would only say that a local variable is unbound."""
    with pytest.raises(MagicError, match=r"'(total|y)' of the notebook can't be updated"):
        check_names(read_cell("map x in xs", body), NOTEBOOK)


@pytest.mark.parametrize(
    "body",
    [
        "total = 0\nfor k in x:\n    total += k\ntotal",
        "for k in range(2):\n    if k:\n        y += 1\n    else:\n        y = 0\ny",
        "match x:\n    case [y]:\n        pass\ny + 1",
        "y, z = x\ny",
        "try:\n    pass\nexcept ValueError as y:\n    print(y)\nx",
    ],
)
def test_names_with_a_value_of_their_own_are_no_problem(body):
    """They only look like the notebook's."""
    check_names(read_cell("map x in xs", body), NOTEBOOK)
