"""Modules that the tests of pipelines are built of."""

from typing import NamedTuple

from parflow_jupyter.pipelines import module


class Stats(NamedTuple):
    low: float
    high: float


@module
def names(folder: str, count: int = 3) -> list[str]:
    return [f"{folder}/{i}" for i in range(count)]


@module
def load(path: str, size: int = 128) -> str:
    if path.endswith("bad"):
        raise ValueError(f"can't read {path}")
    return f"{path}@{size}"


@module
def join(images: list[str]) -> str:
    return "+".join(images)


@module
def measure(text: str) -> Stats:
    return Stats(float(len(text)), 2.0 * len(text))


@module
def add(x: int, y: int) -> int:
    return x + y


@module
def show(anything):
    return repr(anything)


@module
def fail(text: str) -> str:
    raise RuntimeError("broken " + text)
