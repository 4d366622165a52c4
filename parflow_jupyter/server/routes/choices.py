"""What a start of engines can choose from: how many, which launcher, which Python."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from jupyter_core.utils import ensure_async

from parflow_jupyter.server.base import ParflowHandler, cluster_of, guarded

_GENERIC = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info)}
"""Names for which Jupyter puts its own interpreter when it starts a kernel."""


def pythons(specs: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the Pythons that kernels run, the server's own first, each once.

    Args:
        specs: Kernel specifications by name, as Jupyter lists them.

    Example:
        >>> specs = {"ir": {"spec": {"language": "R", "argv": ["R"], "display_name": "R"}}}
        >>> [python["kernels"] for python in pythons(specs)]
        [[]]
    """
    found: dict[str, dict[str, Any]] = {}
    own = {"python": sys.executable, "name": "Python of this server", "kernels": []}
    found[_identity(sys.executable)] = own
    for kernel, about in sorted(specs.items()):
        spec = about.get("spec", {})
        path = _interpreter(spec)
        if path is None:
            continue
        entry = {"python": path, "name": spec.get("display_name", kernel), "kernels": []}
        listed = found.setdefault(_identity(path), entry)
        if listed is own and not own["kernels"]:
            own["name"] = entry["name"]
        listed["kernels"].append(kernel)
    return list(found.values())


def _interpreter(spec: Mapping[str, Any]) -> str | None:
    """Return the interpreter that a kernel runs, None for one that is no Python on this host."""
    argv = spec.get("argv") or []
    if str(spec.get("language", "")).lower() != "python" or not argv:
        return None
    if argv[0] in _GENERIC:
        return sys.executable
    # A kernel may be started through a program of another kind, such as ssh or conda.
    path = shutil.which(argv[0])
    return path if path and os.path.basename(path).startswith("python") else None


def _identity(path: str) -> str:
    # The interpreter of a virtual environment is a link, and what it links to is another one.
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name.rstrip("0123456789."))


class ChoicesHandler(ParflowHandler):
    """What the dialog that starts engines offers."""

    @guarded("read")
    async def get(self) -> None:
        """List it."""
        asked = self.asked()
        specs = await ensure_async(self.settings["kernel_spec_manager"].get_all_specs())
        choices = await self.ask(lambda clusters: clusters.start_choices(**cluster_of(asked)))
        listed = await self.service.call(lambda: pythons(specs))
        self.reply({**choices.to_dict(), "pythons": listed})
