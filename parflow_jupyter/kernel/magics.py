"""``%parflow`` and ``%%parflow map``: they parse, call the façade once, and show.

``%load_ext parflow_jupyter`` registers them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from ..errors import EngineLostError, ItemError, MagicError, ParflowError
from .cell import MapCell, build, check_names, read_cell
from .commands import run_command
from .names import Change
from .parsers import help_text, words

NAME = "parflow"
LABEL_LENGTH = 60


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics and their completion.

    Args:
        ipython: The shell, an ``InteractiveShell``.
    """
    magics = ParflowMagics(ipython)
    ipython.register_magic_function(magics.line, "line", NAME)
    ipython.register_magic_function(magics.cell, "cell", NAME)
    for prefix in ("%", "%%"):
        ipython.set_hook("complete_command", complete, str_key=prefix + NAME)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics back.

    Args:
        ipython: The shell, an ``InteractiveShell``.
    """
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop(NAME, None)


class ParflowMagics:
    """The two magics, in one shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.line = _documented(self._line, "Start, look at and stop engines.")
        self.cell = no_var_expand(_documented(self._cell, "Run the cell once per item."))

    def _line(self, line: str) -> Any:
        with _short_errors():
            return run_command(line, _api())

    def _cell(self, line: str, body: str) -> Any:
        __tracebackhide__ = True
        with _short_errors():
            return self._map(line.strip(), body)

    def _map(self, line: str, body: str) -> Any:
        __tracebackhide__ = True
        if line.split(maxsplit=1)[:1] != ["map"]:
            raise MagicError(
                f"%%parflow {line}: a cell can only be a map: begin it with "
                f"'%%parflow map x in xs', or write %parflow in a line of its own."
            )
        cell = read_cell(line, body)
        notebook = self._shell.user_ns
        changes = check_names(cell, self._own_names())
        filename = self._remember(cell.source)
        function, iterable = build(cell, filename, notebook)
        for change in changes:
            _warn(change, filename)
        options = {"label": label_of(cell), "ask": True, **cell.line.options}
        result = _api().parallel_map(function, eval(iterable, notebook), **options)
        if cell.line.name is None:
            return result
        self._shell.push({cell.line.name: result})
        return None

    def _own_names(self) -> dict[str, Any]:
        """Return what the notebook itself defined, without what IPython put there."""
        hidden = self._shell.user_ns_hidden
        return {
            name: value
            for name, value in self._shell.user_ns.items()
            if not name.startswith("_") and hidden.get(name, self) is not value
        }

    def _remember(self, source: str) -> str:
        """Make the cell's lines known to tracebacks, and return the name they go by."""
        count = self._shell.execution_count
        return str(self._shell.compile.cache(source, count, raw_code=source))


def label_of(cell: MapCell) -> str:
    """Return what a map is called in displays and in the history.

    Example:
        >>> label_of(read_cell("map x in range(3) -> squares", "x * x"))
        'squares: x in range(3)'
    """
    named = f"{cell.line.name}: {cell.line.text}" if cell.line.name else cell.line.text
    return named if len(named) <= LABEL_LENGTH else named[: LABEL_LENGTH - 1] + "…"


def complete(_: Any, event: Any) -> list[str]:
    """Return the commands, or the options of the command that is in the line."""
    before = event.line.split()[1:]
    if before and event.line.endswith(before[-1]):
        before = before[:-1]
    if not before:
        is_cell = event.line.startswith("%%")
        return ["map"] if is_cell else sorted(set(words()) - {"map"})
    return list(words().get(before[0], ()))


def _api() -> ModuleType:
    return import_module("..api", __package__)


@contextmanager
def _short_errors() -> Iterator[None]:
    """Show our own errors as one short message instead of a page of traceback."""
    try:
        yield
    except (ItemError, EngineLostError):
        # These stand for what happened to an item, and carry its traceback.
        raise
    except ParflowError as error:
        raise UsageError(str(error)) from None


def _warn(change: Change, filename: str) -> None:
    # With a registry of its own, it is told each time the cell runs.
    warnings.warn_explicit(
        f"{change.name!r} of the notebook does not change: what an item changes stays where the "
        f"item runs. End the cell with what is needed from it.",
        UserWarning,
        filename,
        change.line,
        registry={},
    )


def _documented(magic: Callable[..., Any], sentence: str) -> Callable[..., Any]:
    def documented(*arguments: str) -> Any:
        __tracebackhide__ = True
        return magic(*arguments)

    documented.__name__ = NAME
    documented.__doc__ = f"{sentence}\n\n{help_text()}"
    return documented
