"""What a wait status means to people (pure)."""

from __future__ import annotations

import os
import signal
from typing import Any

_MEANINGS = {
    signal.SIGKILL: "killed (signal 9); out of memory?",
    signal.SIGSEGV: "segmentation fault (signal 11)",
    signal.SIGBUS: "bus error (signal 7)",
    signal.SIGABRT: "aborted (signal 6)",
    signal.SIGTERM: "terminated (signal 15)",
    signal.SIGFPE: "arithmetic error (signal 8)",
    signal.SIGILL: "illegal instruction (signal 4)",
}


def describe_exit(status: int | None) -> dict[str, Any]:
    """Return ``{"code", "signal", "meaning"}`` of a wait status; None when it is not known.

    Example:
        >>> describe_exit(9)["meaning"]
        'killed (signal 9); out of memory?'
        >>> describe_exit(3 << 8)
        {'code': 3, 'signal': None, 'meaning': 'ended with exit code 3'}
    """
    if status is None:
        return {"code": None, "signal": None, "meaning": "ended, nobody saw how"}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        known = {int(key): text for key, text in _MEANINGS.items()}
        meaning = known.get(number, f"killed by signal {number}")
        return {"code": None, "signal": number, "meaning": meaning}
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "signal": None, "meaning": f"ended with exit code {code}"}
