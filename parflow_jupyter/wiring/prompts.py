"""Asking a person, only where a person can answer.

A question is put in an execute request that runs in the kernel's main thread
and allows standard input, or in a terminal. Anywhere else (a callback, a
worker thread, papermill, a script without a terminal) nobody would ever
answer, and the question is not put.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from parflow_jupyter._system.caller import warn
from parflow_jupyter._system.shell import own_shell

invitation: Callable[[], object] | None = None
"""Shows people how to say yes later, a button in a notebook; the package sets it."""

YES = frozenset({"", "y", "yes"})


def ask(question: str) -> bool | None:
    """Put a yes-or-no question; Enter means yes.

    Args:
        question: What is asked, without the ``[Y/n]``.

    Returns:
        The answer, or None where nobody can answer.

    Example:
        >>> import threading
        >>> answers = []
        >>> thread = threading.Thread(target=lambda: answers.append(ask("Start engines?")))
        >>> thread.start(); thread.join()
        >>> answers
        [None]
    """
    if not can_ask():
        return None
    try:
        return input(f"{question} [Y/n] ").strip().lower() in YES
    except EOFError:
        return None


def invite(message: str) -> None:
    """Warn that nobody could be asked, and show how to say yes later where that can be shown.

    Args:
        message: What could not be done, and the way out.
    """
    warn(message, each_time=True)
    if invitation is not None:
        invitation()


def can_ask() -> bool:
    """Tell whether a question put now would reach a person."""
    if threading.current_thread() is not threading.main_thread():
        return False
    kernel = getattr(own_shell(), "kernel", None)
    if kernel is not None:
        return _executing_with_stdin(kernel)
    return sys.stdin is not None and sys.stdin.isatty()


def _executing_with_stdin(kernel: Any) -> bool:
    parent: dict[str, Any] = kernel.get_parent("shell") or {}
    is_execution = parent.get("header", {}).get("msg_type") == "execute_request"
    return is_execution and bool(parent.get("content", {}).get("allow_stdin")) and _in_a_cell()


def _in_a_cell() -> bool:
    """Tell whether a cell runs just now: a callback after it still has its request as parent."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        is_shell = frame.f_globals.get("__name__") == "IPython.core.interactiveshell"
        if is_shell and frame.f_code.co_name == "run_code":
            return True
    return False
