"""The Jupyter server extension: REST routes and events over the clusters.

``app`` builds everything, ``handlers`` are the routes, ``description`` reads
``openapi.yaml`` (the one place where a route's fields are declared),
``answers`` is the table from error to status, ``service`` keeps blocking calls
off the server's loop, and ``bridge`` turns what the cores tell into Jupyter
events.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from parflow_jupyter.server.app import ParflowExtension

    return [{"module": "parflow_jupyter.server", "app": ParflowExtension}]
