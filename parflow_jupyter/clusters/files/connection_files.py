"""Connection files that controllers leave in a profile, and whether anything listens there."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from parflow_jupyter._system.private_json import remove_file
from parflow_jupyter._system.runtime_dir import host_name

Presence = Literal["absent", "stale", "listening"]


def connection_path(profile_dir: Path, cluster_id: str, who: Literal["client", "engine"]) -> Path:
    """Return where a controller writes its connection file; source: ipyparallel.controller.app.

    Example:
        >>> connection_path(Path("/p"), "big", "client").name
        'ipcontroller-big-client.json'
    """
    base = f"ipcontroller-{cluster_id}" if cluster_id else "ipcontroller"
    return profile_dir / "security" / f"{base}-{who}.json"


def read_connection(path: Path) -> dict[str, Any] | None:
    """Return the content of a connection file, None when it is absent or not complete."""
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    complete = isinstance(data, dict) and {"interface", "registration", "key"} <= data.keys()
    return data if complete else None


def reachable_ip(connection: Mapping[str, Any]) -> str:
    """Return the address to connect to; a wildcard means this host or the location it names."""
    ip = str(connection["interface"]).partition("://")[2]
    if ip not in ("0.0.0.0", "*", "::"):
        return ip
    location = str(connection.get("location") or "")
    return "127.0.0.1" if location in ("", host_name()) else location


def is_loopback(ip: str) -> bool:
    """Tell whether only this host can reach an address.

    Example:
        >>> [is_loopback(ip) for ip in ("127.0.0.1", "127.0.1.1", "localhost", "::1")]
        [True, True, True, True]
        >>> [is_loopback(ip) for ip in ("*", "0.0.0.0", "10.0.0.1", "node1", "127.example.org")]
        [False, False, False, False, False]
    """
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(ip.strip("[]")).is_loopback
    return ip == "localhost"


def is_reachable_from_elsewhere(connection: Mapping[str, Any]) -> bool:
    """Tell whether a controller listens to other hosts, too."""
    return not is_loopback(str(connection["interface"]).partition("://")[2])


def channel_url(connection: Mapping[str, Any], channel: str) -> str:
    """Return the zmq address of a channel, such as ``registration``."""
    protocol = str(connection["interface"]).partition("://")[0]
    return f"{protocol}://{reachable_ip(connection)}:{connection[channel]}"


def is_listening(connection: Mapping[str, Any], timeout: float = 0.5) -> bool:
    """Tell whether something accepts connections at the registration port.

    Args:
        connection: Content of a connection file.
        timeout: Seconds to wait; a host that does not answer counts as not listening.
    """
    address = (reachable_ip(connection), int(connection["registration"]))
    try:
        with socket.create_connection(address, timeout=timeout):
            return True
    except (OSError, ValueError):
        return False


def presence(profile_dir: Path, cluster_id: str) -> Presence:
    """Tell whether a controller left its file here and whether anything listens there."""
    connection = read_connection(connection_path(profile_dir, cluster_id, "client"))
    if connection is None:
        return "absent"
    return "listening" if is_listening(connection) else "stale"


def host_elsewhere(profile_dir: Path, cluster_id: str) -> str | None:
    """Return the other host whose loopback controller left its file here, None when it is ours.

    On a shared home such a controller may well live, though it can't be reached from here.
    """
    connection = read_connection(connection_path(profile_dir, cluster_id, "client")) or {}
    location = str(connection.get("location") or "")
    on_loopback = "//127." in str(connection.get("interface"))
    named = bool(location) and not location[0].isdigit() and ":" not in location
    return location if on_loopback and named and location != host_name() else None


def remove_connection_files(profile_dir: Path, cluster_id: str) -> None:
    """Remove both connection files of a controller that is gone; another host's are left alone."""
    if host_elsewhere(profile_dir, cluster_id) is not None:
        return
    remove_file(connection_path(profile_dir, cluster_id, "client"))
    remove_file(connection_path(profile_dir, cluster_id, "engine"))
