"""Keys: the same for the same thing in any process, another one for anything else."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import importlib
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import threading
import uuid

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest

from parflow_jupyter.fingerprint.files import File, FileDigests
from parflow_jupyter.fingerprint.keys import ItemHasher, UnhashableError, changes, function_key


def key(value):
    return ItemHasher(FileDigests()).digest(value)


def cell(text, name="<cell>", **names):
    """Run a notebook cell, with its source known as IPython does it."""
    import linecache

    text = textwrap.dedent(text)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"__name__": "__main__", "__builtins__": __builtins__, **names}
    exec(compile(text, name, "exec"), space)
    return space


def changed(before, after, name="f"):
    """What is said to have changed between two versions of a notebook."""
    first = function_key(cell(before, "<one>")[name])
    second = function_key(cell(after, "<two>")[name])
    found = changes(first.parts, second.parts)
    assert (first.digest == second.digest) == (not found)
    return found


# --- values -----------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


NAN = float("nan")
DIFFERENT = [
    {"b": 2, "a": 1},
    *(0, False, 0.0, -0.0, 0j, None, "", b"", "0", b"0", (), [], {}, set(), frozenset()),
    *(1, True, 1.0, NAN, [0], (0,), [[0]], [0, 0], [[0], 0], {0}, {0: 0}, {0: None}, 10**40),
    *(bytearray(b"0"), memoryview(b"0"), range(3), slice(3), ..., "\ud800"),
    *(decimal.Decimal("1"), fractions.Fraction(1), datetime.date(2020, 1, 1)),
    *(datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
    *(datetime.time(1), datetime.timedelta(1), pathlib.PurePosixPath("a"), uuid.UUID(int=1)),
    *(Colour.RED, Colour.GREEN, Point(1, 2), Point(1, 3), Slotted(1), Slotted(2), Point, Colour),
    *(re.compile("a"), re.compile("a", re.IGNORECASE), collections.deque([0])),
    *(collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), {"a": 1, "b": 2}),
    *(collections.Counter("ab"), collections.defaultdict(list), functools.partial(pow, 2)),
    *(functools.partial(pow, 3), pow, len, "".upper, "a".upper, math.sin, np.sin, np.cos),
    *(np.float64(1), np.float32(1), np.int64(1), np.array(1.0), np.array([1.0]), np.arange(3)),
    *(np.arange(3, dtype="i4"), np.arange(3.0), np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(6)),
    *(np.array(["a"]), np.array(["a"], dtype=object), np.array([None]), np.array([NAN])),
    *(np.array([(1, 2.0)], dtype=[("a", "i8"), ("b", "f8")]), np.array(["2020"], dtype="M8[D]")),
    *(np.array([(1, 2.0)], dtype=[("a", "i8"), ("c", "f8")]), np.dtype("f8"), np.dtype("f4")),
    *(np.array(["2020"], dtype="M8[s]"), np.random.default_rng(1), np.random.default_rng(2)),
    *(pd.Series([1, 2]), pd.Series([1.0, 2.0]), pd.Series([1, 2], name="a"), pd.Index([1, 2])),
    *(pd.Series([1, 2], index=[1, 2]), pd.Series(["1", "2"]), pd.Series(["1", None])),
    *(pd.Series(["nan"]), pd.Series([NAN]), pd.Series([None], dtype=object)),
    *(pd.Series([1, None], dtype="Int64"), pd.Series([1, 2], dtype="Int64"), pd.NA, pd.NaT),
    *(pd.Series(["a", "b"], dtype="category"), pd.Series(["b", "a"], dtype="category")),
    *(pd.to_datetime(["2020"]), pd.to_datetime(["2020"], utc=True), pd.Timestamp("2020")),
    *(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), pd.DataFrame({"a": [1.0]})),
    *(pd.DataFrame({"a": [1], "b": [1]}), pd.DataFrame([[1]], index=["r"]), pd.DataFrame()),
    *(pd.date_range("2020", periods=3), pd.DatetimeIndex(list(pd.date_range("2020", periods=3)))),
    *(pd.MultiIndex.from_tuples([(1, 2)]), pd.Period("2020"), pd.interval_range(0, 2)),
    *(lambda x: x, lambda x: x + 1, lambda x, y=1: x, lambda x, y=2: x, int, list[int], list[str]),
]


def test_different_values_have_different_keys():
    """Also those that Python calls equal though a function may tell them apart: 1, True, 1.0."""
    keys = [key(value) for value in DIFFERENT]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({3, 1, (2, "x")}, {(2, "x"), 1, 3}),
        (np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3)),
        (np.arange(10)[::2], np.array([0, 2, 4, 6, 8])),
        (
            pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
            pd.DataFrame([[1, 3], [2, 4]], columns=["a", "b"]),
        ),
        (pd.Series(["a", "b"] * 2)[::2], pd.Series(["a", "a"], index=range(0, 4, 2))),
        ([[1, [2]], [1, [2]]], [[1, [2]]] * 2),
        (Point(1, 2), Point(1, 2)),
        (Slotted([1]), Slotted([1])),
        ("".join(["a", "b"]), "ab"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_equal_values_have_equal_keys(one, same):
    """Whatever their order, layout in memory or shared parts."""
    assert key(one) == key(same)


def test_values_with_cycles_have_keys():
    """Two cycles of the same shape are the same, and differ from others."""

    def ring(value):
        first = {"value": value}
        first["again"] = [first]
        return first

    assert key(ring(1)) == key(ring(1)) != key(ring(2))
    shared = []
    for _ in range(60):
        shared = [shared, shared]  # takes forever unless shared parts are hashed once
    assert key(shared)


class Stubborn:
    """Fails when it is looked at."""

    def __reduce_ex__(self, protocol):
        raise ZeroDivisionError


class Fickle:
    """Says something else about itself each time."""

    def __getstate__(self):
        return {"n": os.urandom(8)}


@pytest.mark.parametrize(
    "value",
    [
        threading.Lock(),
        (n for n in ()),
        [[threading.Lock()]],
        Fickle(),
        Stubborn(),
        {"a": [Fickle()]},
    ],
)
def test_what_has_no_content_is_told(value):
    """There is no key for it, and its type is named."""
    with pytest.raises(UnhashableError, match=r"lock|generator|Fickle|Stubborn|list|dict"):
        key(value)


def test_what_is_nested_too_deeply_is_told():
    """No crash."""
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(UnhashableError, match="too deeply"):
        key(deep)


def test_an_object_keeps_its_key_after_it_was_pickled():
    """pickle leaves traces in classes."""
    import pickle

    kind = cell("class A:\n    n = 1")["A"]
    before = key(kind)
    kind().__reduce_ex__(4)
    pickle.dumps(Point(1))
    assert key(kind) == before


# --- functions --------------------------------------------------------------------------

BEFORE = """
import math
factor = 2
class Model:
    scale = 1
    def run(self, x):
        return helper(x) * self.scale
def helper(x):
    return factor * x
def f(x, power=2):
    return Model().run(x) ** power + math.sin(x)
"""


def test_comments_lines_and_docstrings_do_not_count():
    """Nor does what else is in the cell."""
    after = BEFORE.replace(
        "def f(x, power=2):", "# why\n\ndef f(x,\n      power = 2):\n    '''Doc'''"
    )
    assert changed(BEFORE, after + "\nother = 3") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("factor = 2", "factor = 3", "the global 'factor' changed"),
        ("factor * x", "factor + x", "the function 'helper' changed"),
        ("power=2", "power=3", "the default 'power' of 'f' changed"),
        ("scale = 1", "scale = 2", "the attribute 'Model.scale' changed"),
        ("* self.scale", "/ self.scale", "the function 'Model.run' changed"),
        ("** power", "* power", "the function 'f' changed"),
        ("factor = 2", "factor = [2]", "the global 'factor' changed"),
    ],
)
def test_what_changed_is_named(old, new, said):
    """Each part of a function, also what it reaches through others, is told by its name."""
    assert changed(BEFORE, BEFORE.replace(old, new)) == [said]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "f = (lambda n: lambda x: x + n)(1)",
            "f = (lambda n: lambda x: x + n)(2)",
            ["the variable 'n' of a lambda changed"],
        ),
        ("a, f = lambda x: 1, lambda x: 2", "a, f = lambda x: 3, lambda x: 2", []),
        (
            "a, f = lambda x: 1, lambda x: 2",
            "a, f = lambda x: 1, lambda x: 4",
            ["the function a lambda changed"],
        ),
        (
            "from functools import partial\ndef g(a, b): pass\nf = partial(g, 1)",
            "from functools import partial\ndef g(a, b): pass\nf = partial(g, 2)",
            ["what the function is given changed"],
        ),
        (
            "from functools import lru_cache\n@lru_cache\ndef f(x): return 1",
            "from functools import lru_cache\n@lru_cache\ndef f(x): return 2",
            ["the function 'f' changed"],
        ),
        (
            "class A:\n def __init__(self, n): self.n = n\n def g(self, x): return 1\nf = A(1).g",
            "class A:\n def __init__(self, n): self.n = n\n def g(self, x): return 1\nf = A(2).g",
            ["the function changed"],
        ),
        (
            "class A:\n def __call__(self, x): return 1\nf = A()",
            "class A:\n def __call__(self, x): return 2\nf = A()",
            ["the function 'A.__call__' changed"],
        ),
        (
            "import enum\nclass E(enum.Enum):\n A = 1\ndef f(x): return E.A",
            "import enum\nclass E(enum.Enum):\n A = 2\ndef f(x): return E.A",
            ["the attribute 'E.A=' changed"],
        ),
        (
            "from dataclasses import *\n@dataclass\nclass P:\n a: int = 1\ndef f(): return P()",
            "from dataclasses import *\n@dataclass\nclass P:\n a: int = 2\ndef f(): return P()",
            ["the attribute 'P.a' changed", "the default 'a' of 'P.__init__' changed"],
        ),
        (
            "import enum\nclass E(enum.Enum):\n A = 1\n @property\n def p(self): return 1\n"
            "def f(x): return E.A",
            "import enum\nclass E(enum.Enum):\n A = 1\n @property\n def p(self): return 2\n"
            "def f(x): return E.A",
            ["the function 'E.p' changed"],
        ),
        ("def f(n): return f(n - 1)", "def f(n): return f(n - 1)", []),
        (
            "def deco(g):\n def w(x): return g(x)\n return w\n@deco\ndef f(x): return 1",
            "def deco(g):\n def w(x): return g(x)\n return w\n@deco\ndef f(x): return 2",
            ["the function 'f' changed"],
        ),
        (
            "k = 1\ndef f(xs): return [[k for _ in y] for y in xs]",
            "k = 2\ndef f(xs): return [[k for _ in y] for y in xs]",
            ["the global 'k' changed"],
        ),
    ],
)
def test_every_way_to_make_a_function_has_a_key(before, after, said):
    """Closures, lambdas on one line, partials, cached, bound, callable, recursive, decorated."""
    assert changed(before, after) == said


def test_code_without_source_has_a_key():
    """As compiled; its line does not count."""
    one, two, other = {}, {}, {}
    exec("def f(x):\n    'doc'\n    return x + 1", one)
    exec("\n\ndef f(x):\n    'other doc'\n    return x + 1", two)
    exec("def f(x):\n    return x + 2", other)
    keys = [function_key(space["f"]).digest for space in (one, two, other)]
    assert keys[0] == keys[1] != keys[2]


def test_a_source_that_is_not_what_runs_is_not_believed():
    """The file was edited after the function was made from it."""
    made = cell("def f(x): return 1", "<edited>")["f"]
    before = function_key(made).digest
    cell("def f(x): return 2", "<edited>")
    edited = function_key(made).digest
    assert function_key(cell("def f(x): return 2", "<edited>")["f"]).digest not in (before, edited)


def test_what_can_not_be_hashed_is_named():
    """By the name it has in the notebook."""
    space = cell("def f(x): return lock", lock=threading.Lock())
    with pytest.raises(UnhashableError, match=r"the global 'lock' is or holds a '_thread\.lock'"):
        function_key(space["f"])


# --- modules ----------------------------------------------------------------------------


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A folder of modules that are not installed; they are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def test_modules_beside_the_notebook_count_by_their_source(beside):
    """Also those that they import, or that are imported when the function runs."""
    (beside / "deeper_module.py").write_text("SIZE = 1\n")
    (beside / "own_module.py").write_text("import deeper_module\ndef g(x):\n    return x\n")
    (beside / "late_module.py").write_text("A = 1\n")
    text = "import own_module\ndef f(x):\n    import late_module\n    return own_module.g(x)"
    space = cell(text)
    first = function_key(space["f"])
    assert function_key(sys.modules["own_module"].g).parts.keys() >= {"the module 'own_module'"}
    (beside / "own_module.py").write_text("import deeper_module  # why\ndef g(x):\n    return x\n")
    assert function_key(space["f"]).digest == first.digest
    (beside / "deeper_module.py").write_text("SIZE = 22\n")
    second = function_key(space["f"])
    assert changes(first.parts, second.parts) == ["the module 'deeper_module' changed"]
    (beside / "late_module.py").write_text("A = 2222\n")
    third = function_key(space["f"])
    assert changes(second.parts, third.parts) == ["the module 'late_module' changed"]
    sys.modules["deeper_module"].SIZE = 5
    assert function_key(space["f"]).digest != third.digest


def test_a_module_edited_after_its_import_is_told_apart(beside):
    """What runs here is what was imported, not what the file says now."""
    (beside / "edited_module.py").write_text("class A:\n    def g(self):\n        return 1\n")
    space = cell("import edited_module\ndef f(x): return edited_module.A().g()")
    before = function_key(space["f"]).digest
    (beside / "edited_module.py").write_text("class A:\n    def g(self):\n        return 22\n")
    edited = function_key(space["f"]).digest
    del sys.modules["edited_module"]
    importlib.invalidate_caches()
    fresh = cell("import edited_module\ndef f(x): return edited_module.A().g()")
    assert fresh["f"](0) == 22
    assert len({before, edited, function_key(fresh["f"]).digest}) == 3


def test_installed_modules_count_by_their_version(monkeypatch):
    """An upgrade computes anew, and is told."""
    from parflow_jupyter.fingerprint import modules

    space = cell("import numpy as np\ndef f(x): return np.sin(x)")
    first = function_key(space["f"])
    modules.version_of.cache_clear()
    monkeypatch.setattr(np, "__version__", "99.0")
    second = function_key(space["f"])
    modules.version_of.cache_clear()
    assert changes(first.parts, second.parts) == ["the package numpy changed"]


# --- files ------------------------------------------------------------------------------


def test_a_file_counts_by_its_content(tmp_path):
    """As an item and as a global of the function, which sees a path."""
    path = tmp_path / "data.txt"
    path.write_text("one")
    space = cell("def f(x): return data.read_text()", data=File(path))
    first, item = function_key(space["f"]), key(File(path))
    assert space["f"](0) == "one"
    os.utime(path, ns=(1, 1))
    assert key(File(path)) == item
    path.write_text("two")
    assert key(File(path)) != item
    said = changes(first.parts, function_key(space["f"]).parts)
    assert said == [f"the file {str(path)!r} changed"]
    with pytest.raises(UnhashableError, match="No such file"):
        key(File(tmp_path / "missing"))
    with pytest.raises(UnhashableError, match="directory"):
        key(File(tmp_path))


def test_a_file_is_read_once_while_it_stays_as_it_is(tmp_path):
    """Its digest is remembered with size, time and inode, but not if it is very new."""
    path = tmp_path / "data.txt"
    path.write_text("one")
    digests = FileDigests()
    found = digests.digest(File(path))
    ((signature, remembered),) = digests.to_remember().values()
    assert remembered == found
    assert FileDigests({str(path): (signature, b"other")}).digest(File(path)) == found
    os.utime(path, ns=(10**9, 10**9))
    digests.digest(File(path))
    ((signature, _),) = digests.to_remember().values()
    assert FileDigests({str(path): (signature, b"known")}).digest(File(path)) == b"known"


# --- the same everywhere ----------------------------------------------------------------

_PROGRAM = """
import json, sys, linecache
before, name, text = int(sys.argv[1]), sys.argv[2], sys.argv[3]
text = "\\n" * before + text
linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
space = globals()
exec(compile(text, name, "exec"), space)
from parflow_jupyter.fingerprint.files import FileDigests
from parflow_jupyter.fingerprint.keys import ItemHasher, function_key
hasher = ItemHasher(FileDigests())
print(json.dumps([function_key(f).parts, hasher.digest(items).hex(), hasher.digest(g).hex()]))
"""
_NOTEBOOK = """
import dataclasses, enum, datetime, collections, functools
import numpy as np, pandas as pd
words = {"alpha", "beta", "gamma", "delta"}
table = {word: {word, len(word)} for word in sorted(words)}
class Kind(enum.Enum):
    A = 1
    B = 2
@dataclasses.dataclass
class Point:
    x: float
    tags: frozenset = frozenset({"p", "q", "r"})
    def move(self, dx):
        return Point(self.x + dx, self.tags)
def helper(x):
    return [word for word in words if word in {"alpha", "beta", "zeta"}]
def g(x, point=Point(1.0)):
    return helper(x), table, Kind.A, np.sin(x), point.move(2)
f = functools.partial(g, point=Point(2.0, frozenset(words)))
items = [Point(1.0), Kind.B, words, table, datetime.datetime(2020, 1, 2), np.arange(5),
         pd.DataFrame({"a": ["x", "y"], "b": [1.5, None]}), collections.Counter("hello"),
         (lambda a: words), helper]
"""


def test_keys_are_the_same_in_every_process():
    """Whatever the hash seed, the name of the cell, and the line on which the code stands."""
    answers = []
    for seed, before, name in (("0", "0", "/tmp/ipykernel_1/1.py"), ("77", "9", "<ipython-9>")):
        answer = subprocess.run(
            [sys.executable, "-c", _PROGRAM, before, name, _NOTEBOOK],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        answers.append(json.loads(answer.stdout))
    assert answers[0] == answers[1]
    assert answers[0][0].keys() >= {
        "the function 'g'",
        "the function 'helper'",
        "the class 'Point'",
    }


# --- any value at all -------------------------------------------------------------------

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(),
    st.binary(),
    st.dates(),
    st.decimals(allow_nan=False),
)
_KEYS = st.one_of(st.booleans(), st.integers(), st.text(), st.tuples(st.integers(), st.text()))
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(_KEYS, inner, max_size=4),
        st.frozensets(_KEYS, max_size=4),
        st.sets(_KEYS, max_size=4),
    ),
    max_leaves=12,
)


def plainly(value):
    """Say what a value is, in words that only equal values of the same types share."""
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        return f"{kind}({', '.join(map(plainly, value))})"
    if isinstance(value, dict):
        return f"{kind}({[(plainly(k), plainly(v)) for k, v in value.items()]})"
    if isinstance(value, (set, frozenset)):
        return f"{kind}({sorted(map(plainly, value))})"
    return f"{kind}({value!r})"


def otherwise(value):
    """Return an equal value, made in another order and without shared parts."""
    if isinstance(value, dict):
        return {otherwise(k): otherwise(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value)([otherwise(part) for part in reversed(list(value))][::-1])
    return value


@hypothesis.settings(max_examples=50, deadline=None, derandomize=True)
@hypothesis.given(_VALUES, _VALUES)
def test_values_are_the_same_if_and_only_if_their_keys_are(one, other):
    """For any plain data."""
    assert key(one) == key(otherwise(one))
    assert (key(one) == key(other)) == (plainly(one) == plainly(other))
    assert key([one]) != key(one)
