"""The line of %%parflow map is split where Python splits it."""

import ast

import pytest

from parflow_jupyter.errors import MagicError
from parflow_jupyter.kernel.magics.line import read_line

NASTY = "'a -> b --retries 3'"


@pytest.mark.parametrize(
    ("line", "target", "iterable", "name", "options"),
    [
        ("map x in xs", "x", "xs", None, {}),
        ("map x in xs -> ys", "x", "xs", "ys", {}),
        ("map x in xs->ys", "x", "xs", "ys", {}),
        ("map  x  in  xs  ->  ys  ", "x", "xs", "ys", {}),
        ("map (a, b) in zip(xs, ys)", "(a, b)", "zip(xs, ys)", None, {}),
        ("map a, b in zip(xs, ys)", "(a, b)", "zip(xs, ys)", None, {}),
        ("map i, (x, y) in enumerate(ps)", "(i, (x, y))", "enumerate(ps)", None, {}),
        ("map first, *rest in rows", "(first, *rest)", "rows", None, {}),
        ("map [a, b] in rows", "[a, b]", "rows", None, {}),
        ("map x in 1, 2, 3 -> ys", "x", "(1, 2, 3)", "ys", {}),
        ("map x in [y for y in xs if y in zs] -> q", "x", "[y for y in xs if y in zs]", "q", {}),
        ("map x in xs if long else ys -> q", "x", "xs if long else ys", "q", {}),
        (f"map x in [{NASTY}, 'in'] -> q", "x", f"[{NASTY}, 'in']", "q", {}),
        ("map x in f(lambda a: a - -b, {'k': '$HOME'}[k]) -> q", "x", None, "q", {}),
        ("map x in {n: f'{n}' for n in ns} -> q", "x", "{n: f'{n}' for n in ns}", "q", {}),
        ("map x in range(n - -3)", "x", "range(n - -3)", None, {}),
        ("map x in range(n --3)", "x", "range(n - -3)", None, {}),
        ("map x in f(a --seed)", "x", "f(a - -seed)", None, {}),
        ("map x in xs --retries 2", "x", "xs", None, {"retries": 2}),
        ("map x in xs --retries=2 -> ys", "x", "xs", "ys", {"retries": 2}),
        (
            "map x in xs -> ys --scheme serial --timeout 2.5 --on-error skip --seed -1",
            "x",
            "xs",
            "ys",
            {"scheme": "serial", "timeout": 2.5, "on_error": "skip", "seed": -1},
        ),
        (
            "map x in xs --checkpoint 'a -> b' --no-progress",
            "x",
            "xs",
            None,
            {"checkpoint": "a -> b", "progress": False},
        ),
        ("map x in xs -> ys # all of them -> here", "x", "xs", "ys", {}),
        ("map x in xs -> ys --checkpoint a-b", "x", "xs", "ys", {"checkpoint": "a-b"}),
        ("map x, in rows", "x,", "rows", None, {}),
        ("map a, b in itertools.product(xs, ys)", "(a, b)", "itertools.product(xs, ys)", None, {}),
        ("map x in (y if y else z)", "x", "y if y else z", None, {}),
        ("map x in f'{a}->{b}' -> q", "x", "f'{a}->{b}'", "q", {}),
        ("map x in {*xs} - {*ys} -> q", "x", "{*xs} - {*ys}", "q", {}),
        ("map x in (y := list(xs)) -> q", "x", "(y := list(xs))", "q", {}),
        ("map in_ in ins", "in_", "ins", None, {}),
        ("map x in not_in", "x", "not_in", None, {}),
        ("map größe in dateien -> größen", "größe", "dateien", "größen", {}),
    ],
)
def test_a_line_is_read(line, target, iterable, name, options):
    """Any Python target, any iterable, whatever strings and brackets hold."""
    read = read_line(line)
    assert ast.unparse(read.target).strip("()") == target.strip("()")
    assert iterable is None or ast.unparse(read.iterable) == iterable
    assert (read.name, read.options) == (name, options)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("map", 14, "write %%parflow map TARGET in EXPRESSION"),
        ("map xs", 15, "write %%parflow map TARGET in EXPRESSION"),
        ("map x in", 19, "invalid syntax"),
        ("map in xs", 15, "invalid syntax"),
        ("map x in xs if x > 0 -> ys", 23, "an 'if' clause can't follow"),
        ("map x in xs for y in x", 23, "a second 'for' clause can't follow"),
        ("map x in (xs -> ys", 20, "'(' is never closed"),
        ("map x in f([1, 2 -> ys", 22, "'[' is never closed"),
        ("map x in xs) -> ys", 22, "unmatched ')'"),
        ("map o.x in xs", 15, "o.x, which is in the notebook"),
        ("map (a, d[0]) in xs", 19, "d[0], which is in the notebook"),
        ("map 3 in xs", 15, "cannot assign to literal"),
        ("map *x in xs", 15, "starred assignment target"),
        ("map x in xs -> ", 23, "a name is missing after '->'"),
        ("map x in xs -> ys -> zs", 23, "invalid syntax"),
        ("map x in xs -> ys --seed 1 -> zs", 23, "invalid syntax"),
        ("map x in xs --seed 1 --checkpoint", 23, "expected one argument"),
        ("map x in xs -> 2ys", 23, "'2ys' is no name of a variable"),
        ("map x in xs -> for", 23, "'for' is no name of a variable"),
        ("map x in xs -> a.b", 23, "'a.b' is no name of a variable"),
        ("map x in xs -> ys --retries two", 29, "invalid int value: 'two'"),
        ("map x in xs --on-error stop", 23, "'stop'"),
        ("map x in xs --scheme", 23, "expected one argument"),
        ("map x in xs --engines 2", 23, "there is no option --engines (there are: --checkpoint"),
        ("map x in xs --scheme a b", 23, "unrecognized arguments: b"),
        ("map x in 'abc", 20, "unterminated string literal"),
    ],
)
def test_a_bad_line_is_shown_with_its_place(line, column, message):
    """The caret stands where the problem is, in the line as it was typed."""
    with pytest.raises(MagicError) as caught:
        read_line(line)
    first, shown, caret = str(caught.value).splitlines()
    assert message in first
    assert first.startswith(f"Line 1, column {column}: ")
    assert shown.strip() == f"%%parflow {line}".strip()
    assert caret.index("^") - 4 == column - 1
