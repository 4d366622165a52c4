"""IPython's task interface: pieces of work that any engine may take, retried and recovered."""

from __future__ import annotations

from .decorator import ParallelFunction
from .engines import Ended, Engines
from .model import MapTask, StringTask, Task
from .queue import TaskQueue
from .results import TaskInfo, TaskResult

__all__ = [
    "Ended",
    "Engines",
    "MapTask",
    "ParallelFunction",
    "StringTask",
    "Task",
    "TaskInfo",
    "TaskQueue",
    "TaskResult",
]
