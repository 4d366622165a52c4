"""An SSH server of a test's own, with throw-away keys, on a free port of this host."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ports import next_port
from process_helpers import wait_until

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
IS_INSTALLED = None not in (SSHD, shutil.which("ssh"), shutil.which("ssh-keygen"))

_SSHD_CONFIG = """
Port {port}
ListenAddress 127.0.0.1:{port}
HostKey {folder}/hostkey
AuthorizedKeysFile {folder}/userkey.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PidFile none
SetEnv PATH={path}
Subsystem sftp internal-sftp
MaxStartups 50:30:100
"""
_SSH_CONFIG = """
Host there yonder
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/userkey
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
  BatchMode yes
  ControlMaster auto
  ControlPath {folder}/%n
  ControlPersist 10
"""


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _write_configuration(folder: Path, port: int) -> None:
    folder.mkdir(mode=0o700)
    for name in ("hostkey", "userkey"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, timeout=20)
    path = f"{os.path.dirname(sys.executable)}:/usr/bin:/bin"
    for name, text in (("sshd.conf", _SSHD_CONFIG), ("ssh.conf", _SSH_CONFIG)):
        (folder / name).write_text(text.format(port=port, folder=folder, path=path))
    key = (folder / "hostkey.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}")
    if os.getuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)


def profile_text(folder: Path, remote: Path) -> str:
    """Return the configuration of a profile that starts engines on the server."""
    lines = [
        "c.SSHEngineSetLauncher.engines = {'there': 1, 'yonder': {'n': 1}}",
        f"c.SSHLauncher.remote_profile_dir = '{remote}'",
        f"c.SSHLauncher.remote_python = '{sys.executable}'",
        "c.SSHProxyEngineSetLauncher.hostname = 'there'",
        f"c.SSHLauncher.ssh_args = ['-F', '{folder}/ssh.conf']",
        f"c.SSHLauncher.scp_args = ['-F', '{folder}/ssh.conf']",
    ]
    return "\n".join(lines)


@contextlib.contextmanager
def ssh_server(folder: Path) -> Iterator[str]:
    """Run the server; yield why one can't log in, empty when one can."""
    port = next_port()
    _write_configuration(folder, port)
    log = folder / "sshd.log"
    server = subprocess.Popen([str(SSHD), "-D", "-f", folder / "sshd.conf", "-E", log])
    ssh = ["ssh", "-F", str(folder / "ssh.conf")]
    try:
        assert wait_until(lambda: _is_open(port), 10), log.read_text()
        login = subprocess.run([*ssh, "there", "true"], stderr=subprocess.DEVNULL, timeout=20)
        yield "" if login.returncode == 0 else log.read_text()[-200:]
    finally:
        for host in ("there", "yonder"):
            subprocess.run([*ssh, "-O", "exit", host], capture_output=True, timeout=20)
        server.terminate()
        server.wait(10)
