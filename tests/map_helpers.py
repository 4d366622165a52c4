"""Maps as tests call them: without a progress bar, on one scheme."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from parflow_jupyter.maps import MapOptions, MapResult, run_map
from parflow_jupyter.maps.abc import Scheme


def quiet(**options: Any) -> MapOptions:
    """Return options without progress."""
    return MapOptions(progress=False, **options)


def mapped(
    scheme: Scheme, function: Callable[..., Any], /, *iterables: Iterable[Any], **options: Any
) -> MapResult:
    """Map on one scheme, which is asked for by its name unless the options name another."""
    options = {"scheme": scheme.name, **options}
    return run_map(function, iterables, options=quiet(**options), schemes=[scheme])
