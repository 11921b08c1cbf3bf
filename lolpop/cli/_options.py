"""The options that commands share, each declared once."""

from __future__ import annotations

import functools
import inspect
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lolpop.cli._completing import completed_by

if TYPE_CHECKING:
    from lolpop.errors import Finding

_RUNNER_HELP = (
    "A registered name, package.module:ContainerClass, or path/file.py:ContainerClass. "
    "Without it, the setting lolpop.runner says which."
)
_RUN_HELP = "A run's id, or its beginning; last is the newest run, @2 the one before it."


def _run_argument(metavar: str) -> Any:
    """An argument that names a run."""
    return typer.Argument(metavar=metavar, help=_RUN_HELP, autocompletion=completed_by("complete_run"))


Runner = Annotated[
    str,
    typer.Argument(
        metavar="RUNNER",
        help=_RUNNER_HELP,
        show_default=False,
        autocompletion=completed_by("complete_runner"),
    ),
]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file instead of lolpop.yaml; of several, the last has precedence.",
    ),
]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Read x.NAME.yaml over each x.yaml; of several, the last has precedence.",
        autocompletion=completed_by("complete_profile"),
    ),
]
Flags = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Set one setting, such as train.model_trainer.n_estimators=200.",
        autocompletion=completed_by("complete_setting"),
    ),
]
Traceback = Annotated[bool, typer.Option("--traceback", help="Show the traceback of an error.")]
Group = Annotated[str | None, typer.Option(metavar="NAME", help="Group of runs, across processes.")]
RunId = Annotated[str, _run_argument("ID")]
OldRun = Annotated[str, _run_argument("OLD")]
NewRun = Annotated[str, _run_argument("NEW")]
Limit = Annotated[int, typer.Option("--number", "-n", min=1, help="How many to list, newest first.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


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


_SETTINGS_OPTIONS = {"files": Files, "profile": Profiles, "flags": Flags}
"""The fields of SettingsOptions that are options of every command that takes settings."""


def command(
    group: typer.Typer,
    name: str | None = None,
    context_settings: dict[str, Any] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare the decorated function as a command of ``group``; ``name`` is the function's own if left out.

    A parameter annotated with SettingsOptions stands for the three options that say which settings count.
    Every command has ``--traceback``, and its errors are a few lines and an exit code.
    """

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        declared = inspect.signature(function, eval_str=True).parameters.values()
        takes_settings = next((item.name for item in declared if item.annotation is SettingsOptions), None)

        @functools.wraps(function)
        def invoke(**arguments: Any) -> None:
            with _failures(show_traceback=arguments.pop("traceback")):
                if takes_settings is not None:
                    files, profile, flags = (tuple(arguments.pop(name) or ()) for name in _SETTINGS_OPTIONS)
                    arguments[takes_settings] = SettingsOptions(files, profile, flags)
                function(**arguments)

        # Typer reads the options from the signature.
        invoke.__signature__ = inspect.Signature(list(_expanded(declared)))  # type: ignore[attr-defined]
        invoke.__annotations__ = {}
        group.command(name, context_settings=context_settings)(invoke)
        return invoke

    return declare


def _expanded(declared: Iterable[inspect.Parameter]) -> Iterator[inspect.Parameter]:
    for parameter in declared:
        if parameter.annotation is SettingsOptions:
            for field, option in _SETTINGS_OPTIONS.items():
                yield _keyword(field, option, None)
        else:
            yield _keyword(parameter.name, parameter.annotation, parameter.default)
    yield _keyword("traceback", Traceback, False)


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


@contextmanager
def _failures(*, show_traceback: bool) -> Iterator[None]:
    from lolpop.cli._failures import failures

    with failures(show_traceback=show_traceback):
        yield
