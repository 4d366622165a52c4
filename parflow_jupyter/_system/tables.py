"""Tables of plain data, as text and as HTML (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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


def table_css(name: str) -> str:
    """Return the CSS of the tables inside what has a class; it follows the notebook's theme.

    Example:
        >>> table_css("parflow-run").splitlines()[0]
        '.parflow-run { color: var(--jp-ui-font-color1, inherit); }'
    """
    twice = f".{name}.{name}"  # stronger than the notebook's own rules for tables
    return f"""\
.{name} {{ color: var(--jp-ui-font-color1, inherit); }}
{twice} table {{ border-collapse: collapse; margin: 6px 0; }}
{twice} th, {twice} td {{
  border: 1px solid var(--jp-border-color2, #8886); padding: 3px 8px; text-align: left;
  vertical-align: top; white-space: nowrap; background: transparent; }}
"""


class Html(str):
    """Text that is HTML already, and is not escaped."""

    __slots__ = ()


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    table_style: str = "",
    cell_style: str | None = "",
    numbers: Collection[str] = (),
    row_heads: Collection[str] = (),
    classes: Mapping[str, str] | None = None,
) -> str:
    """Return a table as HTML, with all that it is given escaped, unless it is ``Html``.

    Args:
        header: The headings of its columns.
        rows: Their cells.
        caption: What is said above it.
        table_style: Its CSS.
        cell_style: CSS of each cell, beside its alignment; None leaves both to the page.
        numbers: Headings of the columns that are aligned to the right.
        row_heads: Headings of the columns whose cells say what their rows are of.
        classes: CSS classes of cells, by the heading of their column.

    Example:
        >>> html_table(("a",), [("<",)], cell_style=None).partition("<tbody>")[2]
        '<tr><td>&lt;</td></tr></tbody></table>'
    """

    def cell(tag: str, name: str, text: str) -> str:
        side = "right" if name in numbers else "left"
        style = "" if cell_style is None else f' style="{cell_style}text-align:{side}"'
        content = text if isinstance(text, Html) else escape(text)
        return f"<{tag}{style}>{content}</{tag.partition(' ')[0]}>"

    def tag_of(name: str) -> str:
        tag = 'th scope="row"' if name in row_heads else "td"
        return f'{tag} class="{classes[name]}"' if classes and name in classes else tag

    tags = [(tag_of(name), name) for name in header]
    lines = [
        "".join(cell(tag, name, text) for (tag, name), text in zip(tags, row, strict=True))
        for row in rows
    ]
    head = "".join(cell('th scope="col"', name, name) for name in header)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    style = f' style="{table_style}"' if table_style else ""
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table{style}>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
