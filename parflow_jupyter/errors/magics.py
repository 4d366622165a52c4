"""What goes wrong with magics."""

from __future__ import annotations

from parflow_jupyter.errors.base import ParflowError


class MagicError(ParflowError, ValueError):
    """A %parflow or %%parflow line or cell can't be understood."""

    reason = "invalid-magic"
