"""Every example of the documentation runs: each page in a home and on a cluster of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "tests"))

from home import Home
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser


def begin_page(namespace: dict[str, Any]) -> None:
    """Give the page a home and a shell of its own."""
    from IPython.core.interactiveshell import InteractiveShell

    namespace["page_home"] = Home()
    namespace["page_home"].enter()
    namespace["page_shell"] = InteractiveShell(user_ns={})


def run_in_shell(example: Example) -> None:
    """Run a block as the next cell of the page."""
    shell = example.namespace["page_shell"]
    shell.run_cell(str(example.parsed)).raise_error()


def end_page(namespace: dict[str, Any]) -> None:
    """End what the page started, and see that nothing is left running."""
    from parflow_jupyter.wiring import process

    namespace["page_shell"].history_manager.end_session()
    process.current.close()
    namespace["page_home"].leave()


pytest_collect_file = Sybil(
    parsers=[CodeBlockParser("python", run_in_shell), CodeBlockParser("ipython", run_in_shell)],
    patterns=["README.md", "docs/*.md"],
    setup=begin_page,
    teardown=end_page,
).pytest()

pytest_plugins = ["run_watch"]

# Doctests are looked for in every module; several of these have the same name.
# A stand-in is a command, and no module.
collect_ignore_glob = ["tests/conftest.py", "tests/*/conftest.py", "tests/*/fake_*.py"]
