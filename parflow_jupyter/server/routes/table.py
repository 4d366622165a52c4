"""The REST routes: read what was asked, put it to the clusters, reply.

A handler holds no state and catches nothing: errors become answers in one
place, :mod:`parflow_jupyter.server.answers`.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from parflow_jupyter.server.base import ParflowHandler, cluster_of, guarded
from parflow_jupyter.server.routes.choices import ChoicesHandler
from parflow_jupyter.server.routes.engines import (
    EngineHandler,
    EngineInterruptHandler,
    EngineRestartHandler,
    EnginesHandler,
    LogsHandler,
)
from parflow_jupyter.server.routes.schemes import SchemesHandler


class ProfilesHandler(ParflowHandler):
    """The IPython profiles."""

    @guarded("read")
    async def get(self) -> None:
        """List them."""
        self.asked()
        found = await self.ask(lambda clusters: clusters.profiles())
        self.reply({"profiles": [profile.to_dict() for profile in found]})

    @guarded("execute")
    async def post(self) -> None:
        """Create one."""
        asked = self.asked()
        made = await self.ask(lambda clusters: clusters.create_profile(asked["name"]))
        self.reply(made.to_dict(), HTTPStatus.CREATED)


class CurrentProfileHandler(ParflowHandler):
    """The profile that this server and its kernels use."""

    @guarded("write")
    async def put(self) -> None:
        """Change it."""
        asked = self.asked()
        info = await self.ask(
            lambda clusters: clusters.change_profile(asked["name"], cleanup=asked.get("cleanup"))
        )
        self.reply(info.to_dict())


class ClusterHandler(ParflowHandler):
    """A cluster."""

    @guarded("read")
    async def get(self) -> None:
        """Tell about its controller and engines; starts nothing."""
        asked = self.asked()
        info = await self.ask(lambda clusters: clusters.info(**cluster_of(asked)))
        self.reply(info.to_dict())


class CleanupHandler(ParflowHandler):
    """The processes that were started here."""

    @guarded("execute")
    async def post(self) -> None:
        """Terminate or detach them."""
        asked = self.asked()
        terminate = asked["mode"] == "terminate"
        report = await self.ask(lambda clusters: clusters.cleanup(terminate=terminate))
        self.reply(report.to_dict())


class AdoptHandler(ParflowHandler):
    """What was left running in the cluster and belongs to nobody."""

    @guarded("execute")
    async def post(self) -> None:
        """Take it over."""
        self.asked()
        info = await self.ask(lambda clusters: clusters.adopt())
        self.reply(info.to_dict())


class OwnersHandler(ParflowHandler):
    """Those for whom engines were started."""

    @guarded("read")
    async def get(self) -> None:
        """Tell for whom each was."""
        self.asked()
        found = await self.ask(lambda clusters: clusters.owners())
        self.reply(found.to_dict())


class ShutdownHandler(ParflowHandler):
    """The whole cluster, whoever started it."""

    @guarded("execute")
    async def post(self) -> None:
        """Begin to shut it down."""
        self.asked()
        self.reply_operation(await self.ask(lambda clusters: clusters.begin_shutdown()))


class OperationHandler(ParflowHandler):
    """Something that takes time: a start, a shutdown."""

    @guarded("read")
    async def get(self, operation: str) -> None:
        """Tell how far it is."""
        self.asked()
        found = await self.ask(lambda clusters: clusters.operation(operation))
        self.reply(found.to_dict())

    @guarded("execute")
    async def delete(self, operation: str) -> None:
        """Cancel it."""
        self.asked()
        found = await self.ask(lambda clusters: clusters.cancel_operation(operation))
        self.reply(found.to_dict())


class RunsHandler(ParflowHandler):
    """The history of runs of this user, of any kernel and scheme."""

    @guarded("read")
    async def get(self) -> None:
        """List the last ones, newest first."""
        limit = self.asked().get("limit", 50)
        self.reply({"runs": await self.service.call(lambda: self.service.history.runs(limit))})


class RunHandler(ParflowHandler):
    """One run."""

    @guarded("read")
    async def get(self, run: str) -> None:
        """Tell about it."""
        self.asked()
        self.reply(await self.service.call(lambda: self.service.history.run(run)))

    @guarded("execute")
    async def delete(self, run: str) -> None:
        """Ask it to stop; it does so within a moment, wherever it runs."""
        self.asked()
        await self.service.call(lambda: self.service.history.request_cancel(run))
        found = await self.service.call(lambda: self.service.history.run(run))
        self.reply(found, HTTPStatus.ACCEPTED)


ROUTES: dict[str, type[ParflowHandler]] = {
    "/parflow/profiles": ProfilesHandler,
    "/parflow/profile": CurrentProfileHandler,
    "/parflow/cluster": ClusterHandler,
    "/parflow/cluster/engines": EnginesHandler,
    "/parflow/cluster/engines/{engine}": EngineHandler,
    "/parflow/cluster/engines/{engine}/interrupt": EngineInterruptHandler,
    "/parflow/cluster/engines/{engine}/restart": EngineRestartHandler,
    "/parflow/cluster/choices": ChoicesHandler,
    "/parflow/cluster/logs": LogsHandler,
    "/parflow/cluster/owners": OwnersHandler,
    "/parflow/cluster/adopt": AdoptHandler,
    "/parflow/cluster/cleanup": CleanupHandler,
    "/parflow/cluster/shutdown": ShutdownHandler,
    "/parflow/operations/{operation}": OperationHandler,
    "/parflow/schemes": SchemesHandler,
    "/parflow/runs": RunsHandler,
    "/parflow/runs/{run}": RunHandler,
}
"""Path template, as in ``openapi.yaml``, to handler."""


def pattern_of(route: str) -> str:
    """Return the regular expression that matches a path template.

    Example:
        >>> pattern_of("/parflow/runs/{run}")
        '/parflow/runs/([^/]+)'
    """
    return re.sub(r"\{\w+\}", "([^/]+)", route)
