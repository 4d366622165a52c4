"""Makes a traceback show the line of the cell at which an item failed, wherever that ran."""

from __future__ import annotations

import re
from types import TracebackType

from parflow_jupyter._system.callables import attribute_of


def at_the_cell(error: BaseException, filename: str) -> TracebackType | None:
    """Return a traceback of an error that begins with the cell's own line.

    Where the item ran in this process, that line is in the error's traceback. From another
    process came only the text of one: then a frame is made that stands at the same line.

    Args:
        error: What a map raised; ``map_result`` on it holds what came from engines.
        filename: Name under which tracebacks know the cell.

    Returns:
        The traceback to raise it with; its own where the cell is not in it.

    Example:
        >>> from types import SimpleNamespace
        >>> failure = SimpleNamespace(traceback='File "<cell>", line 3, in <module>')
        >>> error = ValueError("bad")
        >>> error.map_result = SimpleNamespace(errors=[failure])
        >>> at_the_cell(error, "<cell>").tb_lineno
        3

    Source: Jinja's tracebacks, which stand in templates in the same way.
    """
    found = error.__traceback__
    while found is not None:
        if found.tb_frame.f_code.co_filename == filename:
            return found
        found = found.tb_next
    line = _line_elsewhere(error, filename)
    return error.__traceback__ if line is None else _standing_at(filename, line)


def _line_elsewhere(error: BaseException, filename: str) -> int | None:
    failures = getattr(attribute_of(error, "map_result"), "errors", [])
    text = str(failures[0].traceback) if failures else ""
    found = re.search(rf'File "{re.escape(filename)}", line (\d+)', text)
    return int(found.group(1)) if found else None


def _standing_at(filename: str, line: int) -> TracebackType | None:
    code = compile("\n" * (line - 1) + "raise ValueError", filename, "exec")
    try:
        exec(code, {})
    except ValueError as error:
        mine = error.__traceback__
    return mine.tb_next if mine is not None else None
