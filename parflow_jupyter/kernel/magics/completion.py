"""What can stand where the cursor is in a line of ``%parflow`` or ``%%parflow map``.

The words come from the parsers, the names from the façade. Where the line holds
Python, nothing is offered, so that IPython's own completion offers the names of
the notebook.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

from parflow_jupyter.kernel.magics.parsers import command_parsers

_OURS = re.compile(r"\s*(?:[\w\s,]+=\s*)?(%%?parflow\s.*)")
_HERE = re.compile(r"(?:^|\s)(--[\w-]+=)?(\S*)$")
_OPTIONS_BEGIN = re.compile(r"\s(?=--[A-Za-z])")


def completions_in(
    cell: str, line: int, column: int, find_api: Callable[[], Any]
) -> tuple[list[str], str]:
    r"""Return the words that may stand where the cursor is, and what of them was typed.

    Args:
        cell: Its text.
        line: The cursor's line, from 0.
        column: Its place in that line.
        find_api: Returns the façade; called only in a line of ours.

    Example:
        >>> completions_in("x = 1\nnow = %parflow cl", 1, 18, lambda: None)
        (['cleanup'], 'cl')
        >>> completions_in("%%parflow map x in xs\npr", 1, 2, lambda: None)
        ([], '')
    """
    lines = cell.split("\n")
    found = _OURS.fullmatch(lines[line][:column]) if line < len(lines) else None
    if found is None or (found.group(1).startswith("%%") and any(lines[:line])):
        return [], ""
    until = found.group(1)
    typed = _HERE.search(until)
    return completions(until, find_api()), typed.group(2) if typed else ""


def completions(until: str, api: Any) -> list[str]:
    """Return the words that may stand at the end of a line, in their order.

    Args:
        until: The line up to the cursor, with ``%parflow`` or ``%%parflow``.
        api: The façade, :mod:`parflow_jupyter.api`.

    Example:
        >>> completions("%parflow cl", None), completions("%parflow cleanup --d", None)
        (['cleanup'], ['--detach'])
        >>> completions("%%parflow map x in range(3) --on-error s", None)
        ['skip']
        >>> completions("%%parflow map x in ra", None)
        []
    """
    is_cell, _, rest = until.partition("parflow")
    found = _HERE.search(rest)
    typed = found.group(2) if found else ""
    before = rest[: len(rest) - len(typed)]
    words = before.split()
    if not words:
        commands = ["map"] if is_cell == "%%" else [*command_parsers().keys() - {"map"}]
        return _beginning(sorted(commands), typed)
    parser = command_parsers().get(words[0])
    if parser is None:
        return []
    if words[0] == "map":
        return _in_a_map(parser, before, typed, api) if is_cell == "%%" else []
    return _in_a_line(parser, words, typed, api)


def _in_a_line(
    parser: argparse.ArgumentParser, words: list[str], typed: str, api: Any
) -> list[str]:
    option = _option_that_waits(parser, words)
    if option is not None:
        return _beginning(_values(words[0], option, api), typed)
    if typed.startswith("-"):
        return _beginning(_options_left(parser, words), typed)
    given = [word for word in words[1:] if not word.startswith("-")]
    named = [] if given else [action for action in parser._actions if not action.option_strings]
    names = [name for action in named for name in _values(words[0], action, api)]
    return _beginning([*names, *_options_left(parser, words)], typed)


def _in_a_map(parser: argparse.ArgumentParser, before: str, typed: str, api: Any) -> list[str]:
    loop, *options = _OPTIONS_BEGIN.split(before.lstrip().removeprefix("map"))
    words = " ".join(options).split()
    option = _option_that_waits(parser, words)
    if option is not None:
        return _beginning(_values("map", option, api), typed)
    if options:
        return _beginning(_options_left(parser, words), typed)
    expression, arrow, name = loop.partition("->")
    target, has_in, iterable = expression.partition(" in ")
    if arrow:
        return _beginning(_options_left(parser, words), typed) if name.strip() else []
    if not has_in:
        return _beginning(["in"], typed) if target.strip() and typed != target.strip() else []
    if not _is_complete(iterable):
        return []
    return _beginning(["->", *_options_left(parser, words)], typed)


def _is_complete(expression: str) -> bool:
    try:
        ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _option_that_waits(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Action | None:
    """Return the option whose value comes next, if one is waiting for it."""
    last = words[-1].removesuffix("=") if words else ""
    action = parser._option_string_actions.get(last)
    return action if action is not None and action.nargs != 0 else None


def _options_left(parser: argparse.ArgumentParser, words: list[str]) -> list[str]:
    given = {word.partition("=")[0] for word in words}
    spent = set(given)
    for group in parser._mutually_exclusive_groups:
        strings = {text for action in group._group_actions for text in action.option_strings}
        spent |= strings if strings & given else set()
    return sorted(parser._option_string_actions.keys() - spent)


def _values(command: str, action: argparse.Action, api: Any) -> list[str]:
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    find = _SOURCES.get((command, action.dest))
    if find is None:
        return []
    try:
        return find(api)
    except Exception:
        # A question that can't be answered now is no reason to disturb who is typing.
        return []


def _profiles(api: Any) -> list[str]:
    return [found.name for found in api.profiles()]


def _engines(api: Any) -> list[str]:
    return [str(engine.id) for engine in api.cluster_info().engines if engine.id is not None]


def _launchers(_: Any) -> list[str]:
    from parflow_jupyter.clusters.launchers import launcher_names

    return launcher_names()


_SOURCES: dict[tuple[str, str], Callable[[Any], list[str]]] = {
    ("start", "profile"): _profiles,
    ("start", "launcher"): _launchers,
    ("profile", "name"): _profiles,
    ("logs", "engine"): _engines,
    ("scheme", "name"): lambda api: list(api.schemes()),
    ("map", "scheme"): lambda api: ["auto", *api.schemes()],
    ("map", "checkpoint"): lambda api: [kept.name for kept in api.checkpoints()],
}


def _beginning(words: Iterable[str], typed: str) -> list[str]:
    return [word for word in words if word.startswith(typed)]
