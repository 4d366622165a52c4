"""IPython profiles: which there are, where they are, and how to make one."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parflow_jupyter._system.private_files import private_folder
from parflow_jupyter.errors import (
    ClusterError,
    InvalidInputError,
    ProfileNameError,
    ProfileNotFoundError,
)

DEFAULT = "default"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


def check_profile_name(name: object) -> str:
    """Return the name when it is one that can't leave the profile folder.

    Raises:
        ProfileNameError: It is empty, too long, or holds other characters.

    Example:
        >>> check_profile_name("simulation-2")
        'simulation-2'
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ProfileNameError(name)
    return name


def check_cluster_id(cluster_id: object) -> str:
    """Return the cluster id when it can be part of a file name; the empty one is usual.

    Raises:
        InvalidInputError: It holds other characters than a profile name may.
    """
    if cluster_id == "":
        return ""
    if not isinstance(cluster_id, str) or not _NAME.fullmatch(cluster_id):
        raise InvalidInputError(
            f"{cluster_id!r} is no cluster id: use letters, digits, '.', '_' and '-', "
            f"or leave it empty."
        )
    return cluster_id


def ipython_dir() -> Path:
    """Return IPython's folder; source: IPython.paths.get_ipython_dir, which honours IPYTHONDIR.

    IPython itself makes a new temporary folder at each call where this one can't be written.
    """
    return Path(os.path.normpath(os.path.expanduser(os.environ.get("IPYTHONDIR") or "~/.ipython")))


def profile_path(name: str) -> Path:
    """Return where a profile of this name is, or would be."""
    return ipython_dir() / f"profile_{check_profile_name(name)}"


def profile_names() -> list[str]:
    """Return the names of all profiles; 'default' is always among them, as it is made on use."""
    folder = ipython_dir()
    found = {
        path.name.removeprefix("profile_")
        for path in (folder.glob("profile_*") if folder.is_dir() else ())
        if path.is_dir() and _NAME.fullmatch(path.name.removeprefix("profile_"))
    }
    return [DEFAULT, *sorted(found - {DEFAULT})]


def _make(name: str) -> Path:
    path = profile_path(name)
    with _writing_in(path):
        from IPython.core import profiledir

        path.parent.mkdir(parents=True, exist_ok=True)
        make: Any = profiledir.ProfileDir.create_profile_dir
        profile = make(str(path))
    return Path(profile.location)


@contextlib.contextmanager
def _writing_in(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ClusterError(unwritable_text(path, error)) from error


def unwritable_text(path: Path, error: OSError) -> str:
    """Say that a profile's folder can't be written, and what to do."""
    return (
        f"Can't write in the profile folder {path}: {error.strerror}. Free some space there, or "
        f"set IPYTHONDIR to a folder of yours that can be written."
    )


def create_profile(name: str) -> Path:
    """Make a profile with its folders and return its path.

    Raises:
        ProfileNameError: The name can't be used.
        InvalidInputError: There is such a profile already.
    """
    if profile_path(name).is_dir():
        raise InvalidInputError(f"There is a profile named {name!r} already: choose another name.")
    return _make(name)


def find_profile(name: str) -> Path:
    """Return the folder of a profile, writing nothing; that of 'default' may not exist yet.

    Raises:
        ProfileNameError: The name can't be used.
        ProfileNotFoundError: There is no such profile.
    """
    path = profile_path(name)
    if path.is_dir() or name == DEFAULT:
        return path
    raise ProfileNotFoundError(name, profile_names())


def locate_profile(name: str) -> Path:
    """Return the folder of a profile, ready to be used; 'default' is created when missing.

    Raises:
        ProfileNameError: The name can't be used.
        ProfileNotFoundError: There is no such profile.
    """
    path = find_profile(name)
    make_usable(path)
    return path


def make_usable(path: Path) -> None:
    """Make what a cluster needs of a profile's folder, where it is missing.

    Raises:
        ClusterError: The folder can't be written.
    """
    if not path.is_dir():
        _make(path.name.removeprefix("profile_"))
    with _writing_in(path):
        for sub in ("security", "log"):
            private_folder(path / sub)


def configured_launcher(profile_dir: Path) -> str | None:
    """Return the engine launcher that a profile configures for ipyparallel, None for none or local.

    Source: ``c.Cluster.engine_launcher_class`` of ``ipcluster_config.py``.

    Raises:
        InvalidInputError: The profile's file can't be read.
    """
    path = profile_dir / "ipcluster_config.py"
    if not path.is_file():
        return None
    from traitlets.config import loader

    read: Any = loader.PyFileConfigLoader(path.name, path=str(profile_dir))
    try:
        config = read.load_config()
    except Exception as error:
        raise InvalidInputError(
            f"{path} can't be read ({type(error).__name__}: {error}): put it right."
        ) from error
    chosen = config["Cluster"].get("engine_launcher_class", "")
    name = getattr(chosen, "__name__", str(chosen)).rpartition(".")[2]
    short = name.lower().removesuffix("launcher").removesuffix("engineset")
    return None if short.startswith("local") else short or None
