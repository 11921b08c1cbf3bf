"""Findings about the checks of tasks that settings attach: ``lolpop.tests`` and ``lolpop.check_files``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from lolpop._names import did_you_mean
from lolpop.errors import Finding
from lolpop.kernel.framework import framework_plan, settings_in
from lolpop.kernel.plans import Plan
from lolpop.kernel.scopes import Scope
from lolpop.settings.framework import FRAMEWORK
from lolpop.settings.nodes import SettingPath

__all__ = ["check_findings"]


def check_findings(root: Scope, call_paths: Sequence[str]) -> Iterator[Finding]:
    """Findings about checks of tasks that do not exist, and about functions and files that do not exist.

    ``call_paths`` are the paths of all tasks and workflows. Nothing is imported.
    """
    plan = framework_plan(root.configuration.tree, root.configuration.links)
    settings = settings_in(plan)
    folder = root.configuration.folder or Path.cwd()
    for path, attached in settings.tests.items():
        if not any(fnmatchcase(call, path) for call in call_paths):
            hint = did_you_mean(path, call_paths) or f"There are: {', '.join(call_paths) or 'none'}."
            message = "there is no such task or workflow, and its checks never run"
            yield _finding(plan, ("tests", path), message, hint)
        for when, names in (("before", attached.before), ("after", attached.after)):
            for index, name in enumerate(names):
                yield from _function_findings(plan, ("tests", path, when, str(index)), name, folder)
    for index, name in enumerate(settings.check_files):
        if not (folder / name).is_file():
            message = f"there is no file {name!r} in {folder}"
            yield _finding(plan, ("check_files", str(index)), message, "Check the path.")


def _function_findings(plan: Plan, place: SettingPath, name: str, folder: Path) -> Iterator[Finding]:
    file, colon, function = name.rpartition(":")
    if not (file and colon and function):
        hint = "Write tests/checks.py:function, or package.module:function."
        yield _finding(plan, place, f"{name!r} does not name a function", hint)
        return
    if file.endswith(".py") and not (folder / file).is_file():
        yield _finding(plan, place, f"there is no file {file!r} in {folder}", "Check the path.")


def _finding(plan: Plan, place: SettingPath, message: str, hint: str) -> Finding:
    return Finding(".".join((FRAMEWORK, *place)), message, origin=plan.origin_of(place), hint=hint)
