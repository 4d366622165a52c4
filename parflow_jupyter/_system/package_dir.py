"""Where this package lies, for frames that are left out of tracebacks and for other Pythons."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""The folder of the package, as its modules' code objects name it."""

IMPORT_ROOT = str(Path(__file__).resolve().parents[2])
"""The folder from which the package is imported."""

PACKAGE = __name__.partition(".")[0]
"""Its name."""
