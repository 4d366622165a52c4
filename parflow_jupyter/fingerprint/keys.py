"""Keys of kept results: what a function is made of, and what an item is.

A function is taken apart into named parts: its own code, its defaults, the
variables it closes over, the globals it names, and whatever those are made of
in turn. The parts' digests make its key, and two sets of parts tell what
changed. What can't be hashed is told, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.fingerprint.code_parts import CodeParts
from parflow_jupyter.fingerprint.files import File, FileDigests
from parflow_jupyter.fingerprint.values import UnhashableError, ValueHasher, digest_of, sized

__all__ = ["FunctionKey", "ItemHasher", "UnhashableError", "changes", "function_key"]


@dataclass(frozen=True)
class FunctionKey:
    """What a function is made of.

    Args:
        digest: The key.
        parts: Digest of each part in hex, by its name in words.
    """

    digest: bytes
    parts: dict[str, str]


def function_key(
    function: Callable[..., Any], *others: Any, files: FileDigests | None = None
) -> FunctionKey:
    """Return the key of a function, the same on any machine with this Python's minor version.

    Args:
        function: What is called.
        others: What else decides on the results, such as a function that is called before.
        files: Hashes the files it refers to.

    Raises:
        UnhashableError: It names the part that has no content.

    Example:
        >>> def times(factor):
        ...     return lambda x: factor * x
        >>> changes(function_key(times(2)).parts, function_key(times(3)).parts)
        ["the variable 'factor' of a lambda changed"]
    """
    units = CodeParts(files or FileDigests())
    try:
        roots = [units.add("the function", function)]
        roots += [units.add(f"argument {place}", other) for place, other in enumerate(others)]
        parts = units.finish()
    except UnhashableError:
        raise
    except Exception as error:  # from what the notebook's own objects do when they are looked at
        raise UnhashableError(f"the function ({type(error).__name__}: {error})") from error
    return FunctionKey(_combined(roots, parts), parts)


def changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return in words how the parts of a function changed.

    Example:
        >>> changes({"the global 'a'": "1", "the global 'b'": "1"}, {"the global 'a'": "2"})
        ["the global 'a' changed", "the global 'b' is not used any more"]
    """
    found = [f"{name} changed" for name in now if name in before and before[name] != now[name]]
    found += [f"{name} is new" for name in now if name not in before]
    return found + [f"{name} is not used any more" for name in before if name not in now]


class ItemHasher:
    """Hashes the items of a map.

    Args:
        files: Hashes those items that are files.

    Example:
        >>> hasher = ItemHasher(FileDigests())
        >>> hasher.digest((1, "a")) == hasher.digest((1, "a")) != hasher.digest((1.0, "a"))
        True
    """

    def __init__(self, files: FileDigests) -> None:
        self._files = files
        self._values = ValueHasher(self._outside)
        self._code: dict[int, tuple[Any, bytes]] = {}
        self.digest = self._values.digest

    def _outside(self, value: Any) -> bytes:
        if isinstance(value, File):
            return sized(str(value).encode("utf-8", "surrogatepass")) + self._files.digest(value)
        if not CodeParts.is_code(value):
            return b""
        known = self._code.get(id(value))
        if known is None:
            units = CodeParts(self._files)
            root = units.add("the item", value)
            known = self._code[id(value)] = value, _combined([root], units.finish())
        return known[1]


def _combined(roots: list[bytes], parts: dict[str, str]) -> bytes:
    named = [
        sized(f"{name}={parts[name]}".encode("utf-8", "surrogatepass")) for name in sorted(parts)
    ]
    return digest_of(*map(sized, roots), *named)
