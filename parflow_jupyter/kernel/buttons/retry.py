"""The button below a result with failures: "Retry failed (k)".

The table of the failures is plain HTML, and stays when the kernel is gone; the button is a widget
of its own below it, and appears only where a person can press it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from parflow_jupyter._system.shell import own_shell
from parflow_jupyter.errors import ParflowError
from parflow_jupyter.events import Event, MapFinished
from parflow_jupyter.maps import MapResult
from parflow_jupyter.maps.display.html import as_html
from parflow_jupyter.maps.display.html import as_text as result_text
from parflow_jupyter.maps.monitor.progress_bar import Shown, after, as_text
from parflow_jupyter.maps.retry import retry
from parflow_jupyter.wiring import prompts

_HERE = Path(__file__).parent


class RetryButton(anywidget.AnyWidget):
    """Runs the failed items of a result again, and can stop that.

    Args:
        result: It is filled in place.
        changed: Called when the run has ended.

    Example:
        >>> from parflow_jupyter.maps import MapOptions, run_map
        >>> result = run_map(lambda x: 1 / x, [[0, 1]], options=MapOptions(on_error="skip"))
        >>> RetryButton(result, lambda: None).label
        'Retry failed (1)'
    """

    label = traitlets.Unicode().tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, result: MapResult, changed: Callable[[], None]) -> None:
        self._esm = (_HERE / "retry.js").read_text(encoding="utf-8")
        self._css = (_HERE / "retry.css").read_text(encoding="utf-8")
        self._result = result
        self._changed = changed
        self._shown = Shown()
        super().__init__(label=_label(result))
        self.on_msg(_on_message)

    def __repr__(self) -> str:
        return f"{self.label}: .retry_failed()" if self.label else "All items have a result."

    def press(self) -> None:
        """Run the failed items again; while they run, stop them."""
        if self.busy:
            self._result.cancel()
            return
        try:
            retry(self._result, block=False, progress=False, listener=self._heard)
        except ParflowError as error:
            self.message = str(error)
            return
        self._result._when_ended(self._ended)

    def _heard(self, event: Event) -> None:
        self._shown = after(self._shown, event)
        # The last word comes when the result is whole.
        if not isinstance(event, MapFinished):
            self.busy, self.label = True, "Stop"
            self.message = as_text(self._shown)

    def _ended(self) -> None:
        self._shown = Shown()
        self.busy, self.label = False, _label(self._result)
        self.message = "" if self.label else "All items have a result."
        self._changed()


def _label(result: MapResult) -> str:
    count = len(result._collector.without_value())
    return f"Retry failed ({count})" if count else ""


def _on_message(button: RetryButton, content: Any, buffers: object) -> None:
    if content == {"type": "press"}:
        button.press()


def show(result: MapResult) -> bool:
    """Show a result with its button; return False where it needs none, or nobody can press it.

    Args:
        result: Of a map that has ended.
    """
    if not _is_wanted(result):
        return False
    from IPython.display import display

    def bundle() -> dict[str, str]:
        return {"text/plain": result_text(result), "text/html": as_html(result)}

    handle = display(bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call,unused-ignore]
    display(RetryButton(result, lambda: handle.update(bundle(), raw=True)))  # type: ignore[no-untyped-call,unused-ignore]
    return True


def _is_wanted(result: MapResult) -> bool:
    if not result.done() or result.origin is None or not (result.errors or result.report.not_run):
        return False
    return getattr(own_shell(), "kernel", None) is not None and prompts.can_ask()
