"""Maps: a function applied to a list of items, in parallel, with results in order."""

from __future__ import annotations

from parflow_jupyter.maps.last import last_result
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.report import ItemFailure, Report
from parflow_jupyter.maps.result import MapResult
from parflow_jupyter.maps.run import run_map
from parflow_jupyter.maps.toolbox.selection import SchemeChoice, parallelizable

__all__ = [
    "ItemFailure",
    "MapOptions",
    "MapResult",
    "Report",
    "SchemeChoice",
    "last_result",
    "parallelizable",
    "run_map",
]
