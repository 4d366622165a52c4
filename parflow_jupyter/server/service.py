"""What the handlers share: the clusters, the history of runs, and threads to ask them in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from parflow_jupyter.clusters import Clusters

Answer = TypeVar("Answer")

THREADS = 8


class History(Protocol):
    """What the server needs of the history of runs."""

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """Return the last runs, newest first."""

    def run(self, run: str) -> dict[str, Any]:
        """Return one run."""

    def request_cancel(self, run: str) -> None:
        """Ask a run to stop."""


class Service:
    """Asks the clusters in threads of its own, so that the server's loop never waits.

    Args:
        make_clusters: Builds the server's handle on the clusters. It is called once, in
            a thread; when it fails, the next question tries again.
        history: The history of runs.
        threads: How many questions are asked at a time; more of them queue up.
    """

    def __init__(
        self, make_clusters: Callable[[], Clusters], history: History, threads: int = THREADS
    ) -> None:
        self.history = history
        self._make_clusters = make_clusters
        self._clusters: Clusters | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="parflow-server")

    async def ask(self, question: Callable[[Clusters], Answer]) -> Answer:
        """Put a blocking question to the clusters, in a thread.

        Args:
            question: Called with the clusters.

        Raises:
            ParflowError: What the question raised.
        """
        return await self.call(lambda: question(self._open()))

    async def call(self, function: Callable[[], Answer]) -> Answer:
        """Run a blocking function in a thread and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    async def close(self) -> None:
        """Stop what this server started, unless detached; no question is taken after it."""
        if self._closed:
            return
        # Not in the pool: its threads may all wait for answers of a slow cluster.
        await asyncio.to_thread(self._close)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _open(self) -> Clusters:
        with self._lock:
            if self._closed:
                raise RuntimeError("The server is stopping.")
            if self._clusters is None:
                self._clusters = self._make_clusters()
            return self._clusters

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            clusters, self._clusters = self._clusters, None
        if clusters is not None:
            clusters.close()
