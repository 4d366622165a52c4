"""The REST routes: read what was asked, put it to the clusters, reply.

A handler holds no state and catches nothing: errors become answers in one
place, :mod:`parflow_jupyter.server.answers`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from ..errors import EngineNotFoundError
from .answers import answer
from .description import declared_body, declared_query, read_body, read_query

if TYPE_CHECKING:
    from ..clusters import Clusters
    from .service import Service

Answer = TypeVar("Answer")
Verb = Callable[..., Awaitable[None]]


def guarded(action: str) -> Callable[[Verb], Verb]:
    """Let in only who is authenticated and authorized for an action on ``parflow``.

    Args:
        action: ``"read"``, ``"write"`` or ``"execute"``, in the words of Jupyter's authorizers.
    """

    def guard(verb: Verb) -> Verb:
        allowed: Callable[[Verb], Verb] = authorized(action)
        return web.authenticated(allowed(verb))  # type: ignore[return-value]

    return guard


class ParflowHandler(APIHandler):
    """What every route of ours shares."""

    auth_resource = "parflow"

    def initialize(self, route: str, service: Service) -> None:
        """Take the route's path template in the document, and the shared service."""
        self.route = route
        self.service = service
        # A sidebar that only looks must not keep an idle server from being culled.
        self._track_activity = self.request.method != "GET"

    async def ask(self, question: Callable[[Clusters], Answer]) -> Answer:
        """Put a blocking question to the clusters, in a thread."""
        return await self.service.ask(question)

    def asked(self) -> dict[str, Any]:
        """Return the declared query parameters and body fields of this request, checked."""
        method = self.request.method or "GET"
        query = {
            name: [self.decode_argument(value, name) for value in values]
            for name, values in self.request.query_arguments.items()
        }
        return {
            **read_query(query, declared_query(self.route, method)),
            **read_body(self.request.body, declared_body(self.route, method)),
        }

    def reply(self, body: dict[str, Any], status: int = HTTPStatus.OK, location: str = "") -> None:
        """Finish with a JSON body; ``location`` is a path below the server's base URL."""
        self.set_status(status)
        if location:
            self.set_header("Location", url_path_join(self.base_url, location))
        self.finish(body)

    def reply_operation(self, operation: Any) -> None:
        """Finish with 202 and the operation that was begun."""
        location = f"parflow/operations/{operation.id}"
        self.reply(operation.to_dict(), HTTPStatus.ACCEPTED, location)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error with ``{"message", "reason"}`` and its status."""
        error = kwargs.get("exc_info", (None, web.HTTPError(status_code), None))[1]
        status, body = answer(error)
        self.set_status(status)
        self.finish(body)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what nobody expected with its traceback, and a refusal as one line."""
        status, body = answer(value)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            # Tornado's own line shows the whole URL, in which a token may be.
            told = (self.request.method, self.route)
            self.log.error("parflow_jupyter failed in %s %s", *told, exc_info=(typ, value, tb))
        else:
            self.log.debug("parflow_jupyter refused %s: %s", self.route, body["message"])


def cluster_of(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the cluster that a request names, as the clusters' own arguments."""
    return {"profile": asked.get("profile"), "cluster_id": asked.get("cluster", "")}


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


class EnginesHandler(ParflowHandler):
    """The engines of a cluster."""

    @guarded("execute")
    async def post(self) -> None:
        """Begin to start some."""
        asked = self.asked()
        launcher, python = asked.get("launcher"), asked.get("python")
        begun = await self.ask(
            lambda clusters: clusters.begin_start_engines(
                asked.get("n"), launcher=launcher, python=python, **cluster_of(asked)
            )
        )
        self.reply_operation(begun)


class EngineInterruptHandler(ParflowHandler):
    """What an engine runs at the moment."""

    @guarded("execute")
    async def post(self, engine: str) -> None:
        """Interrupt it."""
        self.asked()
        number = engine_number(engine)
        await self.ask(lambda clusters: clusters.interrupt_engine(number))
        self.set_status(HTTPStatus.NO_CONTENT)


class EngineRestartHandler(ParflowHandler):
    """An engine's process."""

    @guarded("execute")
    async def post(self, engine: str) -> None:
        """Kill it and start another."""
        self.asked()
        number = engine_number(engine)
        await self.ask(lambda clusters: clusters.replace_engine(number))
        self.set_status(HTTPStatus.NO_CONTENT)


class CleanupHandler(ParflowHandler):
    """The processes that were started here."""

    @guarded("execute")
    async def post(self) -> None:
        """Terminate or detach them."""
        asked = self.asked()
        terminate = asked["mode"] == "terminate"
        report = await self.ask(lambda clusters: clusters.cleanup(terminate=terminate))
        self.reply(report.to_dict())


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
    "/parflow/cluster/engines/{engine}/interrupt": EngineInterruptHandler,
    "/parflow/cluster/engines/{engine}/restart": EngineRestartHandler,
    "/parflow/cluster/cleanup": CleanupHandler,
    "/parflow/cluster/shutdown": ShutdownHandler,
    "/parflow/operations/{operation}": OperationHandler,
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
