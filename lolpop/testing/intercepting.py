"""The interceptor that calls checks, and the collection of what they find."""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from lolpop._names import did_you_mean
from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.components.test_recorder import CheckOutcome, TestRecorder
from lolpop.errors import Finding, LolpopError
from lolpop.kernel.providers.main_slots import MainSlot
from lolpop.kernel.scopes import Scope
from lolpop.testing.checks import AttachedCheck, OnFailure, When

__all__ = ["CheckInterceptor", "CheckStoppedError", "stray_checks"]


class CheckStoppedError(LolpopError):
    """A check failed, and its failure is to end the workflow."""


class CheckInterceptor(Interceptor):
    """Calls checks before and after the tasks and workflows that they are attached to.

    Parameters
    ----------
    root : Scope
        The root container's scope, whose pipelines and runner the checks are called with.
    checks : sequence of AttachedCheck
        In the order they are called.
    recorders : sequence of TestRecorder
        They are told each outcome at once.
    on_failure : {"stop", "continue", "warn"}
        What a failure does where its check does not say.
    mask : callable
        Takes secrets out of what checks say.
    """

    def __init__(
        self,
        root: Scope,
        checks: Sequence[AttachedCheck],
        recorders: Sequence[TestRecorder],
        on_failure: OnFailure,
        mask: Callable[[str], str],
    ) -> None:
        self.on = "*"
        self._root = root
        self._checks = checks
        self._recorders = recorders
        self._on_failure = on_failure
        self._mask = mask
        self._outcomes: list[CheckOutcome] = []
        self._called: set[AttachedCheck] = set()
        self._lock = threading.Lock()

    def around(self, call: TaskCall) -> Any:
        """Call the checks of ``call`` before and after it. Raises CheckStoppedError as they ask for."""
        self._check("before", call, ())
        result = call.proceed()
        self._check("after", call, (result,))
        return result

    def outcomes(self) -> list[CheckOutcome]:
        """What the checks have found, those that were never called at the end."""
        with self._lock:
            waiting = [check for check in self._checks if check not in self._called]
            not_run = [
                CheckOutcome(check.name, check.path, check.when, "not run", "it was not called", check.place)
                for check in waiting
            ]
            return [*self._outcomes, *not_run]

    def _check(self, when: When, call: TaskCall, result: tuple[Any, ...]) -> None:
        for check in self._checks:
            if check.when != when or not fnmatchcase(call.path, check.path):
                continue
            integration = _integration_at(self._root, call.path)
            args, kwargs = _arguments(integration, call)
            outcome = check.outcome(call.path, (integration, *result), args, kwargs, self._on_failure)
            outcome = replace(outcome, message=self._mask(outcome.message))
            with self._lock:
                self._called.add(check)
                self._outcomes.append(outcome)
            for recorder in self._recorders:
                recorder.record(outcome)
            if outcome.counts and (check.on_failure or self._on_failure) == "stop":
                raise CheckStoppedError(
                    f"{outcome.check} ({when} {call.path}) {outcome.status}, which stops the workflow."
                )


def stray_checks(checks: Sequence[AttachedCheck], paths: Sequence[str]) -> list[Finding]:
    """Checks that are attached to a task or workflow that does not exist."""
    return [
        Finding(
            check.path,
            f"{check.name} ({check.place}) is attached to a task or workflow that does not exist",
            hint=did_you_mean(check.path, paths) or f"There are: {', '.join(paths)}.",
        )
        for check in checks
        if not any(fnmatchcase(path, check.path) for path in paths)
    ]


def _integration_at(root: Scope, path: str) -> Any:
    """The pipeline or runner whose method is at ``path``."""
    *containers, _ = path.split(".")
    scope: Any = root
    for name in containers:
        scope = scope.providers[name].scope_inside
    return next(provider() for provider in scope.providers.values() if isinstance(provider, MainSlot))


def _arguments(integration: Any, call: TaskCall) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call as its method takes them: by position, and by name."""
    method = getattr(type(integration), call.path.rpartition(".")[2])
    signature = inspect.signature(method)
    without_self = signature.replace(parameters=list(signature.parameters.values())[1:])
    bound = inspect.BoundArguments(without_self, OrderedDict(call.arguments))
    return bound.args, bound.kwargs
