"""The façade's part on pipelines: their maps run by the toolbox's schemes."""

from __future__ import annotations

from parflow_jupyter.pipelines import Pipeline as _Pipeline
from parflow_jupyter.pipelines import module
from parflow_jupyter.wiring import runs

__all__ = ["Pipeline", "module"]


class Pipeline(_Pipeline):
    """Modules and the connections between their ports; maps run by the toolbox's schemes.

    Args:
        name: What it is called in files, reports and messages.

    Example:
        >>> @module
        ... def double(x: int) -> int:
        ...     return 2 * x
        >>> p = Pipeline("doubles")
        >>> doubled = p.add_map(double, over="x", x=[1, 2, 3])
        >>> p.run()[doubled]["result"]
        [2, 4, 6]
    """

    _run_map = staticmethod(runs.map_of_pipelines)
