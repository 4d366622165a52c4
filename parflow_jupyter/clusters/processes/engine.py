"""What a forked process does to become a controller or an engine.

It drives ipyparallel's own applications, with our settings below the profile's.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from parflow_jupyter._system import engine_side
from parflow_jupyter.clusters.processes.app_settings import arguments_of, below_profile
from parflow_jupyter.clusters.processes.controller import run_controller
from parflow_jupyter.clusters.processes.engine_set import run_engine_set


def run(spec: dict[str, Any]) -> int:
    """Become what ``spec`` (a ProcessSpec as a dict) describes; return the exit code."""
    try:
        _enter(spec)
        ROLES[spec["role"]](spec)
        code = 0
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _enter(spec: dict[str, Any]) -> None:
    """Give the process a session, output, environment, folder, path and randomness of its own."""
    os.setsid()
    log = os.open(spec["log"] or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(nothing)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = _log_stream(number)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    # Only because no thread exists yet: one that reads a variable meanwhile could crash.
    os.environ.clear()
    os.environ.update(spec["environment"])
    os.chdir(spec["cwd"])
    sys.path[:0] = [entry for entry in spec["path"] if entry not in sys.path]
    sys.argv = [f"parflow-{spec['role']}"]
    _reseed(spec["entropy"])
    _limit_threads(spec["threads"])


class _Log(io.FileIO):
    """Drops what can't be written: a full disk must not end who only had something to say."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _log_stream(number: int) -> io.TextIOWrapper:
    """Return a descriptor as a stream that writes what it can, and never fails."""
    file = io.BufferedWriter(_Log(number, "w", closefd=False))
    # Line by line, as processes that are killed can't flush.
    return io.TextIOWrapper(file, "utf-8", "backslashreplace", line_buffering=True)


def _reseed(entropy: int) -> None:
    """Give this process random numbers of its own: a fork begins with its parent's state."""
    random.seed(entropy)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed(numpy_random.SeedSequence(entropy).generate_state(8))


def _limit_threads(threads: int) -> None:
    """Limit numeric libraries that are loaded already; others obey the environment."""
    if "numpy" in sys.modules:
        with contextlib.suppress(ImportError):
            import_module("threadpoolctl").threadpool_limits(threads)


def _run_engine(spec: dict[str, Any]) -> None:
    import atexit
    import json

    from ipyparallel.engine.app import IPEngine

    from parflow_jupyter._system.pickling import use_in_ipyparallel
    from parflow_jupyter.clusters.processes import engine_counters

    class Engine(IPEngine):  # type: ignore[misc]
        """ipyparallel's engine with our settings, counters, and an end that needs no waiting."""

        def load_config_file(self, *args: Any, **kwargs: Any) -> None:
            below_profile(self, spec["settings"])
            super().load_config_file(*args, **kwargs)

        async def complete_registration(self, *args: Any) -> None:
            await super().complete_registration(*args)
            _count_messages(self.kernel)
            _tell_leaving(self.kernel)

        def _signal_stop(self, sig: int, frame: Any) -> None:
            super()._signal_stop(sig, frame)
            if engine_counters.is_busy():
                if engine_side.worker is not None:
                    # An item did not fail because its engine is ended: it runs elsewhere.
                    engine_side.worker.leave()
                # The loop can stop only when the task does.
                raise KeyboardInterrupt

    # Results, too, may hold what only cloudpickle can pickle.
    use_in_ipyparallel()
    try:
        engine_counters.open_block(Path(spec["counters"]))
    except OSError as error:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{spec['counters']}: {error.strerror}; tasks are not counted\n")
    app = Engine.instance()
    app.connection_info_env = json.dumps(spec["connection"])
    app.ident = spec["uuid"]
    app.initialize(arguments_of(spec))
    try:
        app.start()
    except RuntimeError as error:
        # How the loop of ipykernel 7 ends when it is told to stop; nothing went wrong.
        if "Event loop stopped" not in str(error):
            raise
    atexit._run_exitfuncs()


def _count_messages(kernel: Any) -> None:
    """Keep the counters up to date with the messages that a kernel works on."""
    from parflow_jupyter.clusters.processes import engine_counters

    do_apply, do_execute = kernel.do_apply, kernel.do_execute

    def counted_apply(*args: Any, **kwargs: Any) -> Any:
        engine_counters.begin_message()
        try:
            return do_apply(*args, **kwargs)
        finally:
            engine_counters.end_message(counts=True)

    async def watched_execute(*args: Any, **kwargs: Any) -> Any:
        engine_counters.begin_message()
        try:
            return await do_execute(*args, **kwargs)
        finally:
            engine_counters.end_message(counts=False)

    kernel.do_apply, kernel.do_execute = counted_apply, watched_execute


def _tell_leaving(kernel: Any) -> None:
    """Note when a client asks for the engine's end: it still lives for the rest of its task."""
    from parflow_jupyter.clusters.processes import engine_counters

    original = kernel.control_handlers["shutdown_request"]

    async def shutdown_request(*args: Any, **kwargs: Any) -> Any:
        engine_counters.set_leaving()
        return await original(*args, **kwargs)

    kernel.control_handlers["shutdown_request"] = shutdown_request


ROLES: dict[str, Callable[[dict[str, Any]], None]] = {
    "controller": run_controller,
    "engine": _run_engine,
    "engine-set": run_engine_set,
}
