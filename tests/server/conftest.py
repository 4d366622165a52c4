"""A Jupyter server with the extension, over clusters in memory unless a test wants real ones."""

import pytest
from asker import asker
from in_memory import ClustersInMemory, HistoryInMemory
from pytest_jupyter.jupyter_server import *  # noqa: F403

import parflow_jupyter.server.app


@pytest.fixture
def jp_server_config():
    return {"ServerApp": {"jpserver_extensions": {"parflow_jupyter.server": True}}}


@pytest.fixture
def clusters():
    return ClustersInMemory()


@pytest.fixture
def history():
    return HistoryInMemory()


@pytest.fixture
def in_memory(monkeypatch, clusters, history):
    """Make the extension use clusters and a history that only live in memory."""
    monkeypatch.setattr(parflow_jupyter.server.app, "make_clusters", lambda: clusters)
    monkeypatch.setattr(parflow_jupyter.server.app, "History", lambda: history)


@pytest.fixture
def extension(in_memory, jp_serverapp):
    return jp_serverapp.extension_manager.extension_points["parflow_jupyter"].app


@pytest.fixture
def ask(extension, jp_fetch):
    return asker(jp_fetch)
