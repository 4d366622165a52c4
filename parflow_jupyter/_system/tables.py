"""Tables of plain data, as text and as HTML (pure)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table, columns below each other.

    Example:
        >>> print(*text_table(("name", "pid"), [("engine 0", "7")]), sep=chr(10))
        name      pid
        engine 0  7
    """
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    table_style: str = "",
    cell_style: str | None = "",
    numbers: Collection[str] = (),
) -> str:
    """Return a table as HTML, with all that it is given escaped.

    Args:
        header: The headings of its columns.
        rows: Their cells.
        caption: What is said above it.
        table_style: Its CSS.
        cell_style: CSS of each cell, beside its alignment; None leaves both to the page.
        numbers: Headings of the columns that are aligned to the right.

    Example:
        >>> html_table(("a",), [("<",)], cell_style=None).partition("<tbody>")[2]
        '<tr><td>&lt;</td></tr></tbody></table>'
    """

    def style_of(name: str) -> str:
        side = "right" if name in numbers else "left"
        return "" if cell_style is None else f' style="{cell_style}text-align:{side}"'

    styles = [style_of(name) for name in header]

    def line(begin: str, row: Sequence[str], end: str) -> str:
        pairs = zip(styles, row, strict=True)
        cells = (f"<{begin}{style}>{escape(cell)}</{end}>" for style, cell in pairs)
        return f"<tr>{''.join(cells)}</tr>"

    head = line('th scope="col"', header, "th")
    body = "".join(line("td", row, "td") for row in rows)
    style = f' style="{table_style}"' if table_style else ""
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table{style}>{above}<thead>{head}</thead><tbody>{body}</tbody></table>"
