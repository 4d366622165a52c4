"""The REST routes about engines, together and one by one, and about logs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from parflow_jupyter.errors import EngineNotFoundError
from parflow_jupyter.server.base import ParflowHandler, cluster_of, guarded

if TYPE_CHECKING:
    from parflow_jupyter.clusters import Clusters


def engine_number(text: str) -> int:
    """Read an engine id from a path.

    Raises:
        EngineNotFoundError: No engine can have this id.

    Example:
        >>> engine_number("3")
        3
    """
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise EngineNotFoundError(f"There is no engine {text!r}: an engine's id is a whole number.")


class EnginesHandler(ParflowHandler):
    """The engines of a cluster."""

    @guarded("execute")
    async def post(self) -> None:
        """Begin to start some."""
        asked = self.asked()
        names = {"launcher", "python", "restart"} & asked.keys()
        how = {**cluster_of(asked), **{name: asked[name] for name in names}}
        begun = await self.ask(lambda clusters: clusters.begin_start_engines(asked.get("n"), **how))
        self.reply_operation(begun)


class _EngineHandler(ParflowHandler):
    async def order(self, engine: str, what: Callable[[Clusters, int], object]) -> None:
        """Have something done to one engine, and reply that it is."""
        self.asked()
        number = engine_number(engine)
        await self.ask(lambda clusters: what(clusters, number))
        self.set_status(HTTPStatus.NO_CONTENT)


class EngineInterruptHandler(_EngineHandler):
    """What an engine runs at the moment."""

    @guarded("execute")
    async def post(self, engine: str) -> None:
        """Interrupt it."""
        await self.order(engine, lambda clusters, number: clusters.interrupt_engine(number))


class EngineRestartHandler(_EngineHandler):
    """An engine's process."""

    @guarded("execute")
    async def post(self, engine: str) -> None:
        """Kill it and start another."""
        await self.order(engine, lambda clusters, number: clusters.replace_engine(number))


class EngineHandler(_EngineHandler):
    """An engine."""

    @guarded("execute")
    async def delete(self, engine: str) -> None:
        """End it."""
        await self.order(engine, lambda clusters, number: clusters.stop_engine(number))


class LogsHandler(ParflowHandler):
    """The logs of controller, supervisor and engines.

    They may hold what users printed: a resource of its own, which can be kept from readers.
    """

    auth_resource = "parflow:logs"

    @guarded("read")
    async def get(self) -> None:
        """Show their ends."""
        asked = self.asked()
        engine, tail = asked.get("engine"), asked.get("tail", 100)
        found = await self.ask(lambda clusters: clusters.logs(engine, tail, **cluster_of(asked)))
        engines = await self.ask(lambda clusters: clusters.logged_engines(**cluster_of(asked)))
        self.reply({**found.to_dict(), "engines": engines})
