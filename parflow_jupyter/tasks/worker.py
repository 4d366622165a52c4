"""What runs on an engine: one task, in the engine's own namespace."""

from __future__ import annotations

import linecache
import os
import platform
import re
import sys
from typing import Any

from parflow_jupyter._system.pickling import loads
from parflow_jupyter._system.plain_process import forks, leave_copy, no_running_loop
from parflow_jupyter._system.shell import own_shell

_PROPERTIES: dict[str, Any] = {}
_OF_THE_REQUEST = re.compile(r"_\w{8,}_(f|args|kwargs|result)")
"""Names that ipyparallel keeps in the namespace while a request runs."""


def run_task(work: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Run a task here; return its result and what its engine is like afterwards.

    Args:
        work: ``clear_before``, ``clear_after``, and the call or the text.

    Example:
        >>> run_task({"expression": "y = 6 * 7", "name": "<task>", "pull": ("y",)})[0]
        {'y': 42}
    """
    if work.get("clear_before"):
        clear_names()
    copies = forks()
    try:
        with no_running_loop():
            value = _run_text(work) if "expression" in work else _run_call(work)
        if forks() != copies:
            leave_copy(None)
    except BaseException as error:
        if forks() != copies:
            leave_copy(error)
        raise
    finally:
        if work.get("clear_after"):
            clear_names()
    return value, properties()


def properties(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what this engine is like: facts, and what was set; changes go in first.

    Args:
        changes: Properties that are set from now on; None as a value takes one back.

    Example:
        >>> properties()["pid"] == os.getpid()
        True
    """
    for name, value in (changes or {}).items():
        if value is None:
            _PROPERTIES.pop(name, None)
        else:
            _PROPERTIES[name] = value
    return {**_facts(), **_PROPERTIES}


def clear_names() -> None:
    """Remove every name from this engine's namespace but IPython's own."""
    shell = own_shell()
    if shell is None:
        return
    kept = {name: value for name, value in shell.user_ns.items() if _OF_THE_REQUEST.fullmatch(name)}
    shell.reset(new_session=False)
    shell.user_ns.update(kept)


def _facts() -> dict[str, Any]:
    import psutil

    return {
        "pid": os.getpid(),
        "host": platform.node(),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "cores": len(psutil.Process().cpu_affinity()) if psutil.LINUX else os.cpu_count(),
        "memory": psutil.virtual_memory().total,
    }


def _run_call(work: dict[str, Any]) -> Any:
    _show_sources(work["sources"])
    sys.path.extend(p for p in work["paths"] if p not in sys.path and os.path.isdir(p))
    function, _ = loads(work["function"])
    args, kwargs = loads(work["arguments"])
    return function(*args, **kwargs)


def _run_text(work: dict[str, Any]) -> dict[str, Any]:
    namespace = _namespace()
    if work.get("push"):
        namespace.update(loads(work["push"]))
    _show_sources({work["name"]: work["expression"]})
    exec(compile(work["expression"], work["name"], "exec"), namespace)
    missing = [name for name in work["pull"] if name not in namespace]
    if missing:
        raise NameError(
            f"name {missing[0]!r} can't be pulled: the expression did not set it, and the "
            f"engine's namespace lacks it, too"
        )
    return {name: namespace[name] for name in work["pull"]}


def _show_sources(sources: dict[str, str]) -> None:
    # Tracebacks then show the lines.
    for name, text in sources.items():
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def _namespace() -> dict[str, Any]:
    shell = own_shell()
    found: dict[str, Any] = shell.user_ns if shell is not None else vars(sys.modules["__main__"])
    return found
