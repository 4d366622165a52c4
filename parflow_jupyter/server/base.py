"""What every route shares: who is let in, how a question is read, how it is answered."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.escape import json_encode

from parflow_jupyter.server.answers import answer
from parflow_jupyter.server.openapi import declared_body, declared_query, read_body, read_query

if TYPE_CHECKING:
    from parflow_jupyter.clusters import Clusters
    from parflow_jupyter.server.service import Service

PACKED_FROM = 8192
"""Length in bytes from which a body is compressed."""

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
        self.finish(self._packed(json_encode(body).encode()))

    def _packed(self, raw: bytes) -> bytes:
        """Compress a large body for who can read that: a cluster of 1000 engines is 250 kB."""
        if len(raw) < PACKED_FROM:
            return raw
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" not in self.request.headers.get("Accept-Encoding", ""):
            return raw
        self.set_header("Content-Encoding", "gzip")
        return gzip.compress(raw, compresslevel=1)

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
