"""Tables and arrays: parallel_apply gives back what pandas and numpy would, on every scheme."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

import parflow_jupyter as pf
from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.maps.pieces import split

CITIES = pd.DataFrame(
    {
        "city": ["Bern", "Ulm", "Bern", "Nice", "Ulm", "Bern"],
        "year": [1, 1, 2, 1, 2, 3],
        "rain": [1.0, 2.5, 3.0, np.nan, 4.0, 0.5],
        "note": list("abcdef"),
    },
    index=[10, 11, 12, 13, 14, 15],
)


pytestmark = pytest.mark.usefixtures("no_cluster")


def apply(function, data, **options):
    return pf.parallel_apply(function, data, progress=False, **options)


def same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, pd.DataFrame):
        assert_frame_equal(found, expected)
    else:
        assert_series_equal(found, expected)


def named_sum(group):
    return f"{group.name}: {group['rain'].sum()}"


GROUPED = {
    "scalars": lambda g: g["rain"].sum(),
    "names": named_sum,
    "several numbers": lambda g: pd.Series({"sum": g["rain"].sum(), "n": len(g)}),
    "fewer rows": lambda g: g.nlargest(1, "rain"),
    "the same rows": lambda g: g.assign(share=g["rain"] / g["rain"].sum()),
    "none of some": lambda g: g if len(g) > 1 else None,
    "objects": lambda g: {"notes": list(g["note"])},
}


@pytest.mark.parametrize("function", GROUPED.values(), ids=list(GROUPED))
@pytest.mark.parametrize(
    "group",
    [
        lambda table: table.groupby("city"),
        lambda table: table.groupby("city", sort=False, group_keys=False),
        lambda table: table.groupby(["city", "year"]),
        lambda table: table.groupby("city", as_index=False),
        lambda table: table.groupby(table["rain"] > 1),
    ],
    ids=["one key", "unsorted", "two keys", "no index", "mask"],
)
def test_groups_give_what_pandas_gives(group, function):
    """Index, columns, types and order of the result are those of groupby.apply."""
    expected = group(CITIES).apply(function)
    same(apply(function, group(CITIES), scheme="serial"), expected)


@pytest.mark.parametrize("scheme", ["processes", "threads", "dask"])
def test_groups_travel_with_their_name(scheme, request):
    """Also those that are run again, which go alone."""
    client = request.getfixturevalue("dask_workers").client if scheme == "dask" else None
    tried = set()

    def fails_once(group):
        if scheme == "threads" and group.name not in tried:
            tried.add(group.name)
            raise OSError("once")
        return f"{group.name}: {group['rain'].sum()}"

    groups = CITIES.groupby("city")
    with client.as_current() if client else pytest.MonkeyPatch.context():
        found = apply(fails_once, groups, scheme=scheme, retries=1)
    same(found, groups.apply(named_sum))
    values = CITIES.groupby("city")["rain"]
    same(apply(lambda s: (s.name, s.max()), values), values.apply(lambda s: (s.name, s.max())))


ROWS = {
    "scalars": lambda row: row["year"] + 1,
    "texts": lambda row: f"{row.name} {row['note']}",
    "several": lambda row: pd.Series({"a": row["year"], "b": row["note"]}),
    "lists": lambda row: [row["year"], row["note"]],
}


@pytest.mark.parametrize("function", ROWS.values(), ids=list(ROWS))
def test_rows_give_what_pandas_gives(function):
    """Results and what a row looks like are those of apply(axis=1)."""
    same(apply(function, CITIES, scheme="serial"), CITIES.apply(function, axis=1))
    same(apply(function, CITIES, batch=2), CITIES.apply(function, axis=1))
    numbers = CITIES[["year", "rain"]]
    kinds = apply(lambda row: str(row.dtype), numbers)
    same(kinds, numbers.apply(lambda row: str(row.dtype), axis=1))


def test_rows_are_run_again_by_their_number(tmp_path):
    """A row that failed goes again, and comes to its own place."""

    def fails_first(row):
        mark = tmp_path / str(row.name)
        if row.name % 2 and not mark.exists():
            mark.touch()
            raise OSError("once")
        return row.name

    found = apply(fails_first, CITIES, retries=1)
    assert list(found) == list(found.index) == list(CITIES.index)
    assert pf.last_result().report.retries == 3


def test_many_rows_travel_as_parts_of_the_table():
    """Not one by one: 20 000 rows take no longer than pandas takes by itself, and some."""
    table = pd.DataFrame({"a": np.arange(20_000), "b": np.arange(20_000) / 2})
    apply(len, table.head(2))
    start = time.perf_counter()
    found = apply(lambda row: row["a"] + row["b"], table)
    assert time.perf_counter() - start < 15
    assert_series_equal(found, table["a"] + table["b"])
    from parflow_jupyter._system import pickling

    half = split(table)[:10_000]
    assert len(pickling.dumps(half)) < 20 * 10_000


def test_values_of_a_series():
    """Also of categories, which pandas asks for once each."""
    same(apply(lambda x: x * 2, CITIES["rain"]), CITIES["rain"].apply(lambda x: x * 2))
    kinds = CITIES["city"].astype("category")
    found = apply(str.upper, kinds)
    assert list(found) == [city.upper() for city in CITIES["city"]]
    assert found.index.equals(CITIES.index)
    assert found.name == "city"


@pytest.mark.parametrize("chunks", [None, 1, 3, 100])
def test_chunks_of_an_array_are_joined(chunks):
    """Whatever their number, along the first axis."""
    array = np.arange(60.0).reshape(20, 3)
    np.testing.assert_array_equal(apply(np.sqrt, array, chunks=chunks), np.sqrt(array))
    sums = apply(lambda part: part.sum(), array, chunks=4)
    np.testing.assert_array_equal(sums, [part.sum() for part in np.array_split(array, 4)])


def test_masks_are_kept():
    """A masked array stays one."""
    array = np.ma.masked_less(np.arange(10), 3)
    found = apply(lambda part: part + 1, array, chunks=2)
    assert found.mask.sum() == 3


@pytest.mark.parametrize(
    "empty",
    [CITIES.iloc[:0], CITIES["rain"].iloc[:0], CITIES.iloc[:0].groupby("city")],
    ids=["table", "series", "groups"],
)
def test_nothing_gives_what_pandas_makes_of_nothing(empty):
    """No engines are asked."""
    expected = empty.apply(len, axis=1) if isinstance(empty, pd.DataFrame) else empty.apply(len)
    same(apply(len, empty), expected)
    assert len(apply(np.sqrt, np.zeros((0, 3)))) == 0


@pytest.mark.parametrize(
    ("data", "index", "named"),
    [
        (CITIES.groupby("city"), 2, "the group 'Ulm'"),
        (CITIES, 1, "the row 11"),
        (CITIES["rain"], 1, "the value 11"),
        (np.arange(6), 2, "the chunk slice(2, 3, None)"),
    ],
    ids=["groups", "rows", "values", "chunks"],
)
def test_a_failure_names_the_piece(data, index, named):
    """As who has the data calls it; the partial result is there."""
    calls = iter(range(10))

    def fails(_):
        if next(calls) == index:
            raise OSError("no")

    with pytest.raises(OSError, match="no") as caught:
        apply(fails, data, scheme="serial")
    assert f"It was {named}." in caught.value.__notes__
    assert caught.value.map_result.errors[0].index == index


@pytest.mark.parametrize(
    ("data", "options", "named"),
    [
        ([1, 2], {}, "use parallel_map"),
        (np.array(3), {}, "no numpy array"),
        (np.arange(3), {"chunks": 0}, "chunks=0"),
        (CITIES, {"chunks": 3}, "numpy arrays only"),
        (CITIES, {"on_error": "skip"}, "on_error='skip'"),
        (CITIES, {"block": False}, "block=False"),
        (CITIES, {"retries": -1}, "retries=-1"),
    ],
)
def test_what_cannot_be_applied_is_refused(data, options, named):
    """With the value and what to do instead."""
    with pytest.raises(InvalidInputError) as refused:
        apply(len, data, **options)
    assert named in str(refused.value)


def test_a_plain_map_takes_what_a_loop_would():
    """A groupby gives pairs, a table its column names, an array its rows."""
    found = pf.parallel_map(lambda pair: (pair[0], len(pair[1])), CITIES.groupby("city"))
    assert found == [("Bern", 3), ("Nice", 1), ("Ulm", 2)]
    assert pf.parallel_map(str.upper, CITIES, progress=False)[0] == "CITY"
    assert pf.parallel_map(sum, np.eye(2), progress=False) == [1.0, 1.0]


def test_pandas_is_not_loaded_for_it():
    """Nor numpy: who has such data has loaded them."""
    code = (
        "import sys, parflow_jupyter as pf\n"
        "try: pf.parallel_apply(len, [1])\n"
        "except pf.errors.InvalidInputError: pass\n"
        "print([name for name in ('pandas', 'numpy') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
