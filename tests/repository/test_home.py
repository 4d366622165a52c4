"""The home that each test of processes gets."""

from __future__ import annotations

import os

import pytest
from home import Home


@pytest.fixture
def home():
    home = Home()
    home.enter()
    yield home
    home.path.exists() and home.leave()


def test_a_home_changes_values_and_no_names():
    """A new name moves the C library's list of variables while threads may be reading it."""
    before = dict(os.environ)
    home = Home()
    home.enter()
    inside = dict(os.environ)
    home.leave()
    assert inside.keys() == before.keys()
    assert inside["IPYTHONDIR"] == str(home.path / "ipython") != before["IPYTHONDIR"]
    assert dict(os.environ) == before


def test_what_a_test_changed_is_undone(home, monkeypatch):
    monkeypatch.setenv("PATH", os.environ["PATH"])
    before = home._before["PATH"]
    os.environ["PATH"] = "/elsewhere"
    os.environ["OF_THE_TEST"] = "1"
    home.leave()
    assert os.environ["PATH"] == before
    assert "OF_THE_TEST" not in os.environ


def test_no_test_lives_in_the_home_of_its_user():
    assert os.environ["IPYTHONDIR"].startswith("/tmp/pf-none-")
