"""ipyparallel clients of our clusters, one per controller, that never print, prompt or hang."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import threading
from pathlib import Path
from typing import Any

from parflow_jupyter._system.ipyparallel_private import follow_notice, is_closed
from parflow_jupyter._system.pickling import use_in_ipyparallel
from parflow_jupyter._system.runtime_dir import host_name
from parflow_jupyter.clusters.client.clusters import Clusters
from parflow_jupyter.clusters.client.engine_list import keep_up
from parflow_jupyter.clusters.files.connection_files import is_listening, read_connection
from parflow_jupyter.errors import ControllerSilentError, NoEnginesError

_clients: dict[tuple[str, str, str], Any] = {}
_lock = threading.Lock()
_inherited: list[Any] = []


def _begin_anew() -> None:
    """Leave a forked child without clients: their threads and sockets are its parent's.

    They are kept, since a client that is collected or closed there waits for its threads forever.
    """
    global _lock
    _lock = threading.Lock()
    _inherited.extend(_clients.values())
    _clients.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def _identity(path: Path, connection: dict[str, Any]) -> tuple[str, str, str]:
    """Return what differs for each controller: its key and port are drawn anew at each start."""
    secret = str(connection["key"]) or str(connection.get("curve_serverkey"))
    return str(path), str(connection["registration"]), secret


def connect(
    clusters: Clusters, profile: str | None = None, cluster_id: str = "", timeout: float = 10
) -> Any:
    """Return an ``ipyparallel.Client`` of a cluster; the same one as long as its controller lives.

    Functions and data are sent with cloudpickle, so that what a notebook defines just works.

    Args:
        clusters: The asker's handle.
        profile: Profile of the cluster; None is the current one.
        cluster_id: Its id among the clusters of the profile.
        timeout: Seconds to wait for the controller's answer.

    Raises:
        NoEnginesError: No controller runs.
        ControllerSilentError: The controller does not answer.
    """
    path = clusters.connection_file(profile, cluster_id)
    connection = read_connection(path) if path is not None else None
    if path is None or connection is None:
        raise NoEnginesError("No cluster runs: start engines first, with pf.start_engines().")
    return _client_of(path, connection, timeout)


def connect_file(path: str | os.PathLike[str], timeout: float = 10) -> Any:
    """Return an ``ipyparallel.Client`` of the controller that wrote a connection file.

    Args:
        path: An ``ipcontroller-client.json``, or one of another cluster id.
        timeout: Seconds to wait for the controller's answer.

    Raises:
        NoEnginesError: There is no such file, or it is none of a controller.
        ControllerSilentError: The controller does not answer.
    """
    path = Path(path).expanduser().resolve()
    connection = read_connection(path)
    if connection is None:
        raise NoEnginesError(
            f"{path} is no connection file of a controller: give the ipcontroller-client.json "
            f"from the security folder of its profile."
        )
    if not is_listening(connection):
        raise ControllerSilentError(
            f"The controller that wrote {path} does not run any more: start it again."
        )
    return _client_of(path, connection, timeout)


def _client_of(path: Path, connection: dict[str, Any], timeout: float) -> Any:
    wanted = _identity(path, connection)
    with _lock:
        _close_dead(keep=wanted)
        client = _clients.get(wanted)
        if client is None or is_closed(client):
            client = _clients[wanted] = _new_client(connection, timeout)
        return client


def _new_client(connection: dict[str, Any], timeout: float) -> Any:
    import ipyparallel

    # A client given the content, not the file, can't wait for the file and print so;
    # without "ssh" it can't ask for a password; and where the controller is on this host
    # it needs not look the host's name up, which may take long and warn.
    content = {**connection, "ssh": ""}
    if content.get("location") == host_name():
        content["location"] = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            client = ipyparallel.Client(content, timeout=timeout)
    except TimeoutError:
        raise ControllerSilentError(
            f"The controller did not answer within {timeout:g} s: look at the cluster's "
            f"information, or request a cluster shutdown."
        ) from None
    except (KeyError, ValueError, OSError) as error:
        raise ControllerSilentError(
            f"The controller's connection file can't be used ({type(error).__name__}: {error}): "
            f"request a cluster shutdown, or remove the file."
        ) from error
    use_in_ipyparallel()
    follow_notice(client, "shutdown_notification", lambda _: _close_soon(client))
    keep_up(client)
    return client


def _close_soon(client: Any) -> None:
    """Close from another thread: from the one that reads, ipyparallel prints a traceback."""
    closing = threading.Thread(target=_close, args=(client,), name="parflow-close", daemon=True)
    with contextlib.suppress(RuntimeError):  # the interpreter is ending: no more threads
        closing.start()


def _close_dead(keep: tuple[str, str, str]) -> None:
    for key, client in list(_clients.items()):
        replaced = key != keep and key[0] == keep[0]
        dead = key != keep and not _still_there(key)
        if replaced or dead or is_closed(client):
            del _clients[key]
            _close(client)


def _still_there(key: tuple[str, str, str]) -> bool:
    connection = read_connection(Path(key[0]))
    if connection is None or _identity(Path(key[0]), connection) != key:
        return False
    return is_listening(connection, timeout=0.2)


def _close(client: Any) -> None:
    with contextlib.suppress(Exception):
        client.close(linger=0)


@atexit.register
def close_all() -> None:
    """Close all clients; called at exit, and by whoever wants their threads gone earlier."""
    with _lock:
        while _clients:
            _close(_clients.popitem()[1])
