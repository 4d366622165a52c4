"""Engine sets: engines that one of ipyparallel's launchers starts (MPI, SSH, Slurm and others).

A set has one process of ours, which drives the launcher with the profile's configuration
and lives as long as the set: ipyparallel's launchers block, and keep what they know in memory.
Told to end (SIGTERM), it stops the launcher.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
from pathlib import Path
from typing import Any

SET_VARIABLE = "PARFLOW_ENGINE_SET"
"""By it engines tell, when they are asked, to which set they belong."""


def run_engine_set(spec: dict[str, Any]) -> None:
    """Start the engines that a ProcessSpec (as a dict) describes; return when all have ended."""
    asyncio.run(_drive(spec))


async def _drive(spec: dict[str, Any]) -> None:
    from ipyparallel.cluster.launcher import BatchSystemLauncher

    launcher = _make_launcher(spec)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    asked_to_end = asyncio.Event()

    def end() -> None:
        asked_to_end.set()
        ended.set()

    loop.add_signal_handler(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        await _finished(launcher.start(spec["settings"]["EngineSet"]["n"]))
        launcher.on_stop(lambda data: ended.set())
        await ended.wait()
        if asked_to_end.is_set():
            await _finished(launcher.stop())
            return
    finally:
        if isinstance(launcher, BatchSystemLauncher):
            Path(launcher.batch_file).unlink(missing_ok=True)
    code = (launcher.stop_data or {}).get("exit_code")
    raise SystemExit(code if isinstance(code, int) and 0 < code < 256 else 0 if code == 0 else 1)


async def _finished(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _make_launcher(spec: dict[str, Any]) -> Any:
    from ipyparallel.cluster.launcher import (
        BatchSystemLauncher,
        LocalProcessLauncher,
        SSHLauncher,
        find_launcher_class,
    )

    chosen = find_launcher_class(spec["settings"]["EngineSet"]["launcher"], "engine")
    launcher = chosen(
        config=_profile_config(Path(spec["profile_dir"])),
        profile_dir=spec["profile_dir"],
        cluster_id=spec["cluster_id"],
        engine_set_id=spec["uuid"][:8],
        work_dir=spec["cwd"],
    )
    if isinstance(launcher, BatchSystemLauncher):
        # Theirs has one name for all sets, in the folder of who asked.
        launcher.batch_file = str(Path(spec["log"]).with_suffix(".batch"))
    searched = [*spec["path"], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    launcher.environment = {
        **launcher.environment,
        "IPP_CONNECTION_INFO": json.dumps(spec["connection"]),
        "PYTHONPATH": os.pathsep.join(entry for entry in searched if entry),
        SET_VARIABLE: spec["uuid"],
    }
    if isinstance(launcher, LocalProcessLauncher) and not isinstance(launcher, SSHLauncher):
        # Theirs is removed when the engines end, which is when one wants to read it.
        launcher.output_file = spec["log"]
        launcher.get_output = lambda remove=False: ""
    return launcher


def _profile_config(profile_dir: Path) -> Any:
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    name = "ipcluster_config.py"
    if not (profile_dir / name).is_file():
        return Config()
    return PyFileConfigLoader(name, path=str(profile_dir)).load_config()
