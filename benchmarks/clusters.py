"""Compares starting, holding and stopping engines with ipyparallel's own Cluster, in turn.

Run: python benchmarks/clusters.py            all of it, about half an hour
     python benchmarks/clusters.py --quick    once, with small numbers, about a minute

All contenders take turns in each round, so that a busy machine hits all of them. Times are
in seconds until every engine has answered a task; memory is the proportional set size (PSS) of
all processes that were started, so that shared pages count once. The figures are medians; in
brackets is our figure divided by the contender's. Goals are against ipyparallel's default.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import following
from contenders import CONTENDERS, OURS, THEIRS, Ours
from measuring import cpu_seconds, home, pss_mb, seconds, wait_for_end

Figures = dict[str, float]
Round = dict[str, Figures]


@dataclass(frozen=True)
class Plan:
    """What is measured: numbers of engines, rounds, and seconds of watching idle engines."""

    few: int = 2
    many: int = 8
    rounds: int = 3
    idle: float = 60
    growth: Sequence[int] = (1, 2, 4, 8)
    followed: int = 1000
    follow: float = 30


QUICK = Plan(many=3, rounds=1, idle=2, growth=(1, 2), followed=50, follow=3)
IDLE_CPU = "CPU of {} idle engines, % of a core"
GOALS = {
    "nothing -> 2 engines, s": (0.30, True),
    "nothing -> 8 engines, s": (0.30, True),
    "supervisor up -> 2 engines, s": (0.15, True),
    "supervisor up -> 8 engines, s": (0.15, True),
    "+2 engines, s": (0.12, True),
    "memory per added engine, MB": (0.30, True),
    "memory of all at 2 engines, MB": (0.85, True),
    "memory of all at 8 engines, MB": (0.50, True),
    IDLE_CPU.format(8): (2.0, False),
}
"""The goal of a figure, and whether it is one for the ratio to ipyparallel's default."""


def verdict(goal: tuple[float, bool] | None, ours: float, theirs: float | None) -> str:
    """Say whether a goal is met, or by how much it is missed.

    Example:
        >>> verdict((0.3, True), 2.0, 5.0)
        '≤ 0.30: missed by 0.10'
    """
    if goal is None or (goal[1] and not theirs):
        return ""
    reached = ours / theirs if goal[1] and theirs else ours
    state = "met" if reached <= goal[0] else f"missed by {reached - goal[0]:.2f}"
    return f"≤ {goal[0]:.2f}: {state}"


# --- the measurements ------------------------------------------------------------


def measure(make: Callable[[], Any], plan: Plan, is_ours: bool) -> Figures:
    """Return the figures of one round of one contender."""
    found: Figures = {}
    for n in (plan.few, plan.many):
        with home():
            contender = make()
            found[f"nothing -> {n} engines, s"] = seconds(contender.start, n)
            before = found[f"memory of all at {n} engines, MB"] = pss_mb()
            total = n
            if n == plan.many and plan.idle:
                found[IDLE_CPU.format(n)] = idle_cpu(plan.idle)
            if n == plan.few:
                found[f"+{plan.few} engines, s"] = seconds(contender.add, plan.few)
                found["memory per added engine, MB"] = (pss_mb() - before) / plan.few
                found[f"+{plan.many} engines, s"] = seconds(contender.add, plan.many)
                total = n + plan.few + plan.many
            found[f"stop {total} engines, s"] = seconds(contender.stop)
            if is_ours:
                found[f"supervisor up -> {n} engines, s"] = seconds(contender.start, n)
                contender.stop()
            contender.close()
            wait_for_end()
    return found


def idle_cpu(duration: float) -> float:
    """Return the CPU that everything started uses while nothing is asked, in % of a core."""
    spent = cpu_seconds()
    time.sleep(duration)
    return (cpu_seconds() - spent) / duration * 100


def measure_growth(make: Callable[[], Any], numbers: Sequence[int]) -> dict[str, list[float]]:
    """Return start, memory and stop of one contender, for each number of engines from nothing."""
    found: dict[str, list[float]] = {"start, s": [], "memory, MB": [], "stop, s": []}
    for n in numbers:
        with home():
            contender = make()
            found["start, s"].append(seconds(contender.start, n))
            found["memory, MB"].append(pss_mb())
            found["stop, s"].append(seconds(contender.stop))
            contender.close()
            wait_for_end()
    return found


def measure_phases(n: int) -> dict[str, Figures]:
    """Return where the time of our starts goes: from nothing, with a supervisor, and +n."""
    found = {}
    with home():
        ours = Ours(with_phases=True)
        ours.start(n)
        found["nothing"] = dict(ours.phases)
        ours.add(n)
        found[f"+{n}"] = dict(ours.phases)
        ours.stop()
        ours.start(n)
        found["supervisor up"] = dict(ours.phases)
        ours.stop()
        ours.close()
        wait_for_end()
    return found


# --- the tables --------------------------------------------------------------------


def medians(rounds: list[Round], name: str) -> Figures:
    """Return the median of each figure of a contender."""
    keys = dict.fromkeys(key for one in rounds for key in one[name])
    return {key: statistics.median(one[name][key] for one in rounds) for key in keys}


def table(rounds: list[Round]) -> Iterator[str]:
    """Yield the lines of the table of medians, ratios and goals."""
    found = {name: medians(rounds, name) for name in rounds[0]}
    yield f"{'':38}" + "".join(f"{name:>22}" for name in found) + "   goal"
    for key, ours in found[OURS].items():
        cells = [f"{ours:.2f}"]
        # With a supervisor up there is nothing to compare with but their start from nothing.
        same = key.replace("supervisor up", "nothing")
        for name in list(found)[1:]:
            theirs = found[name].get(same)
            ratio = f" ({ours / theirs:.2f})" if theirs else ""
            cells.append("–" if theirs is None else f"{theirs:.2f}{ratio}")
        aim = verdict(GOALS.get(key), ours, found[THEIRS].get(same))
        yield f"{key:38}" + "".join(f"{cell:>22}" for cell in cells) + f"   {aim}"


def growth_table(numbers: Sequence[int], found: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    """Yield the lines that say how each cost grows with the number of engines."""
    heads = "".join(f"{f'n = {n}':>10}" for n in numbers)
    yield f"{'How each cost grows':38}{heads}{'fixed':>10}{'per engine':>12}"
    for name, costs in found.items():
        for key, values in costs.items():
            slope, fixed = statistics.linear_regression(numbers, values)
            shown = "".join(f"{value:10.2f}" for value in values)
            yield f"{name + ': ' + key:38}{shown}{fixed:10.2f}{slope:12.2f}"


def phases_table(n: int, found: dict[str, Figures]) -> Iterator[str]:
    """Yield the lines that say where the time of our starts goes."""
    yield f"{f'Where our time goes, {n} engines, s':38}" + "".join(f"{way:>16}" for way in found)
    for phase in next(iter(found.values())):
        yield f"{phase:38}" + "".join(f"{figures[phase]:16.2f}" for figures in found.values())


# --- all of it -----------------------------------------------------------------------


def compare(plan: Plan) -> None:
    """Measure all contenders in turn, and print the tables."""
    # Whoever goes first would otherwise pay for imports that all of them need in this process.
    importlib.import_module("ipyparallel")
    importlib.import_module("parflow_jupyter.clusters.client.connection")
    rounds: list[Round] = []
    for number in range(plan.rounds):
        measured: Round = {}
        for name, make in CONTENDERS.items():
            print(f"round {number + 1}: {name}", flush=True)
            measured[name] = measure(make, plan, name == OURS)
        rounds.append(measured)
    print("", *table(rounds), "", sep="\n", flush=True)
    growth = {name: measure_growth(CONTENDERS[name], plan.growth) for name in (OURS, THEIRS)}
    print(*growth_table(plan.growth, growth), "", sep="\n", flush=True)
    print(*phases_table(plan.few, measure_phases(plan.few)), "", sep="\n", flush=True)
    figures = following.measure(plan.followed, plan.follow)
    print(*following.lines(plan.followed, figures), sep="\n")


def read_plan() -> Plan:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="once, with small numbers")
    parser.add_argument("--rounds", type=int, help="how often all take turns")
    parser.add_argument("--idle", type=float, help="seconds to watch idle engines, 0 to leave out")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else Plan()
    given = {name: getattr(arguments, name) for name in ("rounds", "idle")}
    return Plan(
        **{**vars(plan), **{key: value for key, value in given.items() if value is not None}}
    )


if __name__ == "__main__":
    # What is started finds the package where this checkout has it.
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[1]))
    compare(read_plan())
