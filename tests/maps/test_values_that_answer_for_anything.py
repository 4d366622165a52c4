"""A user's value may answer for any attribute: it is never asked by name, and its truth never."""

import functools

import pytest
from map_helpers import mapped

import parflow_jupyter as pf
from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.maps.schemes import names


@pytest.fixture(params=names())
def scheme(request, make_scheme):
    return make_scheme(request.param)


class AttrDict(dict):
    """Looks for attributes among its keys, and knows no other error than theirs."""

    __getattr__ = dict.__getitem__


class StandIn:
    """Loads what it stands for when it is asked for anything."""

    def __getattr__(self, name):
        raise RuntimeError(f"loaded for {name}")

    def __reduce__(self):
        return (StandIn, ())


class CallableAttrDict(AttrDict):
    """A function with settings that are read as attributes."""

    def __call__(self, x):
        return x * self.factor


USES_GLOBALS = "def f(x): return x * SETTINGS.factor if LATER is not None else None"


def test_as_globals(scheme):
    """Of the function, which goes along with them."""
    namespace = {"SETTINGS": AttrDict(factor=3), "LATER": StandIn()}
    exec(USES_GLOBALS, namespace)
    assert mapped(scheme, namespace["f"], [1, 2]) == [3, 6]


def test_as_items(scheme):
    """And as results."""
    items = [AttrDict(n=1), AttrDict(n=2)]
    assert mapped(scheme, lambda item: item, items) == items
    assert mapped(scheme, lambda item: item is not None, [StandIn(), StandIn()]) == [True, True]


def test_tables_with_columns_of_such_names(scheme):
    """Whose truth nobody asks."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"func": [1, 2], "nbytes": [3, 4], "args": [5, 6], "__name__": [7, 8]})
    assert mapped(scheme, lambda x: int(table["func"].sum()) + x, [1, 2]) == [4, 5]
    assert mapped(scheme, lambda t: int(t["nbytes"].sum()), [table, table]) == [7, 7]


def test_as_the_function(scheme):
    """It is called, and named by its type."""
    result = mapped(scheme, CallableAttrDict(factor=2), [1, 2])
    assert (result, result.report.label) == ([2, 4], "CallableAttrDict")


def test_variables_without_a_value(scheme):
    """Of an enclosing function, not assigned yet, or deleted at the end of an except clause."""
    try:
        raise ValueError("gone")
    except ValueError as error:
        shown = str(error)

        def names_them(x):
            return (x, shown) if x else (error, later)  # noqa: F821 - that is the point

    result = mapped(scheme, names_them, [1, 2])
    later = None
    assert (result, later) == ([(1, "gone"), (2, "gone")], None)


@pytest.mark.parametrize("function", [abs, functools.reduce, int])
def test_what_takes_no_marks_is_named(function):
    """With what to do."""
    with pytest.raises(InvalidInputError, match=f"{function.__name__} can't be marked"):
        pf.parallelizable(threads=True)(function)
