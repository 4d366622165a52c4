"""Run a command with a time limit: _limited.py MINUTES NAME COMMAND [ARG ...]. Used by _lib.sh."""

from __future__ import annotations

import subprocess
import sys

import psutil

TOOK_TOO_LONG = 124


def main(minutes: str, name: str, *command: str) -> int:
    """Return the command's exit code, or 124 when it had to be ended."""
    process = subprocess.Popen(command)
    try:
        return process.wait(float(minutes) * 60)
    except subprocess.TimeoutExpired:
        family = [*psutil.Process(process.pid).children(recursive=True), process]
        print(f"\n✗ {name} took more than {minutes} minutes. Ended with:", file=sys.stderr)
        for member in family:
            _end(member)
        return TOOK_TOO_LONG
    except KeyboardInterrupt:
        # The terminal told the command as well, which ends in its own way.
        return process.wait()


def _end(member: psutil.Process | subprocess.Popen[bytes]) -> None:
    try:
        told = psutil.Process(member.pid)
        print(f"  {told.pid} {' '.join(told.cmdline())[:200]}", file=sys.stderr)
        told.kill()
    except psutil.Error:
        pass  # It ended meanwhile.


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    # As the shell writes the end by a signal.
    sys.exit(code if code >= 0 else 128 - code)
