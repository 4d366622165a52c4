"""What the queue of tasks is given: engines, each of which runs a task as a map of one item."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from parflow_jupyter._system.ipyparallel_private import has_work, is_closed, uuids
from parflow_jupyter._system.pickling import dumps
from parflow_jupyter.errors import CannotShipError, EngineLostError
from parflow_jupyter.maps import MapOptions, MapResult, SchemeChoice, run_map
from parflow_jupyter.maps.transport.function import ship, what_cannot_be_pickled
from parflow_jupyter.tasks import Ended
from parflow_jupyter.tasks.worker import run_task
from parflow_jupyter.wiring import process
from parflow_jupyter.wiring.schemes import engine_scheme

if TYPE_CHECKING:
    from os import PathLike

    from parflow_jupyter.maps.abc import Scheme


class EnginesOfACluster:
    """The engines of the current cluster, or of one that a connection file names.

    Args:
        connection_file: Path of the file; None for the current cluster, whichever it is then.

    Raises:
        NoEnginesError: The file is none of a controller.
        ControllerSilentError: The controller does not answer.
    """

    def __init__(self, connection_file: str | PathLike[str] | None) -> None:
        self._client = None
        if connection_file is not None:
            from parflow_jupyter.clusters.client.connection import connect_file

            self._client = connect_file(connection_file)
        self._stopped: dict[int, str] = {}

    def scheme(self, only: int | None = None) -> Scheme:
        """Return the scheme of these engines, or of one alone."""
        if self._client is None:
            return engine_scheme(only)
        from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme

        return IPyParallelScheme(lambda: self._client, only=only)

    def _connected(self) -> Any:
        return self._client if self._client is not None else process.connect()

    def ids(self) -> dict[int, str]:
        """Return the engines that are connected, each with its unique name."""
        client = self._connected()
        return {} if is_closed(client) else {e: uuids(client)[e] for e in list(client.ids)}

    def is_free(self, engine: int) -> bool:
        """Return whether an engine is rid of a task that was stopped there."""
        name = self._stopped.get(engine)
        if name is not None and not self._still_has_work(engine, name):
            del self._stopped[engine]
        return engine not in self._stopped

    def _still_has_work(self, engine: int, name: str) -> bool:
        client = self._connected()
        return uuids(client).get(engine) == name and has_work(client, name)

    def start(
        self, engine: int, work: dict[str, Any], label: str, ended: Callable[[Ended], None]
    ) -> Callable[[], None]:
        """Run a task on one engine as a map of one item, and return how to stop it."""
        result = run_map(
            run_task,
            [[work]],
            options=MapOptions(
                scheme="ipyparallel",
                engine_retries=0,
                on_error="collect",
                batch=1,
                block=False,
                progress=False,
                label=label,
            ),
            schemes=[SchemeChoice(self.scheme(only=engine))],
            remember=False,
        )

        def stop() -> None:
            name = self._connected()._engines.get(engine)
            if name is not None:
                self._stopped[engine] = name
            result.cancel()

        def wait() -> None:
            result.wait()
            ended(_ended(result))

        threading.Thread(target=wait, name=label, daemon=True).start()
        return stop

    def pack_call(self, function: Any, args: Any, kwargs: Any) -> dict[str, Any]:
        """Return a call as an engine takes it, with the source that tracebacks show."""
        shipped = ship(function, share=False)
        arguments = _pickled((tuple(args), kwargs), "the task's arguments")
        return {
            "function": shipped.pickled,
            "sources": shipped.sources,
            "paths": shipped.paths,
            "arguments": arguments,
        }

    def pack_names(self, names: dict[str, Any]) -> bytes:
        """Return values by name as an engine takes them."""
        return _pickled(names, "push")


def _pickled(value: object, name: str) -> bytes:
    try:
        return dumps(value)
    except Exception as error:
        where = what_cannot_be_pickled(value, name)
        raise CannotShipError(
            f"The task can't be sent to engines: {where or error}. Pass plain data, and open "
            f"files and connections inside the task."
        ) from error


def _ended(result: MapResult) -> Ended:
    output = "".join(text for _, _, text in result.report.output)
    seconds = next((item.seconds for item in result.report.items()), None)
    failure = result.errors[0] if result.errors else None
    if failure is not None:
        never_began = isinstance(failure.exception, EngineLostError) and not result.report.slots
        return Ended(
            failure=failure.exception,
            traceback=failure.traceback,
            output=output,
            seconds=seconds,
            unfit="; ".join(result.report.left_out) if never_began else "",
        )
    if result.state != "done":
        problem = result._problem or EngineLostError("The task was stopped before its end.")
        return Ended(failure=problem, output=output)
    return Ended(value=result[0], output=output, seconds=seconds)
