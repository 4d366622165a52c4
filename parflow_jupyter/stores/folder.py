"""Where the stores keep their files."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder of this user's stores, made if missing, readable by the user only.

    It is ``$PARFLOW_DATA_DIR``, else ``parflow`` in Jupyter's data folder.

    Raises:
        OSError: It can't be made.
    """
    chosen = os.environ.get("PARFLOW_DATA_DIR")
    if chosen:
        folder = Path(chosen)
    else:
        from jupyter_core.paths import jupyter_data_dir

        folder = Path(jupyter_data_dir()) / "parflow"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
