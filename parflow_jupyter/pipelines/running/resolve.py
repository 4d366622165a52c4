"""Find the functions of a loaded pipeline: those of this process, or trusted imports."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import replace

from parflow_jupyter.errors import PipelineCheckError, Problem
from parflow_jupyter.pipelines import kinds, reasons
from parflow_jupyter.pipelines.check import check
from parflow_jupyter.pipelines.model import Content, ModuleSpec
from parflow_jupyter.pipelines.ports import Module, as_module, find_attribute


def checked(content: Content, *, trust: bool) -> Content:
    """Return what can be run: with the functions that this process lacks, if they may be imported.

    Args:
        content: Of a pipeline.
        trust: Whether functions that a file names may be imported.

    Raises:
        PipelineCheckError: There are problems.
    """
    ready, problems = with_functions(content) if trust else (content, [])
    problems = problems or check(ready)
    if problems:
        raise check_error(content.name, problems)
    return ready


def with_functions(content: Content) -> tuple[Content, list[Problem]]:
    """Return a pipeline with its functions, and a problem for each that can't be imported.

    This runs code that the file names; only call it for files that are trusted.
    """
    problems: list[Problem] = []
    modules = {spec.id: spec for spec in _imported(content.modules.values(), problems)}
    groups = {
        id: replace(group, modules=tuple(_imported(group.modules, problems)))
        for id, group in content.groups.items()
    }
    return replace(content, modules=modules, groups=groups), problems


def _imported(modules: Iterable[ModuleSpec], problems: list[Problem]) -> list[ModuleSpec]:
    found = []
    for spec in modules:
        here = replace(spec, inner=tuple(_imported(spec.inner, problems)))
        wrong = [problem.reason for problem in kinds.of(spec).problems(spec, {})]
        if reasons.FUNCTION_MISSING in wrong:
            here = replace(here, live=_import_function(spec, problems))
        found.append(here)
    return found


def _import_function(spec: ModuleSpec, problems: list[Problem]) -> Module | None:
    home, _, path = spec.function.partition(":")
    try:
        # An imported module may do anything while it is imported, and so fail with anything.
        function = find_attribute(importlib.import_module(home), path)
        if not callable(function):
            raise ImportError(f"{home!r} has no function {path!r}")
        return as_module(function)
    except Exception as error:
        problems.append(
            Problem(
                f"module {spec.name!r}",
                f"importing its function {spec.function} failed: {type(error).__name__}: {error}",
                "install or repair the package, or define the function as @pf.module",
                reasons.IMPORT_FAILED,
            )
        )
        return None


def check_error(name: str, problems: list[Problem]) -> PipelineCheckError:
    """Return the error that carries these problems, as text and as ``details``."""
    lines = "".join(f"\n- {problem}" for problem in problems)
    return PipelineCheckError(
        f"Pipeline {name!r} can't run:{lines}", problems=[p.to_dict() for p in problems]
    )
