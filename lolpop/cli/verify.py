"""``lolpop verify``: everything that is wrong with a container and its settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lolpop.cli._failures import finding_json, findings_in
from lolpop.cli._output import print_json, say
from lolpop.cli._project import container_class
from lolpop.cli._runner import chosen_runner
from lolpop.cli._settings_options import SettingsOptions
from lolpop.containers import scope_of
from lolpop.data.frames import count
from lolpop.errors import Finding, LolpopError
from lolpop.integrations import call_kind
from lolpop.kernel.providers.traversal import declared_cells
from lolpop.kernel.verification import findings_of
from lolpop.providers import Runner

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["verify"]


def verify(runner: str, options: SettingsOptions, *, as_json: bool) -> bool:
    """Print what is wrong with a container; return whether it can run."""
    try:
        runner = chosen_runner(runner, options)
        findings, note = _findings(runner, options)
    except LolpopError as error:
        findings, note = findings_in(error), None
    errors = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        print_json({"ok": not errors, "findings": [finding_json(finding) for finding in findings]})
        return not errors
    for finding in findings:
        say(finding if finding.severity == "error" else f"warning: {finding}")
    if errors and note is not None:
        say(note)
    warnings = len(findings) - len(errors)
    counted = [count(len(errors), "error")] if errors else [f"{runner}: no errors"]
    if warnings:
        counted.append(f"{warnings} {'warning' if warnings == 1 else 'warnings'}")
    say(", ".join(counted) + ".")
    return not errors


def _findings(runner: str, options: SettingsOptions) -> tuple[list[Finding], str | None]:
    """What is wrong, and what to tell of it where there are no settings."""
    container = options.load(container_class(runner), lenient=True)
    findings = [*findings_of(scope_of(container)), *_without_work(scope_of(container))]
    return findings, options.missing(container, findings)


def _without_work(root: Scope) -> Iterator[Finding]:
    """Warnings about a container in which there is nothing to run."""
    runners = [cell for cell in declared_cells(root) if isinstance(cell.slot, Runner)]
    if not runners:
        name = root.declared_as.__name__
        hint = "Declare one: runner = providers.Runner(…)."
        yield Finding("", f"{name} has no runner, so there is nothing to run", "warning", hint=hint)
    for cell in runners:
        implementation = cell.plan.implementation
        methods = (getattr(implementation, name, None) for name in dir(implementation))
        if implementation is not None and not any(call_kind(method) == "workflow" for method in methods):
            message = f"{implementation.__name__} has no workflow, so there is nothing to run"
            yield Finding(cell.path, message, "warning", hint="Decorate a method of it with @workflow.")
