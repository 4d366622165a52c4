"""Measures what it costs to follow a large cluster at 1 Hz, from supervisor to front end.

Run: python benchmarks/following.py [--engines 1000] [--seconds 30]

The engines are made up (simulated.py); supervisor, Jupyter server, REST and events are real. The
client does what the sidebar does, once a second: it asks for the cluster over REST, and it listens
to the server's events. Bytes on the wire are as a browser gets them, compressed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from measuring import cpu_seconds, home

TOKEN = "benchmark"
Figures = dict[str, float]


@contextmanager
def simulated_supervisor(folder: Path, engines: int) -> Iterator[int]:
    """Run the supervisor of a made-up cluster; yield its pid."""
    from parflow_jupyter.clusters.files.profiles import locate_profile

    profile = locate_profile("default")
    script = Path(__file__).parent / "simulated.py"
    command = [sys.executable, str(script), str(profile), str(engines)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process.pid
        finally:
            process.kill()


@contextmanager
def jupyter_server(folder: Path) -> Iterator[tuple[int, str]]:
    """Run a Jupyter server with our extension; yield its pid and address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", f"--ServerApp.port={port}"),
        *(f"--IdentityProvider.token={TOKEN}", "--ServerApp.allow_root=True"),
        "--ServerApp.jpserver_extensions={'parflow_jupyter.server': True}",
    ]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        wait_until_open(port)
        yield process.pid, f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait_until_open(port: int, timeout: float = 60) -> None:
    """Wait until something listens at a port of this host."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the Jupyter server did not come up")


async def follow(address: str, duration: float) -> Figures:
    """Follow the cluster as the sidebar does; return bytes and times per second."""
    from tornado.httpclient import AsyncHTTPClient, HTTPRequest
    from tornado.websocket import websocket_connect

    events: list[int] = []
    token = f"token={TOKEN}"
    listening = await websocket_connect(
        f"ws://{address}/api/events/subscribe?{token}",
        on_message_callback=lambda message: events.append(len(message or "")),
    )
    client = AsyncHTTPClient(force_instance=True)
    url = f"http://{address}/parflow/cluster?{token}"
    request = HTTPRequest(url, headers={"Accept-Encoding": "gzip"}, decompress_response=False)
    sent, plain, waits = 0, 0, []
    loop = asyncio.get_running_loop()
    end = loop.time() + duration
    while loop.time() < end:
        begun = loop.time()
        answer = await client.fetch(request)
        waits.append(loop.time() - begun)
        sent += len(answer.body) + sum(len(f"{a}: {b}\r\n") for a, b in answer.headers.get_all())
        is_packed = answer.headers.get("Content-Encoding") == "gzip"
        plain += len(zlib.decompress(answer.body, 47) if is_packed else answer.body)
        await asyncio.sleep(max(0.0, begun + 1 - loop.time()))
    listening.close()
    client.close()
    return {
        "REST, kB/s on the wire": sent / duration / 1000,
        "REST, kB/s unpacked": plain / duration / 1000,
        "events, kB/s": sum(events) / duration / 1000,
        "events a second": len(events) / duration,
        "an answer, ms": statistics.median(waits) * 1000,
    }


def during(pids: dict[str, int], work: Callable[[], Any]) -> tuple[Any, Figures]:
    """Return what some work returns, and the CPU that processes used meanwhile, % of a core."""
    before = {name: cpu_seconds([pid]) for name, pid in pids.items()}
    begun = time.perf_counter()
    result = work()
    took = time.perf_counter() - begun
    used = {name: cpu_seconds([pid]) - before[name] for name, pid in pids.items()}
    return result, {name: spent / took * 100 for name, spent in used.items()}


def measure(engines: int, duration: float) -> Figures:
    """Return the figures of following a cluster of so many engines, by what they are."""
    with (
        home() as folder,
        simulated_supervisor(folder, engines) as supervisor,
        jupyter_server(folder) as (server, address),
    ):
        pids = {"supervisor": supervisor, "Jupyter server": server}
        # The first answer pays for imports, and makes the server listen to the supervisor.
        asyncio.run(follow(address, 2))
        _, alone = during(pids, lambda: time.sleep(duration))
        figures, followed = during(pids, lambda: asyncio.run(follow(address, duration)))
    for name in pids:
        figures[f"CPU of the {name}, % of a core"] = followed[name]
        figures[f"CPU of the {name} unfollowed, % of a core"] = alone[name]
    return dict(figures)


def lines(engines: int, figures: Figures) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"To follow {engines} engines at 1 Hz:"
    for name, value in figures.items():
        yield f"  {name:46}{value:10.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--engines", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30)
    arguments = parser.parse_args()
    print("\n".join(lines(arguments.engines, measure(arguments.engines, arguments.seconds))))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[1]))
        main()
