"""What each ``%parflow`` command does: one call of the façade, and what is shown of it.

A command takes the parsed words and the façade, and returns what the cell
shows. Questions are put only where a person can answer; elsewhere the option
that answers it is required.
"""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, Literal

from parflow_jupyter._system.cpu_count import counted
from parflow_jupyter.clusters.protocol.tables import lost_text, others_text, started_here_text
from parflow_jupyter.errors import CleanupNeededError, MagicError
from parflow_jupyter.kernel.magics.parsers import help_text, line_parser
from parflow_jupyter.kernel.magics.texts import Table, Text
from parflow_jupyter.wiring import prompts

Choice = Literal["terminate", "detach"]
HELP = frozenset(("-h", "--help"))


def run_command(line: str, api: Any) -> Any:
    """Do what a line after ``%parflow`` says.

    Args:
        line: The words.
        api: The façade, :mod:`parflow_jupyter.api`.

    Returns:
        What the cell shows.

    Raises:
        MagicError: The line can't be understood, or a question can't be put.
        ParflowError: What the façade raised.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise MagicError(f"%parflow {line}: {error}. See %parflow --help.") from None
    if HELP & set(words):
        return Text(help_text(next(iter(words), None)))
    if words[:1] == ["map"]:
        raise MagicError(
            "map needs a cell: begin it with '%%parflow map x in xs', and end it with the result."
        )
    asked = line_parser().parse_args(words)
    return COMMANDS[asked.command](asked, api)


def _status(_: Namespace, api: Any) -> Text:
    return Text(status_line(api.cluster_info()))


def status_line(info: Any) -> str:
    """Return the state of a cluster in one line.

    Args:
        info: A ClusterInfo.

    Example:
        >>> from parflow_jupyter.clusters import ClusterInfo
        >>> status_line(ClusterInfo.stopped("default"))
        "Profile 'default': stopped. Start engines with %parflow start."
    """
    name = f"Profile {info.profile!r}"
    if info.controller is None and not info.engines_total:
        return f"{name}: {info.state}. Start engines with %parflow start."
    count = counted(info.engines_total, "engine", "engines")
    problems = counted(len(info.problems), "problem", "problems")
    more = f" {problems}: see %parflow info." if info.problems else ""
    return f"{name}: {info.state}, {count}, {info.engines_started_here} started here.{more}"


def _start(asked: Namespace, api: Any) -> Any:
    count = asked.n
    if count is not None and count.lstrip("+-").isdecimal():
        count = int(count)
    # Anything else goes on as it is, and is refused by the rule for counts.
    more = {} if asked.restart is None else {"restart": asked.restart}
    return api.start_engines(count, launcher=asked.launcher, profile=asked.profile, **more)


def _info(_: Namespace, api: Any) -> Any:
    return api.cluster_info()


def _profiles(_: Namespace, api: Any) -> Table:
    rows = [(found.name, found.current, found.running, found.path) for found in api.profiles()]
    return Table(("profile", "current", "running", "folder"), rows, "There are no profiles.")


def _profile(asked: Namespace, api: Any) -> Any:
    if asked.name is None:
        if asked.choice:
            raise MagicError(f"--{asked.choice} needs the profile to change to: give its NAME.")
        return Text(f"Profile {api.cluster_info().profile!r}")
    try:
        return api.change_profile(asked.name, cleanup=asked.choice)
    except CleanupNeededError:
        choice = _ask_cleanup(api.cluster_info())
        return api.change_profile(asked.name, cleanup=choice)


def _adopt(_: Namespace, api: Any) -> Any:
    return api.adopt()


def _cleanup(asked: Namespace, api: Any) -> Any:
    choice = asked.choice or _choice_for(api.cluster_info())
    return api.cleanup(terminate=choice == "terminate")


def _choice_for(info: Any) -> Choice:
    controller = info.controller is not None and info.controller.started_here
    if not controller and not info.engines_started_here:
        return "terminate"
    return _ask_cleanup(info)


def _ask_cleanup(info: Any) -> Choice:
    controller = info.controller is not None and info.controller.started_here
    why = started_here_text(info.engines_started_here, controller) + lost_text(info.lost_by_cleanup)
    if info.detach_refused is not None:
        return _ask_to_end(f"{why} They can't be left running: {info.detach_refused}.")
    answer = prompts.ask(f"{why} End them? 'n' leaves them running.")
    if answer is None:
        raise MagicError(f"{why} Say --terminate to end them, or --detach to leave them running.")
    return "terminate" if answer else "detach"


def _ask_to_end(why: str) -> Choice:
    answer = prompts.ask(f"{why} End them?")
    if answer is None:
        raise MagicError(f"{why} Say --terminate to end them.")
    if not answer:
        raise MagicError("Nothing was ended, and nothing else was changed.")
    return "terminate"


def _shutdown(asked: Namespace, api: Any) -> Text:
    info = api.cluster_info()
    profile = info.profile
    if not asked.yes:
        others = others_text(info.facts())
        answer = prompts.ask(
            f"Stop the whole cluster of profile {profile!r}, for everybody?{others}"
        )
        if answer is None:
            what = f"shutdown stops the cluster for everybody: confirm it with --yes.{others}"
            raise MagicError(what)
        if not answer:
            return Text("Nothing was stopped.")
    api.shutdown_cluster()
    return Text(f"The cluster of profile {profile!r} is stopped.")


def _logs(asked: Namespace, api: Any) -> Any:
    engine = asked.engine
    if engine is not None and not (engine.isascii() and engine.isdigit()):
        raise MagicError(f"{engine!r} is no engine id: give a whole number, such as 0.")
    return api.logs(None if engine is None else int(engine), tail=asked.tail)


def _schemes(_: Namespace, api: Any) -> Table:
    return _scheme_table(api.schemes())


def _scheme(asked: Namespace, api: Any) -> Table:
    change = {name: getattr(asked, name) for name in ("enabled", "workers", "position")}
    if all(value is None for value in change.values()):
        known = api.schemes()
        if asked.name not in known:
            raise MagicError(
                f"There is no scheme {asked.name!r}: choose one of {', '.join(map(repr, known))}."
            )
        return _scheme_table({asked.name: known[asked.name]})
    changed = api.configure_scheme(asked.name, **change)
    return _scheme_table({asked.name: changed})


def _scheme_table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = [(name, kept["enabled"], kept["workers"]) for name, kept in found.items()]
    return Table(("scheme", "enabled", "workers"), rows, "There are no schemes.")


def _runs(_: Namespace, api: Any) -> Any:
    return api.runs()


COMMANDS: dict[str | None, Callable[[Namespace, Any], Any]] = {
    None: _status,
    "start": _start,
    "info": _info,
    "profiles": _profiles,
    "profile": _profile,
    "adopt": _adopt,
    "cleanup": _cleanup,
    "shutdown": _shutdown,
    "logs": _logs,
    "schemes": _schemes,
    "scheme": _scheme,
    "runs": _runs,
}
