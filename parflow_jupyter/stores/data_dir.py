"""Where the stores keep their files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from parflow_jupyter._system.caller import warn
from parflow_jupyter._system.private_files import private_folder, why_foreign


def data_folder() -> Path:
    """Return the folder of this user's stores, made if missing, readable by the user only.

    It is ``$PARFLOW_DATA_DIR``, else ``parflow`` in Jupyter's data folder. Where that can't be
    written (a read-only home), it is a folder of temporary files, with a warning.

    Raises:
        OSError: Neither can be made.
    """
    chosen = os.environ.get("PARFLOW_DATA_DIR")
    if chosen:
        folder = Path(chosen)
    else:
        from jupyter_core.paths import jupyter_data_dir

        folder = Path(jupyter_data_dir()) / "parflow"
    try:
        private_folder(folder)
        # Asked of the system, as permission bits tell nothing of a read-only disk.
        if os.access(folder, os.W_OK):
            return folder
        what = "it is read-only"
    except OSError as error:
        what = error.strerror or type(error).__name__
    return _temporary_folder(folder, what)


def _temporary_folder(wanted: Path, what: str) -> Path:
    folder = private_folder(Path(tempfile.gettempdir()) / f"parflow-data-{os.getuid()}")
    if why_foreign(folder):
        raise PermissionError(f"{folder} is not a folder of this user alone: remove it.")
    warn(
        f"{wanted} can't be used ({what}): history, settings and kept results are in {folder}, "
        f"which may be emptied at any time. Set PARFLOW_DATA_DIR to a folder of yours."
    )
    return folder
