"""The answer where there is no route: JSON like all answers, not Jupyter's page for people."""

from __future__ import annotations

from parflow_jupyter.errors import NotFoundError
from parflow_jupyter.server.base import ParflowHandler, guarded

ANY_OTHER = r"/parflow(/.*)?"
"""Matches what is left when all routes were tried."""


class OtherHandler(ParflowHandler):
    """Every path below ``parflow`` that is no route."""

    @guarded("read")
    async def get(self, path: str | None) -> None:
        """Say that there is nothing, and where to find what there is."""
        raise NotFoundError(
            f"There is no route /parflow{path or ''} here: docs/rest.md lists those there are."
        )

    post = put = patch = delete = get
