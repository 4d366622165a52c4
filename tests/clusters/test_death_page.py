"""The page on how an engine's death is noticed is true."""

import re
from pathlib import Path

import pytest

from parflow_jupyter.clusters.supervisor.death import heartbeats, lost_registration
from parflow_jupyter.maps.scheduler import loop, slot_tracker
from parflow_jupyter.maps.schemes import _controller_check

PAGE = Path(__file__).parents[2] / "docs" / "engine-death.md"


def test_the_page_names_each_file_that_looks():
    """Also a new one, and no file that is gone."""
    text = PAGE.read_text("utf-8")
    folder = Path(lost_registration.__file__).parent
    told = {Path(link).name for link in re.findall(r"\]\((\S+/death/\w+\.py)\)", text)}
    assert told == {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    for link in re.findall(r"\]\(([^\s)]+)\)", text):
        assert (PAGE.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("2 s | it is ended, as it can't register again", lost_registration.LOST_AFTER),
        ("15 s (`FROZEN`)", loop.FROZEN),
        ("15 s without an answer (`ANSWER_WITHIN`)", _controller_check.ANSWER_WITHIN),
        ("5 s (`SILENT`)", loop.SILENT),
        ("2 s (`GRACE`)", slot_tracker.GRACE),
        ("60 misses", heartbeats.CONTROLLER_WAITS["max_heartmonitor_misses"]),
    ],
)
def test_the_page_tells_the_times_that_the_code_has(told, seconds):
    """A changed constant changes the page."""
    assert told in PAGE.read_text("utf-8")
    assert float(told.split()[0]) == seconds
