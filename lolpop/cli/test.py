"""``lolpop test``: one workflow with the checks that are attached to it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from lolpop.cli._exit_codes import CHECK_FAILED
from lolpop.cli._failures import RunFailedError, UsageError
from lolpop.cli._output import duration, print_error, say, show, table
from lolpop.cli._project import container_class
from lolpop.cli._runner import split_runner
from lolpop.cli._settings_options import SettingsOptions
from lolpop.cli._workflows import runner_slot, workflow_of
from lolpop.cli.run import verified
from lolpop.components.test_recorder import CheckOutcome, TestRecorder
from lolpop.components.test_recorder.junit import JUnitTestRecorder
from lolpop.containers import scope_of
from lolpop.errors import VerificationError
from lolpop.kernel.framework import framework_plan, settings_in
from lolpop.kernel.masking import masker
from lolpop.kernel.providers.traversal import cells_in
from lolpop.kernel.scopes import Scope
from lolpop.kernel.verification.usage import call_paths
from lolpop.testing.check_files import checks_of_files, checks_of_settings, find_check_files
from lolpop.testing.checks import AttachedCheck, OnFailure
from lolpop.testing.intercepting import CheckInterceptor, CheckStoppedError, stray_checks

__all__ = ["test_workflow"]


def test_workflow(
    words: Sequence[str],
    options: SettingsOptions,
    files: Sequence[Path] | None,
    junit: Path | None,
    on_failure: OnFailure,
) -> None:
    """Run the workflow that ``words`` name, and the checks around it; exit with 3 if one fails."""
    runner, words = split_runner(words, options)
    named = bool(words) and not words[0].startswith("-")
    container = options.load(container_class(runner), recorded=True)
    for warning in verified(container, options):
        print_error(f"warning: {warning}")
    workflow = workflow_of(container, words[0] if named else "run")
    arguments = workflow.arguments(words[named:])
    scope = scope_of(container)
    checks = _checks(scope, files)
    if junit is not None:
        _require_place(junit)
    with container:
        recorders: list[TestRecorder] = list(container.test_recorders())
        if junit is not None:
            recorders.append(JUnitTestRecorder(junit))
        interceptor = CheckInterceptor(scope, checks, recorders, on_failure, masker(scope))
        # The outermost interceptor sees each call once, however often it is retried.
        intercepting = [interceptor, *container.interceptors()]
        with container.override({"interceptors": intercepting}):
            try:
                getattr(runner_slot(container)(), workflow.name)(**arguments)
            except CheckStoppedError:
                pass  # which check it was is told below
            except Exception as error:
                raise RunFailedError(workflow.name, "", masker(scope)) from error
            finally:
                outcomes = interceptor.outcomes()
                _report(workflow.name, outcomes, recorders)
    if any(outcome.counts for outcome in outcomes):
        raise typer.Exit(CHECK_FAILED)


def _checks(root: Scope, files: Sequence[Path] | None) -> list[AttachedCheck]:
    """The checks of settings, of the files that they name, and of ``files``, or those found in their place.

    Raises VerificationError if one is attached to what does not exist, and UsageError if there are none.
    """
    configuration = root.configuration
    folder = configuration.folder or Path.cwd()
    settings = settings_in(framework_plan(configuration.tree, configuration.links))
    listed = [folder / name for name in settings.check_files]
    listed += find_check_files(folder) if files is None else list(files)
    unique = dict.fromkeys(path.absolute() for path in listed)
    checks = [*checks_of_settings(settings.tests, folder), *checks_of_files(unique)]
    if findings := stray_checks(checks, call_paths(cells_in(root))):
        raise VerificationError(findings)
    if not checks:
        place = folder if files is None else ", ".join(map(str, files))
        raise UsageError(
            f"there are no checks in {place}. Write some into tests/checks.py, with "
            '@after("train.train_model") of lolpop.testing, or name a file: --checks FILE.'
        )
    return checks


def _require_place(path: Path) -> None:
    """Raise UsageError if no report can be written at ``path``: that is better known before the workflow."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise UsageError(f"--junit {path}: this is a folder. Name a file.")
        if not os.access(path.parent, os.W_OK):
            raise UsageError(f"--junit {path}: nothing can be written in {path.parent}. Name another place.")
    except OSError as error:
        raise UsageError(f"--junit {path}: it cannot be written ({error.strerror}).") from error


def _report(workflow: str, outcomes: Sequence[CheckOutcome], recorders: Sequence[TestRecorder]) -> None:
    rows: list[tuple[Any, ...]] = [
        (f"  {outcome.path}", outcome.when, outcome.check, outcome.status, duration(outcome.seconds))
        for outcome in outcomes
    ]
    say("")
    show(table(rows, titles=("Task", "", "Check", "Outcome", "Time")))
    for recorder in recorders:
        recorder.report(workflow, outcomes)
