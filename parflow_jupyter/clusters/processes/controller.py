"""What a forked process does to become a controller.

ipyparallel draws the ports of a controller and frees them again until its parts bind them,
each in its thread. One that another program takes meanwhile leaves a controller without that
channel, which says nothing. Ours writes its connection files, which is how everybody learns of
it, when all its ports listen; else it ends with an exit code that asks for another try.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import sys
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from parflow_jupyter._system.private_json import write_private_json
from parflow_jupyter.clusters.files.connection_files import is_loopback
from parflow_jupyter.clusters.processes.app_settings import arguments_of, below_profile
from parflow_jupyter.clusters.processes.heart_monitor import be_attentive

PORT_TAKEN = getattr(os, "EX_TEMPFAIL", 75)
"""Exit code of a controller that could not bind a port."""
BIND_TIMEOUT = 5.0


def run_controller(spec: dict[str, Any]) -> None:
    """Run ipyparallel's controller with our settings, one process and private files.

    Raises:
        SystemExit: It ended; with ``PORT_TAKEN`` if a port was taken.
    """
    from zmq import ZMQError

    app = _controller_class().instance(settings=spec["settings"])
    try:
        app.initialize(arguments_of(spec))
    except ZMQError as error:
        if error.errno == errno.EADDRINUSE:
            _give_up(str(error))
        raise
    app.start()
    if app.failure is not None:
        raise app.failure
    if app.without_port:
        _give_up(app.without_port)


def _give_up(why: str) -> None:
    sys.stderr.write(f"The controller can't listen at all its ports: {why}\n")
    raise SystemExit(PORT_TAKEN)


def _controller_class() -> Any:
    from ipyparallel.controller.app import IPController

    class Controller(IPController):  # type: ignore[misc]
        heartmonitor_process: Any
        without_port = ""
        failure: Exception | None = None

        def __init__(self, settings: dict[str, Any]) -> None:
            super().__init__()
            self._settings = settings
            self._files: dict[str, dict[str, Any]] = {}

        def load_config_file(self, *args: Any, **kwargs: Any) -> None:
            # Before CURVE is turned on: without a key of its own, theirs would then sign nothing.
            below_profile(self, {"Session": {"key": secrets.token_hex(32).encode()}})
            below_profile(self, self._settings)
            super().load_config_file(*args, **kwargs)
            listens_at = (self.client_ip, self.engine_ip)
            if needs_encryption(listens_at, self.config.IPController):
                self.enable_curve = True

        def save_connection_dict(self, fname: str, cdict: dict[str, Any]) -> None:
            self._files[fname] = cdict

        def init_hub(self) -> None:
            super().init_hub()
            if self.use_threads:
                # A process of its own costs a second and outlives a killed controller,
                # whose engines would then wait for ever.
                self.heartmonitor_process = _as_thread(self.heartmonitor_process)
                be_attentive(self.hub)

        def start(self) -> None:
            self.loop.add_callback(self._tell_when_listening)
            super().start()

        async def _tell_when_listening(self) -> None:
            try:
                await self._listen_and_tell()
            except Exception as error:
                # Else the loop would only log it, and the controller run on unknown.
                self.failure = error
                self.loop.stop()

        async def _listen_and_tell(self) -> None:
            unused = {"task"} if self.client_info.get("task_scheme") == "none" else set()
            wanted = ports_of("client", self.client_info, unused)
            wanted |= ports_of("engine", self.engine_info, unused)
            deadline = time.monotonic() + BIND_TIMEOUT
            while missing := sorted(wanted.keys() - _listening_ports(wanted)):
                if time.monotonic() > deadline:
                    self.without_port = ", ".join(f"{wanted[port]} at {port}" for port in missing)
                    self.loop.stop()
                    return
                await asyncio.sleep(0.005)
            # Theirs are readable by others and incomplete for a moment.
            folder = Path(self.profile_dir.security_dir)
            for fname, content in self._files.items():
                write_private_json(folder / fname, content)

    return Controller


def ports_of(side: str, info: Mapping[str, Any], unused: Collection[str] = ()) -> dict[int, str]:
    """Return the TCP ports that a controller is to listen at, each with its channel (pure).

    Args:
        side: Whose ports they are, for messages: ``client`` or ``engine``.
        info: ipyparallel's ``client_info`` or ``engine_info``: ports by channel.
        unused: Channels that the controller is configured not to have.

    Example:
        >>> ports_of("engine", {"interface": "tcp://127.0.0.1", "mux": 5000, "broadcast": [5001]})
        {5000: 'engine mux', 5001: 'engine broadcast'}
        >>> ports_of("client", {"interface": "ipc:///tmp/socket", "mux": 1})
        {}
    """
    if not str(info["interface"]).startswith("tcp:"):
        return {}
    found = {}
    for channel, value in info.items():
        for port in value if isinstance(value, list) else [value]:
            if isinstance(port, int) and channel not in unused:
                found[port] = f"{side} {channel}"
    return found


def _listening_ports(otherwise: Iterable[int]) -> set[int]:
    """Return the ports at which this process or a child listens; ``otherwise`` if it is hidden."""
    found: set[int] = set()
    try:
        me = psutil.Process()
        for process in [me, *me.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                connections = process.net_connections("tcp")
                found |= {it.laddr.port for it in connections if it.status == psutil.CONN_LISTEN}
    except (psutil.Error, OSError):
        # Many shared hosts hide the processes of others, and psutil then gives up.
        return set(otherwise)
    return found


def needs_encryption(ips: Iterable[str], configured: Mapping[str, Any]) -> bool:
    """Tell whether a controller is reached from elsewhere and nobody said how (pure).

    Args:
        ips: Addresses it listens at.
        configured: What is configured for ipyparallel's ``IPController``.

    Example:
        >>> needs_encryption(["127.0.0.1", "*"], {})
        True
        >>> needs_encryption(["127.0.0.1", "localhost"], {})
        False
    """
    return "enable_curve" not in configured and not all(map(is_loopback, ips))


def _as_thread(process: Any) -> threading.Thread:
    return threading.Thread(target=process._target, kwargs=process._kwargs, daemon=True)
