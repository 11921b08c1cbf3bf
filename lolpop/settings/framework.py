"""The root section ``lolpop``: the framework's own settings."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FRAMEWORK", "RESERVED_KEYS", "FrameworkSettings"]

FRAMEWORK = "lolpop"
"""The root key of the section."""

RESERVED_KEYS = frozenset({"cache", "report", "tests"})
"""Keys that later versions will read: nothing may be set by them yet."""


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
    """

    runner: str | None = None
    extensions: tuple[str, ...] = ()
