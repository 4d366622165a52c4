"""A clock that nobody waits for: it stands until a run waits, and then goes on to what is next."""

import heapq
import itertools
import queue
from collections import deque

ENOUGH = 30_000
"""Waits after which a run is taken to go on for ever."""


class FakeTime:
    """Seconds, and what is planned to happen at which of them."""

    def __init__(self):
        self.now = 1000.0
        self._planned = []
        self._numbers = itertools.count()

    def __call__(self):
        return self.now

    def after(self, seconds, action, *arguments):
        """Plan a call."""
        what = (self.now + seconds, next(self._numbers), action, arguments)
        heapq.heappush(self._planned, what)

    def step(self, until):
        """Go on to the next call that is planned, or to ``until``; return whether one was made."""
        if not self._planned or self._planned[0][0] > until:
            self.now = until
            return False
        self.now, _, action, arguments = heapq.heappop(self._planned)
        action(*arguments)
        return True

    def go_on(self, seconds):
        """Let time pass, with all that happens meanwhile."""
        until = self.now + seconds
        while self.step(until):
            pass


class FakeEvents:
    """The queue of a run's events: who waits at it lets the time go on."""

    def __init__(self, time):
        self._time = time
        self._events = deque()
        self._waits = 0
        self.put = self._events.append

    def get(self, timeout):
        """Return the next event; it may come up to ``timeout`` seconds later."""
        self._waits += 1
        assert self._waits < ENOUGH, "the run does not end"
        until = self._time.now + timeout
        while not self._events:
            if not self._time.step(until):
                raise queue.Empty
        return self._events.popleft()

    def get_nowait(self):
        """Return an event that is there."""
        if not self._events:
            raise queue.Empty
        return self._events.popleft()
