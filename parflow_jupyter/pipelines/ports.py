"""Functions as modules: typed ports read from their signatures."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from parflow_jupyter._system.plain_process import no_running_loop
from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines.types import ANY, describe_annotation


class _NoDefault:
    """Marks a port without default; one object, also after pickling."""

    def __repr__(self) -> str:
        return "NO_DEFAULT"

    def __reduce__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT = _NoDefault()


@dataclass(frozen=True)
class Port:
    """One typed input or output of a module.

    Args:
        name: Its name, as in the function's signature.
        type: Name of its type, ``"Any"`` if not annotated.
        depth: How many lists the annotation nests around the type.
        required: Whether an input must be connected or set.
        default: What the function uses otherwise, if JSON can say it; only shown, never passed.

    Example:
        >>> Port("size", "int", required=False, default=128).depth
        0
    """

    name: str
    type: str = ANY
    depth: int = 0
    required: bool = False
    default: Any = NO_DEFAULT


_OWN = {
    *functools.WRAPPER_ASSIGNMENTS,
    *("__wrapped__", "function", "reference", "inputs", "outputs", "returns_tuple", "positional"),
}


class Module:
    """A function with typed ports, which still is called like the function.

    Args:
        function: Any callable whose parameters have names; no ``*args``, no ``**kwargs``.

    Raises:
        PipelineError: The signature can't be read or takes any number of arguments.

    Example:
        >>> def thumbnail(path: str, size: int = 128) -> bytes:
        ...     return path.encode()[:size]
        >>> m = Module(thumbnail)
        >>> [(port.name, port.type, port.required) for port in m.inputs]
        [('path', 'str', True), ('size', 'int', False)]
        >>> m("cat.png", size=3)
        b'cat'
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise PipelineError(
                f"{function!r} is no function: give a function, or one decorated with @pf.module."
            )
        signature = _signature(function)
        functools.update_wrapper(self, function)
        self.function = function
        self.reference = _reference(function)
        self.inputs = tuple(_input(self.reference, p) for p in signature.parameters.values())
        self.outputs, self.returns_tuple = _outputs(signature.return_annotation)
        self.positional = tuple(
            p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_ONLY
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<module {self.reference}>"

    @property
    def title(self) -> str:
        """The function's own name."""
        name = self.reference.rpartition(":")[2].rpartition(".")[2]
        return "function" if "<" in name else name

    @property
    def marks(self) -> dict[str, Any]:
        """Attributes that others set on the function, such as the schemes it supports."""
        return {name: value for name, value in vars(self).items() if name not in _OWN}

    @property
    def nameable(self) -> bool:
        """Whether a file can name the function: no lambda, not defined inside another one."""
        return "<" not in self.reference

    def call(self, inputs: Mapping[str, Any], context: object = None) -> tuple[Any, ...]:
        """Call the function and return its outputs, in the order of the output ports.

        Args:
            inputs: Values by input port; missing ones take the function's defaults.
            context: What modules may use while they run; a function needs none of it.

        Raises:
            PipelineError: A function with several outputs returned another number of values.
        """
        named = dict(inputs)
        first = [named.pop(name) for name in self.positional if name in named]
        with no_running_loop():
            value = self.function(*first, **named)
        if not self.returns_tuple:
            return (value,)
        if isinstance(value, tuple) and len(value) == len(self.outputs):
            return tuple(value)
        raise PipelineError(
            f"{self.title} returned {type(value).__name__} where its annotation promises "
            f"{len(self.outputs)} values: return the NamedTuple it names."
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        # By name where an import finds this very object, as pickle does with functions:
        # otherwise cloudpickle would ship the whole Python module's globals by value.
        if self.nameable and self._is_importable():
            return self.reference.partition(":")[2]
        return super().__reduce_ex__(protocol)

    def _is_importable(self) -> bool:
        import cloudpickle

        home, _, path = self.reference.partition(":")
        parents = {home, *(home[:i] for i, letter in enumerate(home) if letter == ".")}
        if home == "__main__" or parents & set(cloudpickle.list_registry_pickle_by_value()):
            return False
        return find_attribute(sys.modules.get(home), path) is self


_REGISTERED: dict[str, Module] = {}


@overload
def module(function: Callable[..., Any]) -> Module: ...
@overload
def module(function: None = None) -> Callable[[Callable[..., Any]], Module]: ...
def module(
    function: Callable[..., Any] | None = None,
) -> Module | Callable[[Callable[..., Any]], Module]:
    """Make a function usable as a module of a pipeline; it stays callable as before.

    The parameters become input ports and the return annotation the output port
    ``result``; a NamedTuple as return annotation gives one output per field.

    Args:
        function: The function; without it (``@module()``), a decorator is returned.

    Raises:
        PipelineError: The function takes ``*args`` or ``**kwargs``, or has no readable signature.

    Example:
        >>> @module
        ... def double(x: int) -> int:
        ...     return 2 * x
        >>> double(4), [port.name for port in double.outputs]
        (8, ['result'])
    """
    if function is None:
        return module
    made = as_module(function)
    if made.nameable:
        _REGISTERED[made.reference] = made
    return made


def as_module(function: Callable[..., Any]) -> Module:
    """Return the function as a module, unchanged if it is one."""
    return function if isinstance(function, Module) else Module(function)


def registered(reference: str) -> Module | None:
    """Return the latest ``@module`` function of this process with this name, or None."""
    return _REGISTERED.get(reference)


def find_attribute(start: object, path: str) -> object:
    """Follow a dotted path of attributes; None if it leads nowhere."""
    for name in path.split("."):
        start = getattr(start, name, None)
    return start


def _reference(function: Callable[..., Any]) -> str:
    home = getattr(function, "__module__", None) or type(function).__module__
    name = getattr(function, "__qualname__", None) or f"<{type(function).__qualname__}>"
    return f"{home}:{name}"


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    if inspect.iscoroutinefunction(function):
        raise PipelineError(
            f"{_reference(function)} is a coroutine function: wrap it in a plain function "
            f"that calls asyncio.run."
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise PipelineError(
            f"The signature of {_reference(function)} can't be read ({error}): "
            f"wrap it in a function with named parameters."
        ) from None
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # annotations as text are any code, and may name what is not there
        return signature


def _input(reference: str, parameter: inspect.Parameter) -> Port:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
        raise PipelineError(
            f"{reference} takes {stars}{parameter.name}, and a module needs a fixed list of "
            f"ports: name each parameter, or take one list."
        )
    required = parameter.default is parameter.empty
    name, depth = _described(parameter.annotation)
    default = parameter.default if is_json(parameter.default) else NO_DEFAULT
    return Port(parameter.name, name, depth, required, NO_DEFAULT if required else default)


def _outputs(annotation: Any) -> tuple[tuple[Port, ...], bool]:
    fields = getattr(annotation, "_fields", None)
    if isinstance(annotation, type) and issubclass(annotation, tuple) and fields:
        hints = _hints(annotation)
        return tuple(Port(f, *_described(hints.get(f, Any))) for f in fields), True
    return (Port("result", *_described(annotation)),), False


def _hints(annotation: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(annotation)
    except Exception:  # as above
        return dict(annotation.__annotations__)


def _described(annotation: Any) -> tuple[str, int]:
    return (ANY, 0) if annotation is inspect.Parameter.empty else describe_annotation(annotation)


def is_json(value: object) -> bool:
    """Tell whether JSON gives back exactly this value.

    Example:
        >>> is_json({"a": [1, 2.5, None]}), is_json((1, 2)), is_json(float("nan"))
        (True, False, False)
    """
    if type(value) is float:
        return value - value == 0  # neither infinite nor nan
    if type(value) is list:
        return all(is_json(item) for item in value)
    if type(value) is dict:
        return all(type(key) is str and is_json(item) for key, item in value.items())
    return value is None or type(value) in (bool, int, str)
