"""Hears wishes about a run on an engine's control channel, also while an item runs.

The kernel's own ``interrupt_request`` stops whatever runs. Ours carries which
run is meant, so that another notebook's item on the same engine is spared.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from parflow_jupyter.maps.worker.worker import AGENT, PROTOCOL

FIELD = "parflow"
DATA = "data"
"""What of an answer is bytes, which travel beside it."""


def answer(wish: dict[str, Any]) -> dict[str, Any]:
    """Do what a wish asks for and return the answer to it.

    Args:
        wish: ``{"do": "stop", "run"}``, ``{"do": "give-back", "run", "batch", "size"}``,
            ``{"do": "collect", "run", "batch", "first"}``, ``{"do": "forget", "run"}`` or
            ``{"do": "status"}``.

    Example:
        >>> answer({"do": "status"})["run"] is None
        True
    """
    if wish["do"] == "stop":
        AGENT.stop(wish["run"])
        return {}
    if wish["do"] == "forget":
        AGENT.forget(wish["run"])
        return {}
    if wish["do"] == "give-back":
        return {"position": AGENT.give_back(wish["run"], wish["batch"], wish["size"])}
    if wish["do"] == "collect":
        return {DATA: AGENT.collect(wish["run"], wish["batch"], wish["first"])}
    return AGENT.status()


def install() -> dict[str, Any]:
    """Listen on this engine's control channel, and return what the client wants to know of it."""
    kernel = _kernel()
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
        wish = parent["content"].get(FIELD)
        if wish is None:
            await original(stream, ident, parent)
            return
        said = answer(wish)
        data = said.pop(DATA, None)
        content = {"status": "ok", FIELD: said}
        buffers = [data] if data is not None else None
        kernel.session.send(stream, "interrupt_reply", content, parent, ident, buffers)

    interrupt_request.parflow = True  # type: ignore[attr-defined]
    return interrupt_request


def _kernel() -> Any:
    from IPython import get_ipython

    shell = get_ipython()  # type: ignore[no-untyped-call,unused-ignore]
    return getattr(shell, "kernel", None)
