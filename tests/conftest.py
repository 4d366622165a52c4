"""Fixtures for tests that start real processes: a home of their own, left empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from home import Home
from process_helpers import assert_nothing_left

from parflow_jupyter.clusters import Clusters


@pytest.fixture
def isolated_home() -> Iterator[Path]:
    """A home of the test's own: folders and environment only; nothing may run there at its end."""
    home = Home()
    home.enter()
    try:
        yield home.path
    finally:
        home.leave()


@pytest.fixture
def clusters(isolated_home: Path) -> Iterator[Clusters]:
    """A handle on the test's own clusters; what it starts is ended with it."""
    handle = Clusters()
    yield handle
    from parflow_jupyter.clusters.client.connection import close_all

    close_all()
    handle.close()
    assert_nothing_left(isolated_home)
