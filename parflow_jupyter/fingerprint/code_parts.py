"""Takes code apart into named parts: functions, classes, modules, and the values they refer to."""

from __future__ import annotations

import builtins
import functools
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from parflow_jupyter.fingerprint import modules
from parflow_jupyter.fingerprint.files import File, FileDigests
from parflow_jupyter.fingerprint.members import (
    EMPTY,
    SUPPORTS,
    content_of,
    defaults,
    functions_in,
    is_importable,
    members,
    methods_in,
    notes_of,
)
from parflow_jupyter.fingerprint.source import (
    attribute_names,
    code_digest,
    fingerprint,
    global_names,
    imported_names,
    source_is_what_runs,
)
from parflow_jupyter.fingerprint.values import (
    LEAVES,
    UnhashableError,
    ValueHasher,
    digest_of,
    sized,
)

_BUILTINS = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.MethodWrapperType,
)
_WRAPPERS = (type, types.FunctionType, types.ModuleType, functools._lru_cache_wrapper)


class CodeParts:
    """The parts that something is made of, found one from the other.

    Args:
        files: Hashes files.
    """

    def __init__(self, files: FileDigests) -> None:
        self._files = files
        self._parts: dict[str, str] = {}
        self._names: dict[int, str] = {}
        self._alive: list[Any] = []
        self._waiting: deque[tuple[str, Any, Callable[[str, Any], bytes]]] = deque()
        self._values = ValueHasher(self._refer)
        self._package("Python")

    @staticmethod
    def is_code(value: Any) -> bool:
        """Return whether a value is a function, a class or a module, or wraps one."""
        return isinstance(value, (*_WRAPPERS, *_BUILTINS))

    def add(self, name: str, value: Any) -> bytes:
        """Add something with all that it is made of, and return the bytes that stand for it."""
        return self._named(name, value)

    def finish(self) -> dict[str, str]:
        """Return the digest in hex of each part, by its name in words.

        Raises:
            UnhashableError: It names a part that has no content.
        """
        while self._waiting:
            name, value, digest = self._waiting.popleft()
            self._parts[name] = _blaming(name, digest, name, value).hex()
        return self._parts

    # --- what stands for a value where it is referred to ------------------------------------

    def _refer(self, value: Any) -> bytes:
        """Return the name of the part that holds a value's content; nothing for plain values."""
        if isinstance(value, File):
            return self._part(f"the file {str(value)!r}", value, self._file)
        if isinstance(value, types.ModuleType):
            return self._module(value.__name__)
        if not self.is_code(value):
            return b""
        if isinstance(value, functools._lru_cache_wrapper):
            return b"cached " + self._refer(value.__wrapped__)
        if isinstance(value, _BUILTINS):
            return self._builtin(value)
        home = value.__module__ if isinstance(value.__module__, str) else ""
        if is_importable(value, home):
            return self._module(home) + b":" + _encoded(value.__qualname__)
        within = "" if home in ("__main__", "") else f"{home}."
        if isinstance(value, type):
            called = value.__qualname__.rpartition("<locals>.")[2]
            return self._part(f"the class '{within}{called}'", value, self._class)
        called = value.__qualname__.rpartition("<locals>.")[2]
        shown = "a lambda" if value.__name__ == "<lambda>" else f"'{within}{called}'"
        return self._part(f"the function {shown}", value, self._function)

    def _part(self, name: str, value: Any, digest: Callable[[str, Any], bytes]) -> bytes:
        known = self._names.get(id(value))
        if known is None:
            known, count = name, 1
            while known in self._parts:
                count += 1
                known = f"{name} ({count})"
            self._names[id(value)], self._parts[known] = known, ""
            self._alive.append(value)
            self._waiting.append((known, value, digest))
        return known.encode("utf-8", "surrogatepass")

    def _named(self, name: str, value: Any) -> bytes:
        """Return what stands for a value that has a name: its content is a part of its own."""
        if isinstance(value, types.MethodType):
            return b"M" + self._named(name, value.__self__) + self._named(name, value.__func__)
        if isinstance(value, functools.partial):
            given = (value.args, value.keywords, vars(value))
            return (
                b"P" + self._named(name, value.func) + self._named(f"what {name} is given", given)
            )
        if isinstance(value, (File, types.ModuleType)) or self.is_code(value):
            return _blaming(name, self._refer, value)
        digest = _blaming(name, self._values.digest, value)
        if self._parts.get(name, digest.hex()) != digest.hex():
            name = f"{name} ({digest.hex()[:6]})"
        self._parts[name] = digest.hex()
        return name.encode("utf-8", "surrogatepass")

    # --- the content of each kind -----------------------------------------------------------

    def _file(self, name: str, value: File) -> bytes:
        return self._files.digest(value)

    def _function(self, name: str, function: types.FunctionType) -> bytes:
        own = name.removeprefix("the function ")
        parts = [b"function", code_digest(function)]
        for argument, value in defaults(function):
            parts.append(sized(self._named(f"the default {argument!r} of {own}", value)))
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for variable, cell in cells:
            value = content_of(cell)
            if value is not EMPTY:
                parts.append(sized(self._named(f"the variable {variable!r} of {own}", value)))
        for attribute, value in sorted(vars(function).items()):
            if attribute != SUPPORTS:
                parts.append(sized(self._named(f"the attribute {attribute!r} of {own}", value)))
        return digest_of(*parts, *self._globals_of(function))

    def _globals_of(self, function: types.FunctionType) -> Iterator[bytes]:
        within = function.__globals__.get("__name__", "__main__")
        prefix = "" if within == "__main__" else f"{within}."
        for name in global_names(function.__code__):
            yield sized(_encoded(name))
            if name in function.__globals__:
                value = function.__globals__[name]
                yield sized(self._named(f"the global '{prefix}{name}'", value))
                if isinstance(value, types.ModuleType):
                    inner = attribute_names(function.__code__)
                    yield from self._inner_modules(value.__name__, inner)
            elif hasattr(builtins, name):
                yield b"builtin"
        for name in imported_names(function.__code__):
            yield sized(self._module(name))

    def _inner_modules(self, name: str, attributes: list[str]) -> Iterator[bytes]:
        # "import package.part" leaves only "package" as a global.
        for attribute in attributes:
            inner = f"{name}.{attribute}"
            if inner in sys.modules:
                yield sized(self._module(inner))
                yield from self._inner_modules(inner, attributes)

    def _class(self, name: str, kind: type) -> bytes:
        own = name.removeprefix("the class ").strip("'")
        parts = [b"class", sized(_encoded(kind.__qualname__))]
        parts += [sized(self._refer(base)) for base in (*kind.__bases__, type(kind))]
        for attribute, note in notes_of(kind).items():
            parts += [sized(_encoded(attribute)), sized(self._annotation(note))]
        for attribute, value in sorted(members(kind)):
            parts.append(sized(_encoded(attribute)))
            for inner in functions_in(value):
                parts.append(sized(self._named(f"the attribute '{own}.{attribute}'", inner)))
            parts.append(type(value).__name__.encode())
        return digest_of(*parts)

    def _annotation(self, note: Any) -> bytes:
        try:
            return self._values.digest(note)
        except UnhashableError:
            return repr(note).encode()

    # --- modules and what they hold ---------------------------------------------------------

    def _builtin(self, value: Any) -> bytes:
        holder = getattr(value, "__self__", None)
        if holder is not None and not isinstance(holder, (type, types.ModuleType)):
            return b"of" + self._values.encode(holder) + _encoded(value.__name__)
        home = getattr(value, "__module__", None) or getattr(value, "__objclass__", None)
        if isinstance(home, type):
            return self._refer(home) + b"." + _encoded(value.__name__)
        if isinstance(holder, type):
            return self._refer(holder) + b"." + _encoded(value.__name__)
        shown = f"{home or 'builtins'}:{value.__qualname__}".encode()
        return self._module(str(home)) + shown if home else shown

    def _module(self, name: str) -> bytes:
        package = modules.package_of(name)
        if package is not None:
            self._package(package)
        else:
            self._local(name)
        return _encoded(name)

    def _package(self, package: str) -> None:
        name = "Python" if package == "Python" else f"the package {package}"
        if name not in self._parts:
            self._parts[name] = modules.version_of(package).encode().hex()

    def _local(self, name: str) -> None:
        """Add the source of a module that is not installed, and of those that it imports."""
        label = f"the module {name!r}"
        if label in self._parts:
            return
        file = modules.file_of(name)
        if file is None:
            loaded = sys.modules.get(name)
            if loaded is not None and name != "__main__":
                raise UnhashableError(f"the module {name!r}, which has no file")
            return  # "package.name" of an import may be no module, or is not there at all
        try:
            digest, imported = modules.content_of(name, file)
        except OSError as error:
            raise UnhashableError(f"the module {name!r} ({error})") from error
        self._parts[label] = digest_of(digest, *self._settings(name)).hex()
        parent = name.rpartition(".")[0]
        for other in (*imported, parent) if parent else imported:
            self._module(other)

    def _settings(self, name: str) -> Iterator[bytes]:
        # What was set in it since it was imported, as in settings.SIZE = 5.
        space = vars(sys.modules[name]) if name in sys.modules else {}
        for variable, value in sorted(space.items()):
            if type(value) in LEAVES and not variable.startswith("__"):
                yield sized(_encoded(variable)) + self._values.encode(value)
        # What was imported before its file was edited, and is what runs in this process.
        for function in methods_in(space, name):
            if function.__code__.co_filename.endswith(".py") and not source_is_what_runs(function):
                yield fingerprint(function.__code__)


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _blaming(name: str, do: Callable[..., bytes], *arguments: Any) -> bytes:
    try:
        return do(*arguments)
    except UnhashableError as error:
        if str(error).startswith("the "):
            raise
        raise UnhashableError(f"{name} is or holds {error}") from error
