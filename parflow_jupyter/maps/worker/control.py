"""Hears control requests about a run on an engine's control channel, also while an item runs.

The kernel's own ``interrupt_request`` stops whatever runs. Ours carries which
run is meant, so that another notebook's item on the same engine is spared.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from parflow_jupyter._system.shell import own_shell
from parflow_jupyter.maps.worker.worker import PROTOCOL, WORKER

FIELD = "parflow"
DATA = "data"
"""What of an answer is bytes, which travel beside it."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what a control request asks for and return the answer to it.

    Args:
        request: ``{"do": "stop", "run"}``, ``{"do": "give-back", "run", "batch", "size"}``,
            ``{"do": "collect", "run", "batch", "first"}``, ``{"do": "forget", "run"}`` or
            ``{"do": "status"}``.

    Example:
        >>> answer({"do": "status"})["run"] is None
        True
    """
    if request["do"] == "stop":
        WORKER.stop(request["run"])
        return {}
    if request["do"] == "forget":
        WORKER.forget(request["run"])
        return {}
    if request["do"] == "give-back":
        return {"position": WORKER.give_back(request["run"], request["batch"], request["size"])}
    if request["do"] == "collect":
        return {DATA: WORKER.collect(request["run"], request["batch"], request["first"])}
    return WORKER.status()


def install() -> dict[str, Any]:
    """Listen on this engine's control channel, and return what the client wants to know of it."""
    kernel = getattr(own_shell(), "kernel", None)
    if kernel is not None:
        handlers = kernel.control_handlers
        original = handlers["interrupt_request"]
        if not getattr(original, "parflow", False):
            handlers["interrupt_request"] = _wrap(kernel, original)
    return {
        "python": list(sys.version_info[:3]),
        "protocol": PROTOCOL,
        "pid": os.getpid(),
        "host": platform.node(),
        "control": kernel is not None,
    }


def _wrap(kernel: Any, original: Any) -> Any:
    async def interrupt_request(stream: Any, ident: Any, parent: Any) -> None:
        request = parent["content"].get(FIELD)
        if request is None:
            await original(stream, ident, parent)
            return
        said = answer(request)
        data = said.pop(DATA, None)
        content = {"status": "ok", FIELD: said}
        buffers = [data] if data is not None else None
        kernel.session.send(stream, "interrupt_reply", content, parent, ident, buffers)

    interrupt_request.parflow = True  # type: ignore[attr-defined]
    return interrupt_request
