"""The toolbox of schemes, as the sidebar shows and changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parflow_jupyter.maps.abc import Readiness, Scheme
from parflow_jupyter.maps.schemes import load, registered
from parflow_jupyter.maps.toolbox import scheme_settings
from parflow_jupyter.server.base import ParflowHandler, guarded


def rows(kept: Mapping[str, Mapping[str, Any]], engines: int | None) -> list[dict[str, Any]]:
    """Return the schemes in their order, each with its settings and whether it can run now.

    Args:
        kept: Settings of each scheme, as they are kept.
        engines: How many engines are connected; None where nobody can tell.

    Example:
        >>> kept = {"ipyparallel": {"enabled": True, "workers": None}}
        >>> rows(kept, 0)[0]["why"]
        'no engines are connected'
    """
    listed = []
    for name, chosen in kept.items():
        ready = _readiness(name, chosen["workers"], engines)
        takes = registered().get(name, Scheme).takes_workers
        facts = {"takes_workers": takes, "slots": ready.slots, "why": ready.why}
        listed.append({"name": name, **chosen, **facts})
    return listed


def _readiness(name: str, workers: int | None, engines: int | None) -> Readiness:
    try:
        return load(name).glance(workers, engines)
    except Exception as error:
        # A scheme of others may fail in any way, and must not hide the rest of the toolbox.
        return Readiness(0, f"it can't be looked at here ({error})")


class SchemesHandler(ParflowHandler):
    """The toolbox, which this server shares with all kernels of this user."""

    @guarded("read")
    async def get(self) -> None:
        """List the schemes in their order."""
        self.asked()
        await self._reply_rows()

    @guarded("write")
    async def put(self) -> None:
        """Change one, and list all."""
        asked = self.asked()
        name, changes = asked.pop("name"), asked
        await self.service.call(lambda: scheme_settings.configure_scheme(name, **changes))
        await self._reply_rows()

    async def _reply_rows(self) -> None:
        kept = await self.service.call(scheme_settings.schemes)
        engines = await self._count_engines()
        self.reply({"schemes": await self.service.call(lambda: rows(kept, engines))})

    async def _count_engines(self) -> int | None:
        try:
            return (await self.ask(lambda clusters: clusters.info())).engines_total
        except Exception as error:
            self.log.debug("The engines can't be counted: %s", error)
            return None
