"""The IPython shell of this process."""

from __future__ import annotations

import sys
from typing import Any


def own_shell() -> Any:
    """Return the IPython shell of this process, or None.

    It is looked up, never imported: where there is none, nothing can be shown in it or asked there.

    Example:
        >>> getattr(own_shell(), "kernel", None) is None
        True
    """
    found = sys.modules.get("IPython.core.getipython")
    return found.get_ipython() if found else None
