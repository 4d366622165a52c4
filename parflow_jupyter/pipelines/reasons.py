"""The reasons of a pipeline's problems: the same for programs, whatever the words.

docs/pipelines.md says what each means.
"""

from __future__ import annotations

CYCLE = "cycle"
FUNCTION_CHANGED = "function-changed"
FUNCTION_MISSING = "function-missing"
GROUP_MISSING = "group-missing"
IMPORT_FAILED = "import-failed"
INPUT_CONNECTED_TWICE = "input-connected-twice"
INPUT_UNKNOWN = "input-unknown"
LIST_MISSING = "list-missing"
OUTPUT_UNKNOWN = "output-unknown"
TYPES_UNFIT = "types-unfit"
VALUE_MISSING = "value-missing"
VALUE_UNFIT = "value-unfit"
