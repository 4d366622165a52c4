"""Warnings at the line of who called this package, however deep in it they are told."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from parflow_jupyter._system.package_dir import PACKAGE_DIR


def warn(message: str, kind: type[Warning] = UserWarning, *, each_time: bool = False) -> None:
    """Warn at the line of the code that called this package.

    Args:
        message: What could not be done, and the way out.
        kind: The class of the warning.
        each_time: Whether it is shown again where the filters show one per line only.

    Example:
        >>> with warnings.catch_warnings(action="always", record=True) as caught:
        ...     warn("no engines")
        >>> caught[0].filename == __file__
        False
    """
    shell = sys.modules.get("IPython")
    folders = [PACKAGE_DIR, *([os.path.dirname(str(shell.__file__))] if shell else [])]
    skipped = tuple(folder + os.sep for folder in folders)
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(skipped):
        frame = frame.f_back
    shown: dict[Any, Any] = frame.f_globals.setdefault("__warningregistry__", {})
    code = frame.f_code
    registry = {} if each_time else shown
    warnings.warn_explicit(message, kind, code.co_filename, frame.f_lineno, registry=registry)
