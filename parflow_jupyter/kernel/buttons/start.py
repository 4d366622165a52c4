"""A button in the notebook that starts engines, where a question would reach nobody.

The display is plain text, and data that this package's part of JupyterLab and Notebook draws as
a button. Where that part is missing (a terminal, nbconvert, another front end), the text says
what to do. Pressing the button opens a comm, so that the kernel itself starts the engines: in its
own Python, folder and path.
"""

from __future__ import annotations

from typing import Any

from parflow_jupyter._system.shell import own_shell
from parflow_jupyter.errors import ParflowError
from parflow_jupyter.events import Event, OperationChanged
from parflow_jupyter.wiring import process

MIME = "application/vnd.parflow.start-engines+json"
TARGET = "parflow.start-engines"
TEXT = "Start engines: call parflow_jupyter.start_engines(), then run this again."


def show(shell: Any = None) -> bool:
    """Show the button in the output of what runs now.

    Args:
        shell: The interactive shell; that of this process if None.

    Returns:
        Whether there is a notebook to show it in.

    Example:
        >>> show()
        False
    """
    kernel = getattr(shell or own_shell(), "kernel", None)
    if kernel is None or not hasattr(kernel, "comm_manager"):
        return False
    from IPython.display import display

    kernel.comm_manager.register_target(TARGET, _pressed)
    display({MIME: {"version": 1}, "text/plain": TEXT}, raw=True)  # type: ignore[no-untyped-call,unused-ignore]
    return True


def _pressed(comm: Any, message: Any) -> None:
    """Start one engine per core, and tell the button how far that is."""

    def tell(event: Event) -> None:
        if isinstance(event, OperationChanged):
            comm.send({"state": "running", "done": event.done, "total": event.total})

    clusters = process.current.clusters()
    try:
        info = clusters.info()
        if info.engines_total == 0:
            info = clusters.start_engines(listener=tell)
        comm.send({"state": "done", "engines": info.engines_total})
    except ParflowError as error:
        comm.send({"state": "failed", "message": str(error)})
    except KeyboardInterrupt:
        comm.send({"state": "failed", "message": "The start was interrupted."})
    finally:
        comm.close()
