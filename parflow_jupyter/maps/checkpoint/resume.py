"""A run with a checkpoint: finds what is kept, runs what is missing, and keeps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from parflow_jupyter.maps.abc import Scheme
from parflow_jupyter.maps.cancel import CancelToken
from parflow_jupyter.maps.monitor.observer import Observer
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.report import Report
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.loop import Runner
from parflow_jupyter.maps.transport.function import ShippedFunction, seems_random
from parflow_jupyter.maps.worker.random_state import draw

if TYPE_CHECKING:
    from parflow_jupyter.maps.checkpoint.lookup import CheckpointLookup

AT_ONCE = 1000
"""Items that are looked up together."""


def begin_lookup(
    options: MapOptions,
    report: Report,
    function: Callable[..., Any],
    columns: Sequence[Any],
    shipped: ShippedFunction | None,
    scheme: Scheme,
) -> CheckpointLookup | None:
    """Open the checkpoint of a run, if it has one, and settle its random numbers.

    Args:
        options: What the caller asked for; names the checkpoint.
        report: Of the run; gets the entropy.
        function: What is mapped.
        columns: The input.
        shipped: The function as it travels, or None.
        scheme: Runs the items.

    Raises:
        CheckpointError: The folder is someone else's, or of a newer version.
    """
    if options.checkpoint is None:
        return None
    # Not loaded where nothing is kept, such as on engines.
    from parflow_jupyter.maps.checkpoint.lookup import CheckpointLookup

    # Results that the caller waits for are not changed before the end; others may be at once.
    lasting = options.block and isinstance(columns[0], (list, range))
    checkpoint_lookup = CheckpointLookup(
        options.checkpoint, function, options.init, options.key, columns, report, lasting=lasting
    )
    random = seems_random(function, shipped.pickled if shipped is not None else b"")
    if random or options.seed is not None:
        checkpoint_lookup.depends_on_position()
    if random and options.seed is None and scheme.capabilities.seeds:
        # Drawn once for all runs under this name: a resumed run goes on with the same numbers.
        report.entropy = checkpoint_lookup.entropy(draw)
    return checkpoint_lookup


def run_and_keep(
    runner: Runner,
    checkpoint_lookup: CheckpointLookup | None,
    collector: Collector,
    watch: Observer,
    token: CancelToken,
) -> str:
    """Run the items that have no kept result, and return the state at the end."""
    if checkpoint_lookup is None:
        return runner.run()
    item_queue = collector.item_queue
    found = checkpoint_lookup.restore

    def restore(indices: range) -> None:
        for start in range(indices.start, indices.stop, AT_ONCE):
            if token.cancelled:
                return
            some = range(start, min(start + AT_ONCE, indices.stop))
            # A run that goes on has results already, which were not kept from an earlier one.
            again = item_queue.done and any(map(item_queue.is_settled, some))
            open_ = [i for i in some if not item_queue.is_settled(i)] if again else some
            item_queue.put(*found(open_))
            watch.progress(collector)

    collector.keep_by(checkpoint_lookup.keep)
    checkpoint_lookup.begin()
    restore(range(item_queue.total))
    # Without engines, when all is there; and input that comes little by little has not begun.
    return "done" if item_queue.total and item_queue.finished else runner.run(restore)
