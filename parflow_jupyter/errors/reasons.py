"""The reasons of problems: the same for programs, whatever the words; they never change.

docs/rest.md says what each means.
"""

from __future__ import annotations

CONTROLLER_ENDED = "controller-ended"
CONTROLLER_HANDED_OVER = "controller-handed-over"
CONTROLLER_SILENT = "controller-silent"
ENGINE_ENDED = "engine-ended"
ENGINE_START_FAILED = "engine-start-failed"
ENGINE_UNRESPONSIVE = "engine-unresponsive"
ENGINES_LATE = "engines-late"
LAUNCHER_ENDED = "launcher-ended"
LEFT_RUNNING = "left-running"
LOG_UNWRITABLE = "log-unwritable"
NOT_ENCRYPTED = "not-encrypted"
OTHER_PACKAGE = "other-package"
OTHER_PYTHON = "other-python"
OTHERS_LOST_CONTROLLER = "others-lost-controller"
RECORD_UNTRUSTED = "record-untrusted"
RECORD_UNWRITABLE = "record-unwritable"
