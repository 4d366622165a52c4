"""Values and durations in words."""

from __future__ import annotations

import reprlib

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


def bounded_repr(value: object) -> str:
    """Return the repr of a value, short, and never failing.

    Example:
        >>> bounded_repr(list(range(100)))
        '[0, 1, 2, 3, 4, 5, ...]'
    """
    try:
        return _short.repr(value)
    except Exception as error:
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"


def text_of(error: BaseException) -> str:
    """Return the text of an exception, never failing.

    Example:
        >>> text_of(ValueError("no number"))
        'no number'
    """
    try:
        return str(error)
    except Exception as problem:
        return f"(its text can't be shown: {type(problem).__name__})"


def words_of(error: BaseException) -> str:
    """Return an exception's type and text, never failing.

    Example:
        >>> words_of(ValueError("no number"))
        'ValueError: no number'
    """
    return f"{type(error).__name__}: {text_of(error)}"


def seconds(value: float) -> str:
    """Return a duration for people.

    Example:
        >>> seconds(0.0123), seconds(75)
        ('12 ms', '1 min 15 s')
    """
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def span(low: float, high: float) -> str:
    """Return a range of durations for people.

    Args:
        low: Seconds.
        high: Seconds.

    Example:
        >>> span(0.2, 0.8), span(3.2, 4.9), span(55, 190), span(130, 250), span(4000, 9000)
        ('1 s', '3 to 5 s', '55 s to 3 min', '2 to 4 min', '1.1 to 2.5 h')
    """
    (first, unit), (last, last_unit) = _rounded(low), _rounded(high)
    if unit != last_unit:
        return f"{first} {unit} to {last} {last_unit}"
    return f"{first} {unit}" if first == last else f"{first} to {last} {unit}"


def _rounded(value: float) -> tuple[str, str]:
    if value < 90:
        return f"{max(1, round(value))}", "s"
    return (f"{value / 60:.0f}", "min") if value < 3600 else (f"{value / 3600:.1f}", "h")
