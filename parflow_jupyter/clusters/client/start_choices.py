"""What a start can choose from: how many engines, and by which launcher."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parflow_jupyter._system.cpu_count import available_cores
from parflow_jupyter.clusters.files.profiles import configured_launcher
from parflow_jupyter.clusters.launchers import DEFAULT_LAUNCHER, is_on_this_host, launcher_names
from parflow_jupyter.clusters.protocol.engine_count import (
    default_limit,
    limit_of_start,
)

_COMMANDS = {
    "mpi": "mpiexec",
    "ssh": "ssh",
    "sshproxy": "ssh",
    "slurm": "sbatch",
    "pbs": "qsub",
    "sge": "qsub",
    "lsf": "bsub",
    "htcondor": "condor_submit",
}


@dataclass(frozen=True)
class LauncherChoice:
    """A launcher by name; ``note`` says what it seems to lack on this host, or is empty."""

    name: str
    note: str = ""


@dataclass(frozen=True)
class StartChoices:
    """What a start can choose from.

    ``default`` engines are started where no number is given, ``limit`` at most; ``launcher``
    is the one that is taken where none is named.

    Example:
        >>> StartChoices(2, 16, "local", [LauncherChoice("local")]).to_dict()["limit"]
        16
    """

    default: int
    limit: int
    launcher: str
    launchers: list[LauncherChoice]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def start_choices(profile_dir: Path) -> StartChoices:
    """Return what a start in a profile can choose from."""
    names = launcher_names()
    configured = configured_launcher(profile_dir)
    chosen = configured if configured in names else DEFAULT_LAUNCHER
    return StartChoices(
        default=min(available_cores(), default_limit()),
        limit=limit_of_start(is_on_this_host(chosen)),
        launcher=chosen,
        launchers=[LauncherChoice(name, note_on(name)) for name in names],
    )


def note_on(launcher: str) -> str:
    """Say what a launcher seems to lack on this host; a profile may name another command.

    Example:
        >>> note_on("local")
        ''
    """
    command = _COMMANDS.get(launcher)
    if command is None or shutil.which(command):
        return ""
    return f"{command} is not on the PATH of the Jupyter server"
