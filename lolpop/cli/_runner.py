"""The runner that a command is about: the one that it names, or the project's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop._names import did_you_mean
from lolpop._projects import installation_hint
from lolpop.cli._failures import UsageError
from lolpop.cli._paths import shown_path
from lolpop.cli._project import container_class
from lolpop.errors import LolpopError
from lolpop.kernel.framework import framework_plan
from lolpop.registry import RUNNERS, registered
from lolpop.settings.links import Links
from lolpop.settings.sources import Sources, collect
from lolpop.settings.tree import Tree

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions

_KEY = "lolpop.runner"


def chosen_runner(runner: str, options: SettingsOptions) -> str:
    """``runner``, or the project's own if that is empty. Raises UsageError if there is neither."""
    chosen = runner or project_runner(options)
    if chosen is None:
        names = ", ".join(sorted(registered(RUNNERS))) or "none"
        raise UsageError(
            f"name a runner, or let the settings name it: lolpop: {{runner: NAME}}. Registered: {names}."
        )
    return chosen


def split_runner(words: Sequence[str], options: SettingsOptions) -> tuple[str, list[str]]:
    """The runner that the first of ``words`` names, and the rest of them.

    A first word that is a workflow of the project's runner leaves the runner out. Raises UsageError if the
    words name no runner and the settings name none.
    """
    first = words[0] if words and not words[0].startswith("-") else ""
    if not first:
        return chosen_runner("", options), list(words)
    if ":" in first or first.endswith(".py"):
        return first, list(words[1:])
    names = registered(RUNNERS)
    try:
        runner = project_runner(options)
        workflows = () if runner is None else _workflows_of(runner, options)
    except LolpopError:
        if first in names:  # whatever is wrong with the project's own runner
            return first, list(words[1:])
        raise
    if runner is not None and first in workflows:
        return runner, list(words)
    if runner is not None and first not in names:
        near = did_you_mean(first, {*workflows, *names}) or f"Workflows: {', '.join(workflows)}."
        hint = installation_hint(RUNNERS, first) or near
        raise UsageError(f"{first!r} is neither a workflow of {runner} nor a runner. {hint}")
    return first, list(words[1:])


def project_runner(options: SettingsOptions) -> str | None:
    """The runner that the settings name (``lolpop.runner``); None if they name none.

    Raises UsageError, with the place of the setting, if it names no container.
    """
    sources = collect(
        options.files,
        profile=options.profile,
        environ=os.environ,
        flags=options.flags,
        cwd=Path.cwd(),
    )
    tree = Tree(sources.layers)
    plan = framework_plan(tree, Links(tree, sources.variables))
    setting = plan.settings.get("")
    if setting is None:
        raise UsageError("\n".join(map(str, plan.findings)))
    if setting.value.runner is None:
        return None
    runner = _located(setting.value.runner, sources)
    try:
        container_class(runner)
    except UsageError as error:
        origin = plan.origin_of(("runner",))
        raise UsageError(f"{origin}  {_KEY}: {error}" if origin else f"{_KEY}: {error}") from error
    return runner


def _located(runner: str, sources: Sources) -> str:
    """The runner as a command names it from the current directory: settings name files from their folder."""
    place, colon, name = runner.partition(":")
    if place.endswith(".py"):
        return f"{shown_path(sources.folder / place)}{colon}{name}"
    if str(sources.folder) not in sys.path:
        sys.path.insert(0, str(sources.folder))
    return runner


def _workflows_of(runner: str, options: SettingsOptions) -> Sequence[str]:
    from lolpop.cli._workflows import workflows

    return list(workflows(options.load(container_class(runner), lenient=True)))
