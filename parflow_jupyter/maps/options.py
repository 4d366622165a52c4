"""What the caller of a map can ask for, and the check of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.errors import InvalidInputError

ON_ERROR = ("raise", "skip", "collect")


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """The keyword arguments of a map.

    Args:
        scheme: Name of the scheme, or "auto" for the first of the toolbox that can.
        retries: How often an item that raised is run again.
        engine_retries: How often an item whose engine died is run again.
        timeout: Seconds per item, or None.
        on_error: "raise" the item's exception, "skip" the item, or "collect" an error in its place.
        batch: Items per batch, or "auto".
        seed: Whole number from which every item's random numbers follow, or None.
        share: Whether large arrays go once per host.
        init: Called once per slot before its first item.
        checkpoint: Name under which results are kept.
        key: Called with an item; what it returns stands for the item where results are kept.
        block: Wait for the results; False returns at once.
        progress: Show the progress.
        label: What the run is called in displays and in the history.

    Example:
        >>> MapOptions(retries=2).check().retries
        2
        >>> MapOptions(on_error="ignore").check()
        Traceback (most recent call last):
        ...
        parflow_jupyter.errors.InvalidInputError: on_error='ignore' is not known: \
choose one of 'raise', 'skip', 'collect'.
    """

    scheme: str = "auto"
    retries: int = 0
    engine_retries: int = 3
    timeout: float | None = None
    on_error: str = "raise"
    batch: int | str = "auto"
    seed: int | None = None
    share: bool = True
    init: Callable[[], Any] | None = None
    checkpoint: str | None = None
    key: Callable[..., Any] | None = None
    block: bool = True
    progress: bool = True
    label: str | None = None

    def check(self) -> MapOptions:
        """Return self if every value can be used.

        Raises:
            InvalidInputError: It names the value and what to give instead.
        """
        _check_checkpoint(self.checkpoint, self.key)
        for name, value in (("retries", self.retries), ("engine_retries", self.engine_retries)):
            _check_whole(name, value, at_least=0)
        if self.batch != "auto":
            _check_whole("batch", self.batch, at_least=1, or_else="'auto'")
        if self.seed is not None:
            _check_whole("seed", self.seed, at_least=0, or_else="None")
        _check_choice("on_error", self.on_error, ON_ERROR)
        for name in ("share", "block", "progress"):
            _check_choice(name, getattr(self, name), (True, False))
        _check_timeout(self.timeout)
        if self.init is not None and not callable(self.init):
            raise InvalidInputError(
                f"init={self.init!r} can't be called: give a function without arguments."
            )
        for name in ("scheme", "label"):
            _check_text(name, getattr(self, name))
        return self


def _check_checkpoint(name: object, key: object) -> None:
    if name is not None:
        from parflow_jupyter.stores.checkpoints.checkpoint import check_name

        check_name(name)
    if key is not None and not callable(key):
        raise InvalidInputError(
            f"key={key!r} can't be called: give a function of an item, such as its id."
        )
    if key is not None and name is None:
        raise InvalidInputError("key= is for kept results: give checkpoint='a name' too.")


def _check_whole(name: str, value: object, *, at_least: int, or_else: str = "") -> None:
    whole = hasattr(type(value), "__index__") and not isinstance(value, bool)
    if not whole or int(value) < at_least:  # type: ignore[call-overload]
        alternative = f", or {or_else}" if or_else else ""
        raise InvalidInputError(
            f"{name}={value!r} can't be used: give a whole number from {at_least}{alternative}."
        )


def _check_timeout(value: object) -> None:
    if value is None:
        return
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value < float("inf"):  # type: ignore[operator]
        raise InvalidInputError(
            f"timeout={value!r} can't be used: give seconds per item, more than 0, or None."
        )


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if not any(value is choice or value == choice for choice in choices) or (
        isinstance(choices[0], bool) and not isinstance(value, bool)
    ):
        shown = ", ".join(repr(choice) for choice in choices)
        raise InvalidInputError(f"{name}={value!r} is not known: choose one of {shown}.")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) and not (value is None and name == "label"):
        raise InvalidInputError(f"{name}={value!r} can't be used: give a name as text.")
    if name == "scheme" and not value:
        raise InvalidInputError("scheme='' names no scheme: leave it out, or give 'auto'.")
