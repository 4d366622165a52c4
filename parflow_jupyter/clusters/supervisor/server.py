"""The supervisor's socket: who may ask, one JSON object a line, and the stream of events."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import time
from typing import Any

from parflow_jupyter._system.runtime_dir import runtime_dir
from parflow_jupyter.clusters.files.owners import Owner
from parflow_jupyter.clusters.protocol.wire import (
    MAX_LINE,
    SUBSCRIBE,
    check_protocol,
    decode,
    encode,
)
from parflow_jupyter.clusters.supervisor.methods import METHODS, WITHOUT_OWNER
from parflow_jupyter.clusters.supervisor.ownership import note_owner
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import InvalidInputError, ParflowError, SupervisorError

EVENTS_KEPT = 1000


def _peer_uid(writer: asyncio.StreamWriter) -> int | None:
    """Return the user at the other end, where the system tells; source: unix(7)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    sock = writer.get_extra_info("socket")
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", raw)[1]
    return uid


def _read_owner(message: dict[str, Any]) -> Owner:
    try:
        return Owner.from_dict(message["owner"])
    except (TypeError, ValueError, KeyError):
        raise InvalidInputError("A request must say for which owner it is made.") from None


async def _answer(cluster: Cluster, message: dict[str, Any]) -> dict[str, Any]:
    name = message.get("method")
    if name != "hello":
        check_protocol(message.get("protocol"))
    method = METHODS.get(str(name))
    if method is None:
        raise InvalidInputError(
            f"There is no method {name!r}: use one of {sorted(METHODS)}.", unknown_method=name
        )
    owner = _read_owner(message)
    if name not in WITHOUT_OWNER:
        note_owner(cluster, owner)
    if name != "hello":
        cluster.last_used = time.monotonic()
    return {"result": await method(cluster, owner, message.get("params") or {})}


async def _safe_answer(cluster: Cluster, line: bytes) -> dict[str, Any] | None:
    """Return the answer to a request; None when what is wanted are the events from now on."""
    try:
        message = decode(line)
        return await _answer(cluster, message) if message.get("method") != SUBSCRIBE else None
    except ParflowError as error:
        return {"error": error.to_dict()}
    except Exception as error:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "a request failed", "exception": error}
        )
        failed = SupervisorError(
            f"The supervisor failed ({type(error).__name__}: {error}): see its log in the "
            f"runtime folder."
        )
        return {"error": failed.to_dict()}


async def _stream_events(
    cluster: Cluster, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(EVENTS_KEPT)
    cluster.subscribers.add(queue)
    gone = asyncio.ensure_future(reader.read(1))
    try:
        writer.write(encode({"result": {}}))
        queue.put_nowait({"event": "ClusterChanged", **cluster.summary()})
        while not gone.done():
            following = asyncio.ensure_future(queue.get())
            done, _ = await asyncio.wait({following, gone}, return_when="FIRST_COMPLETED")
            if following in done:
                writer.write(encode(following.result()))
                await writer.drain()
            else:
                following.cancel()
    finally:
        cluster.subscribers.discard(queue)
        gone.cancel()


async def _converse(
    cluster: Cluster, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        if _peer_uid(writer) not in (None, os.getuid()):
            return
        while line := await reader.readline():
            answer = await _safe_answer(cluster, line)
            if answer is None:
                await _stream_events(cluster, reader, writer)
                return
            writer.write(encode(answer))
            await writer.drain()
    except (ConnectionError, ValueError):
        pass
    finally:
        with contextlib.suppress(ConnectionError):
            writer.close()


async def serve(cluster: Cluster) -> asyncio.AbstractServer:
    """Listen on the cluster's socket, which only its user can reach."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _converse(cluster, reader, writer)

    with contextlib.suppress(FileNotFoundError):
        cluster.socket_path.unlink()
    return await asyncio.start_unix_server(
        converse, cluster.socket_path, limit=MAX_LINE, backlog=1024
    )


def _socket_number(cluster: Cluster) -> int | None:
    try:
        return cluster.socket_path.stat().st_ino
    except OSError:
        return None


async def keep_reachable(cluster: Cluster, listening: asyncio.AbstractServer) -> None:
    """Listen anew when the socket's file was removed; make way when another one took its place.

    Source of the need: systems clean their temporary folders up while clusters run.
    """
    own = _socket_number(cluster)
    while True:
        await asyncio.sleep(1)
        found = _socket_number(cluster)
        if found == own:
            continue
        listening.close()
        if found is not None:
            # Another supervisor has taken over; what is on disk is its own now.
            os._exit(0)
        with contextlib.suppress(OSError, SupervisorError):
            runtime_dir()
            listening = await serve(cluster)
            own = _socket_number(cluster)
