"""The handle that one asker has on its clusters: each call asks a supervisor, with a deadline."""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from parflow_jupyter.clusters.client.cleanup import CLEANUP_TIMEOUT, CleanupControl
from parflow_jupyter.clusters.client.rpc import Target, something_runs
from parflow_jupyter.clusters.client.session import ANSWER_TIMEOUT
from parflow_jupyter.clusters.client.start_options import start_options
from parflow_jupyter.clusters.client.subscription import Subscription
from parflow_jupyter.clusters.files.owners import (
    forget_owner,
    read_used,
    register_owner,
    write_current,
)
from parflow_jupyter.clusters.files.profiles import create_profile, find_profile
from parflow_jupyter.clusters.protocol.model import (
    CleanupMode,
    ClusterInfo,
    Operation,
    ProfileInfo,
)
from parflow_jupyter.clusters.protocol.start_options import StartOptions
from parflow_jupyter.clusters.protocol.tables import lost_text, started_here_text
from parflow_jupyter.errors import (
    CleanupNeededError,
    InvalidInputError,
    ParflowError,
)
from parflow_jupyter.events import Listener


class Clusters(CleanupControl):
    """What one asker (a notebook, a script, a server) can do with clusters. Thread-safe.

    Every call has a deadline. What is started belongs to the asker's owner and ends
    with it, unless it was detached.

    Args:
        kind: "server" registers this process as a server: its kernels share its current
            profile and what it started, and its crash leaves that running.

    Raises:
        InvalidInputError: ``kind`` is something else.
    """

    def __init__(self, *, kind: Literal["server", "process"] = "process") -> None:
        super().__init__(kind)
        self._subscriptions: list[Subscription] = []
        self._pid = os.getpid()
        if kind == "server":
            register_owner(self._owner())
        atexit.register(self._close_at_exit)

    # --- starting --------------------------------------------------------------

    def begin_start_engines(
        self,
        n: int | None = None,
        *,
        profile: str | None = None,
        cluster_id: str = "",
        **how: Any,
    ) -> Operation:
        """Begin to start engines and return at once; see ``start_engines`` for the arguments."""
        target = self._target(profile, cluster_id)
        return self._begin_start(target, start_options(target.profile_dir, n, **how))

    def _begin_start(self, target: Target, options: StartOptions) -> Operation:
        params = options.to_dict()
        before = self.current()
        used = (str(target.profile_dir), target.cluster_id)
        # First: what is started where that can't be written down would be forgotten.
        write_current(self._owner(), target.profile, target.cluster_id, used)
        try:
            answer = self._ask(target, "start_engines", params, timeout=ANSWER_TIMEOUT, start=True)
        except ParflowError:
            write_current(self._owner(), *before)
            raise
        return Operation.from_dict(answer)

    def start_engines(
        self,
        n: int | None = None,
        *,
        launcher: str | None = None,
        profile: str | None = None,
        cluster_id: str = "",
        python: str | None = None,
        cwd: str | None = None,
        path: list[str] | None = None,
        restart: str | None = None,
        wait: bool = True,
        timeout: float = 60,
        listener: Listener | None = None,
    ) -> ClusterInfo:
        """Start engines, and a controller when none runs; return what runs then.

        Args:
            n: How many; None is one per available core.
            launcher: Name of a launcher; None is the local one.
            profile: Profile to start from; None is the current one. It becomes current.
            cluster_id: Tells clusters of one profile apart.
            python: Interpreter of the engines; None is this process's.
            cwd: Their folder; None is this process's.
            path: Entries put before their ``sys.path``; None are this process's own ones.
            restart: Whether engines that die are started again: "never", "on-failure" (up to 3
                times each) or "on-failure:N"; None is what ``PARFLOW_RESTART`` says, else never.
            wait: False returns before the engines have registered.
            timeout: Seconds for all engines to register.
            listener: Gets an OperationChanged as each engine registers.

        Raises:
            InvalidInputError: A bad argument.
            ControllerSilentError, ControllerStartError, EngineStartError: No controller, or
                not one engine, came up. If only some engines fail, ``problems`` has them.
        """
        target = self._target(profile, cluster_id)
        options = start_options(
            target.profile_dir,
            n,
            launcher=launcher,
            python=python,
            cwd=cwd,
            path=path,
            restart=restart,
            timeout=timeout,
        )
        operation = self._begin_start(target, options)
        if wait:
            operation = self._wait(target, operation, timeout + 60, listener)
        info = self.info(target.profile, target.cluster_id)
        known = [problem for problem in operation.problems if problem not in info.problems]
        return replace(info, problems=[*info.problems, *known])

    def subscribe(
        self, listener: Listener, profile: str | None = None, cluster_id: str = ""
    ) -> Callable[[], None]:
        """Call ``listener`` from a daemon thread with each event of a cluster; return the end.

        Events are ClusterChanged, OperationChanged and EngineExited. The cluster need
        not run yet; supervisors that come up later are followed, too.
        """
        target = self._target(profile, cluster_id)
        subscription = Subscription(target, self._owner(), listener)
        with self._lock:
            self._subscriptions.append(subscription)

        def unsubscribe() -> None:
            subscription.close()
            with self._lock, contextlib.suppress(ValueError):
                self._subscriptions.remove(subscription)

        return unsubscribe

    # --- changing and ending -------------------------------------------------------

    def create_profile(self, name: str) -> ProfileInfo:
        """Create a profile.

        Raises:
            ProfileNameError, InvalidInputError: The name can't be used, or is taken.
        """
        return ProfileInfo(name, str(create_profile(name)), running=False, current=False)

    def change_profile(self, name: str, *, cleanup: CleanupMode | None = None) -> ClusterInfo:
        """Make another profile current; return what runs of its cluster.

        Args:
            name: An existing profile.
            cleanup: What becomes of processes started here: "terminate" or "detach".

        Raises:
            ProfileNameError, ProfileNotFoundError: There is no such profile.
            CleanupNeededError: Processes were started here and ``cleanup`` is None; nothing
                was changed. Its details tell how many ``engines``, whether the ``controller``,
                and how many engines of others would be ``lost`` with it.
            DetachRefusedError: What was started here would be ended all the same.
        """
        if cleanup not in (None, "terminate", "detach"):
            raise InvalidInputError(f"cleanup={cleanup!r}: use 'terminate' or 'detach'.")
        find_profile(name)
        current, current_id = self.current()
        if (name, "") != (current, current_id):
            self._clean_before_change(cleanup)
            write_current(self._owner(), name, "")
        return self.info(name)

    def _clean_before_change(self, cleanup: CleanupMode | None) -> None:
        info = self.info()
        controller = info.controller is not None and info.controller.started_here
        if not controller and not info.engines_started_here:
            return
        if cleanup is None:
            started = started_here_text(info.engines_started_here, controller)
            started += lost_text(info.lost_by_cleanup)
            raise CleanupNeededError(
                f"{started} Before the profile {info.profile!r} is left, say what becomes of "
                f"that: 'terminate' ends it, 'detach' leaves it running.",
                engines=info.engines_started_here,
                controller=controller,
                lost=info.lost_by_cleanup,
            )
        self._check_mode(cleanup)
        self._clean(self._target(None, ""), cleanup)

    # --- the end ---------------------------------------------------------------------

    def close(self, *, crashed: bool = False) -> None:
        """End this asker: what it started stops, unless it was detached.

        A kernel of a registered server only leaves: what it started belongs to the server.

        Args:
            crashed: Leave what a server started running, on a lease, as after its crash.
        """
        with self._lock:
            if self._is_closed:
                return
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            subscription.close()
        owner = self._owner()
        if owner.identity.pid == os.getpid():
            targets: list[Target] = []
            with contextlib.suppress(ParflowError, OSError):
                targets = self._used_targets()
            for target in targets:
                with contextlib.suppress(ParflowError, OSError):
                    self._release(target, crashed)
            forget_owner(owner)
        self._is_closed = True
        atexit.unregister(self._close_at_exit)

    def _release(self, target: Target, crashed: bool) -> None:
        params = {"crashed": crashed}
        # Were the supervisor killed meanwhile, nobody else would end what was started.
        used = (str(target.profile_dir), target.cluster_id) in read_used(self._owner())
        start = used and something_runs(target)
        self._ask(target, "release_owner", params, timeout=CLEANUP_TIMEOUT, start=start)

    def _close_at_exit(self) -> None:
        # A forked child has this handle, too, but did not start anything.
        if os.getpid() == self._pid:
            with contextlib.suppress(ParflowError):
                self.close()
