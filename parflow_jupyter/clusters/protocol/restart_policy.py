"""Whether engines that die are started again: never, or on failure up to a limit (pure)."""

from __future__ import annotations

import re

from parflow_jupyter.errors import InvalidInputError

POLICY = "PARFLOW_RESTART"
"""Environment variable that says it where a start does not."""

DEFAULT_LIMIT = 3
_FORM = re.compile(r"never|on-failure(:[0-9]{1,6})?")


def restart_limit(policy: str | None) -> int:
    """Return how often an engine that fails is started again.

    Args:
        policy: ``never``, ``on-failure`` or ``on-failure:N``; None and an empty text are never.

    Raises:
        InvalidInputError: It is something else.

    Example:
        >>> [restart_limit(text) for text in (None, "never", "on-failure", "on-failure:7")]
        [0, 0, 3, 7]
    """
    if policy is None or policy == "":
        return 0
    if not isinstance(policy, str) or not _FORM.fullmatch(policy.strip()):
        raise InvalidInputError(
            f"{policy!r} does not say when engines are started again: use 'never', 'on-failure' "
            f"or 'on-failure:N' (as restart=, or in {POLICY})."
        )
    word, _, limit = policy.strip().partition(":")
    return 0 if word == "never" else int(limit or DEFAULT_LIMIT)
