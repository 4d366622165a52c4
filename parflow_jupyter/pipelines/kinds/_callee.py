"""What kinds share that call a function or group in a way of their own, such as once per item."""

from __future__ import annotations

from parflow_jupyter.pipelines.abc import Kind
from parflow_jupyter.pipelines.kinds.function import Function
from parflow_jupyter.pipelines.kinds.group import Group
from parflow_jupyter.pipelines.model import ModuleSpec

_FUNCTION, _GROUP = Function(), Group()


def callee(spec: ModuleSpec) -> Kind:
    """Return the kind that knows what the module calls: that of functions or of groups."""
    return _FUNCTION if spec.group is None else _GROUP
