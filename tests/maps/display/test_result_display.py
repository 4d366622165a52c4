"""What a person sees of a result: one line, failures, output; a table; a picture."""

import builtins
import io
import re
import sys
import warnings

import pytest
from map_helpers import quiet

from parflow_jupyter.errors import MissingLibraryError
from parflow_jupyter.events import MapProgress, MapStarted
from parflow_jupyter.maps import run_map
from parflow_jupyter.maps.display.timeline import bars
from parflow_jupyter.maps.monitor.progress_bar import Shown, after, as_html, as_line, as_text
from parflow_jupyter.maps.schemes.processes import ProcessesScheme
from parflow_jupyter.maps.schemes.threads import ThreadsScheme


def halves(x):
    if x % 3 == 1:
        raise ValueError(f"<bad> {x}")
    return x / 2


def talks(x):
    if x == 1:
        print("hello <b>", x)
        print("again")
    if x == 2:
        warnings.warn("careful", UserWarning, stacklevel=1)
    return x


# --- the progress line ----------------------------------------------------------------


def progress(**given):
    start = MapStarted(run="r", label="f", scheme="threads", reason="", total=10, slots=2)
    facts = {"run": "r", "total": 10, "done": 8, "failed": 1, "retried": 3, "running": 2}
    shown = after(Shown(), start)
    return after(shown, MapProgress(**{**facts, "elapsed": 4.0, **given}))


def test_the_line_tells_done_failed_retried_kept_rate_time_left_and_place():
    """Kept items do not count for the rate: nothing was computed."""
    text = as_text(progress(kept=4, left=(3.2, 5.4)))
    expected = "f: 8 of 10 items, 1 failed, 3 retried, 4 kept, 1.0 items/s, 4.0 s, "
    assert text == expected + "about 3 to 5 s left, 2 threads"


def test_a_map_of_kept_items_only_has_no_rate():
    """Nor a division by zero."""
    text = as_text(progress(kept=8, done=8))
    assert "8 kept" in text
    assert "items/s" not in text


@pytest.mark.parametrize("show", [as_text, as_html, as_line])
def test_every_form_tells_the_same(show):
    """Text for a saved notebook, HTML, and a line drawn by tqdm for a terminal."""
    shown = show(progress(left=(70, 200)))
    for part in ("1 failed", "3 retried", "2.0 items/s", "about 70 s to 3 min left", "2 threads"):
        assert part in shown


# --- the result -----------------------------------------------------------------------


def test_a_clean_result_is_one_line():
    """Without "0 failed" and other noise."""
    text = repr(run_map(abs, [range(4)], options=quiet(label="distance")))
    assert re.fullmatch(r"<MapResult distance: 4 items, \d+ ms, serial>", text)


@pytest.mark.parametrize(
    ("scheme", "words"), [(ThreadsScheme(2), "2 threads"), (ProcessesScheme(2), "2 processes")]
)
def test_places_have_their_own_words(scheme, words):
    """As in the progress line, and never "slots"."""
    result = run_map(_waits, [range(6)], options=quiet(scheme=scheme.name), schemes=[scheme])
    assert repr(result).endswith(f", {words}>")


def _waits(x):
    import time

    time.sleep(0.1)
    return x


def test_failures_are_a_table_with_input_error_place_attempts_and_traceback():
    """In HTML the traceback is folded away; the text form names where it is."""
    options = quiet(on_error="collect", retries=1)
    result = run_map(halves, [[1, 2, 4]], options=options, schemes=[ProcessesScheme(1)])
    html, text = result._repr_html_(), repr(result)
    for heading in ("Item", "Input", "Error", "Message", "Ran on", "Attempts"):
        assert f">{heading}</th>" in html
    assert html.count("<details><summary>&lt;bad&gt;") == 2
    assert "in halves" in html
    assert "2 failed, 2 retried" in text
    assert re.search(r"item 0 \(1\) on process \d+, 2 attempts: ValueError: <bad> 1", text)
    assert ".retry_failed()" in text


def test_columns_that_would_be_empty_are_left_out():
    """Nothing ran elsewhere, and nothing was tried twice."""
    html = run_map(halves, [[1]], options=quiet(on_error="collect"))._repr_html_()
    assert "Ran on" not in html
    assert "Attempts" not in html


def test_the_html_needs_no_script_and_lets_none_in():
    """So that it is the same on an exported page; texts of people are escaped."""
    result = run_map(halves, [["<script>alert(1)</script>", 1]], options=quiet(on_error="collect"))
    assert "<script" not in result._repr_html_()


def test_output_and_warnings_are_grouped_by_item():
    """Folded away in HTML; in text, one line per item."""
    result = run_map(talks, [range(4)], options=quiet(), schemes=[ProcessesScheme(1)])
    html, text = result._repr_html_(), repr(result)
    title = "Output of 2 items, 1 of them with warnings"
    assert f"<summary>{title}</summary>" in html
    assert "hello &lt;b&gt; 1\nagain" in html
    assert f"  {title}:" in text
    assert "    item 1, stdout: hello <b> 1 ... (2 lines)" in text
    assert re.search(r"item 2, stderr: .*UserWarning: careful", text)


def test_much_output_is_bounded():
    """Ten items, and the start of each."""
    result = run_map(_floods, [range(40)], options=quiet(), schemes=[ProcessesScheme(1)])
    assert "and 30 more in .report.output" in repr(result)
    assert len(result._repr_html_()) < 60_000


def _floods(x):
    print("x" * 900)


class Knot:
    """Refers to itself, also in its repr."""

    def __init__(self):
        self.me = self

    def __repr__(self):
        return f"Knot({self.me!r})"


def test_inputs_and_results_with_cycles_can_be_shown():
    """Lists that hold themselves, and objects whose repr never ends."""
    loop = [1]
    loop.append(loop)
    options = quiet(on_error="collect")
    result = run_map(_fails_on_knots, [[loop, Knot(), loop]], options=options)
    assert result[0] is loop
    assert "[1, [" in repr(run_map(_fails, [[loop]], options=options))
    assert "<Knot instance at" in repr(result)
    assert "Knot instance" in result._repr_html_()
    assert len(result.to_frame()) == 3


def _fails_on_knots(x):
    if isinstance(x, Knot):
        raise ValueError("knot")
    return x


def _fails(x):
    raise ValueError("no")


class MuteError(Exception):
    """Can't be shown."""

    def __str__(self):
        raise RuntimeError("no text")


def test_an_exception_without_a_text_can_be_shown():
    """It is said that it has none."""

    def fails(x):
        raise MuteError

    result = run_map(fails, [[1]], options=quiet(on_error="skip"))
    assert "its text can't be shown" in repr(result)
    assert "t be shown: RuntimeError)" in result._repr_html_()


# --- the table ------------------------------------------------------------------------


def test_the_table_has_a_row_per_item():
    """Value or error, place, times, attempts."""
    result = run_map(halves, [[0, 1, 2]], options=quiet(on_error="collect", retries=2))
    table = result.to_frame()
    assert list(table.columns) == (
        ["index", "input", "value", "error", "engine", "started", "seconds", "attempts", "kept"]
    )
    assert table["value"].tolist() == [0.0, None, 1.0]
    assert table["error"].tolist() == [None, "ValueError: <bad> 1", None]
    assert table["attempts"].tolist() == [1, 3, 1]
    assert not table["kept"].any()
    assert str(table["started"].dtype).endswith("UTC]")
    assert (table["seconds"] >= 0).all()


def test_the_table_holds_what_was_not_run():
    """Without a value, an error or an engine."""
    with pytest.raises(ValueError, match="bad") as caught:
        run_map(halves, [[0, 1, 2, 3, 5, 6]], options=quiet(batch=1))
    table = caught.value.map_result.to_frame()
    assert table["attempts"].tolist()[:2] == [1, 1]
    last = table.iloc[-1]
    assert (last["attempts"], last["value"], last["error"], last["engine"]) == (0, None, None, None)
    assert not last["kept"]


@pytest.mark.parametrize(("method", "library"), [("to_frame", "pandas"), ("plot", "matplotlib")])
def test_a_library_that_is_missing_is_named(method, library, monkeypatch):
    """With what to install."""
    real = builtins.__import__

    def missing(name, *given):
        if name.split(".")[0] == library:
            raise ImportError(name)
        return real(name, *given)

    result = run_map(abs, [[-1]], options=quiet())
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingLibraryError, match=f"pip install {library}"):
        getattr(result, method)()


# --- the picture ----------------------------------------------------------------------


@pytest.fixture
def pyplot():
    """Matplotlib without a screen."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_the_picture_shows_items_retries_and_failures_by_slot(pyplot):
    """A bar each; a legend where there is more than one kind."""
    result = run_map(halves, [range(6)], options=quiet(on_error="skip", retries=1))
    rows = bars(result.report, {f.index for f in result.errors})
    assert {kind: len(found) for kind, found in rows["here"].items()} == {
        "done": 4,
        "retried": 2,
        "failed": 2,
    }
    axes = result.plot()
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["here"]
    assert axes.get_title(loc="left").startswith("halves: ")
    words = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert words == ["done", "failed, run again", "failed for good"]
    axes.figure.savefig(io.BytesIO())


def test_the_picture_goes_on_given_axes(pyplot):
    """And returns them."""
    _, axes = pyplot.subplots()
    assert run_map(abs, [[-1]], options=quiet()).plot(axes) is axes


def test_a_long_run_is_drawn_by_the_batch(pyplot):
    """A hundred thousand bars would take a minute and show nothing more."""
    result = run_map(abs, [range(100_000)], options=quiet())
    rows = bars(result.report, set())
    assert len(rows["here"]["done"]) < 5000
    result.plot()


def test_an_empty_run_has_a_picture(pyplot):
    """Without bars."""
    assert run_map(abs, [[]], options=quiet()).plot() is not None


def test_pictures_and_tables_are_loaded_when_asked_for():
    """A map does not load pandas or matplotlib."""
    import subprocess

    code = (
        "import sys; from parflow_jupyter.maps import run_map; repr(run_map(abs, [[1]])); "
        "print(sorted({'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
