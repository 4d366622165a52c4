"""Which items wait, are out, or are done: what is taken after what was given back and answered."""

import random

import pytest

from parflow_jupyter.maps.pieces import Pieces
from parflow_jupyter.maps.scheduler.item_queue import MISSING, ItemQueue, part


def all_taken(item_queue, size):
    """Take until nothing waits."""
    taken = []
    while item_queue.waiting:
        taken.append(list(item_queue.take(size)))
    return taken


@pytest.mark.parametrize(
    ("total", "size", "taken"),
    [
        (0, 3, []),
        (2, 3, [[0, 1]]),
        (3, 3, [[0, 1, 2]]),
        (4, 3, [[0, 1, 2], [3]]),
        (3, 1, [[0], [1], [2]]),
    ],
)
def test_items_are_taken_in_order(total, size, taken):
    item_queue = ItemQueue(total)
    assert item_queue.waiting == total
    assert all_taken(item_queue, size) == taken
    assert item_queue.take(size) == ()
    assert item_queue.finished is (total == 0)


@pytest.mark.parametrize(
    ("given_back", "taken"),
    [
        ([], [[4, 5], [6, 7]]),
        ([([], False)], [[4, 5], [6, 7]]),
        ([(range(2, 2), True)], [[4, 5], [6, 7]]),
        ([([3, 1, 2], False)], [[3, 1], [2], [4, 5], [6, 7]]),  # before the others
        ([(range(1, 3), False)], [[1, 2], [4, 5], [6, 7]]),
        ([(range(1), False), (range(2, 4), False)], [[2, 3], [0], [4, 5], [6, 7]]),
        ([([1, 2, 3], True)], [[4, 5], [6, 7], [1, 2, 3]]),  # behind the others, as a group
        ([([0], True), ([1], True)], [[4, 5], [6, 7], [0], [1]]),
        ([([2], True), ([1], False)], [[1], [4, 5], [6, 7], [2]]),
    ],
)
def test_what_is_given_back_goes_first_and_suspects_last(given_back, taken):
    item_queue = ItemQueue(8)
    item_queue.take(4)
    for indices, suspect in given_back:
        item_queue.give_back(indices, suspect=suspect)
    assert item_queue.waiting == sum(len(group) for group in taken)
    assert all_taken(item_queue, 2) == taken
    assert item_queue.waiting == 0


@pytest.mark.parametrize(
    ("settled", "given_back", "taken"),
    [
        ([], range(4), [[0, 1, 2, 3], [4]]),
        ([0], range(4), [[1, 2, 3], [4]]),
        ([3], range(4), [[0, 1, 2], [4]]),
        ([3], [3, 2], [[2], [4]]),
        ([0, 1, 2, 3], range(4), [[4]]),  # what nobody needs is passed over
        ([4], range(0), []),
        ([0, 1, 2, 3, 4], [2], []),
    ],
)
def test_what_was_answered_meanwhile_is_not_taken_again(settled, given_back, taken):
    item_queue = ItemQueue(5)
    item_queue.take(4)
    item_queue.give_back(given_back)
    item_queue.put(settled, settled)
    found = all_taken(item_queue, 4)
    # Nothing is taken only where nothing is left.
    assert [group for group in found if group] == taken
    assert [] not in found[:-1]


@pytest.mark.parametrize("kind", [list, lambda indices: range(indices[0], indices[-1] + 1)])
@pytest.mark.parametrize(
    ("before", "indices", "new", "values"),
    [
        ([], [0, 1, 2], 3, ["new", "new", "new", MISSING]),
        ([], [1, 2, 3], 3, [MISSING, "new", "new", "new"]),
        ([0], [1, 2], 2, ["old", "new", "new", MISSING]),
        ([3], [1, 2], 2, [MISSING, "new", "new", "old"]),
        ([1], [1, 2], 1, [MISSING, "old", "new", MISSING]),
        ([2], [1, 2], 1, [MISSING, "new", "old", MISSING]),
        ([0, 1, 2, 3], [0, 1, 2, 3], 0, ["old"] * 4),
    ],
)
def test_of_two_answers_for_an_item_the_first_counts(kind, before, indices, new, values):
    item_queue = ItemQueue(4)
    item_queue.put(before, ["old"] * len(before))
    assert item_queue.put(kind(indices), ["new"] * len(indices)) == new
    assert item_queue.values == values
    assert item_queue.done == len(before) + new
    assert item_queue.finished is (MISSING not in values)
    assert [item_queue.is_settled(i) for i in range(4)] == [
        value is not MISSING for value in values
    ]


def test_an_answer_without_items_is_none():
    item_queue = ItemQueue(2)
    assert item_queue.put([], []) == item_queue.put(range(0), []) == 0
    assert (item_queue.done, item_queue.waiting) == (0, 2)


def test_only_what_is_opened_again_is_taken_again():
    """Whatever waited before: as in a run of the failed items alone."""
    item_queue = ItemQueue(6)
    item_queue.put([0, 1, 2], ["a", "b", "c"])
    item_queue.take(3)
    item_queue.give_back([4], suspect=True)
    item_queue.give_back([3])
    item_queue.reopen([1, 5])
    assert item_queue.values[:3] == ["a", MISSING, "c"]
    assert (item_queue.done, item_queue.waiting) == (2, 2)
    assert all_taken(item_queue, 1) == [[1], [5]]
    item_queue.give_back([5], suspect=True)
    assert all_taken(item_queue, 1) == [[5]]


def test_the_queue_loses_and_doubles_nothing():
    """Whatever is taken, given back, split and answered twice, each item ends once."""
    rng = random.Random(3)
    for _ in range(200):
        total = rng.randrange(1, 60)
        item_queue, out = ItemQueue(total), []
        while not item_queue.finished:
            if item_queue.waiting and rng.random() < 0.6:
                taken = item_queue.take(rng.randrange(1, 9))
                out += [taken] if len(taken) else []
            elif out:
                _end_a_batch(item_queue, out, rng)
        assert item_queue.values == list(range(total))
        assert item_queue.done == total


def _end_a_batch(item_queue, out, rng):
    batch = out.pop(rng.randrange(len(out)))
    cut = rng.randrange(len(batch) + 1)
    item_queue.put(batch[:cut], list(batch[:cut]))
    item_queue.give_back(batch[cut:], suspect=rng.random() < 0.3)
    if rng.random() < 0.3:
        item_queue.put(batch[:cut], ["second answer"] * cut)
        item_queue.give_back(batch[:cut])


class Halves(Pieces):
    """Pieces that travel together: they are picked at once, never one by one."""

    def __len__(self):
        return 9

    def pick(self, indices):
        return f"pieces {list(indices)}"

    def __iter__(self):
        raise AssertionError("no piece goes alone")

    names = apply = __iter__


@pytest.mark.parametrize(
    ("column", "indices", "values"),
    [
        ("abcd", [3, 1], ["d", "b"]),
        ("abcd", range(1, 3), "bc"),
        (range(9), range(2, 4), range(2, 4)),
        (Halves(), [4, 2], "pieces [4, 2]"),
        (Halves(), range(2, 4), "pieces [2, 3]"),
    ],
)
def test_a_part_of_a_column_is_as_its_column(column, indices, values):
    assert part(column, indices) == values
