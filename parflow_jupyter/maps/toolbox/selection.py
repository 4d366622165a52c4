"""Which scheme runs a map, and why: pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from parflow_jupyter._system.callables import attribute_of, inner_function, name_of
from parflow_jupyter.errors import InvalidInputError, SchemeUnavailableError
from parflow_jupyter.fingerprint.members import SUPPORTS
from parflow_jupyter.maps.abc import Readiness, Scheme

F = TypeVar("F", bound=Callable[..., Any])
_NESTED = ("serial", "threads")


@dataclass(frozen=True)
class Supports:
    """Which schemes a function can be run by; an undecorated one supports all but threads.

    What is said of ``ipyparallel`` holds for all schemes that reach other machines, unless
    ``others`` says something of one by its name.
    """

    threads: bool = False
    processes: bool = True
    ipyparallel: bool = True
    others: tuple[tuple[str, bool], ...] = ()

    def allows(self, scheme: Scheme) -> bool:
        """Return whether the function supports a scheme; every one supports serial."""
        if scheme.kind != "serial" and scheme.name in dict(self.others):
            return dict(self.others)[scheme.name]
        kinds = {"threads": self.threads, "processes": self.processes, "remote": self.ipyparallel}
        return kinds.get(scheme.kind, True)


def parallelizable(
    *, threads: bool = False, processes: bool = True, ipyparallel: bool = True, **others: bool
) -> Callable[[F], F]:
    """Say by which schemes a function can be run; use as a decorator.

    Args:
        threads: It is safe to call it from several threads at once.
        processes: It can be pickled, and does without state of this process.
        ipyparallel: It does without local files and state of this machine. This holds for
            other schemes of that kind too, such as dask.
        others: What holds for another scheme by its name, such as ``dask=False``.

    Raises:
        InvalidInputError: A value is not True or False.

    Example:
        >>> @parallelizable(threads=True, ipyparallel=False)
        ... def read(path): ...
        >>> supports(read)
        Supports(threads=True, processes=True, ipyparallel=False, others=())

    Source: VisTrails' ``@parallelizable`` with its ``systems``.
    """
    given = {"threads": threads, "processes": processes, "ipyparallel": ipyparallel, **others}
    for name, value in given.items():
        if not isinstance(value, bool):
            raise InvalidInputError(f"{name}={value!r} can't be used: give True or False.")

    def mark(function: F) -> F:
        marks = Supports(threads, processes, ipyparallel, tuple(others.items()))
        try:
            setattr(function, SUPPORTS, marks)
        except (AttributeError, TypeError) as error:
            raise InvalidInputError(
                f"{name_of(function)} can't be marked, as it takes no attributes: write a function "
                f"that calls it, and mark that."
            ) from error
        return function

    return mark


def supports(function: Callable[..., Any]) -> Supports:
    """Return what a function was said to support."""
    for part in (function, inner_function(function)):
        found = attribute_of(part, SUPPORTS)
        if type(found) is Supports:
            return found
    return Supports()


@dataclass(frozen=True)
class SchemeChoice:
    """A scheme as the toolbox offers it; ``before`` is called before its slots are counted."""

    scheme: Scheme
    enabled: bool = True
    before: Callable[[], None] | None = None

    def readiness(self) -> Readiness:
        """Return how many slots the scheme has now, and why."""
        if self.before is not None:
            self.before()
        return self.scheme.readiness()


@dataclass(frozen=True)
class Chosen:
    """The scheme that runs a map, why it does, and how many slots it had when asked."""

    scheme: Scheme
    reason: str
    slots: int


def choose(
    choices: Sequence[SchemeChoice | Scheme],
    wanted: str = "auto",
    supported: Supports | None = None,
    needs: Sequence[str] = (),
    *,
    nested: bool = False,
) -> Chosen:
    """Return the scheme that runs a map.

    Args:
        choices: The toolbox, in its order; serial is always there as the last resort.
        wanted: Name of a scheme, or "auto" for the first that can.
        supported: What the function supports.
        needs: Capabilities that were asked for, such as "timeout".
        nested: Whether an item of another map asks: it must not wait for other processes,
            which may all wait for it.

    Raises:
        SchemeUnavailableError: The wanted scheme is unknown or can't do it.
    """
    supported = supported or Supports()
    offers = [c if isinstance(c, SchemeChoice) else SchemeChoice(c) for c in choices]
    if wanted != "auto":
        return _named(offers, wanted, needs, nested)
    skipped: list[str] = []
    for offer in offers:
        scheme = offer.scheme
        why_not = _why_not(offer, supported, needs, nested)
        ready = None if why_not else offer.readiness()
        if ready is not None and ready.slots:
            reason = f"{scheme.name}: {ready.why}"
            return Chosen(scheme, "; ".join([reason, *skipped]), ready.slots)
        skipped.append(f"{scheme.name} skipped: {why_not or ready}")
    shown = "; ".join(skipped) or "no scheme was offered"
    raise SchemeUnavailableError(f"No scheme can run this map ({shown}): enable another one.")


def _why_not(
    offer: SchemeChoice, supported: Supports, needs: Sequence[str], nested: bool
) -> str | None:
    if not offer.enabled:
        return "it is disabled"
    if nested and offer.scheme.kind not in _NESTED:
        return "this is inside an item of another map"
    if not supported.allows(offer.scheme):
        return "the function does not support it"
    missing = _missing(offer.scheme, needs)
    return f"it can't do {', '.join(missing)}" if missing else None


def _missing(scheme: Scheme, needs: Sequence[str]) -> list[str]:
    return [need for need in needs if not getattr(scheme.capabilities, need)]


def _named(
    offers: Sequence[SchemeChoice], wanted: str, needs: Sequence[str], nested: bool
) -> Chosen:
    found = [offer for offer in offers if offer.scheme.name == wanted]
    if not found:
        known = ", ".join(repr(offer.scheme.name) for offer in offers)
        raise SchemeUnavailableError(
            f"There is no scheme {wanted!r}: choose one of {known}, or 'auto'."
        )
    if nested and found[0].scheme.kind not in _NESTED:
        raise SchemeUnavailableError(
            f"Scheme {wanted!r} can't run a map inside an item of another map: use 'auto'."
        )
    missing = _missing(found[0].scheme, needs)
    if missing:
        raise SchemeUnavailableError(
            f"Scheme {wanted!r} can't do {', '.join(missing)}: leave that out, or use 'auto'."
        )
    ready = found[0].readiness()
    if not ready.slots:
        raise SchemeUnavailableError(
            f"Scheme {wanted!r} can't run now: {ready.why}. Start engines, or use 'auto'."
        )
    return Chosen(found[0].scheme, f"{wanted}: asked for; {ready.why}", ready.slots)
