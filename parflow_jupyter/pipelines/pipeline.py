"""The pipeline that people build, from Python or in the builder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from parflow_jupyter.errors import Problem, reasons
from parflow_jupyter.events import Listener
from parflow_jupyter.pipelines.check import check
from parflow_jupyter.pipelines.editing.graph_builder import PipelineGraph
from parflow_jupyter.pipelines.files import document, script
from parflow_jupyter.pipelines.running.plan import Cancel
from parflow_jupyter.pipelines.running.report import PipelineRun
from parflow_jupyter.pipelines.running.resolve import check_error, with_functions
from parflow_jupyter.pipelines.running.run import run_pipeline
from parflow_jupyter.pipelines.running.serial import serial_map


class Pipeline(PipelineGraph):
    """Modules and the connections between their ports.

    Args:
        name: What it is called in files, reports and messages.

    Example:
        >>> def square(x: int) -> int:
        ...     return x * x
        >>> def total(numbers: list[int]) -> int:
        ...     return sum(numbers)
        >>> p = Pipeline("squares")
        >>> a = p.add_map(square, over="x", x=[1, 2, 3])
        >>> b = p.add(total)
        >>> p.connect(a["result"], b["numbers"])
        >>> p.run()[b]["result"]
        14
    """

    _run_map: ClassVar[Callable[..., Sequence[Any]]] = staticmethod(serial_map)
    """How maps are run; the façade puts its own here."""

    def check(self) -> list[Problem]:
        """Return everything that keeps the pipeline from running; [] if it can run."""
        return check(self)

    def run(
        self, *, listener: Listener | None = None, trust: bool = False, cancel: Cancel | None = None
    ) -> PipelineRun:
        """Run the pipeline; see ``run_pipeline``.

        Args:
            listener: Gets ModuleChanged events.
            trust: Whether functions that a file names may be imported.
            cancel: Stops the run once it is set.

        Raises:
            PipelineCheckError: The pipeline has problems; nothing was run.
            Exception: A module's own, with ``pipeline_run`` holding what finished.
        """
        __tracebackhide__ = True
        # Asked of the class: a plain function put there must not become a method.
        run_map = type(self)._run_map
        return run_pipeline(self, run_map=run_map, listener=listener, trust=trust, cancel=cancel)

    def import_functions(self) -> list[Problem]:
        """Import the functions that this process lacks; only for files that are trusted.

        Returns:
            One problem for each that can't be imported.
        """
        problems: list[Problem] = []
        found = with_functions(self._modules.values(), problems)
        self._modules = {spec.id: spec for spec in found}
        for id, group in self._groups.items():
            inside = tuple(with_functions(group.modules, problems))
            self._groups[id] = replace(group, modules=inside)
        return problems

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form.

        Raises:
            PipelineError: A parameter or function can't be written to a file.
        """
        return document.to_dict(self)

    def to_python(self) -> str:
        """Return a plain Python script that computes the same.

        Raises:
            PipelineCheckError: The pipeline has problems.
            PipelineError: A script can't name one of its functions.
        """
        problems = [item for item in self.check() if item.reason != reasons.FUNCTION_MISSING]
        if problems:
            raise check_error(self.name, problems)
        return script.to_python(self)

    @classmethod
    def from_dict(cls, data: Any) -> Pipeline:
        """Return the pipeline of a JSON form; imports and runs nothing.

        Raises:
            DocumentError: Something in it is missing or wrong.
        """
        return cls._of(document.from_dict(data, "the document"))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the pipeline to a file, whole or not at all."""
        document.write(self.to_dict(), Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Pipeline:
        """Read a pipeline from a file; imports and runs nothing.

        Raises:
            DocumentError: The file can't be read as a pipeline.
        """
        return cls._of(document.read(Path(path)))

    @classmethod
    def _of(cls, content: document.Content) -> Pipeline:
        made = cls(content.name)
        made._modules = {spec.id: spec for spec in content.modules}
        made._connections = content.connections
        made._groups = {group.id: group for group in content.groups}
        made._layout = dict(content.layout)
        return made
