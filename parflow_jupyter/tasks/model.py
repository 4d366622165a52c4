"""What a task is: a function with its arguments, or a text of Python with names in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from parflow_jupyter._system.callables import name_of
from parflow_jupyter.errors import InvalidInputError

Depend = Callable[[dict[str, Any]], Any]
"""Takes an engine's properties and returns whether the engine may run the task."""


class Task:
    """What all tasks have in common.

    Args:
        clear_before: Remove all names from the engine's namespace before the task runs.
        clear_after: Remove them afterwards, also when the task failed.
        retries: How often the task is run again after it failed or its engine died.
        recovery_task: Run in its place when it failed for good; it may have one of its own.
        depend: Called with an engine's properties; the engine may run the task if it
            returns something true. If it raises, the engine may not.
    """

    label = "task"

    def __init__(
        self,
        clear_before: bool = False,
        clear_after: bool = False,
        retries: int = 0,
        recovery_task: Task | None = None,
        depend: Depend | None = None,
    ) -> None:
        if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
            raise InvalidInputError(
                f"retries={retries!r} can't be used: give a whole number from 0."
            )
        if recovery_task is not None and not isinstance(recovery_task, Task):
            raise InvalidInputError(
                f"recovery_task={recovery_task!r} is no task: give a StringTask or a MapTask."
            )
        if depend is not None and not callable(depend):
            raise InvalidInputError(
                f"depend={depend!r} can't be called: give a function of an engine's properties."
            )
        self.clear_before = bool(clear_before)
        self.clear_after = bool(clear_after)
        self.retries = retries
        self.recovery_task = recovery_task
        self.depend = depend

    def chain(self) -> Iterator[Task]:
        """Yield the task and what recovers it, each once, however they refer to each other."""
        seen: set[int] = set()
        task: Task | None = self
        while task is not None and id(task) not in seen:
            seen.add(id(task))
            yield task
            task = task.recovery_task


class MapTask(Task):
    """A call of a function; what it returns is the task's result.

    Args:
        function: What is called; what it needs from the notebook goes along.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
        clear_before: As for :class:`Task`, like all that follow.
        clear_after: Remove the engine's names afterwards.
        retries: How often it is run again after a failure.
        recovery_task: Run in its place when it failed for good.
        depend: Which engines may run it.

    Raises:
        InvalidInputError: An argument can't be used.

    Example:
        >>> MapTask(pow, (2, 5))
        MapTask(pow)

    Source: ``IPython.kernel.task.MapTask`` of IPython 0.10.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Sequence[Any] | None = (),
        kwargs: Mapping[str, Any] | None = None,
        clear_before: bool = False,
        clear_after: bool = False,
        retries: int = 0,
        recovery_task: Task | None = None,
        depend: Depend | None = None,
    ) -> None:
        super().__init__(clear_before, clear_after, retries, recovery_task, depend)
        if not callable(function):
            raise InvalidInputError(f"{function!r} can't be called: give a function first.")
        if args is not None and not isinstance(args, (list, tuple)):
            raise InvalidInputError(f"args={args!r} can't be used: give a list or a tuple.")
        if kwargs is not None and not isinstance(kwargs, Mapping):
            raise InvalidInputError(f"kwargs={kwargs!r} can't be used: give a dict.")
        self.function = function
        self.args = tuple(args or ())
        self.kwargs = dict(kwargs or {})
        self.label = name_of(function)

    def __repr__(self) -> str:
        return f"MapTask({self.label})"


class StringTask(Task):
    r"""A text of Python that runs in an engine's namespace, with names in and out.

    Args:
        expression: Python, of any number of lines.
        pull: Names whose values are the result: one as text, or several.
        push: Values that get a name in the engine's namespace first.
        clear_before: As for :class:`Task`, like all that follow.
        clear_after: Remove the engine's names afterwards.
        retries: How often it is run again after a failure.
        recovery_task: Run in its place when it failed for good.
        depend: Which engines may run it.

    Raises:
        InvalidInputError: An argument can't be used, or the text is no Python.

    Example:
        >>> StringTask("y = x * x", pull="y", push={"x": 3})
        StringTask('y = x * x')

    Source: ``IPython.kernel.task.StringTask`` of IPython 0.10.
    """

    def __init__(
        self,
        expression: str,
        pull: str | Sequence[str] | None = None,
        push: Mapping[str, Any] | None = None,
        clear_before: bool = False,
        clear_after: bool = False,
        retries: int = 0,
        recovery_task: Task | None = None,
        depend: Depend | None = None,
    ) -> None:
        super().__init__(clear_before, clear_after, retries, recovery_task, depend)
        self.expression = _checked_expression(expression)
        self.pull = tuple(_checked_name("pull", name) for name in _names("pull", pull))
        if push is not None and not isinstance(push, Mapping):
            raise InvalidInputError(f"push={push!r} can't be used: give a dict of names to values.")
        self.push = {_checked_name("push", name): value for name, value in (push or {}).items()}
        first = expression.strip().partition("\n")[0]
        self.label = first if len(first) <= 40 else f"{first[:39]}…"

    def __repr__(self) -> str:
        return f"StringTask({self.label!r})"


def _checked_expression(expression: object) -> str:
    if not isinstance(expression, str):
        raise InvalidInputError(f"{expression!r} can't be run: give Python as text.")
    try:
        compile(expression, "<task>", "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        shown = (getattr(error, "text", None) or "").rstrip()
        place = f" in line {line}, {shown.strip()!r}" if line else ""
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InvalidInputError(
            f"The expression is no Python{place}: {what}. Engines run plain Python, without magics."
        ) from None
    return expression


def _names(option: str, names: object) -> Sequence[str]:
    if names is None:
        return ()
    if isinstance(names, str):
        return (names,)
    if isinstance(names, (list, tuple)):
        return names
    raise InvalidInputError(f"{option}={names!r} can't be used: give a name, or a list of names.")


def _checked_name(option: str, name: object) -> str:
    if not isinstance(name, str) or not name.isidentifier():
        raise InvalidInputError(f"{option} has {name!r}, which is no name of a variable.")
    return name
