"""Modules of one's own, beside the notebook: which they are, and what they use of each other."""

from __future__ import annotations

import hashlib
import os
import site
import sys
import sysconfig
import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from parflow_jupyter._system.package_dir import PACKAGE

Stamp = tuple[int, int, str]
"""Time of the last change in nanoseconds, size, and hash of a file."""

PACKAGE_FOLDERS = {"site-packages", "dist-packages", "lib-dynload"}
"""How the folders of installed packages are called, whatever Python they are of."""

_others: dict[str, object] = {}


@cache
def _installed() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")]
    found.append(site.getusersitepackages())
    return tuple({os.path.realpath(path) + os.sep for path in found})


@cache
def is_own(path: str) -> bool:
    """Return whether a folder or file is one's own, and not that of an installed package.

    Example:
        >>> is_own(os.__file__), is_own("/home/ada/analysis/helpers.py")
        (False, True)
    """
    real = os.path.realpath(path)
    # Some installers fill these folders with links to a cache, which is called otherwise.
    if PACKAGE_FOLDERS.intersection([*path.split(os.sep), *real.split(os.sep)]):
        return False
    return not (real + os.sep).startswith(_installed())


def extra_paths() -> tuple[str, ...]:
    """Return the folders that this process imports from, beside what is installed."""
    paths = dict.fromkeys(os.path.abspath(path or os.getcwd()) for path in sys.path)
    return tuple(path for path in paths if is_own(path))


def own_modules() -> dict[str, types.ModuleType]:
    """Return the modules of one's own that this process has imported."""
    found = {}
    for name, module in sys.modules.copy().items():
        # Most are installed, and looked at once.
        if _others.get(name) is not module:
            if file_of(name, module):
                found[name] = module
            else:
                _others[name] = module
    return found


def file_of(name: str, module: object) -> str | None:
    """Return the source file of a module of one's own, else None."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py") or name.startswith("__"):
        return None
    if name.partition(".")[0] == PACKAGE or not is_own(file):
        return None
    return file


def stamp_of(file: str, before: Stamp | None = None) -> Stamp | None:
    """Return the stamp of a file, or None if it can't be read.

    Args:
        file: Its path.
        before: An older stamp; where time and size are the same, the hash is taken from it.
    """
    try:
        facts = os.stat(file)
        if before is not None and before[:2] == (facts.st_mtime_ns, facts.st_size):
            return before
        with open(file, "rb") as source:
            content = hashlib.blake2b(source.read(), digest_size=16).hexdigest()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, content


def that_use(names: Iterable[str], modules: Mapping[str, types.ModuleType]) -> set[str]:
    """Return the names, with those of all modules that use them, directly or not.

    A package is one thing: what uses a part of it uses all of it.

    Args:
        names: Of modules.
        modules: Among which to look.
    """
    found = set(names)
    while True:
        more = {name for name, module in modules.items() if name not in found}
        more = {name for name in more if _parts_of(name, found) or _used(modules[name]) & found}
        if not more:
            return found
        found |= more


def used_by(names: Iterable[str], modules: Mapping[str, types.ModuleType]) -> set[str]:
    """Return the names, with those of all modules that they use, directly or not."""
    found: set[str] = set()
    left = set(names)
    while left:
        name = left.pop()
        found.add(name)
        left |= {used for used in _used(modules[name]) if used in modules} - found
    return found


def _parts_of(name: str, packages: set[str]) -> bool:
    return any(name.startswith(f"{package}.") for package in packages)


def _used(module: types.ModuleType) -> set[str]:
    return {_home(value) for value in list(vars(module).values())} - {module.__name__}


def _home(value: Any) -> str:
    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(value, (type, types.FunctionType)):
        return value.__module__ or ""
    return type(value).__module__
