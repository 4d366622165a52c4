"""Files of one user: whole or not at all, and nobody else's; modules: one's own or installed."""

import errno
import os
from contextlib import suppress

import pytest

from parflow_jupyter._system.local_modules import is_own
from parflow_jupyter._system.private_files import locked, private_folder, why_foreign, written_whole


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    """Alone: no draft stays."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with suppress(KeyboardInterrupt), written_whole(path) as file:
        file.write(b"ne")
        raise KeyboardInterrupt
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"old")]


@pytest.mark.parametrize("links", [True, False])
def test_the_first_stays_where_nothing_is_replaced(tmp_path, monkeypatch, links):
    """Also on a file system without links."""

    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    for content in (b"first", b"second"):
        with written_whole(tmp_path / "a", replacing=False) as file:
            file.write(content)
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"first")]


def test_only_private_files_are_made_private(tmp_path):
    """Others keep the mode of what they replace."""
    shared, own = tmp_path / "shared", tmp_path / "own"
    for path in (shared, own):
        path.touch()
        path.chmod(0o664)
    for path, private in ((shared, False), (own, True)):
        with written_whole(path, private=private) as file:
            file.write(b"x")
    assert [path.stat().st_mode & 0o777 for path in (shared, own)] == [0o664, 0o600]


def test_a_link_is_never_ones_own(tmp_path):
    """Wherever it leads."""
    (tmp_path / "link").symlink_to(private_folder(tmp_path / "own"))
    assert why_foreign(tmp_path / "own") == ""
    assert why_foreign(tmp_path / "link") == "is a link to somewhere else"


def test_a_lock_is_free_again_after_its_block(tmp_path):
    """And is not given twice while it is held."""
    for _ in range(2):
        with locked(tmp_path / "l"), pytest.raises(TimeoutError), locked(tmp_path / "l", 0.01):
            pass


def test_what_is_linked_into_site_packages_is_installed(tmp_path):
    """Some installers keep packages in a cache, and only link them."""
    cached, packages = tmp_path / "cache", tmp_path / "lib" / "site-packages"
    for folder in (cached, packages):
        folder.mkdir(parents=True)
    (packages / "linked").symlink_to(cached)
    assert is_own(str(cached / "module.py"))
    assert not is_own(str(packages / "linked" / "module.py"))
