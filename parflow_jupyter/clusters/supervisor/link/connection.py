"""The supervisor's connection to a controller: requests with a deadline, and its notifications."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from parflow_jupyter.clusters.files.connection_files import channel_url
from parflow_jupyter.clusters.supervisor.link import messages
from parflow_jupyter.errors import ControllerSilentError


class ControllerLink:
    """Talks to the query, notification and control channels of one controller.

    ``engines`` maps the uuid of each registered engine to its id; it follows the
    controller's notifications.

    Args:
        connection: Content of the client connection file.
        on_change: Called when an engine registered or unregistered, or the controller
            said that it shuts down.
    """

    def __init__(self, connection: Mapping[str, Any], on_change: Callable[[], None]) -> None:
        self.connection = dict(connection)
        self.engines: dict[str, int] = {}
        self._on_change = on_change
        self._key = str(connection["key"]).encode()
        self._session = uuid.uuid4().hex
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._open()

    def _open(self) -> None:
        import zmq
        import zmq.asyncio

        self._context = zmq.asyncio.Context()
        self._query = self._socket(zmq.DEALER, "registration")
        self._control = self._socket(zmq.DEALER, "control")
        self._mux = self._socket(zmq.DEALER, "mux")
        self._notices = self._socket(zmq.SUB, "notification")
        self._tasks = [
            asyncio.ensure_future(self._listen(self._query, self._answered)),
            asyncio.ensure_future(self._listen(self._notices, self._notified)),
            asyncio.ensure_future(self._listen(self._mux, self._answered)),
        ]

    def _socket(self, kind: int, channel: str) -> Any:
        import zmq

        socket = self._context.socket(kind)
        socket.linger = 0
        server_key = self.connection.get("curve_serverkey")
        if server_key:
            socket.curve_serverkey = server_key.encode()
            socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        if kind == zmq.SUB:
            socket.subscribe(b"")
        socket.connect(channel_url(self.connection, channel))
        return socket

    async def _listen(
        self, socket: Any, handle: Callable[[str, str, dict[str, Any]], None]
    ) -> None:
        while True:
            message = messages.unpack(self._key, await socket.recv_multipart())
            if message is not None:
                handle(*message)

    def _answered(self, kind: str, answered: str, content: dict[str, Any]) -> None:
        answer = self._answers.pop(answered, None)
        if answer is not None and not answer.done():
            answer.set_result(content)

    def _notified(self, kind: str, answered: str, content: dict[str, Any]) -> None:
        if kind == "registration_notification":
            self.engines[content["uuid"]] = int(content["id"])
        elif kind == "unregistration_notification":
            self.engines.pop(content["uuid"], None)
        self._on_change()

    def tell_change(self) -> None:
        """Say that something about the engines changed."""
        self._on_change()

    async def ask(self, kind: str, content: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request on the query channel and return the answer's content.

        Raises:
            ControllerSilentError: No answer within ``timeout`` seconds.
        """
        message_id, frames = messages.pack(self._key, self._session, kind, content)
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self._query.send_multipart(frames)
        try:
            return await asyncio.wait_for(answer, timeout)
        except TimeoutError:
            raise ControllerSilentError(
                f"The controller at {channel_url(self.connection, 'registration')} did not "
                f"answer within {timeout:g} s: end its process, or request a cluster shutdown."
            ) from None
        finally:
            self._answers.pop(message_id, None)

    async def refresh(self, timeout: float) -> None:
        """Ask which engines are registered.

        Raises:
            ControllerSilentError: No answer within ``timeout`` seconds.
        """
        content = await self.ask("connection_request", {}, timeout)
        found = {str(key): int(number) for number, key in content["engines"].items()}
        if found != self.engines:
            self.engines = found
            self._on_change()

    async def queues(self, timeout: float) -> dict[int, int]:
        """Return how many messages wait or run, by engine id.

        Raises:
            ControllerSilentError: No answer within ``timeout`` seconds.
        """
        targets = list(self.engines.values())
        content = await self.ask("queue_request", {"targets": targets or "all"}, timeout)
        return {
            int(key): int(counts["queue"]) + int(counts["tasks"])
            for key, counts in content.items()
            if key.isdigit()
        }

    async def execute(self, engine_uuid: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Let an engine execute something and return its reply, however long a task lasts."""
        message_id, frames = messages.pack(self._key, self._session, "execute_request", content)
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        try:
            await self._mux.send_multipart([engine_uuid.encode(), *frames])
            reply: dict[str, Any] = await answer
            return reply
        finally:
            self._answers.pop(message_id, None)

    async def forget_engine(self, engine_uuid: str) -> None:
        """Tell the controller that an engine is gone, as ipyparallel's nanny does."""
        engine_id = self.engines.get(engine_uuid)
        if engine_id is not None:
            content = {"id": engine_id}
            _, frames = messages.pack(self._key, self._session, "unregistration_request", content)
            await self._query.send_multipart(frames)

    async def interrupt_engine(self, engine_uuid: str) -> None:
        """Interrupt what an engine runs, wherever it is; an idle one does not notice."""
        await self._order(engine_uuid, "interrupt_request", {})

    async def shut_down_engine(self, engine_uuid: str) -> None:
        """Ask an engine to end itself; it does so after its running task."""
        await self._order(engine_uuid, "shutdown_request", {"restart": False})

    async def kill_engine(self, engine_uuid: str) -> None:
        """Let the nanny beside an engine of ipyparallel's kill it; ours have none."""
        await self._order(engine_uuid, "signal_request", {"sig": "SIGKILL"})

    async def _order(self, engine_uuid: str, kind: str, content: Mapping[str, Any]) -> None:
        _, frames = messages.pack(self._key, self._session, kind, content)
        await self._control.send_multipart([engine_uuid.encode(), *frames])

    def close(self) -> None:
        """Close all sockets; nothing waits."""
        for task in self._tasks:
            task.cancel()
        for answer in self._answers.values():
            # Not cancelled: that would cancel whoever waits, housekeeping among them.
            if not answer.done():
                answer.set_exception(
                    ControllerSilentError(
                        f"The controller at {channel_url(self.connection, 'registration')} ended "
                        f"while it was asked: start engines again."
                    )
                )
        self._context.destroy(linger=0)
