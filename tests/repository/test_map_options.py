"""The options of maps stand once, and are shown wherever people and programs look for them."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import pytest

import parflow_jupyter as pf
from parflow_jupyter.maps import MapOptions
from parflow_jupyter.maps.options import LazyMapKeywords, MapKeywords

ROOT = Path(__file__).parents[2]
OPTIONS = {field.name: field for field in fields(MapOptions)}
TAKERS = {"parallel_map": set(), "imap": {"block"}, "amap": {"block"}}


@pytest.mark.parametrize(("name", "left_out"), TAKERS.items())
def test_signature_and_help_show_every_option(name, left_out):
    """With its default and type, and what it does."""
    function = getattr(pf, name)
    shown = inspect.signature(function).parameters
    told = inspect.getdoc(function)
    for option, field in OPTIONS.items():
        assert (option in shown) == (option not in left_out)
        if option not in left_out:
            assert shown[option].kind is inspect.Parameter.KEYWORD_ONLY
            assert (shown[option].default, shown[option].annotation) == (field.default, field.type)
            assert f"    {option}: " in told
    assert "options" not in shown
    assert "    options:" not in told


@pytest.mark.parametrize(
    ("keywords", "left_out"), [(MapKeywords, set()), (LazyMapKeywords, {"block"})]
)
def test_type_checkers_are_told_the_same_options(keywords, left_out):
    """With the same types."""
    found = {option: hint.__forward_arg__ for option, hint in keywords.__annotations__.items()}
    assert found == {n: field.type for n, field in OPTIONS.items() if n not in left_out}


def begin(name, **options):
    outcome = getattr(pf, name)(abs, [1], **options)
    if inspect.iscoroutine(outcome):
        outcome.send(None)


@pytest.mark.parametrize(("name", "left_out"), TAKERS.items())
def test_an_unknown_option_is_named(name, left_out):
    """Before anything runs, as for any other function."""
    for option in {"retires", *left_out}:
        with pytest.raises(TypeError, match=f"{name}.*unexpected keyword argument '{option}'"):
            begin(name, **{option: 1})


def test_a_type_checker_finds_a_misspelt_option(tmp_path):
    """And one of another type."""
    mypy = pytest.importorskip("mypy.api", reason="mypy comes with the extra 'check'")
    script = tmp_path / "options.py"
    script.write_text(
        "import parflow_jupyter as pf\n"
        "pf.parallel_map(abs, [1], retries=2, block=False, ask=True)\n"
        "pf.parallel_map(abs, [1], retires=2)\n"
        "pf.imap(abs, [1], block=True)\n"
        "pf.parallel_map(abs, [1], on_error='ignore')\n"
    )
    cache = ROOT / ".mypy_cache" / "names"
    out, _, _ = mypy.run(
        ["--strict", "--follow-imports=silent", f"--cache-dir={cache}", str(script)]
    )
    assert [line.split(":")[1] for line in out.splitlines() if " error: " in line] == [
        "3",
        "4",
        "5",
    ]


@pytest.mark.parametrize("jedi", [False, True])
def test_completion_and_tooltip_show_the_options(jedi):
    """As a notebook asks for them."""
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns["pf"] = pf
    shell.Completer.use_jedi = jedi
    line = "pf.parallel_map(abs, [1], check"
    with provisionalcompleter():
        found = [c.text for c in shell.Completer.completions(line, len(line))]
    assert "checkpoint=" in found
    assert (
        "checkpoint: 'str | None' = None" in shell.object_inspect("pf.parallel_map")["definition"]
    )
