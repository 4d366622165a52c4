"""The content of numpy arrays and pandas objects, read from their buffers."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable
from typing import Any

_SIZE = 20
_AT_ONCE = 1 << 20
Encode = Callable[[Any], bytes]


def array_parts(value: Any, encode: Encode) -> Iterable[bytes] | None:
    """Return the parts of an array, a Series, an Index or a DataFrame; None for all else.

    Args:
        value: Anything.
        encode: Returns the bytes that stand for a value.
    """
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if type(value) is numpy.ndarray:
        return _array(value, encode)
    if isinstance(value, numpy.generic):
        return b"ns", encode(_dtype(value.dtype)), value.tobytes()
    if isinstance(value, numpy.dtype):
        return b"nd", encode(_dtype(value))
    if type(value) is numpy.memmap:
        return _array(numpy.asarray(value), encode)
    pandas = sys.modules.get("pandas")
    return None if pandas is None else _pandas(pandas, value, encode)


def _array(array: Any, encode: Encode) -> Iterable[bytes]:
    head = b"na", encode(_dtype(array.dtype)), encode(array.shape)
    if array.dtype.hasobject:
        return *head, encode(array.ravel().tolist())
    return *head, _content(array)


def _content(array: Any) -> bytes:
    import numpy

    found = hashlib.blake2b(digest_size=_SIZE)
    if array.flags.c_contiguous:
        # Not every type of number has a buffer of its own (dates have none): as plain bytes.
        found.update(array.reshape(-1).view(numpy.uint8).data if array.size else b"")
    elif array.ndim == 1 or array.nbytes <= _AT_ONCE:
        found.update(numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8).data)
    else:
        rows = max(1, _AT_ONCE * len(array) // array.nbytes)
        for start in range(0, len(array), rows):
            part = numpy.ascontiguousarray(array[start : start + rows])
            found.update(part.reshape(-1).view(numpy.uint8).data)
    return found.digest()


def _dtype(dtype: Any) -> Any:
    if dtype.names is not None:
        fields = [
            (name, _dtype(dtype.fields[name][0]), dtype.fields[name][1]) for name in dtype.names
        ]
        return ("fields", fields, dtype.itemsize)
    if dtype.subdtype is not None:
        return ("sub", _dtype(dtype.subdtype[0]), list(dtype.subdtype[1]))
    # Extended types (such as numpy's own strings) share a "str" that does not tell all.
    return dtype.str if dtype.kind != "T" else repr(dtype)


def _pandas(pandas: Any, value: Any, encode: Encode) -> Iterable[bytes] | None:
    kind = type(value)
    if kind is pandas.DataFrame:
        columns = [encode(value.iloc[:, place].array) for place in range(value.shape[1])]
        # A group of a groupby has its key as a name, which is no column.
        labels = encode(value.columns), encode(value.index), encode(vars(value).get("name"))
        return b"pf", *labels, encode(value.attrs), b"%d:" % len(columns), *columns
    if kind is pandas.Series:
        named = encode(value.name), encode(value.index), encode(value.attrs)
        return b"ps", *named, encode(value.array)
    if kind is pandas.RangeIndex:
        return b"pr", encode((value.start, value.stop, value.step, value.name))
    if kind is pandas.MultiIndex:
        levels = [encode(value.get_level_values(place)) for place in range(value.nlevels)]
        return b"pm", b"%d:" % len(levels), *levels
    if isinstance(value, pandas.Index):
        named = encode(kind.__name__), encode(value.name), encode(getattr(value, "freqstr", None))
        return b"pi", *named, encode(value.array)
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return _extension(pandas, value, encode)
    return None


def _extension(pandas: Any, array: Any, encode: Encode) -> Iterable[bytes]:
    head = b"pe", encode(str(array.dtype))
    dtype = array.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        parts = encode(array.categories), encode(array.ordered), encode(array.codes)
        return *head, *parts
    if isinstance(dtype, (pandas.DatetimeTZDtype, pandas.PeriodDtype)):
        return *head, encode(pandas.Index(array).asi8)
    if not isinstance(dtype, pandas.api.extensions.ExtensionDtype):
        return *head, encode(array.to_numpy())
    if dtype.kind in "biuf" and not array.isna().any():
        return *head, encode(array.to_numpy())
    # Missing values of any kind, and strings: one by one, each as what it is.
    return *head, encode(array.to_numpy(dtype=object).tolist())
