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
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SET_VARIABLE = "PARFLOW_ENGINE_SET"
"""By it engines tell, when they are asked, to which set they belong."""
_SENDING = ("SSHEngineLauncher", "SSHProxyEngineSetLauncher")
PLACE_VARIABLE = "PARFLOW_ENGINE_PLACE"
"""By it they tell on which of the profile's hosts they were started."""


def run_engine_set(spec: dict[str, Any]) -> None:
    """Start the engines that a ProcessSpec (as a dict) describes; return when all have ended."""
    asyncio.run(_drive(spec))


class _AskedToEnd(BaseException):
    """Raised in the middle of a start, which may block: no ``except Exception`` may catch it."""


async def _drive(spec: dict[str, Any]) -> None:
    from ipyparallel.cluster.launcher import BatchSystemLauncher

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt_start)
    launcher = _make_launcher(spec)
    try:
        await _start(launcher, spec["settings"]["EngineSet"])
        await _wait_end(launcher)
    except _AskedToEnd:
        await _stop_started(launcher)
        return
    finally:
        if isinstance(launcher, BatchSystemLauncher):
            Path(launcher.batch_file).unlink(missing_ok=True)
    code = (launcher.stop_data or {}).get("exit_code")
    raise SystemExit(code if isinstance(code, int) and 0 < code < 256 else 0 if code == 0 else 1)


def _interrupt_start(number: int, frame: Any) -> None:
    # Once is enough: what was started already is being stopped from now on.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _AskedToEnd


async def _wait_end(launcher: Any) -> None:
    """Return when all engines have ended.

    Raises:
        _AskedToEnd: This process was asked to end.
    """
    ended = asyncio.Event()
    asked: list[bool] = []

    def end() -> None:
        asked.append(True)
        ended.set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    launcher.on_stop(lambda data: ended.set())
    await ended.wait()
    if asked:
        raise _AskedToEnd


async def _start(launcher: Any, settings: Mapping[str, Any]) -> None:
    try:
        check_places(launcher, settings["n"])
        await _finished(launcher.start(settings["n"]))
    except Exception as error:
        # To the log, whose end is told to who asked: after what the launcher's command said.
        said = f"{type(error).__name__}: {error}".strip(": ")
        sys.stderr.write(f"The launcher {settings['launcher']!r} could not start: {said}\n")
        await _stop_started(launcher)
        raise SystemExit(1) from None


def check_places(launcher: Any, n: int) -> None:
    """Refuse more engines than the hosts of a profile have places for.

    Raises:
        ValueError: They have fewer, or there is no host.
    """
    engines = getattr(launcher, "engines", None)
    if engines is None:
        return
    places = sum(given.get("n", 1) for given in engines.values())
    if places < n:
        hosts = ", ".join(engines) or "none"
        raise ValueError(
            f"the profile has places for {places} engines, and {n} were asked for: name more "
            f"hosts (now: {hosts}) or higher numbers in c.SSHEngineSetLauncher.engines of "
            f"ipcluster_config.py"
        )


async def _stop_started(launcher: Any) -> None:
    """Stop what runs of a set, of which the rest may never have been started."""
    launchers = getattr(launcher, "launchers", None)
    if launchers is not None:
        for key in [key for key, one in launchers.items() if not one.running]:
            del launchers[key]
    elif not launcher.running:
        return
    try:
        await _finished(launcher.stop())
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        sys.stderr.write(f"The launcher could not stop all engines: {said}\n")


async def _finished(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _make_launcher(spec: dict[str, Any]) -> Any:
    from ipyparallel.cluster import launcher as theirs

    settings = spec["settings"]["EngineSet"]
    chosen = theirs.find_launcher_class(settings["launcher"], "engine")
    launcher = chosen(
        config=_profile_config(Path(spec["profile_dir"])),
        profile_dir=spec["profile_dir"],
        cluster_id=spec["cluster_id"],
        engine_set_id=spec["uuid"][:8],
        work_dir=spec["cwd"],
    )
    searched = [*spec["path"], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    told = {
        "PYTHONPATH": os.pathsep.join(entry for entry in searched if entry),
        SET_VARIABLE: spec["uuid"],
    }
    launcher.environment = {**launcher.environment, **told}
    if isinstance(launcher, theirs.BatchSystemLauncher):
        _prepare_batch(launcher, spec, told)
        return launcher
    launcher.environment["IPP_CONNECTION_INFO"] = json.dumps(spec["connection"])
    if isinstance(launcher, theirs.SSHLauncher):
        _prepare_ssh(launcher, settings.get("place", ""))
    else:
        # Theirs is removed when the engines end, which is when one wants to read it.
        launcher.output_file = spec["log"]
        launcher.get_output = lambda remove=False: ""
    return launcher


def _prepare_batch(launcher: Any, spec: dict[str, Any], told: dict[str, str]) -> None:
    """Let a job find the cluster by its profile: queues show a job's environment to everyone."""
    from ipyparallel.cluster.launcher import HTCondorLauncher

    # Theirs has one name for all sets, in the folder of who asked.
    launcher.batch_file = str(Path(spec["log"]).with_suffix(".batch"))
    # Their LSF launcher passes this process's environment on, and nothing else.
    os.environ.update(launcher.get_env())
    if isinstance(launcher, HTCondorLauncher) and not (
        launcher.batch_template or launcher.batch_template_file
    ):
        # HTCondor passes no environment on unless the job's description says so.
        lines = f"environment = {condor_environment(told)}\n"
        launcher.default_template = launcher.default_template.rstrip("\n") + "\n" + lines
        launcher.engine_args = [
            f"--profile-dir={spec['profile_dir']}",
            *([f"--cluster-id={spec['cluster_id']}"] if spec["cluster_id"] else []),
            *launcher.engine_args,
        ]


def condor_environment(variables: Mapping[str, str]) -> str:
    """Return variables as a job description wants them; source: condor_submit(1), environment.

    Braces are doubled, as ipyparallel's templates need it.

    Example:
        >>> print(condor_environment({"A": "1", "B": "it's {2}"}))
        "A='1' B='it''s {{2}}'"
    """
    pairs = (f"{name}='" + value.replace("'", "''") + "'" for name, value in variables.items())
    joined = " ".join(pairs).replace('"', '""')
    return '"' + joined.replace("{", "{{").replace("}", "}}") + '"'


def _prepare_ssh(launcher: Any, place: str) -> None:
    """Tell each engine its place among the profile's hosts; start at one of them when it is given.

    What engines must know travels with the command that starts them. ipyparallel would copy
    the connection files, the clients' among them, to every host and leave them there.
    """
    for name in _SENDING:
        if not any("to_send" in launcher.config[above] for above in ("SSHLauncher", name)):
            launcher.config[name].to_send = []
            if type(launcher).__name__ == name:
                launcher.to_send = []
    if hasattr(launcher, "engines"):
        launcher.engines = hosts_with_places(launcher.engines, launcher.environment, place)


def hosts_with_places(
    engines: Mapping[str, Any], environment: Mapping[str, str], place: str = ""
) -> dict[str, dict[str, Any]]:
    """Return ``SSHEngineSetLauncher.engines`` with the name of each host in its environment.

    Args:
        engines: Number or settings of engines, by host.
        environment: What all of them get.
        place: Only this host, with one engine; empty for all as configured.

    Example:
        >>> hosts_with_places({"a": 2, "b": {"n": 3}}, {}, place="b")
        {'b': {'n': 1, 'environment': {'PARFLOW_ENGINE_PLACE': 'b'}}}
    """
    found: dict[str, dict[str, Any]] = {}
    for host, given in engines.items():
        settings = dict(given) if isinstance(given, Mapping) else {"n": given}
        own = {**environment, **settings.get("environment", {}), PLACE_VARIABLE: host}
        if place in ("", host):
            found[host] = {**settings, "environment": own, **({"n": 1} if place else {})}
    return found


def _profile_config(profile_dir: Path) -> Any:
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    name = "ipcluster_config.py"
    if not (profile_dir / name).is_file():
        return Config()
    return PyFileConfigLoader(name, path=str(profile_dir)).load_config()
