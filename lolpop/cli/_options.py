"""The options that commands share, each declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._settings_options import SettingsOptions

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
