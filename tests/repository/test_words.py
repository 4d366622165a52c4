"""One word per thing: classes, modules and fields of JSON are named with the glossary's words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "parflow_jupyter"
RETIRED = {
    *("agent", "envelope", "ledger", "slotbook", "wish", "tray", "held", "deaf", "keeping"),
    *("account", "whose", "told", "steering", "hub", "spawner", "pool", "daemon", "workflow"),
}
"""Words that these things were called by once, or are called by elsewhere."""


PLAIN = """
a aborted action address adoptable alive answer answered app apply argument back base big
busy by byte call cancel cannot change changed check choice chosen command completed conflict
connected count cpu current data database death default dir disk display done early echo
editing enabled ended environment error exited fact failed field finished fix folder found
function given grouped header here host id ids in info interrupt invalid joined kept label
large last lazy left length library like limit list listing local managed meaning mismatch
missing mode model n name named needed no not note of option origin other outcome ownership
package paced parallel parser path percent pickle pickling pid pointing position presenter private
protocol queued reading reason ref refused remote reply reporting resolve restarting retried
rss running runtime scope sent serial setting ship shipped shown signal silent size source
stale start started starting stopping store system table take text time token too total
traceback unavailable unequal unhashable unknown unmet user version wait warning what where
why wire
"""
"""Words that need no row: in names they mean what they mean in English or in any program."""


def words_of(name: str) -> list[str]:
    """Return the words of a name, in lower case and singular.

    Example:
        >>> words_of("SlotTrackers"), words_of("batch_size"), words_of("IPyParallelScheme")
        (['slot', 'tracker'], ['batch', 'size'], ['ipyparallel', 'scheme'])
    """
    name = name.replace("IPyParallel", "Ipyparallel")
    found = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", name)
    return [singular(word.lower()) for word in found]


def singular(word: str) -> str:
    """Return a plural's singular, as far as a glossary needs it.

    Example:
        >>> singular("engines"), singular("batches"), singular("status"), singular("processes")
        ('engine', 'batch', 'status', 'process')
    """
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending):
            return word.removesuffix(ending) + instead
    plain = word.endswith("s") and not word.endswith(("ss", "us", "is", "ias"))
    return word[:-1] if plain and len(word) > 3 else word


def glossary() -> set[str]:
    """Return the words in the first columns of the glossary's tables."""
    text = (ROOT / "docs/architecture.md").read_text()
    section = text.split("## Words", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
    return {word for cell in cells for name in re.split(r"[ ,`]+", cell) for word in words_of(name)}


def names_of_modules() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        if path.name != "_version.py":
            yield path.parent.name if path.stem.startswith("__") else path.stem


def names_of_classes() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name


def names_of_fields() -> Iterator[str]:
    def properties(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            declared = part.get("properties")
            yield from declared if isinstance(declared, dict) else ()
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        for value in inner:
            yield from properties(value)

    for path in [PACKAGE / "server/openapi.yaml", *(PACKAGE / "server/events").glob("*.yaml")]:
        yield from properties(yaml.safe_load(path.read_text()))


NAMES = [names_of_modules, names_of_classes, names_of_fields]


@pytest.mark.parametrize("names", NAMES)
def test_names_are_spelt_with_words_of_the_glossary(names):
    """Whoever meets a name can look its words up; a new word gets its row first."""
    known = glossary() | set(PLAIN.split())
    strange = {
        f"{name}: {word}" for name in names() for word in words_of(name) if word not in known
    }
    assert not strange, f"add to docs/architecture.md, Words, or name otherwise: {sorted(strange)}"


@pytest.mark.parametrize("names", NAMES)
def test_retired_words_stay_retired(names):
    """Nobody can look up what means something only here."""
    assert not {name for name in names() if RETIRED & set(words_of(name))}
    assert not RETIRED & glossary()
