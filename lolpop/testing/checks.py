"""Checks around tasks and workflows: how they are attached, and what they find."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any, Literal, TypeAlias, TypeVar

from lolpop.components.test_recorder import CheckOutcome, CheckStatus

__all__ = ["AttachedCheck", "OnFailure", "after", "attached_checks", "before"]

F = TypeVar("F", bound=Callable[..., Any])

When: TypeAlias = Literal["before", "after"]
OnFailure: TypeAlias = Literal["stop", "continue", "warn"]
"""Whether a check that fails ends the workflow, fails the test at its end, or is a warning only."""

_ATTACHED = "__lolpop_checks__"


def before(path: str, *, on_failure: OnFailure | None = None) -> Callable[[F], F]:
    """Attach the decorated function to a task or workflow: ``lolpop test`` calls it before each call.

    It is called with the pipeline or runner and the arguments of the call, and may name as few of them as it
    needs. It passes by returning None or True. It fails by returning False, by returning ``(False, "why")``,
    or by an assertion. Any other exception is an error.

    Parameters
    ----------
    path : str
        Path of a task or workflow, such as ``train.train_model``, or a pattern, such as ``train.*``.
    on_failure : {"stop", "continue", "warn"}, optional
        What a failure does, if not what ``lolpop test`` is told.
    """
    return _attacher("before", path, on_failure)


def after(path: str, *, on_failure: OnFailure | None = None) -> Callable[[F], F]:
    """Attach the decorated function to a task or workflow: ``lolpop test`` calls it after each call.

    It is called as a check of ``before``, with the result of the call after the pipeline or runner.
    """
    return _attacher("after", path, on_failure)


@dataclass(frozen=True, slots=True)
class AttachedCheck:
    """A function that checks calls of the tasks and workflows whose path matches a pattern.

    Parameters
    ----------
    path
        The pattern, such as ``train.*``.
    when
        Whether it runs before or after the call.
    function
        The function.
    on_failure
        What a failure does: ``stop`` the run, ``continue``, or ``warn``; None to leave it to the settings.
    """

    path: str
    when: When
    function: Callable[..., Any]
    on_failure: OnFailure | None = None

    @property
    def name(self) -> str:
        """Name of the function."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    @property
    def place(self) -> str:
        """Where the function is written."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        return f"{_shown(code.co_filename)}:{code.co_firstlineno}" if code is not None else ""

    def outcome(
        self,
        path: str,
        subject: tuple[Any, ...],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        default: OnFailure,
    ) -> CheckOutcome:
        """Call the function around a call of ``path`` with ``args`` and ``kwargs``, and say what it found.

        ``subject`` is the integration, and the result after a call. ``default`` is what a failure does where
        the check does not say.
        """
        place = self.place
        started = time.perf_counter()
        try:
            status, message = _verdict_of(_called(self.function, subject, args, kwargs))
        except AssertionError as error:
            status, message = "failed", str(error) or "an assertion failed"
            place = _line_of(error) or place
        except Exception as error:  # noqa: BLE001  (whatever the user's function raises is its outcome)
            status, message = "error", f"{type(error).__name__}: {error}"
            place = _line_of(error) or place
        seconds = time.perf_counter() - started
        if status == "failed" and (self.on_failure or default) == "warn":
            status = "warning"
        return CheckOutcome(self.name, path, self.when, status, message, place, seconds)


def attached_checks(namespace: Mapping[str, Any]) -> Iterator[AttachedCheck]:
    """The checks among the functions of a module, in the order they are written."""
    for function in dict.fromkeys(value for value in namespace.values() if inspect.isroutine(value)):
        yield from getattr(function, _ATTACHED, ())


def _attacher(when: When, path: str, on_failure: OnFailure | None) -> Callable[[F], F]:
    if not isinstance(path, str):
        raise TypeError(f"@{when} takes the path of a task, such as @{when}('train.train_model').")

    def attach(function: F) -> F:
        attached = (*getattr(function, _ATTACHED, ()), AttachedCheck(path, when, function, on_failure))
        setattr(function, _ATTACHED, attached)
        return function

    return attach


def _called(
    function: Callable[..., Any],
    subject: tuple[Any, ...],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Call a check with as many arguments as it takes, in their order; keyword-only ones by name."""
    parameters = list(inspect.signature(function).parameters.values())
    kinds = {parameter.kind for parameter in parameters}
    positional = [
        parameter.name
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    taken = (*subject, *args)
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        taken = taken[: len(positional)]
    named = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    named |= set(positional[len(taken) :])
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds
    return function(*taken, **{name: value for name, value in kwargs.items() if takes_any or name in named})


def _verdict_of(result: Any) -> tuple[CheckStatus, str]:
    """What a check says by what it returns."""
    verdict, message = result, ""
    if isinstance(result, tuple) and len(result) == 2:
        verdict, message = result[0], str(result[1])
    if verdict is None:
        return "passed", message
    if type(verdict).__name__ in ("bool", "bool_"):  # numpy's too
        return ("passed", message) if verdict else ("failed", message or "it returned False")
    return "error", f"it returned {result!r}, but should return None, True, False or (False, 'why')"


def _line_of(error: BaseException) -> str | None:
    """The line of the user's code that raised an error; None if the call itself did."""
    last = extract_tb(error.__traceback__)[-1]
    return None if last.filename == __file__ else f"{_shown(last.filename)}:{last.lineno}"


def _shown(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename
