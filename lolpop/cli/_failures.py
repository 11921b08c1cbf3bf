"""Errors of commands: their messages and exit codes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from lolpop.cli._advice import advice_on
from lolpop.cli._exit_codes import BROKEN_PIPE, FAILED, INTERRUPTED, USAGE
from lolpop.cli._output import print_error
from lolpop.errors import Finding, FlowError, LolpopError, SettingsError, VerificationError, WiringError
from lolpop.interrupts import interruption_of
from lolpop.registry import is_installed
from lolpop.settings.secrets import mask_urls


class UsageError(LolpopError):
    """A command with unknown or missing arguments."""


class RunFailedError(LolpopError):
    """A workflow that failed; the reason is its cause. ``mask`` hides the container's secrets."""

    def __init__(self, workflow: str, hint: str, mask: Callable[[str], str]) -> None:
        self.workflow, self.hint, self.mask = workflow, hint, mask
        super().__init__(f"workflow {workflow} failed")


_BEFORE_THE_RUN = (UsageError, SettingsError, VerificationError, WiringError, FlowError)


@contextmanager
def failures(*, show_traceback: bool) -> Iterator[None]:
    """Turn errors inside the block into a few lines on standard error, and an exit code."""
    try:
        yield
    except (typer.Exit, typer.TyperException):
        raise
    except BrokenPipeError:
        raise typer.Exit(BROKEN_PIPE) from None
    except BaseException as error:  # noqa: BLE001  (whatever it is, a person reads it, and a script its code)
        # Not only Exception: SystemExit of user code, or the panic of a library in Rust, has a text too.
        if isinstance(interruption := interruption_of(error), KeyboardInterrupt):
            notes = getattr(interruption, "__notes__", [])
            print_error(" ".join(["Interrupted.", *notes]))
            raise typer.Exit(INTERRUPTED) from None
        if show_traceback:
            print_error(mask_of(error)("".join(traceback.format_exception(_cause_of(error)))))
        print_error(_report(error, with_hint=not show_traceback))
        raise typer.Exit(USAGE if isinstance(error, _BEFORE_THE_RUN) else FAILED) from None


def described(failure: BaseException) -> dict[str, Any]:
    """An error as JSON: its type, its text, where it happened, and findings where it has some."""
    error = _cause_of(failure)
    message = mask_of(failure)(message_of(error))
    description: dict[str, Any] = {"type": type(error).__name__, "message": message}
    if (place := _place_of(error)) is not None:
        description["place"] = place
    if isinstance(error, SettingsError | VerificationError | FlowError):
        description["findings"] = [finding_json(finding) for finding in findings_in(error)]
    return description


def findings_in(error: LolpopError) -> list[Finding]:
    """The findings of an error, or the error itself as the only finding."""
    if isinstance(error, SettingsError | VerificationError | FlowError):
        return list(error.findings)
    # The text of a finding ends where its hint begins, without a period.
    return [Finding("", mask_urls(str(error)).removesuffix("."))]


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    origin = finding.origin
    return {
        "path": finding.path,
        "message": finding.message,
        "severity": finding.severity,
        "origin": None
        if origin is None
        else {"source": origin.source, "line": origin.line, "column": origin.column},
        "hint": finding.hint,
    }


def message_of(error: BaseException) -> str:
    """The text of an error without secrets, with its type if lolpop did not raise it."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    text = str(error) if isinstance(error, LolpopError) else f"{type(error).__name__}: {error}".rstrip(": ")
    notes = getattr(error, "__notes__", [])
    return mask_urls("\n".join([text, *notes]))


def mask_of(error: BaseException) -> Callable[[str], str]:
    """The function that masks secrets in messages about ``error``."""
    return error.mask if isinstance(error, RunFailedError) else mask_urls


def _cause_of(error: BaseException) -> BaseException:
    return error.__cause__ or error if isinstance(error, RunFailedError) else error


def _report(error: BaseException, *, with_hint: bool) -> str:
    cause = _cause_of(error)
    text = mask_of(error)(message_of(cause))
    if isinstance(error, RunFailedError):
        lines = [f"error: {error}: {text}"]
    else:
        lines = ["error:", text] if "\n" in text else [f"error: {text}"]
    if (place := _place_of(cause)) is not None:
        lines.append(f"  at {place}")
    if isinstance(error, RunFailedError) and error.hint:
        lines.append(error.hint)
    if (advice := advice_on(cause)) is not None:
        lines.append(advice)
    if with_hint and not isinstance(cause, LolpopError):
        lines.append("--traceback shows where it came from.")
    return "\n".join(lines)


def _place_of(error: BaseException) -> str | None:
    """Where in somebody's own code an unexpected error happened; None for errors that say what to do."""
    if isinstance(error, LolpopError | KeyboardInterrupt):
        return None
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not is_installed(frame.filename)]
    frame = own[-1] if own else frames[-1] if frames else None
    if frame is None:
        return None
    path = Path(frame.filename)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{frame.lineno} in {frame.name}"
