"""Engines of which a client missed the notice, while its subscription was on the way."""

from types import SimpleNamespace

from process_helpers import wait_until

from parflow_jupyter.clusters.client import engine_list
from parflow_jupyter.clusters.client.connection import connect


def deaf(*_):
    """Take a notice and do nothing, as if it had never come."""


def test_a_missed_engine_is_found(clusters, monkeypatch):
    """What is asked again brings engines that nobody told of, and takes away those that left."""
    clusters.start_engines(2)
    client = connect(clusters)
    handlers = client._notification_handlers
    told = dict(handlers)
    handlers.update(registration_notification=deaf, unregistration_notification=deaf)
    clusters.start_engines(1)
    clusters.stop_engine(0)
    assert client.ids == [0, 1]
    handlers.update(told)
    engine_list.ask_again(client)
    assert wait_until(lambda: client.ids == [1, 2], 10)
    assert client[2].apply_sync(int, 3) == 3
    # The client also asks by itself, perhaps just now.
    assert wait_until(lambda: client._registration_callbacks == [], 5)


def test_a_client_asks_by_itself_when_it_has_connected(clusters, monkeypatch):
    """Once soon, and once later."""
    monkeypatch.setattr(engine_list, "ASK_AFTER", (0.05, 0.2))
    asked = []
    monkeypatch.setattr(engine_list, "ask_again", asked.append)
    clusters.start_engines(1)
    client = connect(clusters)
    assert wait_until(lambda: asked == [client, client], 10)


def test_a_client_that_is_closed_is_not_asked():
    """Its sockets are gone."""

    def closed(*_):
        raise OSError("Connections have been closed.")

    client = SimpleNamespace(_engines={}, _registration_callbacks=[], _send=closed)
    client._query_socket = None
    engine_list.ask_again(client)
    assert client._registration_callbacks == []
