"""What a person needs of a traceback: the own code, without the frames that led to it."""

from __future__ import annotations

import os
import threading
from types import TracebackType

from parflow_jupyter._system.package_dir import PACKAGE_DIR

_PACKAGE = PACKAGE_DIR + os.sep
_WAITING = os.path.abspath(threading.__file__)


def without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame on that is not ours, or None if all are.

    Frames of ours that only wait, in ``threading``, count as ours.

    Args:
        traceback: Of an exception that came through this package.

    Example:
        >>> without_ours(None) is None
        True
    """
    while traceback is not None and _is_ours(traceback.tb_frame.f_code.co_filename):
        traceback = traceback.tb_next
    return traceback


def _is_ours(filename: str) -> bool:
    return filename.startswith(_PACKAGE) or filename == _WAITING
