"""Ends a test run that would wait for ever: names workers that died, and limits the whole run.

pytest-xdist learns of a worker's death by the end of its pipe, and a process that the worker forked
may hold that pipe open. So the processes themselves are looked at.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from typing import Any

import pytest

_LOOK_EVERY = 0.5
# What a worker sent before it died may still be on its way.
_GRACE = 2.0
# From the limit on, for reports and summary; then the process is left at once.
_TO_FINISH = 60.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--run-limit",
        type=float,
        default=None,
        metavar="MINUTES",
        help="end the run after that many minutes, with the names of the tests that run",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(RunWatch(config), "run-watch")


class RunWatch:
    """Watches workers and time from a thread of the process that controls the run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._limit = config.getoption("run_limit")
        self._nodes: list[Any] = []
        self._seen_dead: dict[Any, float] = {}
        self._running: dict[str, None] = {}
        self._told: list[str] = []
        self._finished = threading.Event()

    def pytest_sessionstart(self) -> None:
        threading.Thread(target=self._watch, name="run-watch", daemon=True).start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = None

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        self._nodes.append(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        if config.getvalue("dist") != "loadfile":
            return None
        from xdist.scheduler import LoadFileScheduling

        class OnceEach(LoadFileScheduling):
            """Theirs gives a test that killed its worker to the next one, and so on."""

            def remove_node(self, node: Any) -> str | None:
                for unit in self.assigned_work[node].values():
                    for test, done in unit.items():
                        if not done:
                            unit[test] = True
                            super().remove_node(node)
                            return test
                return super().remove_node(node)

        return OnceEach(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        if error:
            self._told.append(f"worker {node.gateway.id} died: {_how_it_ended(node)}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        self._running.pop(crashitem, None)
        self._told[-1] += f", while it ran {crashitem}"
        report.longrepr = f"{report.longrepr} ({self._told[-1]})"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # Also when it had no test that could fail in its stead.
        if self._told and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._told:
            terminalreporter.section("what ended before its time")
            for line in self._told:
                terminalreporter.write_line(line)

    def pytest_unconfigure(self) -> None:
        self._finished.set()

    def _watch(self) -> None:
        started = time.monotonic()
        ended = False
        while not self._finished.wait(_LOOK_EVERY):
            for node in self._nodes:
                self._look_at(node)
            past = time.monotonic() - started - (self._limit or float("inf")) * 60
            if past > _TO_FINISH:
                self._leave()
            elif past > 0 and not ended:
                ended = True
                self._end()

    def _look_at(self, node: Any) -> None:
        """Tell xdist of a dead worker whose pipe did not end with it."""
        if node._down or _process(node) is None or _process(node).poll() is None:
            return
        now = time.monotonic()
        if now - self._seen_dead.setdefault(node, now) > _GRACE:
            node._down = True
            node.notify_inproc("errordown", node=node, error=_how_it_ended(node))

    def _end(self) -> None:
        """End the run so that pytest still reports, and show what it did at that moment."""
        running = ", ".join(self._running) or "no test"
        self._told.append(f"the run took more than {self._limit:g} minutes; it ran {running}")
        self._say(f"✗ {self._told[-1]}")
        session = self._config.pluginmanager.getplugin("dsession")
        if session is None:
            main = threading.main_thread().ident
            self._say("".join(traceback.format_stack(sys._current_frames()[main])))
            # A real signal: it ends waits, which _thread.interrupt_main does not.
            signal.pthread_kill(main, signal.SIGINT)
            return
        session.shouldstop = self._told[-1]
        deadline = time.monotonic() + 10
        while not session.shuttingdown and time.monotonic() < deadline:
            time.sleep(0.05)
        for node in self._nodes:
            if _process(node) is not None and _process(node).poll() is None:
                # Python's fault handler then shows the stack of each thread.
                _process(node).send_signal(signal.SIGABRT)

    def _leave(self) -> None:
        self._say("✗ the run did not end by itself: left without a summary")
        for node in self._nodes:
            if _process(node) is not None:
                _process(node).kill()
        os._exit(pytest.ExitCode.INTERNAL_ERROR)

    def _say(self, text: str) -> None:
        writer = self._config.get_terminal_writer()
        # Else a test that runs in this process would get it as its own output.
        with self._config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            writer.line(f"\n{text}")
            writer.flush()


def _process(node: Any) -> Any:
    """Return the Popen of a worker on this machine."""
    return getattr(node.gateway._io, "popen", None)


def _how_it_ended(node: Any) -> str:
    process = _process(node)
    deadline = time.monotonic() + _GRACE
    while process is not None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    code = process.poll() if process is not None else None
    if code is None:
        return "its connection was lost"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
