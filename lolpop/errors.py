"""The errors that lolpop raises on purpose, and the values they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from lolpop._escaping import escaped_text
from lolpop._names import shortened
from lolpop._urls import mask_urls

__all__ = [
    "DEFAULT",
    "CompletedRunError",
    "DataError",
    "Finding",
    "FlowError",
    "LolpopError",
    "MissingExtraError",
    "NoLocalRunError",
    "NoUnseenRowsError",
    "Origin",
    "ReferenceNotFoundError",
    "ReplacedMeanwhileError",
    "SettingsError",
    "StoreError",
    "TrainingError",
    "UnknownFinding",
    "UnrecordedArgumentsError",
    "UnsetFinding",
    "UntrustedTypeError",
    "UnusableArtifactError",
    "VerificationError",
    "WiringError",
]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting was set.

    Parameters
    ----------
    source
        A file, an environment variable, a flag of the command line, or ``default``.
    line
        Line in a file, from 1.
    column
        Column in a file, from 1.
    """

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)


DEFAULT = Origin("default")
"""The origin of a setting that no source sets."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a container or its settings.

    Parameters
    ----------
    path
        Dotted path from the root of the container, such as ``train.model_trainer.n_estimators``.
    message
        What is wrong.
    severity
        ``error``, or ``warning`` for what does not stop a run.
    origin
        Where the setting was set; None if no source set it.
    hint
        What to do about it.
    """

    path: str
    message: str
    severity: Severity = "error"
    origin: Origin | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.origin}  " if self.origin else ""
        subject = f"{shortened(self.path)}: " if self.path else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}{subject}{self.message}.{hint}"


@dataclass(frozen=True, slots=True)
class UnsetFinding(Finding):
    """A required setting that no source sets."""


@dataclass(frozen=True, slots=True)
class UnknownFinding(Finding):
    """A setting that does not exist.

    Parameters
    ----------
    is_near
        Whether the hint names an existing setting that may have been meant.
    """

    is_near: bool = False


class LolpopError(Exception):
    """Base of every error that lolpop raises on purpose: its text is all a user needs to read."""

    def __str__(self) -> str:
        # It quotes data, settings and libraries, and may be shown by whoever catches it.
        return escaped_text(mask_urls(super().__str__()))


class _FindingsError(LolpopError):
    """An error that reports all findings at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))

    def __reduce__(self) -> tuple[type[_FindingsError], tuple[tuple[Finding, ...]]]:
        return type(self), (self.findings,)


class SettingsError(_FindingsError):
    """The sources of settings do not make one tree: syntax, a missing file or profile, links."""


class VerificationError(_FindingsError):
    """A container cannot work as it is wired and set."""


class FlowError(_FindingsError):
    """A flow that cannot be followed: unknown workflows or parameters, wrong arguments, a cycle."""


class WiringError(LolpopError):
    """A container was asked for something that it cannot give.

    Parameters
    ----------
    message
        What it cannot give.
    hint
        What to do about it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message, self.hint = message, hint
        super().__init__(f"{message}. {hint}" if hint else message)

    def __reduce__(self) -> tuple[type[WiringError], tuple[object, ...]]:
        return type(self), (self.message, self.hint)


class CompletedRunError(WiringError):
    """A run cannot be resumed, since it is completed and no setting is changed.

    Parameters
    ----------
    run_id
        Id of the run.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"run {run_id} cannot be resumed: it is completed, and no setting is changed")

    def __reduce__(self) -> tuple[type[CompletedRunError], tuple[str]]:
        return type(self), (self.run_id,)


class UnrecordedArgumentsError(WiringError):
    """A run cannot be called again, since its record does not hold all arguments.

    Parameters
    ----------
    run_id
        Id of the run.
    reasons
        By the name of each missing argument, its type, or that it is a secret.
    """

    def __init__(self, run_id: str, reasons: Mapping[str, str]) -> None:
        self.run_id, self.reasons = run_id, dict(reasons)
        arguments = ", ".join(f"{name} ({reason})" for name, reason in reasons.items())
        super().__init__(f"run {run_id} cannot be replayed: its record does not hold {arguments}")

    def __reduce__(self) -> tuple[type[UnrecordedArgumentsError], tuple[str, dict[str, str]]]:
        return type(self), (self.run_id, self.reasons)


class NoLocalRunError(WiringError):
    """An orchestrator cannot run flows on this machine.

    Parameters
    ----------
    orchestrator
        Name of its class.
    runner
        Name of the runner, as in commands.
    flow
        Name of the flow, as in commands.
    """

    def __init__(self, orchestrator: str, runner: str, flow: str) -> None:
        self.orchestrator, self.runner, self.flow = orchestrator, runner, flow
        super().__init__(f"{orchestrator} cannot run a flow on this machine")

    def __reduce__(self) -> tuple[type[NoLocalRunError], tuple[str, str, str]]:
        return type(self), (self.orchestrator, self.runner, self.flow)


class MissingExtraError(LolpopError):
    """A library that an implementation needs is not installed.

    Parameters
    ----------
    what
        Name of the library.
    install
        What to give to ``pip install``.
    """

    def __init__(self, what: str, install: str) -> None:
        self.what, self.install = what, install
        super().__init__(f"{what} is not installed. Install it with: pip install '{install}'")

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.what, self.install)


class DataError(LolpopError):
    """Data that cannot be used for the requested operation."""


class NoUnseenRowsError(DataError):
    """Models cannot be compared: one of them was fitted on every row of the test."""


class TrainingError(LolpopError):
    """An estimator refused its parameters or its data.

    Parameters
    ----------
    message
        Why it refused them.
    parameter
        Name and value, as text, of the parameter that was refused; None if it was the data.
    """

    def __init__(self, message: str, parameter: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class UntrustedTypeError(LolpopError):
    """A stored model contains types that are not trusted."""


class ReferenceNotFoundError(LolpopError):
    """A reference that names no resource of the store."""


class ReplacedMeanwhileError(LolpopError):
    """Something was replaced by another process before it could be replaced here."""


class StoreError(LolpopError):
    """The store cannot be opened, read or written."""


class CacheError(LolpopError):
    """An entry of a cache cannot be read or written."""


class UnkeptValueError(LolpopError):
    """A value that a cache cannot store, since it would not come back unchanged."""


class UnusableArtifactError(StoreError):
    """A stored artifact is lost, damaged or no longer usable; the store itself works."""
