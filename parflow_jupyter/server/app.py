"""The extension: built when the server starts, stopped with it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp

from parflow_jupyter.server.bridge import SCHEMAS, Bridge
from parflow_jupyter.server.poller import Poller
from parflow_jupyter.server.routes.not_found import ANY_OTHER, OtherHandler
from parflow_jupyter.server.routes.table import ROUTES, pattern_of
from parflow_jupyter.server.service import Service
from parflow_jupyter.stores.runs.history import History

if TYPE_CHECKING:
    from parflow_jupyter.clusters import Clusters


def make_clusters() -> Clusters:
    """Return the server's handle on the clusters, registered as an owner."""
    from parflow_jupyter.clusters import Clusters

    return Clusters(kind="server")


class ParflowExtension(ExtensionApp):
    """Serves the REST routes and emits the events of the clusters of this user.

    Starting it starts no process. What is started through it stops when the
    server stops, unless it was detached.
    """

    name = "parflow_jupyter"

    service: Service | None = None
    bridge: Bridge | None = None
    watching: asyncio.Task[None] | None = None

    def initialize_handlers(self) -> None:
        """Build the service, and register routes and event schemas."""
        self.service = Service(make_clusters, History())
        self.handlers.extend(
            (pattern_of(route), handler, {"route": route, "service": self.service})
            for route, handler in ROUTES.items()
        )
        self.handlers.append((ANY_OTHER, OtherHandler, {"route": "", "service": self.service}))
        for schema in SCHEMAS:
            self._event_logger.register_event_schema(schema)

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        if self.service is None:
            return
        self.bridge = Bridge(asyncio.get_running_loop(), self._emit)
        watch = Poller(self.service, self.bridge, self.log.warning)
        self.watching = asyncio.create_task(watch.forever())

    async def stop_extension(self) -> None:
        """Stop watching, and what this server started."""
        if self.watching is not None and self.bridge is not None:
            self.bridge.close()
            self.watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.watching
        # Loaded twice by mistake (under two names), one of the two was never initialized.
        if self.service is not None:
            await self.service.close()

    def _emit(self, schema_id: str, data: dict[str, Any]) -> None:
        self._event_logger.emit(schema_id=schema_id, data=data)

    @property
    def _event_logger(self) -> Any:
        return self.serverapp.event_logger if self.serverapp else None
