"""The grammar of ``%parflow`` and of the options of ``%%parflow map``.

These parsers are the one place where subcommands and options are written down;
help, errors and completion come from them.
"""

from __future__ import annotations

import argparse
from functools import cache
from typing import Any, NoReturn

from parflow_jupyter.errors import MagicError


class MagicParser(argparse.ArgumentParser):
    """An argument parser that raises instead of ending the process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, add_help=False, allow_abbrev=False)
        # Python 3.14 would colour the help, which is text in a docstring, too.
        self.color = False

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong.

        Raises:
            MagicError: Always.
        """
        raise MagicError(f"{self.prog}: {message}. See %parflow --help.")


@cache
def line_parser() -> MagicParser:
    """Return the parser of ``%parflow``."""
    parser = MagicParser(
        prog="%parflow",
        description="Start, look at and stop the engines of this notebook.",
        epilog="Without a command: the state of the cluster in one line.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-h", "--help", action="store_true", help="show this text")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_start(commands)
    _add_command(commands, "info", "show the controller and the engines")
    _add_command(commands, "profiles", "list the IPython profiles")
    profile = _add_command(commands, "profile", "show or change the current profile")
    profile.add_argument("name", nargs="?", metavar="NAME")
    _add_cleanup_choice(profile)
    cleanup = _add_command(commands, "cleanup", "end or leave what was started here")
    _add_cleanup_choice(cleanup)
    _add_command(commands, "adopt", "take over what was left running and belongs to nobody")
    shutdown = _add_command(commands, "shutdown", "stop the cluster, whoever started it")
    shutdown.add_argument("--yes", action="store_true", help="don't ask")
    logs = _add_command(commands, "logs", "show the ends of logs, also of ended processes")
    logs.add_argument("engine", nargs="?", metavar="ENGINE", help="id; without it the controller's")
    logs.add_argument("--tail", type=int, default=40, metavar="N", help="how many lines; 40")
    _add_command(commands, "schemes", "list the toolbox of schemes, in its order")
    _add_scheme(commands)
    _add_command(commands, "runs", "list the last runs of maps and pipelines")
    return parser


@cache
def map_parser() -> MagicParser:
    """Return the parser of the options of ``%%parflow map``."""
    parser = MagicParser(
        prog="%%parflow map",
        usage="%%%%parflow map TARGET in EXPRESSION [-> NAME] [options]",
        description="Run the cell once per item; its last expression is the item's result.",
    )
    add = parser.add_argument
    add("--scheme", metavar="S", help="how the items are run, such as ipyparallel or serial")
    add("--retries", type=int, metavar="N", help="how often an item that fails is tried again")
    add("--timeout", type=float, metavar="SECONDS", help="longest time for one item")
    add("--on-error", choices=("raise", "skip", "collect"), help="what a failing item does")
    add("--seed", type=int, metavar="N", help="makes random numbers reproducible")
    add("--checkpoint", metavar="NAME", help="keep results, and continue where it stopped")
    add("--no-progress", dest="progress", action="store_const", const=False, help="no progress bar")
    return parser


@cache
def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command; that of ``map`` has its options only.

    Example:
        >>> command_parsers()["map"].prog
        '%%parflow map'
    """
    return {**_commands(), "map": map_parser()}


@cache
def words() -> dict[str, tuple[str, ...]]:
    """Return the options of each command.

    Example:
        >>> words()["cleanup"]
        ('--detach', '--terminate')
        >>> "--retries" in words()["map"]
        True
    """
    return {
        command: tuple(sorted(parser._option_string_actions))
        for command, parser in command_parsers().items()
    }


def help_text(command: str | None = None) -> str:
    """Return the help of a command, or of both magics.

    Example:
        >>> help_text("cleanup").splitlines()[0]
        'usage: %parflow cleanup [--terminate | --detach]'
    """
    if command is not None and command in command_parsers():
        return command_parsers()[command].format_help()
    usages = "".join(parser.format_usage() for parser in _commands().values())
    return "\n".join([line_parser().format_help(), usages, map_parser().format_help()])


def _add_command(commands: Any, name: str, does: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(
        name, help=does, description=f"{does[0].upper()}{does[1:]}."
    )
    return added


def _add_start(commands: Any) -> None:
    start = _add_command(commands, "start", "start engines, and a controller if needed")
    start.add_argument("n", nargs="?", metavar="N", help="how many; one per core without it")
    start.add_argument("--launcher", metavar="L", help="how they are started")
    start.add_argument("--profile", metavar="P", help="IPython profile of the cluster")
    start.add_argument("--restart", metavar="R", help="never, on-failure or on-failure:N")


def _add_scheme(commands: Any) -> None:
    scheme = _add_command(commands, "scheme", "show or change a scheme, and keep it so")
    scheme.add_argument("name", metavar="NAME")
    choice = scheme.add_mutually_exclusive_group()
    add = choice.add_argument
    add("--enable", dest="enabled", action="store_const", const=True, help="maps may take it")
    add("--disable", dest="enabled", action="store_const", const=False, help="they may not")
    scheme.add_argument("--workers", metavar="N", type=int, help="how many slots; 0 for automatic")
    scheme.add_argument("--position", metavar="P", type=int, help="its place in the order, from 0")


def _add_cleanup_choice(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    for word, meaning in (("terminate", "end the processes"), ("detach", "leave them running")):
        choice.add_argument(
            f"--{word}", dest="choice", action="store_const", const=word, help=meaning
        )


def _commands() -> dict[str, argparse.ArgumentParser]:
    found = line_parser()._subparsers
    assert found is not None
    choices: Any = found._group_actions[0].choices
    return dict(choices)
