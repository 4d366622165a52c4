"""IPython's task interface: pieces of work that any engine may take, retried and recovered."""

from __future__ import annotations

from parflow_jupyter.tasks.decorator import ParallelFunction
from parflow_jupyter.tasks.engines import Ended, Engines
from parflow_jupyter.tasks.model import MapTask, StringTask, Task
from parflow_jupyter.tasks.queue import TaskQueue
from parflow_jupyter.tasks.results import TaskInfo, TaskResult

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
