"""Engines for the tests of tasks: one cluster per module, in a home of its own."""

from __future__ import annotations

import pytest
from home import Home
from process_helpers import wait_until

import parflow_jupyter as pf
from parflow_jupyter.wiring import process


class RealEngines:
    """The cluster of a module; tests that hurt it leave it to ``mend`` to bring it back."""

    def __init__(self, path):
        self.path = path
        self.connection_file = path / "ipython/profile_default/security/ipcontroller-client.json"

    def ids(self):
        return sorted(pf.get_client(ask=False).ids)

    def mend(self):
        """Have two engines that are alive and answer, and no more."""
        # One that died under a task is replaced by itself: another one would come beside it.
        if not wait_until(lambda: len(self._living()) >= 2, 10):
            pf.start_engines(2 - len(self._living()))
        for engine in self._living()[2:]:
            process.current.clusters().stop_engine(engine)

    def _living(self):
        return [e.id for e in pf.cluster_info().engines if e.state in ("idle", "busy")]


@pytest.fixture(scope="module")
def engines():
    """Two real engines, started as a notebook starts them."""
    home = Home()
    home.enter()
    try:
        pf.start_engines(2)
        yield RealEngines(home.path)
    finally:
        process.current.close()
        home.leave()


@pytest.fixture
def client(engines):
    """A task client on two engines that are well."""
    engines.mend()
    return pf.TaskClient()
