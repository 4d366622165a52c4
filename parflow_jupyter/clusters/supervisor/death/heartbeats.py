"""How long controller and engines wait for a heartbeat of each other until they give up.

How the controller beats is in processes/heart_monitor.py.
"""

from __future__ import annotations

CONTROLLER_WAITS = {"period": 500, "max_heartmonitor_misses": 60}
"""Milliseconds between beats, and misses: many, so that a freeze of 30 s is survived."""

ENGINE_WAITS = {"max_heartbeat_misses": 180}
"""Checks of 1 s: an engine whose controller vanished ends after three minutes."""
