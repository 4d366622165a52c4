"""What the caller of a map can ask for, and the check of it.

The list of options stands here alone: twice, because type checkers read no fields of a dataclass
as keywords; a test compares the two.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypedDict, TypeVar

from parflow_jupyter.errors import InvalidInputError

F = TypeVar("F", bound=Callable[..., Any])
ON_ERROR = ("raise", "skip", "collect")


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """The keyword arguments of a map.

    Args:
        scheme: How the items are run; "auto" for the first of the toolbox that can.
        retries: How often an item that raised is run again.
        engine_retries: How often an item whose engine died is run again.
        timeout: Seconds per item, after which it is interrupted and has failed.
        on_error: "raise" the item's exception, "skip" the item, or "collect" an ItemError.
        batch: Items per batch; "auto" learns it from the times measured.
        seed: Whole number from which every item's random numbers follow.
        share: Hold large arrays once per host, read-only, instead of sending them around.
        init: Called in each slot before its first item.
        checkpoint: Name under which each finished item is kept; run again, only the rest is run.
        key: Called with an item; what it returns stands for the item where results are kept.
        block: Wait for the results; False returns at once, and the result fills up.
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
    on_error: Literal["raise", "skip", "collect"] = "raise"
    batch: int | Literal["auto"] = "auto"
    seed: int | None = None
    share: bool = True
    init: Callable[[], Any] | None = None
    checkpoint: str | None = None
    key: Callable[..., Any] | None = None
    block: bool = True
    progress: bool = True
    label: str | None = None

    @classmethod
    def given(cls, function: Callable[..., Any], options: Mapping[str, Any]) -> MapOptions:
        """Return the options that a function was called with.

        Args:
            function: Decorated with :func:`takes_options`.
            options: Its keyword arguments.

        Raises:
            TypeError: It does not take one of them.
        """
        known = inspect.signature(function).parameters
        for name in options:
            if name not in known:
                raise TypeError(
                    f"{function.__name__}() got an unexpected keyword argument {name!r}"
                )
        return cls(**options)

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


class LazyMapKeywords(TypedDict, total=False):
    """Keyword arguments of a map that nobody waits for, for type checkers."""

    scheme: str
    retries: int
    engine_retries: int
    timeout: float | None
    on_error: Literal["raise", "skip", "collect"]
    batch: int | Literal["auto"]
    seed: int | None
    share: bool
    init: Callable[[], Any] | None
    checkpoint: str | None
    key: Callable[..., Any] | None
    progress: bool
    label: str | None


class MapKeywords(LazyMapKeywords, total=False):
    """Keyword arguments of a map, for type checkers."""

    block: bool


def takes_options(*left_out: str) -> Callable[[F], F]:
    """Let signature and help of a function with ``**options`` show each one; use as a decorator.

    Args:
        left_out: Options that the function does not take.

    Example:
        >>> @takes_options("block")
        ... def mapped(function, **options):
        ...     return MapOptions.given(mapped, options)
        >>> "block" in inspect.signature(mapped).parameters
        False
        >>> mapped(abs, colour="red")
        Traceback (most recent call last):
        ...
        TypeError: mapped() got an unexpected keyword argument 'colour'
    """
    shown = [field for field in fields(MapOptions) if field.name not in left_out]

    def show(function: F) -> F:
        signature = inspect.signature(function)
        *own, _ = signature.parameters.values()
        options = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=field.type,
            )
            for field in shown
        ]
        spelled = signature.replace(parameters=[*own, *options])
        function.__signature__ = spelled  # type: ignore[attr-defined]
        function.__doc__ = _documented(function.__doc__ or "", [field.name for field in shown])
        return function

    return show


def _documented(doc: str, names: list[str]) -> str:
    """Return a docstring with the options' own words in place of its line on ``options``."""
    told = dict(re.findall(r"^ *(\w+): (.+)$", MapOptions.__doc__ or "", re.MULTILINE))
    lines = [f"{name}: {told[name]}" for name in names if name in told]
    return re.sub(
        r"^( *)options: .*$",
        lambda found: "\n".join(found[1] + line for line in lines),
        doc,
        flags=re.MULTILINE,
    )


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
