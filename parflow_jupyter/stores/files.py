"""Where ``File`` was in 0.1.0: kept results and pickles of that version name it so."""

from parflow_jupyter.fingerprint.files import File

__all__ = ["File"]
