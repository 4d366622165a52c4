"""Ports from signatures, and which types fit together."""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType

import cloudpickle
import pytest

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines import Module, Port, module
from parflow_jupyter.pipelines.graph import fitting_depth
from parflow_jupyter.pipelines.types import accepts, describe_annotation, value_fits


class Animal:
    pass


class Cat(Animal):
    pass


class Halves(NamedTuple):
    left: list[int]
    right: Cat


Metres = NewType("Metres", float)
HERE = __name__


@module
def split(numbers: list[int], at: int = 2, *, label=None) -> Halves:
    """Cut a list in two."""
    return Halves(numbers[:at], Cat())


@module()
def plain(anything, other=(1, 2)):
    return anything


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, ("int", 0)),
        (None, ("None", 0)),
        (Any, ("Any", 0)),
        (object, ("Any", 0)),
        (list, ("Any", 1)),
        (list[str], ("str", 1)),
        (list[list[float]], ("float", 2)),
        (int | None, ("int | None", 0)),
        (list[int] | None, ("int", 1)),
        (int | list[int], ("int | list", 0)),
        (int | Any, ("Any", 0)),
        (dict[str, int], ("dict", 0)),
        (Sequence[str], ("collections.abc.Sequence", 0)),
        (Annotated[int, "seconds"], ("int", 0)),
        (Literal["a", "b"], ("str", 0)),
        (Metres, ("float", 0)),
        (Path, ("pathlib.Path", 0)),
        (Cat, (f"{HERE}.Cat", 0)),
        ("np.ndarray", ("np.ndarray", 0)),
    ],
)
def test_annotations_become_type_and_depth(annotation, expected):
    """List nesting is the depth, everything else the type's name."""
    assert expected == describe_annotation(annotation)


@pytest.mark.parametrize(
    ("source", "target", "fits"),
    [
        (int, int, True),
        (bool, int, True),
        (int, float, True),
        (bool, float, True),
        (float, complex, True),
        (float, int, False),
        (str, int, False),
        (str, Path, False),
        (Cat, Animal, True),
        (Animal, Cat, False),
        (Any, Cat, True),
        (Cat, Any, True),
        (int | None, str, False),
        (int | None, int, True),
        (str, int | str, True),
        (None, str, False),
    ],
)
def test_types_that_fit(source, target, fits):
    """Equal types, subclasses and int for float fit; Any fits everything."""
    assert fits is accepts(describe_annotation(source)[0], describe_annotation(target)[0])


def test_unknown_types_get_the_benefit_of_the_doubt():
    """A class that this process has not met can't be judged, so it is not refused."""
    assert accepts("some.package.Image", "int")


@pytest.mark.parametrize(
    ("source", "looped", "target", "mapped", "expected"),
    [
        (list[str], 0, str, False, 1),
        (list[list[str]], 0, str, False, 2),
        (str, 1, str, False, 1),
        (str, 0, list[str], False, -1),
        (list[str], 0, list[str], True, 0),  # shown depth of a mapped str
        (list[list[str]], 0, list[str], True, 1),
        (list[str], 0, Any, False, 0),
        (Any, 0, str, False, 0),
        (list[str], 0, Sequence[str], False, 0),
        (list[int], 0, Iterable, False, 0),
        (Iterable, 0, list[int], False, 0),
        (list[str], 0, int, False, None),
        (int, 0, list[str], False, None),
    ],
)
def test_list_depth_of_a_connection(source, looped, target, mapped, expected):
    """Loops and wraps happen by list depth, only where both ends are annotated."""
    giver = Port("result", *describe_annotation(source))
    taker = Port("x", *describe_annotation(target))
    assert expected == fitting_depth(giver, looped, taker, mapped)


@pytest.mark.parametrize(
    ("value", "annotation", "fits"),
    [
        (3, int, True),
        (3, float, True),
        (True, int, True),
        ("3", int, False),
        (3, str, False),
        ([1], int, False),
        ([1], list[int], True),
        (range(3), list[int], True),
        ("abc", list[str], False),
        (3, list[int], False),
        ("a.png", Path, True),
        (None, int | None, True),
        (None, int, False),
    ],
)
def test_parameters_that_fit(value, annotation, fits):
    """Plain values are judged for plain types; libraries judge their own."""
    assert fits is value_fits(value, *describe_annotation(annotation))


def test_inputs_come_from_parameters():
    """Name, type, depth, and whether a value is needed."""
    assert split.inputs == (
        Port("numbers", "int", 1, True),
        Port("at", "int", 0, False, 2),
        Port("label", "Any", 0, False, None),
    )
    assert split.positional == ()


def test_a_default_that_json_cannot_say_is_not_shown():
    """The function still uses it."""
    assert plain.inputs == (Port("anything", required=True), Port("other"))
    assert plain.outputs == (Port("result"),)


def test_named_tuple_gives_several_outputs():
    """One output per field, typed."""
    assert split.outputs == (Port("left", "int", 1), Port("right", f"{HERE}.Cat"))
    assert split.call({"numbers": [1, 2, 3]})[0] == [1, 2]


def test_module_stays_a_function():
    """It is called and documented as before."""
    assert split([1, 2, 3], at=1)[0] == [1]
    assert (split.__name__, split.__doc__) == ("split", "Cut a list in two.")
    assert "split" in repr(split)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *files: files, "*files"),
        (lambda **options: options, "**options"),
        (3, "3 is no function"),
        (type, "can't be read"),
    ],
)
def test_functions_without_fixed_ports_are_refused(function, words):
    """The message names what is in the way."""
    with pytest.raises(PipelineError) as caught:
        module(function)
    assert words in str(caught.value)


def test_positional_only_parameters_are_ports():
    """Functions of the math library can be modules."""
    import math

    assert Module(pow).call({"base": 2, "exp": 3}) == (8,)
    assert Module(math.sqrt).call({"x": 9.0}) == (3.0,)


def test_annotations_that_cannot_be_evaluated_stay_text():
    """Such as names that are imported for type checkers only."""

    def convert(image: "np.ndarray", size: "1 / 0") -> "Image": ...  # noqa: F821

    made = Module(convert)
    assert [port.type for port in (*made.inputs, *made.outputs)] == ["np.ndarray", "1 / 0", "Image"]


def test_coroutine_functions_are_refused():
    """Their result would be a coroutine that no one awaits."""

    async def fetch(url: str) -> str:
        return url

    with pytest.raises(PipelineError, match=r"fetch is a coroutine function: wrap it"):
        module(fetch)


def test_wrong_number_of_outputs_is_explained():
    """A function that breaks its annotation is named."""

    def lies() -> Halves:
        return (1, 2, 3)

    with pytest.raises(PipelineError, match=r"lies returned tuple .* 2 values"):
        Module(lies).call({})


def test_importable_module_is_shipped_by_name():
    """A module that an import finds travels as its name, like any function."""
    blob = cloudpickle.dumps(split)
    assert len(blob) < 200
    assert cloudpickle.loads(blob) is split


def test_module_of_main_reaches_another_process(tmp_path: Path):
    """A function defined in a notebook travels by value, with the module it calls."""
    script = tmp_path / "notebook.py"
    script.write_text(
        "import sys, cloudpickle\n"
        "from parflow_jupyter.pipelines import module\n"
        "@module\n"
        "def inner(x: int) -> int:\n"
        "    return x + 1\n"
        "@module\n"
        "def outer(x: int) -> int:\n"
        "    return inner(x) * 10 if x else outer(1)\n"
        "sys.stdout.buffer.write(cloudpickle.dumps(outer))\n"
    )
    root = str(Path(__file__).parents[2])
    options = {"capture_output": True, "timeout": 60, "check": True, "cwd": root}
    blob = subprocess.run([sys.executable, str(script)], env={"PYTHONPATH": root}, **options)
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, cloudpickle\n"
            "f = cloudpickle.loads(sys.stdin.buffer.read())\n"
            "print(f(0), f.call({'x': 4}), [port.type for port in f.inputs])",
        ],
        input=blob.stdout,
        env={"PYTHONPATH": root},
        **options,
    )
    assert answer.stdout.decode().strip() == "20 (50,) ['int']"


def test_importing_pipelines_loads_nothing_heavy():
    """No kernel, widget, server or cluster library."""
    heavy = ("IPython", "anywidget", "ipywidgets", "jupyter_server", "ipyparallel", "zmq", "numpy")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, parflow_jupyter.pipelines\n"
            f"print([name for name in {heavy!r} if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.strip() == "[]"
