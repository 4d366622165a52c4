"""Hashes values by what they are: the same in every process, whatever order or address they have.

Plain data goes through ``marshal`` at the speed of C, arrays through their
buffers, and all other objects through what they tell ``pickle`` about
themselves, taken apart instead of serialised: pickles of equal objects differ
with the order of a set, shared references, and the names of a notebook's cells.
"""

from __future__ import annotations

import copyreg
import hashlib
import marshal
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from parflow_jupyter.fingerprint.arrays import array_parts

SIZE = 20
"""Bytes of a digest."""

LEAVES = frozenset({int, float, complex, str, bytes, bool, type(None)})
"""What ``marshal`` writes the same way whenever it is equal and of the same type."""

_MARSHAL = 2  # later versions write shared references, which equal values need not have in common
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_CODE = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.MethodWrapperType,
)


class UnhashableError(Exception):
    """A value has no content that could be hashed, and why."""


def digest_of(*parts: bytes) -> bytes:
    """Return the digest of the parts, of which each tells its own end.

    Example:
        >>> digest_of(b"a").hex()[:8]
        '948caa2d'
    """
    return hashlib.blake2b(b"".join(parts), digest_size=SIZE).digest()


def sized(data: bytes) -> bytes:
    """Return bytes that tell their own end."""
    return b"%d:%b" % (len(data), data)


class ValueHasher:
    """Hashes values by content.

    Args:
        outside: Returns the bytes that stand for code (functions, classes, modules) and for
            other things whose content is not in the value itself.

    Example:
        >>> hasher = ValueHasher(lambda code: code.__qualname__.encode())
        >>> hasher.digest({"a": 1, "b": {2, 3}}) == hasher.digest({"a": 1, "b": {3, 2}})
        True
        >>> hasher.digest([1]) == hasher.digest([True])
        False
    """

    def __init__(self, outside: Callable[[Any], bytes]) -> None:
        self._outside = outside
        self._known: dict[int, tuple[Any, bytes]] = {}
        self._open: dict[int, int] = {}
        self._lowest = sys.maxsize
        self._told_itself = False

    def digest(self, value: Any) -> bytes:
        """Return the digest of a value.

        Raises:
            UnhashableError: Something in it has no content, or another one each time.
        """
        if type(value) in LEAVES:
            return digest_of(b"m", marshal.dumps(value, _MARSHAL))
        try:
            found = digest_of(self._whole(value))
            # What an object tells about itself is believed if it says the same again.
            if self._told_itself and digest_of(self._whole(value)) != found:
                raise UnhashableError(f"{_kind(value)} that is pickled differently each time")
        except RecursionError:
            raise UnhashableError("a value that is nested too deeply") from None
        except UnhashableError:
            raise
        except Exception as error:
            raise UnhashableError(f"{_kind(value)} ({type(error).__name__}: {error})") from error
        return found

    def _whole(self, value: Any) -> bytes:
        self._known.clear()
        self._open.clear()
        self._lowest = sys.maxsize
        self._told_itself = False
        try:
            return self.encode(value)
        finally:
            self._known.clear()

    def encode(self, value: Any) -> bytes:
        """Return bytes that stand for a value inside another one."""
        if type(value) in LEAVES:
            return b"m" + marshal.dumps(value, _MARSHAL)
        if isinstance(value, _CODE):
            return b"o" + sized(self._outside(value))
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        depth = len(self._open)
        if id(value) in self._open:
            # A cycle: told by how far up it leads, which is the same wherever it lies in memory.
            above = self._open[id(value)]
            self._lowest = min(self._lowest, above)
            return b"^%d;" % (depth - above)
        outer, self._lowest = self._lowest, sys.maxsize
        self._open[id(value)] = depth
        try:
            encoded = b"d" + digest_of(*self._parts(value))
        finally:
            del self._open[id(value)]
        if self._lowest >= depth:
            self._lowest = sys.maxsize
            self._known[id(value)] = value, encoded
        self._lowest = min(outer, self._lowest)
        return encoded

    def _parts(self, value: Any) -> Iterable[bytes]:
        kind = type(value)
        if kind is list or kind is tuple:
            return self._sequence(b"l" if kind is list else b"t", value)
        if kind is dict:
            return self._dict(value)
        if kind is set or kind is frozenset:
            return self._unordered(b"s" if kind is set else b"z", value)
        if kind is bytearray or kind is memoryview:
            return b"b", kind.__name__.encode(), sized(bytes(value))
        if kind is types.MappingProxyType:
            return b"x", *self._dict(dict(value))
        if kind in _VIEWS:
            return b"v", kind.__name__.encode(), *self._sequence(b"l", list(value))
        if kind is types.MethodType:
            return b"M", self.encode(value.__self__), self.encode(value.__func__)
        if kind in (staticmethod, classmethod):
            return b"S", kind.__name__.encode(), self.encode(value.__func__)
        if kind is property:
            return b"P", *(self.encode(part) for part in (value.fget, value.fset, value.fdel))
        array = array_parts(value, self.encode)
        return array if array is not None else self._object(value)

    def _sequence(self, tag: bytes, items: Any) -> Iterable[bytes]:
        if LEAVES.issuperset(map(type, items)):
            return tag, b"m", marshal.dumps(items, _MARSHAL)
        return tag, b"%d:" % len(items), *map(self.encode, items)

    def _dict(self, items: dict[Any, Any]) -> Iterable[bytes]:
        encode = self.encode
        # In their order, which a function can tell apart though the dicts are equal.
        entries = [(encode(key), encode(value)) for key, value in items.items()]
        return b"D", b"%d:" % len(entries), *(part for entry in entries for part in entry)

    def _unordered(self, tag: bytes, items: Any) -> Iterable[bytes]:
        return tag, b"%d:" % len(items), *sorted(map(self.encode, items))

    # --- what an object tells about itself ------------------------------------------------

    def _object(self, value: Any) -> Iterable[bytes]:
        special = self._outside(value)
        if special:
            return b"O", sized(special)
        reduced = _reduced(value)
        if isinstance(reduced, str):
            return b"G", *self._by_name(value, reduced)
        make, arguments, *rest = reduced
        state, items, entries = (*rest, None, None, None)[:3]
        self._told_itself = self._told_itself or _tells_itself(type(value))
        parts = [b"R", self.encode(type(value)), self.encode(make), self.encode(arguments)]
        parts.append(self.encode(state))
        if items is not None:
            parts += self._sequence(b"l", list(items))
        if entries is not None:
            pairs = list(entries)
            ordered = type(value).__name__ == "OrderedDict"
            parts += self._sequence(b"l", pairs) if ordered else self._dict(dict(pairs))
        return parts

    def _by_name(self, value: Any, name: str) -> Iterable[bytes]:
        homes = [getattr(value, "__module__", None), type(value).__module__]
        # A ufunc does not say where it is from.
        for home in filter(None, (*homes, "scipy.special")):
            found: Any = sys.modules.get(home)
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is value and home != "__main__":
                return self.encode(sys.modules[home]), sized(name.encode())
        wrapped = getattr(value, "__wrapped__", None)
        if wrapped is None:
            raise UnhashableError(f"{_kind(value)} that is known by its name {name!r} only")
        return b"W", self.encode(type(value)), self.encode(wrapped)


def _reduced(value: Any) -> Any:
    known = copyreg.dispatch_table.get(type(value))
    try:
        return known(value) if known is not None else value.__reduce_ex__(4)
    except Exception as error:
        raise UnhashableError(f"{_kind(value)} ({error})") from error


def _tells_itself(kind: type) -> bool:
    if kind.__module__ in sys.stdlib_module_names:
        return False
    own = ("__reduce__", "__reduce_ex__", "__getstate__")
    return any(getattr(kind, name, None) is not getattr(object, name, None) for name in own)


def _kind(value: Any) -> str:
    kind = type(value)
    name = kind.__qualname__
    shown = name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}"
    return f"a {shown!r} object"
