"""The pipeline that people build, from Python or in the builder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from parflow_jupyter.errors import Problem
from parflow_jupyter.events import Listener
from parflow_jupyter.pipelines import reasons
from parflow_jupyter.pipelines.abc import Cancel, RunContext
from parflow_jupyter.pipelines.check import check
from parflow_jupyter.pipelines.editing.graph_builder import PipelineGraph
from parflow_jupyter.pipelines.files import document, script
from parflow_jupyter.pipelines.model import Content
from parflow_jupyter.pipelines.running.report import PipelineRun
from parflow_jupyter.pipelines.running.resolve import check_error, with_functions
from parflow_jupyter.pipelines.running.run import run_checked, run_pipeline
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

    def run_checked(
        self, content: Content, *, listener: Listener | None = None, cancel: Cancel | None = None
    ) -> PipelineRun:
        """Run what the pipeline held when it was checked, without problems; see ``run``."""
        return run_checked(content, RunContext(type(self)._run_map, listener, cancel))

    def import_functions(self) -> list[Problem]:
        """Import the functions that this process lacks; only for files that are trusted.

        Returns:
            One problem for each that can't be imported.
        """
        found, problems = with_functions(self.content())
        self._modules, self._groups = dict(found.modules), dict(found.groups)
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
