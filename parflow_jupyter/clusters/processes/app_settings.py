"""How ipyparallel's applications get our settings: below those of the profile."""

from __future__ import annotations

from typing import Any


def below_profile(app: Any, settings: dict[str, Any]) -> None:
    """Give an application settings that its profile's files, loaded later, go before."""
    from traitlets.config import Config

    app.update_config(Config(settings))


def arguments_of(spec: dict[str, Any]) -> list[str]:
    """Return the arguments that name a spec's profile and cluster id (pure).

    Example:
        >>> arguments_of({"profile_dir": "/p", "cluster_id": "big"})
        ['--profile-dir=/p', '--cluster-id=big']
    """
    arguments = [f"--profile-dir={spec['profile_dir']}"]
    return [*arguments, f"--cluster-id={spec['cluster_id']}"] if spec["cluster_id"] else arguments
