"""Who the engines are that others started, or that a launcher started elsewhere.

Each is asked once, when it registers; a busy one answers after its task, and nobody waits.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.clusters.processes.engine_set import PLACE_VARIABLE, SET_VARIABLE
from parflow_jupyter.clusters.supervisor.link.connection import ControllerLink
from parflow_jupyter.errors import ClusterError

_EXPRESSION = (
    "(lambda i: i('json').dumps([i('os').getpid(), i('socket').gethostname(), "
    "i('platform').system(), '%d.%d' % i('sys').version_info[:2], "
    f"i('os').environ.get('{SET_VARIABLE}', ''), "
    f"i('os').environ.get('{PLACE_VARIABLE}', ''), "
    "i('sys').modules['ipyparallel'].__version__]))(__import__)"
)


@dataclass(frozen=True)
class EngineIdentity:
    """What an engine says about itself; ``engine_set`` and ``place`` are empty outside of sets."""

    pid: int
    host: str
    system: str
    python: str
    engine_set: str
    place: str = ""
    ipyparallel: str = ""


def read_identity(content: dict[str, Any]) -> EngineIdentity | None:
    """Return what an engine's reply says, None when it is of another form.

    Example:
        >>> said = {"text/plain": repr('[7, "node1", "Linux", "3.11", "", "", "9.2.0"]')}
        >>> read_identity({"user_expressions": {"who": {"data": said}}}).host
        'node1'
    """
    try:
        shown = content["user_expressions"]["who"]["data"]["text/plain"]
        pid, *texts = json.loads(ast.literal_eval(shown))
        host, system, python, engine_set, place, version = map(str, texts)
        return EngineIdentity(int(pid), host, system, python, engine_set, place, version)
    except (KeyError, TypeError, ValueError, SyntaxError):
        return None


class Identities:
    """The identities of the engines of one controller, by uuid."""

    def __init__(self) -> None:
        self.known: dict[str, EngineIdentity] = {}
        self._asking: dict[str, asyncio.Future[None]] = {}

    def look(self, link: ControllerLink, own: set[str]) -> None:
        """Ask the engines that are new and not in ``own``; forget those that left."""
        for left in set(self._asking) - link.engines.keys():
            self._asking.pop(left).cancel()
            self.known.pop(left, None)
        for uuid in link.engines.keys() - own - self._asking.keys():
            self._asking[uuid] = asyncio.ensure_future(self._ask(link, uuid))

    async def _ask(self, link: ControllerLink, uuid: str) -> None:
        wanted = {"code": "", "silent": True, "store_history": False, "allow_stdin": False}
        with contextlib.suppress(asyncio.CancelledError, ClusterError):
            reply = await link.execute(uuid, {**wanted, "user_expressions": {"who": _EXPRESSION}})
            found = read_identity(reply)
            if found is not None:
                self.known[uuid] = found
                link.tell_change()

    def clear(self) -> None:
        """Forget everything: the controller is gone."""
        for asking in self._asking.values():
            asking.cancel()
        self._asking.clear()
        self.known.clear()

    def members(self, engine_set: str) -> list[str]:
        """Return the uuids of the engines of a set."""
        return [uuid for uuid, found in self.known.items() if found.engine_set == engine_set]
