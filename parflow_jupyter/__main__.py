"""``python -m parflow_jupyter doctor``: what runs on this machine, and how to end it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code.

    Args:
        arguments: The command line without the program's name; None is this process's.
    """
    parser = argparse.ArgumentParser(prog="python -m parflow_jupyter", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="list supervisors, owners and processes")
    parser.parse_args(arguments)

    from parflow_jupyter.clusters.client.doctor import run_doctor

    return run_doctor(sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
