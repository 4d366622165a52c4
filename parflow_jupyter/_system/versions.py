"""Versions that must agree: of Python for maps, of packages between engines and supervisor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata

from parflow_jupyter.errors import Problem, reasons

PACKAGES = ("ipyparallel", "parflow-jupyter")


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that engines and supervisor share, where installed.

    Example:
        >>> sorted(package_versions())[0]
        'ipyparallel'
    """
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def package_problems(
    where: str, theirs: Mapping[str, str], ours: Mapping[str, str]
) -> list[Problem]:
    """Return a problem for each package of which an engine has another version.

    Example:
        >>> print(package_problems("engine 1", {"ipyparallel": "9.0"}, {"ipyparallel": "9.2"})[0])
        engine 1: has ipyparallel 9.0, and the supervisor 9.2; install the same one, then replace it
    """
    fix = "install the same one, then replace it"
    return [
        Problem(
            where,
            f"has {name} {version}, and the supervisor {ours[name]}",
            fix,
            reasons.OTHER_PACKAGE,
        )
        for name, version in theirs.items()
        if version and ours.get(name, version) != version
    ]


def python_problems(engines: Iterable[tuple[int | None, str | None]], own: str) -> list[Problem]:
    """Return a problem for each engine of another Python than the asker's.

    Args:
        engines: Id and Python of each, such as (0, "3.11"); what is not known is None.
        own: The asker's Python, such as 3.11.

    Example:
        >>> [problem.where for problem in python_problems([(0, "3.11"), (1, "3.12")], "3.11")]
        ['engine 1']
    """
    fix = "maps from here leave it out: start engines with this Python"
    return [
        Problem(
            f"engine {number}",
            f"runs Python {python}, and this process {own}",
            fix,
            reasons.OTHER_PYTHON,
        )
        for number, python in engines
        if python is not None and python != own
    ]
