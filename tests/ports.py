"""Ports for servers of tests, which nobody takes between the moment they are found and bound."""

import itertools
import os
import random
import socket

# Below what systems give to whoever asks for any port; source: IANA, Linux ip_local_port_range.
_FIRST, _LAST, _SHARE = 11_000, 32_000, 3_500
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 6
_begin = _FIRST + _worker * _SHARE
_rings = itertools.count(random.randrange(_SHARE))


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def next_port():
    """Return a port that is free and that no other test of this run gets."""
    for _ in range(_SHARE):
        port = _begin + next(_rings) % _SHARE
        if _is_free(port):
            return port
    raise AssertionError("no port is free")


def controller_ports():
    """Return the ports of one ipyparallel controller, as its option."""
    return "--IPController.ports=" + ",".join(str(next_port()) for _ in range(24))
