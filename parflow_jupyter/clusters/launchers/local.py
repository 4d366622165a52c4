"""The launcher "local": processes on this host, forked from a preloaded fork server."""

from __future__ import annotations

from pathlib import Path

from parflow_jupyter._system.process import ProcessIdentity, boot_id, pid_namespace
from parflow_jupyter.clusters.files.logs import FORK_SERVER_LOG
from parflow_jupyter.clusters.launchers._fork_client import ForkServerClient
from parflow_jupyter.clusters.launchers.base import ExitListener, Launcher, ProcessSpec, Started

PRELOAD_TIMEOUT = 60.0


class LocalLauncher(Launcher):
    """Starts processes on this host; one fork server per Python interpreter."""

    is_on_this_host = True

    def __init__(self, log_dir: Path, on_exit: ExitListener) -> None:
        super().__init__(log_dir, on_exit)
        self._servers: dict[str, ForkServerClient] = {}
        self._retired: list[ForkServerClient] = []
        self._held: dict[ProcessIdentity, ForkServerClient] = {}

    def _server(self, python: str) -> ForkServerClient:
        server = self._servers.get(python)
        if server is not None and server.is_usable():
            return server
        if server is not None:
            # A package changed, or it ended: those that it forked live on.
            server.retire()
            self._retired = [old for old in (*self._retired, server) if not old.is_over]
        log = self.log_dir / FORK_SERVER_LOG
        server = self._servers[python] = ForkServerClient(python, log, self.on_exit)
        return server

    async def prepare(self, python: str) -> None:
        """Begin to import what engines need."""
        self._server(python)

    async def start(self, spec: ProcessSpec, timeout: float) -> Started:
        """Fork one process, which waits until it is recorded."""
        server = self._server(spec.python)
        await server.wait_ready(PRELOAD_TIMEOUT)
        pid, start_time = await server.fork(spec.to_dict(), timeout)
        identity = ProcessIdentity(pid, start_time, boot_id(), pid_namespace())
        self._held[identity] = server
        return Started(identity, server.version, server.versions)

    def recorded(self, started: Started) -> None:
        """Let the process begin."""
        server = self._held.pop(started.identity, None)
        if server is not None:
            server.let_go(started.identity.pid)

    def own_pids(self) -> list[int]:
        """Return the pids of the fork servers, also of those that only wait for their children."""
        kept = [*self._servers.values(), *self._retired]
        return [server.pid for server in kept if not server.is_over]

    def close(self) -> None:
        """Let the fork servers end with the last of their children."""
        for server in self._servers.values():
            server.retire()
        self._servers.clear()


LAUNCHER = LocalLauncher
