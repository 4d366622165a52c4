"""Every error this package raises on purpose.

::

    ParflowError
    ├── InvalidInputError (ValueError)
    │   ├── EngineCountError
    │   ├── ProfileNameError
    │   ├── UnequalLengthsError
    │   └── UnknownFieldError
    ├── NotFoundError (LookupError)
    │   ├── ProfileNotFoundError
    │   ├── EngineNotFoundError
    │   ├── OperationNotFoundError
    │   ├── RunNotFoundError
    │   └── TaskNotFoundError (IndexError)
    ├── ConflictError
    │   ├── CleanupNeededError
    │   ├── ClusterBusyError
    │   ├── DetachRefusedError
    │   ├── ShutdownRefusedError
    │   └── TaskEndedError (IndexError)
    ├── ClusterError
    │   ├── SupervisorError
    │   │   └── ProtocolMismatchError
    │   ├── ControllerStartError
    │   ├── ControllerSilentError
    │   ├── EngineStartError
    │   ├── StartRefusedError
    │   └── NoEnginesError
    ├── MapError
    │   ├── CannotShipError (TypeError)
    │   ├── ItemError
    │   │   └── ItemTimeoutError (TimeoutError)
    │   ├── EngineLostError
    │   ├── MissingLibraryError (ImportError)
    │   └── SchemeUnavailableError
    ├── CheckpointError
    │   └── CheckpointDiskError
    ├── TaskError
    │   ├── TaskAbortedError
    │   ├── TaskUnmetError
    │   └── TaskWaitError (TimeoutError)
    ├── PipelineError
    │   ├── PipelineCheckError
    │   └── DocumentError (ValueError)
    └── MagicError (ValueError)

The message of each says what was wrong, with the offending value, and what to
do. ``reason`` is the same fact for programs: a short slug that never changes,
which the REST form carries next to the message. This package imports nothing
else of ours.
"""

from __future__ import annotations

from parflow_jupyter.errors.base import (
    ParflowError,
    Problem,
)
from parflow_jupyter.errors.clusters import (
    ClusterError,
    ControllerSilentError,
    ControllerStartError,
    EngineStartError,
    NoEnginesError,
    ProtocolMismatchError,
    StartRefusedError,
    SupervisorError,
)
from parflow_jupyter.errors.magics import (
    MagicError,
)
from parflow_jupyter.errors.maps import (
    CannotShipError,
    CheckpointDiskError,
    CheckpointError,
    EngineLostError,
    ItemError,
    ItemTimeoutError,
    MapError,
    MissingLibraryError,
    SchemeUnavailableError,
    TaskAbortedError,
    TaskError,
    TaskUnmetError,
    TaskWaitError,
    _rebuild_item_error,
)
from parflow_jupyter.errors.pipelines import (
    DocumentError,
    PipelineCheckError,
    PipelineError,
)
from parflow_jupyter.errors.requests import (
    CleanupNeededError,
    ClusterBusyError,
    ConflictError,
    DetachRefusedError,
    EngineCountError,
    EngineNotFoundError,
    InvalidInputError,
    NotFoundError,
    OperationNotFoundError,
    ProfileNameError,
    ProfileNotFoundError,
    RunNotFoundError,
    ShutdownRefusedError,
    TaskEndedError,
    TaskNotFoundError,
    UnequalLengthsError,
    UnknownFieldError,
)

__all__ = [
    "CannotShipError",
    "CheckpointDiskError",
    "CheckpointError",
    "CleanupNeededError",
    "ClusterBusyError",
    "ClusterError",
    "ConflictError",
    "ControllerSilentError",
    "ControllerStartError",
    "DetachRefusedError",
    "DocumentError",
    "EngineCountError",
    "EngineLostError",
    "EngineNotFoundError",
    "EngineStartError",
    "InvalidInputError",
    "ItemError",
    "ItemTimeoutError",
    "MagicError",
    "MapError",
    "MissingLibraryError",
    "NoEnginesError",
    "NotFoundError",
    "OperationNotFoundError",
    "ParflowError",
    "PipelineCheckError",
    "PipelineError",
    "Problem",
    "ProfileNameError",
    "ProfileNotFoundError",
    "ProtocolMismatchError",
    "RunNotFoundError",
    "SchemeUnavailableError",
    "ShutdownRefusedError",
    "StartRefusedError",
    "SupervisorError",
    "TaskAbortedError",
    "TaskEndedError",
    "TaskError",
    "TaskNotFoundError",
    "TaskUnmetError",
    "TaskWaitError",
    "UnequalLengthsError",
    "UnknownFieldError",
]

# People see, and pickles keep, the one name by which all of them are imported.
for _known in (*map(globals().__getitem__, __all__), _rebuild_item_error):
    _known.__module__ = __name__
