"""Where modules come from: installed ones count by their version, the others by their source."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from parflow_jupyter._system.local_modules import is_own
from parflow_jupyter._system.package_dir import PACKAGE
from parflow_jupyter.fingerprint.source import source_digest
from parflow_jupyter.fingerprint.values import digest_of


def package_of(name: str) -> str | None:
    """Return the installed package a module is of: its top name, or "Python" for its own.

    Returns:
        None for a module that is not installed, or can't be found.

    Example:
        >>> package_of("os.path"), package_of("cloudpickle"), package_of("beside_the_notebook")
        ('Python', 'cloudpickle', None)
    """
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("builtins", "__future__"):
        return "Python"
    if top == PACKAGE:
        return top
    origin = file_of(top)
    if origin is None:
        return top if top in sys.builtin_module_names else None
    return top if origin in ("built-in", "frozen") or not is_own(origin) else None


@cache
def version_of(package: str) -> str:
    """Return the version of an installed package, or of Python without its patch number."""
    if package == "Python":
        return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
    if package == PACKAGE:
        return "0"  # what a map computes does not depend on who runs it
    told = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(told, str):
        return told
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        names = metadata.packages_distributions().get(package, [])
        return ", ".join(f"{name} {metadata.version(name)}" for name in sorted(set(names)))


def file_of(name: str) -> str | None:
    """Return the file of a module, of a package that of its ``__init__``, without importing it."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        spec = getattr(loaded, "__spec__", None)
        origin = getattr(loaded, "__file__", None) or getattr(spec, "origin", None)
        return str(origin) if origin else _folder(getattr(loaded, "__path__", None))
    spec = _find(name)
    if spec is None:
        return None
    return spec.origin or _folder(spec.submodule_search_locations)


def _folder(path: object) -> str | None:
    # A package without __init__ is its first folder.
    return next(iter(path), None) if path is not None else None  # type: ignore[call-overload]


def _find(name: str) -> ModuleSpec | None:
    path: object = None
    spec: ModuleSpec | None = None
    whole = ""
    for part in name.split("."):
        whole = f"{whole}.{part}" if whole else part
        try:
            # The first also by the hooks of editable installs; the rest without an import.
            spec = find_spec(whole) if path is None else PathFinder.find_spec(whole, path)  # type: ignore[arg-type]
        except (ImportError, ValueError, OSError):
            return None
        if spec is None:
            return None
        path = spec.submodule_search_locations or []
    return spec


def content_of(name: str, file: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the digest of a module's file, and the names of what it imports.

    Raises:
        OSError: The file can't be read.
    """
    if os.path.isdir(file):
        return digest_of(b"folder"), ()
    data = Path(file).read_bytes()
    is_package = os.path.basename(file).startswith("__init__.")
    return _read(data, name, is_package, file.endswith(".py"))


@lru_cache(maxsize=256)
def _read(
    data: bytes, name: str, is_package: bool, is_source: bool
) -> tuple[bytes, tuple[str, ...]]:
    if is_source:
        try:
            tree = ast.parse(data)
            return digest_of(source_digest(tree)), tuple(sorted(_imports(tree, name, is_package)))
        except (SyntaxError, ValueError, RecursionError):
            pass
    return digest_of(data), ()


def _imports(tree: ast.AST, name: str, is_package: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = name.split(".")
            kept = len(parents) - node.level + (1 if is_package else 0)
            base = ".".join(parents[:kept]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            if module:
                yield module
            yield from (f"{module}.{alias.name}" for alias in node.names if alias.name != "*")
