"""What is pickled by value keeps its file and its lines, for whoever has cloudpickle."""

import json
import subprocess
import sys
import textwrap
import traceback
import types

import cloudpickle
import pytest

from parflow_jupyter._system import pickling

CELL = "/tmp/ipykernel_1/cell.py"
SOURCE = """
def plain():
    raise ValueError

def outer():
    def inner():
        raise ValueError
    return inner

nested = outer()
small = lambda: 1 / 0

class Thing:
    def method(self):
        raise ValueError

    @property
    def shown(self):
        raise ValueError

    @staticmethod
    def static():
        raise ValueError

def look():
    return Thing().shown

async def coroutine():
    raise ValueError

def run():
    coroutine().send(None)

def generator():
    raise ValueError
    yield

def first():
    return next(generator())

def comprehension():
    return [1 / x for x in (0,)]

method, static = Thing().method, Thing.static
"""
NAMES = ("plain", "nested", "small", "look", "run", "first", "comprehension", "method", "static")
AFAR = """
import sys

class Nothing:
    def find_spec(self, name, *rest):
        if name.startswith("parflow_jupyter"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Nothing())
import json, pickle, traceback

def place(function):
    try:
        function()
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return [last.filename, last.lineno, last.name]

found = pickle.loads(sys.stdin.buffer.read())
print(json.dumps({name: place(function) for name, function in found.items()}))
"""


def defined():
    """Return what a cell of a notebook defines."""
    names = {"__name__": "__main__"}
    exec(compile(SOURCE, CELL, "exec"), names)
    return {name: names[name] for name in NAMES}


def place(function):
    """Return file, line and function in which it fails."""
    with pytest.raises((ValueError, ZeroDivisionError)) as caught:
        function()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    return [last.filename, last.lineno, last.name]


def test_file_and_line_survive_where_nothing_of_ours_is_installed():
    """Of functions in functions, lambdas, methods, coroutines and the like."""
    functions = defined()
    there = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(AFAR)],
        input=pickling.dumps(functions),
        capture_output=True,
        check=True,
        timeout=60,
    )
    found = json.loads(there.stdout)
    assert found == {name: place(function) for name, function in functions.items()}
    assert {file for file, _, _ in found.values()} == {CELL}


def test_what_we_rely_on_in_cloudpickle():
    """Its reducer gives the arguments of CodeType, with the file where we put ours."""
    code = compile("6 * 7", CELL, "eval")
    make, arguments, *rest = cloudpickle.Pickler.dispatch_table[types.CodeType](code)
    assert make is types.CodeType
    assert rest == []
    named = types.CodeType(*arguments[:10], "elsewhere.py", *arguments[11:])
    assert named == code
    assert named.co_filename == "elsewhere.py"
    assert list(named.co_positions()) == list(code.co_positions())


def test_cloudpickle_stays_as_others_know_it():
    """Its table is everybody's: other packages of this process may have reducers there."""
    reducer = cloudpickle.Pickler.dispatch_table[types.CodeType]
    assert reducer.__module__.startswith("cloudpickle")
    assert pickling.Pickler.dispatch_table[types.CodeType] is not reducer


def test_what_others_teach_cloudpickle_is_heard(monkeypatch):
    """Also when they do it after we were imported."""

    class Odd:
        pass

    table = cloudpickle.Pickler.dispatch_table
    monkeypatch.setitem(table, Odd, lambda odd: (str, ("taught",)))
    assert pickling.loads(pickling.dumps(Odd())) == "taught"


def test_the_same_code_is_the_same_bytes():
    """What is sent is known by its content: equal bytes are sent once."""
    assert pickling.dumps(defined()["plain"]) == pickling.dumps(defined()["plain"])


def test_messages_of_ipyparallel_keep_it(monkeypatch):
    """Functions, and results, in both directions."""
    from ipyparallel.serialize import canning, deserialize_object, serialize, serialize_object

    monkeypatch.setattr(serialize, "pickle", serialize.pickle)
    monkeypatch.setattr(canning, "can_map", canning.can_map.copy())
    pickling.use_in_ipyparallel()
    function = defined()["nested"]
    again, _ = deserialize_object(serialize_object(function))
    assert place(again) == place(function)
