"""Where modules are drawn when no one has moved them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parflow_jupyter.pipelines.graph import find_cycle, topological_order
from parflow_jupyter.pipelines.model import Connection, Position

COLUMN, ROW = 300, 220
"""Distance of columns and rows, in pixels of the canvas."""


def arrange(ids: Sequence[str], connections: Iterable[Connection]) -> dict[str, Position]:
    """Place modules in columns, left to right, each right of all that it gets values from.

    Args:
        ids: The modules, in the order they were added.
        connections: Among them; a graph with a cycle gets one column.

    Returns:
        Position of the upper left corner, x and y in pixels, by module id.

    Example:
        >>> arrange(["b", "a"], [Connection(("a", "result"), ("b", "x"))])
        {'b': (300, 0), 'a': (0, 0)}
    """
    links = list(connections)
    column = dict.fromkeys(ids, 0)
    order = [] if find_cycle(ids, links) else topological_order(ids, links)
    for id in order:
        before = [column[link.source[0]] for link in links if link.target[0] == id]
        column[id] = max(before, default=-1) + 1
    places: dict[str, Position] = {}
    for x in range(max(column.values(), default=0) + 1):
        members = [id for id in ids if column[id] == x]
        for y, id in enumerate(_by_neighbours(members, links, places)):
            places[id] = (x * COLUMN, y * ROW)
    return {id: places[id] for id in ids}


def _by_neighbours(
    members: list[str], links: list[Connection], places: dict[str, Position]
) -> list[str]:
    """Sort a column so that connections cross little: by the mean row of what feeds it."""

    def mean_row(id: str) -> float:
        rows = [places[a][1] for a, b in ((li.source[0], li.target[0]) for li in links) if b == id]
        return sum(rows) / len(rows) if rows else 0.0

    return sorted(members, key=mean_row)
