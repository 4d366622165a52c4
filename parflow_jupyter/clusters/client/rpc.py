"""An asker's side of the supervisor's socket: find it, start it when needed, ask it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parflow_jupyter._system.environment import allowed_environment
from parflow_jupyter._system.package_dir import IMPORT_ROOT
from parflow_jupyter._system.private_json import (
    believed,
    check_writable,
    read_private_json,
    record_path,
)
from parflow_jupyter._system.process import ProcessIdentity, is_alive
from parflow_jupyter._system.runtime_dir import (
    cluster_key,
    file_lock,
    host_name,
    runtime_dir,
    socket_path,
    supervisor_log,
    writing_in,
)
from parflow_jupyter.clusters.files.connection_files import presence
from parflow_jupyter.clusters.files.owners import Owner
from parflow_jupyter.clusters.protocol.wire import (
    MAX_LINE,
    PROTOCOL,
    check_known_method,
    decode,
    encode,
    error_from_dict,
)
from parflow_jupyter.clusters.supervisor import MAIN_MODULE
from parflow_jupyter.errors import SupervisorError

START_TIMEOUT = 20.0
CONNECT_TIMEOUT = 5.0

# As with "python -m", also where the package is not installed but came from the asker's folder.
_BOOT = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
sys.path.append({root!r})
from {main} import main
main(sys.argv[1:])
"""


@dataclass(frozen=True)
class Target:
    """The cluster that is asked for; the profile's folder exists."""

    profile_dir: Path
    cluster_id: str

    @property
    def key(self) -> str:
        """Name of the cluster in the runtime folder."""
        return cluster_key(self.profile_dir, self.cluster_id)

    @property
    def profile(self) -> str:
        """Name of the profile."""
        return self.profile_dir.name.removeprefix("profile_")


def read_record(target: Target) -> dict[str, Any] | None:
    """Return the cluster's record on this host, None when there is none to trust."""
    data, _ = read_private_json(record_path(target.profile_dir, target.cluster_id, host_name()))
    return data


def _identity(data: Any) -> ProcessIdentity | None:
    return believed(ProcessIdentity.from_dict, data)


def _socket_paths(target: Target) -> list[str]:
    """Return where the supervisor may listen: as its record says, and as it would by itself."""
    paths = [str(socket_path(target.key))]
    record = read_record(target)
    if record is not None and is_alive(_identity(record.get("supervisor"))):
        recorded = str(record.get("socket"))
        if recorded not in paths and _is_mine(recorded):
            paths.insert(0, recorded)
    return paths


def _is_mine(path: str) -> bool:
    with contextlib.suppress(OSError):
        return os.lstat(path).st_uid == os.getuid()
    return False


def something_runs(target: Target) -> bool:
    """Tell whether there is anything to ask about: a process of the record, or a controller."""
    record = read_record(target) or {}
    found = [_identity((item or {}).get("identity")) for item in record.get("processes") or []]
    if any(is_alive(identity) for identity in found):
        return True
    return presence(target.profile_dir, target.cluster_id) == "listening"


def connect(target: Target, timeout: float = CONNECT_TIMEOUT) -> socket.socket | None:
    """Return a connection to the cluster's supervisor, None when none listens."""
    found = (_connect(path, timeout) for path in _socket_paths(target))
    return next((connection for connection in found if connection is not None), None)


def _connect(path: str, timeout: float) -> socket.socket | None:
    deadline = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(path)
            return connection
        except BlockingIOError:
            # Somebody listens, but others are waiting already; source: connect(2), EAGAIN.
            connection.close()
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        except OSError:
            connection.close()
            return None


def ask_socket(path: Path, owner: Owner, method: str, *, timeout: float) -> Any:
    """Ask whoever listens on a socket; return the answer, or None when nobody does.

    Raises:
        SupervisorError: No answer within ``timeout`` seconds.
    """
    connection = _connect(str(path), timeout)
    if connection is None:
        return None
    try:
        return _converse(connection, request(owner, method), timeout)
    except OSError as error:
        raise SupervisorError(
            f"The supervisor at {path} did not answer {method!r} within {timeout:g} s: end its "
            f"process; the next one takes over what runs."
        ) from error


def _connect_or_start(target: Target) -> socket.socket:
    connection = connect(target)
    if connection is not None:
        return connection
    with file_lock(runtime_dir() / f"{target.key}.start.lock", START_TIMEOUT):
        return connect(target) or _start(target)


def _spawn(target: Target, log: Path) -> int | None:
    """Run the supervisor's first process, which forks and leaves; return its exit code."""
    boot = _BOOT.format(root=IMPORT_ROOT, main=MAIN_MODULE)
    # It is no child of ours, and it inherits no pipe, so that nobody waits for its end.
    with open(log, "ab") as output, contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run(
            [sys.executable, "-c", boot, str(target.profile_dir), target.cluster_id],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=allowed_environment(os.environ),
            cwd="/",
            start_new_session=True,
            timeout=START_TIMEOUT,
            check=False,
        ).returncode
    return None


def _start(target: Target) -> socket.socket:
    log = supervisor_log(target.key)
    with writing_in(log.parent):
        # Before it is started: it could tell nobody that it can't even write its log.
        check_writable(log.parent)
        log.touch(mode=0o600)
    code = _spawn(target, log)
    deadline = time.monotonic() + START_TIMEOUT
    while code == 0 and time.monotonic() < deadline:
        connection = connect(target)
        if connection is not None:
            return connection
        time.sleep(0.01)
    raise SupervisorError(
        f"The supervisor did not come up (exit code {code}): its log {log} ends with:\n{_tail(log)}"
    )


def _tail(log: Path, lines: int = 10) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""


def _read_line(connection: socket.socket, deadline: float) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(1 << 16)
        if not part or len(received) > MAX_LINE:
            raise ConnectionError("the supervisor ended the conversation")
        received += part
    return bytes(received)


def request(owner: Owner, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a request as it goes over the socket."""
    about = {"method": method, "protocol": PROTOCOL, "owner": owner.to_dict()}
    return {**about, "params": params or {}}


def _converse(connection: socket.socket, message: dict[str, Any], timeout: float) -> Any:
    deadline = time.monotonic() + timeout
    with connection:
        connection.settimeout(timeout)
        connection.sendall(encode(message))
        answer = decode(_read_line(connection, deadline))
    check_known_method(str(message["method"]), answer)
    if "error" in answer:
        raise error_from_dict(answer["error"])
    return answer["result"]


def ask(
    target: Target,
    owner: Owner,
    method: str,
    params: dict[str, Any] | None = None,
    *,
    timeout: float,
    start: bool = False,
) -> Any:
    """Ask the cluster's supervisor; return its answer, or None when none runs.

    Args:
        target: The cluster.
        owner: For whom is asked.
        method: One of the supervisor's methods, which needs ``params``.
        params: JSON-ready.
        timeout: Seconds to wait for the answer.
        start: Start a supervisor when none runs.

    Raises:
        SupervisorError: It did not come up, or not answer in time.
        ParflowError: What the supervisor answered.
    """
    message = request(owner, method, params)
    for _ in range(2):
        connection = _connect_or_start(target) if start else connect(target)
        if connection is None:
            return None
        try:
            return _converse(connection, message, timeout)
        except TimeoutError:
            raise _unanswered(target, f"did not answer {method!r} within {timeout:g} s") from None
        except ConnectionError:
            # It was just ending itself, so nothing was done: ask the next one.
            time.sleep(0.05)
    if not start:
        return None
    raise _unanswered(target, f"ended while it was asked {method!r}")


def _unanswered(target: Target, what: str) -> SupervisorError:
    return SupervisorError(
        f"The supervisor {what}: ask again; its log is {supervisor_log(target.key)}, and "
        f"'python -m parflow_jupyter doctor' tells its pid."
    )
