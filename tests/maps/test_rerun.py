"""Failed items once more: in their places, or here under the debugger."""

import io
import random
import time
from contextlib import redirect_stdout

import pytest
from map_helpers import quiet
from scripted import Scripted

from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.maps import last_result, run_map
from parflow_jupyter.maps.lazy import run_imap
from parflow_jupyter.maps.schemes.processes import ProcessesScheme
from parflow_jupyter.maps.schemes.serial import SerialScheme
from parflow_jupyter.stores.runs.history import History


@pytest.fixture
def counts(tmp_path):
    """A folder in which Scripted counts."""
    folder = tmp_path / "counts"
    folder.mkdir()
    return folder


def test_an_item_of_a_lazy_map_runs_again_here():
    """Though its input was forgotten when its result was taken; all of them can't be retried."""
    taken = run_imap(
        lambda x: 1 / x, [iter([1, 0])], options=quiet(), schemes=[SerialScheme()], ordered=True
    )
    with pytest.raises(ZeroDivisionError) as caught:
        list(taken)
    result = caught.value.map_result
    with pytest.raises(ZeroDivisionError):
        result.errors[0].rerun()
    with pytest.raises(InvalidInputError, match="read lazily"):
        result.retry_failed()


# --- retry_failed ---------------------------------------------------------------------


def test_only_failed_items_run_again_and_fill_their_places(counts):
    """In processes; the result is the same object, complete and equal to a list."""
    scripted = Scripted(counts, fails={2: 1, 5: 1})
    options = quiet(on_error="collect", scheme="processes")
    result = run_map(scripted, [range(8)], options=options, schemes=[ProcessesScheme(2)])
    assert [failure.index for failure in result.errors] == [2, 5]
    assert result.retry_failed() is result
    assert result == list(range(8))
    assert result.errors == []
    assert scripted.runs() == {item: 2 if item in (2, 5) else 1 for item in range(8)}
    assert result.report.not_run == 0
    assert repr(result).startswith("<MapResult Scripted: 8 items, ")
    assert result.to_frame()["attempts"].tolist() == [1, 1, 2, 1, 1, 2, 1, 1]


def test_skipped_items_come_back_to_their_places(counts):
    """With on_error="skip" the result grows to its full length."""
    scripted = Scripted(counts, fails={1: 1})
    result = run_map(scripted, [range(3)], options=quiet(on_error="skip"))
    assert result == [0, 2]
    assert result.retry_failed() == [0, 1, 2]
    assert len(result) == 3


def test_an_item_that_fails_again_has_its_attempts_added_up(counts):
    """Retries begin anew."""
    scripted = Scripted(counts, fails={1: 100})
    result = run_map(scripted, [range(2)], options=quiet(on_error="collect", retries=1))
    assert result.errors[0].attempts == 2
    result.retry_failed()
    assert result.errors[0].attempts == 4
    assert result.report.retries == 2
    assert str(result.errors[0].exception) == "item 1, attempt 4"


def test_a_raised_map_is_completed_from_its_partial_result(counts):
    """What was not run is run too; what fails again raises again."""
    scripted = Scripted(counts, fails={1: 2})
    with pytest.raises(ValueError, match="attempt 1"):
        run_map(scripted, [range(4)], options=quiet())
    partial = last_result()
    with pytest.raises(ValueError, match="attempt 2"):
        partial.retry_failed()
    assert partial.retry_failed() == [0, 1, 2, 3]
    assert partial.state == "done"
    # An item that the stop interrupted has no result, and is begun anew.
    assert {item: count for item, count in scripted.runs().items() if item < 2} == {0: 1, 1: 3}


def test_a_cancelled_map_goes_on_where_it_was(counts):
    """In the background, too."""
    scripted = Scripted(counts, seconds=0.02)
    result = run_map(scripted, [range(30)], options=quiet(block=False))
    deadline = time.monotonic() + 20
    while result.progress[0] < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    result.cancel()
    assert result.wait(10)
    assert result.report.not_run > 0
    assert result.retry_failed(block=False) is result
    assert result.wait(20)
    assert result == list(range(30))
    assert max(scripted.runs().values()) <= 2


def test_a_result_without_failures_runs_nothing(counts):
    """And is returned as it is."""
    scripted = Scripted(counts)
    result = run_map(scripted, [range(2)], options=quiet())
    assert result.retry_failed() == [0, 1]
    assert scripted.runs() == {0: 1, 1: 1}


def test_a_running_map_is_not_begun_twice(counts):
    """It says what to do."""
    result = run_map(Scripted(counts, seconds=0.05), [range(20)], options=quiet(block=False))
    with pytest.raises(InvalidInputError, match="cancel"):
        result.retry_failed()
    result.cancel()
    assert result.wait(10)


def _draws(item, flaky):
    if not flaky.exists():
        raise ValueError("not yet")
    return random.random()


def test_a_retried_item_gets_the_random_numbers_it_would_have_had(tmp_path):
    """They follow from its place in the list, not in the retry."""
    flag = tmp_path / "flag"
    options = quiet(on_error="collect", seed=11)
    late = run_map(_draws, [range(4), [flag] * 4], options=options)
    assert len(late.errors) == 4
    flag.touch()
    early = run_map(_draws, [range(4), [flag] * 4], options=options)
    assert late.retry_failed() == early


def test_a_retry_is_a_run_of_its_own_in_the_history(counts, tmp_path):
    """With the number of its items."""
    history = History(tmp_path / "runs.sqlite")
    scripted = Scripted(counts, fails={1: 1})
    result = run_map(scripted, [range(3)], options=quiet(on_error="skip"), history=history)
    result.retry_failed()
    found = [(row["total"], row["done"], row["failed"]) for row in history.runs()]
    assert found == [(1, 1, 0), (3, 3, 1)]


def test_a_retried_item_is_kept_under_the_maps_checkpoint(counts):
    """And what this map computed itself does not count as kept."""
    scripted = Scripted(counts, fails={1: 1})

    def flaky(x):
        return scripted(x)

    options = quiet(on_error="collect", checkpoint="flaky", key=lambda x: x)
    result = run_map(flaky, [range(4)], options=options)
    assert result.report.not_kept == {1: "it failed"}
    assert result.retry_failed() == [0, 1, 2, 3]
    assert result.report.not_kept == {}
    assert "kept" not in repr(result)
    assert not result.to_frame()["kept"].any()
    again = run_map(flaky, [range(4)], options=options)
    assert again == [0, 1, 2, 3]
    assert again.to_frame()["kept"].all()
    assert scripted.runs() == {0: 1, 1: 2, 2: 1, 3: 1}


# --- rerun ----------------------------------------------------------------------------


def test_rerun_raises_from_the_function_itself_with_its_input_and_seed():
    """The same random numbers as in the map, and the caller's go on undisturbed."""
    seen = []

    def fails(x, y):
        seen.append((x, y, random.random()))
        raise KeyError(x)

    result = run_map(fails, [[1, 2], "ab"], options=quiet(on_error="collect", seed=3))
    random.seed(5)
    expected = random.random()
    random.seed(5)
    with pytest.raises(KeyError) as caught:
        result.errors[1].rerun()
    assert random.random() == expected
    assert seen[2] == seen[1]
    assert seen[1][:2] == (2, "b")
    innermost = caught.value.__traceback__
    while innermost.tb_next:
        innermost = innermost.tb_next
    assert innermost.tb_frame.f_code.co_name == "fails"


def test_rerun_awaits_coroutines_and_prepares_with_init():
    """As the map does."""
    prepared = []

    async def late(x):
        if not prepared:
            raise ValueError("init first")
        if len(prepared) < 2:
            raise ValueError("once more")
        return x

    result = run_map(
        late, [[7]], options=quiet(on_error="collect", init=lambda: prepared.append(1))
    )
    assert result.errors[0].rerun() == 7


def test_an_item_that_ended_its_process_is_not_run_here_unasked(counts):
    """It would end this process too; anyway=True insists."""
    scripted = Scripted(counts, kills={1: 1})
    options = quiet(on_error="collect", engine_retries=0, batch=1)
    result = run_map(scripted, [range(2)], options=options, schemes=[ProcessesScheme(1)])
    with pytest.raises(InvalidInputError, match="anyway=True"):
        result.errors[0].rerun()
    assert result.errors[0].rerun(anyway=True) == 1


@pytest.fixture
def shell():
    """An IPython shell of the test's own."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.colors = "nocolor"
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_debug_stops_in_the_function_after_a_rerun(shell, monkeypatch):
    """Not in ours: ``%debug`` opens on the line that failed, with its variables."""
    cells = (
        "def halve(x):\n    rest = 10 - x\n    return 1 / rest",
        "from parflow_jupyter.maps import MapOptions, run_map\n"
        "options = MapOptions(on_error='collect', progress=False)\n"
        "result = run_map(halve, [[9, 10]], options=options)",
    )
    for cell in cells:
        shell.run_cell(cell).raise_error()
    with redirect_stdout(io.StringIO()) as shown:
        assert isinstance(
            shell.run_cell("result.errors[0].rerun()").error_in_exec, ZeroDivisionError
        )
    page = shown.getvalue()
    assert "return 1 / rest" in page
    assert "replay.py" not in page
    assert "report.py" not in page
    monkeypatch.setattr("sys.stdin", io.StringIO("p ('rest is', rest, x)\nwhere\nq\n"))
    with redirect_stdout(io.StringIO()) as shown:
        shell.run_line_magic("debug", "")
    assert "('rest is', 0, 10)" in shown.getvalue()
