"""The root section ``lolpop``: the framework's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["FRAMEWORK", "RESERVED_KEYS", "FrameworkSettings", "TaskChecks"]

FRAMEWORK = "lolpop"
"""The root key of the section."""

RESERVED_KEYS = frozenset({"report"})
"""Keys that are reserved for later versions."""

_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True)
class TaskChecks:
    """Checks that ``lolpop test`` calls around a task or workflow.

    Parameters
    ----------
    before
        Functions to call before it, as ``tests/checks.py:function`` or ``package.module:function``.
    after
        Functions to call after it.
    on_failure
        Whether a failure ends the workflow, fails the test at its end, or is a warning only.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    on_failure: Literal["stop", "continue", "warn"] | None = None


@dataclass(frozen=True, kw_only=True)
class FrameworkSettings:
    """The framework's own settings, which belong to no component, pipeline or runner.

    Parameters
    ----------
    runner
        The runner of the project, which commands use when they name none: a registered name,
        ``package.module:ContainerClass``, or ``path/file.py:ContainerClass``.
    extensions
        Packages that the project needs, as requirements: ``acme-trainers>=1.2``. Verification says which of
        them are missing.
    tests
        Checks of tasks and workflows by path: ``{train.train_model: {after: [tests/checks.py:good]}}``.
    check_files
        Files of checks that are attached by decorators, relative to the settings file.
    cache
        Whether results of earlier calls are reused: true for all tasks and workflows, or a pattern over their
        paths, such as ``train.*``, or several patterns.
    """

    runner: str | None = None
    extensions: tuple[str, ...] = ()
    tests: Mapping[str, TaskChecks] = field(default_factory=dict)
    check_files: tuple[str, ...] = ()
    cache: bool | str | tuple[str, ...] = False

    @property
    def cached_paths(self) -> tuple[str, ...]:
        """Patterns over the paths of the tasks and workflows whose results are reused."""
        # Variables and flags set text.
        if isinstance(self.cache, str) and self.cache.lower() not in _TRUTHS:
            return (self.cache,)
        if isinstance(self.cache, tuple):
            return self.cache
        return ("*",) if _TRUTHS.get(str(self.cache).lower(), False) else ()
