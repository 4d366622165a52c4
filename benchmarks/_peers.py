"""Who takes part in the comparison of maps, each warmed up, on the same number of slots."""

from __future__ import annotations

import logging
import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from _rows import BY_HAND, CONTENDERS, OURS, SERIAL, square

SLOTS = 2
Contender = Callable[[Callable[[Any], Any], list[Any]], list[Any]]


@contextmanager
def contenders(wanted: set[str], profile: str | None) -> Iterator[tuple[dict[str, Contender], Any]]:
    """Start everybody who is wanted, and give them by name, and the client of the engines.

    Args:
        wanted: Names of contenders.
        profile: A running cluster to use, instead of starting one.
    """
    warnings.filterwarnings("ignore", message=".*sent once per.*|.*Sending large graph.*")
    with ExitStack() as stack:
        # Pools that fork come first, while this process has one thread.
        found = pools(stack) | mpire_pool(stack) | joblib_pool(stack)
        if "dask.distributed" in wanted:
            found |= dask_cluster(stack)
        client = stack.enter_context(connected(profile))
        found |= ours(client)
        view = client.load_balanced_view()
        found["lview.map"] = lambda f, items: list(view.map_sync(f, items))
        found[SERIAL] = lambda f, items: [f(item) for item in items]
        for run in found.values():
            run(square, list(range(50)))
        yield {name: found[name] for name in CONTENDERS if name in found and name in wanted}, client


def ours(client: Any) -> dict[str, Contender]:
    """Return ourselves, on engines and on processes."""
    from parflow_jupyter.maps import MapOptions, run_map
    from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme
    from parflow_jupyter.maps.schemes.processes import ProcessesScheme

    options = MapOptions(progress=False)
    schemes = {
        OURS: IPyParallelScheme(lambda: client),
        f"{OURS}, processes": ProcessesScheme(SLOTS),
    }
    return {
        name: lambda f, items, scheme=scheme: list(
            run_map(f, [items], options=options, schemes=[scheme])
        )
        for name, scheme in schemes.items()
    }


def pools(stack: ExitStack) -> dict[str, Contender]:
    """Return the standard library's pools; the executor also with chunks tuned by hand."""
    executor = stack.enter_context(ProcessPoolExecutor(SLOTS))
    list(executor.map(square, range(50)))
    pool = stack.enter_context(multiprocessing.Pool(SLOTS))
    return {
        "ProcessPoolExecutor": lambda f, items: list(executor.map(f, items)),
        BY_HAND: lambda f, items: list(
            executor.map(f, items, chunksize=max(1, len(items) // (4 * SLOTS)))
        ),
        "multiprocessing.Pool": lambda f, items: pool.map(f, items),
    }


def joblib_pool(stack: ExitStack) -> dict[str, Contender]:
    """Return joblib, on loky."""
    try:
        from joblib import Parallel, delayed
    except ImportError:
        return absent("joblib")
    loky = stack.enter_context(Parallel(n_jobs=SLOTS))
    return {"joblib": lambda f, items: loky(delayed(f)(item) for item in items)}


def mpire_pool(stack: ExitStack) -> dict[str, Contender]:
    """Return mpire, its processes kept between calls."""
    try:
        from mpire import WorkerPool
    except ImportError:
        return absent("mpire")
    pool = stack.enter_context(WorkerPool(SLOTS, keep_alive=True))
    return {"mpire": lambda f, items: list(pool.map(f, items))}


def dask_cluster(stack: ExitStack) -> dict[str, Contender]:
    """Return dask.distributed, on processes of one thread."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        return absent("dask.distributed")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    cluster = stack.enter_context(
        LocalCluster(n_workers=SLOTS, threads_per_worker=1, dashboard_address=":0")
    )
    client = stack.enter_context(Client(cluster, set_as_default=False))
    return {
        "dask.distributed": lambda f, items: client.gather(client.map(f, items, pure=False)),
    }


def absent(name: str) -> dict[str, Contender]:
    """Say that somebody is missing."""
    print(
        f"{name} is not installed and does not take part: pip install 'parflow-jupyter[benchmark]'"
    )
    return {}


@contextmanager
def connected(profile: str | None) -> Iterator[Any]:
    """A client on two engines: of a running cluster, or started for this."""
    import ipyparallel

    import parflow_jupyter as pf

    if profile is not None:
        with ipyparallel.Client(profile=profile) as client:
            yield client
        return
    pf.start_engines(SLOTS)
    try:
        client = pf.get_client(ask=False)
        if client is None:
            raise SystemExit("the engines were started, but no client connects to them")
        yield client
    finally:
        pf.cleanup(terminate=True)
