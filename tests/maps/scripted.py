"""A function whose items fail by a script, and that counts how often each was run."""

import os
import time
from collections import Counter
from pathlib import Path


class Scripted:
    """Fails item i its first ``fails[i]`` times; ``kills`` does so by ending its process."""

    def __init__(self, folder, fails=None, kills=None, seconds=0.0):
        self.folder = str(folder)
        self.fails = fails or {}
        self.kills = kills or {}
        self.seconds = seconds

    def __call__(self, item):
        attempt = self._count(item)
        time.sleep(self.seconds)
        if attempt <= self.kills.get(item, 0):
            os._exit(7)
        if attempt <= self.fails.get(item, 0):
            raise ValueError(f"item {item}, attempt {attempt}")
        return item

    def _count(self, item):
        # One file per run of an item: counts survive the death of the process.
        attempt = 1
        while True:
            try:
                os.close(os.open(f"{self.folder}/{item}-{attempt}", os.O_CREAT | os.O_EXCL))
                return attempt
            except FileExistsError:
                attempt += 1

    def runs(self):
        """How often each item was begun."""
        return dict(sorted(Counter(int(p.name.split("-")[0]) for p in self._files()).items()))

    def _files(self):
        return Path(self.folder).iterdir()
