"""``%parflow`` and ``%%parflow map``: they parse, call the façade once, and show.

``%load_ext parflow_jupyter`` registers them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)
from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from parflow_jupyter.errors import EngineLostError, ItemError, MagicError, ParflowError
from parflow_jupyter.kernel.magics.cell import MapCell, build, check_names, read_cell
from parflow_jupyter.kernel.magics.commands import HELP, run_command
from parflow_jupyter.kernel.magics.completion import completions_in
from parflow_jupyter.kernel.magics.names import Change
from parflow_jupyter.kernel.magics.parsers import help_text
from parflow_jupyter.kernel.magics.pointing import at_the_cell
from parflow_jupyter.kernel.magics.texts import Text

NAME = "parflow"
LABEL_LENGTH = 60


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics and their completion.

    Args:
        ipython: The shell, an ``InteractiveShell``.
    """
    unload_ipython_extension(ipython)
    magics = ParflowMagics(ipython)
    ipython.register_magic_function(magics.line, "line", NAME)
    ipython.register_magic_function(magics.cell, "cell", NAME)
    ipython.Completer.custom_matchers.append(_matcher)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics back.

    Args:
        ipython: The shell, an ``InteractiveShell``.
    """
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop(NAME, None)
    if _matcher in ipython.Completer.custom_matchers:
        ipython.Completer.custom_matchers.remove(_matcher)


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
        if HELP & set(line.split()[1:2]):
            return Text(help_text("map"))
        cell = read_cell(line, body)
        notebook = self._shell.user_ns
        changes = check_names(cell, self._own_names())
        filename = self._remember(cell.source)
        function, iterable = build(cell, filename, notebook)
        for change in changes:
            _warn(change, filename)
        options = {"label": label_of(cell), "ask": True, **cell.line.options}
        try:
            result = _api().parallel_map(function, eval(iterable, notebook), **options)
        except Exception as error:
            error.__traceback__ = at_the_cell(error, filename)
            raise
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
        return str(self._shell.compile.cache(source, self._cell_number(), raw_code=source))

    def _cell_number(self) -> int:
        """Return the number of the cell that runs, which IPython may have counted up already."""
        numbers: dict[str, int] = getattr(self._shell.compile, "_filename_map", {})
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename in numbers:
                return numbers[frame.f_code.co_filename]
            frame = frame.f_back
        return int(self._shell.execution_count)


def label_of(cell: MapCell) -> str:
    """Return what a map is called in displays and in the history.

    Example:
        >>> label_of(read_cell("map x in range(3) -> squares", "x * x"))
        'squares: x in range(3)'
    """
    named = f"{cell.line.name}: {cell.line.text}" if cell.line.name else cell.line.text
    return named if len(named) <= LABEL_LENGTH else named[: LABEL_LENGTH - 1] + "…"


# Before all others, which it silences: jedi would add words of Python, and takes its time.
@context_matcher(identifier="parflow", priority=1000)  # type: ignore[untyped-decorator,unused-ignore]
def _matcher(context: CompletionContext) -> SimpleMatcherResult:
    """Complete the lines of these magics; where it has nothing, IPython's own completion does."""
    words, typed = completions_in(
        context.full_text, context.cursor_line, context.cursor_position, _api
    )
    return {
        "completions": [SimpleCompletion(text=word, type="magic") for word in words],
        "matched_fragment": typed,
        "suppress": True,
        "ordered": True,
    }


def _api() -> ModuleType:
    return import_module("parflow_jupyter.api")


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
