"""The options of a command line that select settings, as one value."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lolpop.errors import Finding


@dataclass(frozen=True, slots=True)
class SettingsOptions:
    """The options of a command line that select settings.

    A command with a parameter of this type has ``--config``, ``--profile`` and ``--set``.
    """

    files: Sequence[Path] = ()
    profile: Sequence[str] = ()
    flags: Sequence[str] = ()
    """The arguments of ``--set``."""
    group: str | None = None
    cache: bool = False
    """Whether results of earlier runs are reused."""
    step: str | None = None
    """The name of the call in its group."""
    swept: Sequence[str] = ()
    """Paths of the settings that a sweep varies."""

    def load(self, container: type[Any], *, recorded: bool = False, lenient: bool = False) -> Any:
        """An instance of ``container`` with these settings."""
        from lolpop.containers import load

        return load(
            container,
            list(self.files),
            profile=self.profile,
            environ=os.environ,
            flags=list(self.flags),
            group=self.group,
            recorded=recorded,
            lenient=lenient,
            cache=self.cache,
            step=self.step,
            swept=self.swept,
        )

    def missing(self, container: Any, findings: Iterable[Finding]) -> str | None:
        """A hint if settings are missing because there is no settings file; None otherwise."""
        from lolpop.errors import UnsetFinding
        from lolpop.settings.files import SETTINGS_FILE

        unset = any(isinstance(finding, UnsetFinding) for finding in findings)
        if not unset or self.files or Path(SETTINGS_FILE).exists():
            return None
        note = f"There is no {SETTINGS_FILE} in {Path.cwd()}. Go where it is, or name it with -c."
        if {"problem", "data"} <= set(container.providers):
            note += " Or write one: problem: {name: …, target: …} and data: {train: …csv}."
        return note

    def restated(self) -> str:
        """The options that name the same files and profile again, for a command that is proposed."""
        words = [word for file in self.files for word in ("-c", str(file))]
        words += [word for profile in self.profile for word in ("--profile", profile)]
        return "".join(f" {shlex.quote(word)}" for word in words)
