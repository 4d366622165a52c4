"""A Jupyter server in a process of its own, as a user starts it, and kernels of it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from ports import next_port
from process_helpers import wait_until

import parflow_jupyter

ROOT = Path(parflow_jupyter.__file__).parents[1]


class RealServer:
    """Starts at once; ``with_extension=False`` is a server that does not know of us."""

    def __init__(self, home: Path, *, with_extension: bool = True) -> None:
        port = next_port()
        if with_extension:
            enabled = home / "jupyter/config/jupyter_server_config.d"
            enabled.mkdir(exist_ok=True)
            config = ROOT / "jupyter-config/server-config/parflow_jupyter.json"
            shutil.copy(config, enabled)
        self.url, self.home = f"http://127.0.0.1:{port}/", home
        options = {
            "ServerApp.port": port,
            "ServerApp.allow_root": True,
            "IdentityProvider.token": "secret",
            "ServerApp.jpserver_extensions": {"parflow_jupyter": with_extension},
        }
        command = [sys.executable, "-m", "jupyter_server", "--no-browser"]
        self.log = home / f"server-{port}.log"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [*command, *(f"--{name}={value}" for name, value in options.items())],
                cwd=home,
                stdout=output,
                stderr=output,
            )
        assert wait_until(self.answers, 30, 0.1), self.log.read_text()

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Send a request and return what is answered; anything but success raises."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "token secret"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def answers(self) -> Any:
        """Return the server's status, None when it does not answer yet."""
        try:
            return self.ask("api/status")
        except OSError:
            return None

    def finished(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Poll an operation to its end, as the sidebar does."""
        deadline = time.monotonic() + 90
        while operation["state"] == "running":
            assert time.monotonic() < deadline, operation
            time.sleep(0.05)
            operation = self.ask(f"parflow/operations/{operation['id']}")
        return operation

    def start_engines(self, n: int) -> Any:
        """Start engines and return what the cluster looks like then."""
        ended = self.finished(self.ask("parflow/cluster/engines", "POST", {"n": n}))
        assert ended["state"] == "done", ended
        return self.ask("parflow/cluster")

    def kernel(self) -> tuple[str, Any]:
        """Start a kernel; return its id and a client that runs cells in it."""
        from jupyter_client import BlockingKernelClient

        found = self.ask("api/kernels", "POST", {"name": "python3"})["id"]
        file = self.home / "jupyter" / "runtime" / f"kernel-{found}.json"
        assert wait_until(file.exists, 10)
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        assert wait_until(lambda: _answers(client), 60)
        return found, client

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.log.read_text()) from None

    def kill(self) -> None:
        """End it, whatever state it is in."""
        self.process.kill()
        self.process.wait(10)


def _answers(client: Any) -> bool:
    try:
        client.wait_for_ready(timeout=30)
    except RuntimeError:
        # A heartbeat that is a second late is taken for the kernel's death there.
        return False
    return True
