"""The builder: a pipeline drawn in the notebook, edited and run there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from parflow_jupyter._system.package_dir import PACKAGE_DIR
from parflow_jupyter.api import Pipeline as ToolboxPipeline
from parflow_jupyter.errors import (
    ConflictError,
    NotFoundError,
    ParflowError,
    PipelineCheckError,
    Problem,
)
from parflow_jupyter.kernel.builder.messages import apply_edit
from parflow_jupyter.kernel.builder.states import ModuleStates
from parflow_jupyter.pipelines import Pipeline, PipelineRun
from parflow_jupyter.pipelines.files.document import shown_dict
from parflow_jupyter.pipelines.model import Content
from parflow_jupyter.pipelines.running.resolve import check_error, checked
from parflow_jupyter.pipelines.running.tracebacks import without_ours

STATIC = Path(PACKAGE_DIR) / "static"


class PipelineBuilder(anywidget.AnyWidget):
    """A widget that shows a pipeline, and lets a person edit, run and stop it.

    Edits made there are made to the pipeline, and those made in Python are shown. A run
    works in a thread of its own, so that the kernel and the widget stay usable. Values
    never go to the front end, only ports, parameters and states.

    Args:
        pipeline: Shown and edited; an empty one by default.
        trust: Whether a run may import the functions that the pipeline's file names.

    Raises:
        NotFoundError: The front end was not built.
    """

    document = traitlets.Dict().tag(sync=True)
    states = traitlets.Dict().tag(sync=True)
    problems: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)

    # What close() needs also where __init__ did not get far.
    _cancel: threading.Event | None = None
    _unsubscribe: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, pipeline: Pipeline | None = None, *, trust: bool = False) -> None:
        self._esm, self._css = _built("builder.js"), _built("builder.css")
        self.pipeline = ToolboxPipeline() if pipeline is None else pipeline
        self._trust = trust
        # Traits are set by the kernel's thread and by the run's; both send by themselves,
        # because the kernel's loop may be blocked by a cell that waits for the run.
        self._guard = threading.RLock()
        self._thread: threading.Thread | None = None
        self._run: PipelineRun | None = None
        self._error: BaseException | None = None
        super().__init__()
        self.on_msg(_on_message)
        self.refresh()
        self._unsubscribe = self.pipeline.subscribe(self.refresh)

    @property
    def run(self) -> PipelineRun | None:
        """The last run that ended, as far as it came; None before the first."""
        return self._run

    def refresh(self) -> None:
        """Show the pipeline as it is now, and check it; done by itself after each edit."""
        self._show()

    def start(self) -> None:
        """Run the pipeline in the background, as the button does.

        Raises:
            ConflictError: It runs already.
            PipelineCheckError: It has problems; nothing was run.
        """
        with self._guard:
            if self.running:
                raise ConflictError("The pipeline runs already: wait for it, or stop it first.")
            problems = self._show()
            if problems and not self._trust:
                raise check_error(self.pipeline.name, problems)
            self._cancel, self._error, self._run = threading.Event(), None, None
            self.running, self.states = True, {}
            self._thread = threading.Thread(
                target=self._work,
                args=(self.pipeline.content(), self._cancel),
                name="parflow-builder",
                daemon=True,
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop the run: no further module or item starts; what finished is kept."""
        if self._cancel is not None:
            self._cancel.set()

    def wait(self, timeout: float = 60.0) -> PipelineRun | None:
        """Wait for the run to end; an interrupt stops it.

        Args:
            timeout: Seconds.

        Returns:
            The run, or None if none was started.

        Raises:
            TimeoutError: It still runs.
            Exception: What made the run fail, with ``pipeline_run`` holding what finished.
        """
        thread = self._thread
        if thread is not None:
            try:
                thread.join(timeout)
            except KeyboardInterrupt:
                self.stop()
                raise
            if thread.is_alive():
                raise TimeoutError(
                    f"The pipeline still runs after {timeout} s: wait longer, or call stop()."
                )
        if self._error is not None:
            raise self._error
        return self._run

    def close(self) -> None:
        """Stop the run and take the widget away."""
        self.stop()
        self._unsubscribe()
        super().close()

    def __repr__(self) -> str:
        return f"Builder of {self.pipeline!r}"

    def _show(self) -> list[Problem]:
        with self._guard:
            problems = self.pipeline.check()
            self.document = shown_dict(self.pipeline, self.pipeline.positions())
            self.problems = [problem.to_dict() for problem in problems]
            self.states = {id: s for id, s in self.states.items() if id in self.pipeline.modules}
            return problems

    def _work(self, content: Content, cancel: threading.Event) -> None:
        board = ModuleStates(self._show_states)
        try:
            # Imports may take long, and make problems of their own; so this is not done at start.
            ready = checked(content, trust=True) if self._trust else content
            self._run = self.pipeline.run_checked(ready, listener=board.listen, cancel=cancel)
        except BaseException as error:  # kept for wait(); a thread has no one to raise to
            self._error = BaseException.with_traceback(error, without_ours(error.__traceback__))
            self._run = getattr(error, "pipeline_run", None)
        board.flush()
        with self._guard:
            if isinstance(self._error, PipelineCheckError):
                self.problems = self._error.details["problems"]
            self.running = False

    def _show_states(self, states: dict[str, dict[str, Any]]) -> None:
        with self._guard:
            self.states = states

    def _obey(self, message: dict[str, Any]) -> None:
        if message.get("type") == "run":
            self.start()
        elif message.get("type") == "stop":
            self.stop()
        else:
            apply_edit(self.pipeline, message)


def _on_message(builder: PipelineBuilder, content: Any, buffers: object) -> None:
    """Do what the front end asks for, or tell it why not."""
    try:
        builder._obey(content if isinstance(content, dict) else {"type": content})
    except ParflowError as error:
        builder.send({"type": "refused", "message": str(error)})


def _built(name: str) -> str:
    path = STATIC / name
    if not path.is_file():
        raise NotFoundError(
            f"The builder's front end is not built, {path} is missing: run 'jlpm build' in the "
            f"source folder, or install a released parflow-jupyter."
        )
    return path.read_text(encoding="utf-8")
