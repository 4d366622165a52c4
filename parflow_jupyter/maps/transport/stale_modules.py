"""Notices modules that were edited after this process imported them: engines run them as edited."""

from __future__ import annotations

import inspect
import os
import time
import types
from collections.abc import Iterator

from parflow_jupyter._system.local_modules import Stamp, file_of, own_modules, stamp_of, used_by

_STARTED = time.time()
_seen: dict[str, tuple[object, Stamp | None, bool]] = {}


def edited_modules(pickled: bytes) -> str | None:
    """Return what to tell about the modules that a function uses, or None.

    Args:
        pickled: The function, which names the modules it comes from.
    """
    modules = own_modules()
    # In a pickle, a name comes after its length.
    named = [name for name in modules if bytes([len(name) % 256]) + name.encode() in pickled]
    stale = [name for name in sorted(used_by(named, modules)) if _is_stale(name, modules[name])]
    if not stale:
        return None
    files = " and ".join(os.path.basename(modules[name].__file__ or name) for name in stale)
    return (
        f"{files} {'was' if len(stale) == 1 else 'were'} edited after this process imported "
        f"{'it' if len(stale) == 1 else 'them'}: items run with the file as it is now, and this "
        f"process goes on with what it imported. Reload it here with importlib.reload, or let "
        f"IPython do so with %load_ext autoreload and %autoreload 2."
    )


def _is_stale(name: str, module: types.ModuleType) -> bool:
    spec = getattr(module, "__spec__", None)
    known, before, stale = _seen.get(name, (None, None, False))
    now = stamp_of(file_of(name, module) or "", before)
    if now is None:
        return False
    if known is None or known is not spec:
        # Imported, or imported again, since the last look.
        stale = now[0] > _STARTED * 1e9 and not _is_code_of(module)
    elif before is not None and now[2] != before[2]:
        stale = True
    _seen[name] = spec, now, stale
    return stale


def _is_code_of(module: types.ModuleType) -> bool:
    """Return whether the functions of a module are those of its file."""
    try:
        with open(module.__file__ or "", "rb") as source:
            code = compile(source.read(), module.__file__ or "", "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return True
    wanted: dict[str, list[object]] = {}
    for part in _parts(code):
        wanted.setdefault(part.co_name, []).append(_essence(part))
    own = {name: inspect.unwrap(value) for name, value in vars(module).items() if callable(value)}
    return all(
        _essence(value.__code__) in wanted.get(name, [])
        for name, value in own.items()
        if isinstance(value, types.FunctionType)
        and value.__module__ == module.__name__
        and value.__name__ == name
    )


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    return (part for part in code.co_consts if isinstance(part, types.CodeType))


def _essence(code: types.CodeType) -> tuple[object, ...]:
    consts = [
        (type(part), repr(part) if isinstance(part, float) else part)
        for part in code.co_consts
        if not isinstance(part, types.CodeType)
    ]
    inner = tuple(_essence(part) for part in _parts(code))
    return code.co_code, code.co_names, code.co_varnames, consts, inner
