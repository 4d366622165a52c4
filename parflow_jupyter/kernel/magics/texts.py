"""What the magics show that no core class shows by itself: lines and small tables."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from parflow_jupyter._system.tables import html_table, text_table


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
        return "\n".join(text_table(self.headings, self._cells()))

    def _repr_html_(self) -> str:
        if not self.rows:
            return html.escape(self.empty)
        return html_table(self.headings, self._cells())

    def _cells(self) -> list[list[str]]:
        return [[_shown(value) for value in row] for row in self.rows]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)
