"""What the magics show that no core class shows by itself: lines and small tables."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class Text(str):
    """A text that a notebook shows as it is, without quotes.

    Example:
        >>> Text("2 engines")
        2 engines
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, repr=False)
class Table:
    """Rows under headings; ``empty`` is said when there are none.

    Example:
        >>> Table(("name", "engines"), (("default", 2), ("lab", 10)), "No profiles.")
        name     engines
        default  2
        lab      10
    """

    headings: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    empty: str

    def __repr__(self) -> str:
        if not self.rows:
            return self.empty
        lines = [self.headings, *([_shown(value) for value in row] for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        return "\n".join(
            "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        if not self.rows:
            return html.escape(self.empty)
        head = _row("th", self.headings)
        body = "".join(_row("td", [_shown(value) for value in row]) for row in self.rows)
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    style = ' style="text-align: left"'
    inner = "".join(f"<{tag}{style}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)
