"""How many engines one start may ask for, and a check of what was asked."""

from __future__ import annotations

import os
from collections.abc import Mapping

from parflow_jupyter._system.cpu_count import available_cores
from parflow_jupyter.errors import EngineCountError, InvalidInputError

LIMIT_VARIABLE = "PARFLOW_ENGINE_LIMIT"
LIMIT_ELSEWHERE = 1000


def default_limit(environment: Mapping[str, str] | None = None) -> int:
    """Return how many engines one start on this host may ask for: 8 per core, at least 16.

    Args:
        environment: Where ``PARFLOW_ENGINE_LIMIT`` may set another limit; None is this process's.

    Raises:
        InvalidInputError: The limit set there is no whole number of at least 1.

    Example:
        >>> default_limit({"PARFLOW_ENGINE_LIMIT": "500"})
        500
    """
    return _configured_limit(environment) or max(16, 8 * available_cores())


def limit_of_start(is_on_this_host: bool, environment: Mapping[str, str] | None = None) -> int:
    """Return how many engines one start may ask for, by whether its engines run on this host.

    Elsewhere the cores of this host say nothing; 1000 engines are what one controller serves.
    Source: ipyparallel issue 394.

    Raises:
        InvalidInputError: The limit that the environment sets can't be used.

    Example:
        >>> limit_of_start(False, {})
        1000
    """
    if is_on_this_host:
        return default_limit(environment)
    return _configured_limit(environment) or LIMIT_ELSEWHERE


def largest_limit() -> int:
    """Return the most that any start may ask for, whatever its launcher."""
    return max(limit_of_start(True), limit_of_start(False))


def _configured_limit(environment: Mapping[str, str] | None) -> int | None:
    text = (os.environ if environment is None else environment).get(LIMIT_VARIABLE, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text) > 0):
        raise InvalidInputError(
            f"{LIMIT_VARIABLE}={text[:40]!r} is no limit of engines: set it to a whole number "
            f"from 1 to 9999999, or unset it."
        )
    return int(text)


def check_engine_count(n: object, limit: int | None = None) -> int:
    """Return how many engines to start.

    Args:
        n: A whole number from 1 to ``limit``, or None for one per available core.
        limit: Largest number allowed; None for the one of starts on this host.

    Raises:
        EngineCountError: ``n`` is anything else; bool and float are refused, too.

    Example:
        >>> check_engine_count(2)
        2
    """
    highest = default_limit() if limit is None else limit
    if n is None:
        return min(available_cores(), highest)
    if type(n) is not int or not 1 <= n <= highest:
        raise EngineCountError(n, highest)
    return n
