"""Take JSON apart, saying exactly where it is not as it should be."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.errors import DocumentError

_KINDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a whole number",
    bool: "true or false",
}


@dataclass(frozen=True)
class Entry:
    """A value in a file, and where it is.

    Args:
        value: What JSON gave.
        file: Name of the file, for messages.
        path: Place in the file, such as ``modules[2].inputs[0].name``; "" for all of it.
    """

    value: Any
    file: str
    path: str = ""

    def error(self, what: str, fix: str) -> DocumentError:
        """Return the error that says what is wrong here and what to do."""
        place = f", at {self.path}" if self.path else ""
        return DocumentError(
            f"{self.file} is no readable pipeline{place}: {what}; {fix}.", place=self.path
        )

    def expect(self, kind: type) -> Any:
        """Return the value if it is of this kind; true and false are no numbers."""
        if type(self.value) is not kind:
            raise self.error(
                f"{reprlib.repr(self.value)} stands where {_KINDS[kind]} belongs",
                "repair it by hand, or restore an older copy",
            )
        return self.value

    def field(self, name: str) -> Entry:
        """Return a field that must be there."""
        found = self.optional(name)
        if found is None:
            raise self.error(
                f"the field {name!r} is missing", "add it by hand, or restore an older copy"
            )
        return found

    def optional(self, name: str) -> Entry | None:
        """Return a field, or None if it is not there."""
        data = self.expect(dict)
        if name not in data:
            return None
        return Entry(data[name], self.file, f"{self.path}.{name}" if self.path else name)

    def only(self, names: Collection[str]) -> None:
        """Refuse fields that are not among these."""
        for name in self.expect(dict):
            if name not in names:
                raise self.error(
                    f"the field {name!r} is unknown here", "remove it, or correct its spelling"
                )

    def items(self) -> Iterator[Entry]:
        """Yield the items of a list."""
        for index, value in enumerate(self.expect(list)):
            yield Entry(value, self.file, f"{self.path}[{index}]")

    def text(self) -> str:
        """Return text that is not empty."""
        if not self.expect(str):
            raise self.error("the text is empty", "fill it in")
        return str(self.value)

    def pair(self) -> tuple[str, str]:
        """Return a list of two texts: a module and one of its ports."""
        parts = [item.text() for item in self.items()]
        if len(parts) != 2:
            raise self.error(f"{self.value!r} is no port", 'give ["module id", "port name"]')
        return parts[0], parts[1]
