"""How engines are to be started: made by who asks, and handed whole to the supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from parflow_jupyter.clusters.launchers import check_launcher, is_on_this_host
from parflow_jupyter.clusters.protocol.engine_count import check_engine_count, limit_of_start
from parflow_jupyter.clusters.protocol.restart_policy import restart_limit
from parflow_jupyter.errors.base import from_plain


@dataclass(frozen=True)
class StartOptions:
    """How many engines, and how they are to be; there is none that can't be used.

    ``n`` may be given as None, for one per available core. ``path`` is put before their
    ``sys.path``; ``restart`` is a policy as in ``Clusters.start_engines``; ``timeout`` are
    seconds for all of them to register.

    Raises:
        EngineCountError, InvalidInputError: A value can't be used.

    Example:
        >>> StartOptions(2, "local", "/usr/bin/python3", "/", [], {}).n
        2
    """

    n: int
    launcher: str
    python: str
    cwd: str
    path: list[str]
    environment: dict[str, str]
    restart: str | None = None
    timeout: float = 60.0

    def __post_init__(self) -> None:
        restart_limit(self.restart)
        # The limit of who asks, not the one of whoever started the supervisor.
        limit = limit_of_start(is_on_this_host(check_launcher(self.launcher)), self.environment)
        object.__setattr__(self, "n", check_engine_count(self.n, limit))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StartOptions:
        """Rebuild from the JSON form; a later version may have told more."""
        return from_plain(cls, data)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)
