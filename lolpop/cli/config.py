"""``lolpop config``: what every setting is, who said so, and what may be said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from lolpop.annotations import REQUIRED
from lolpop.cli._failures import UsageError
from lolpop.cli._output import print_error, print_json, say, show, table, without_markup
from lolpop.cli._project import container_class
from lolpop.cli._runner import chosen_runner
from lolpop.cli._schema import schema_of
from lolpop.cli._settings_options import SettingsOptions
from lolpop.containers import scope_of
from lolpop.errors import Origin, WiringError
from lolpop.kernel.explanation import Explanation, explain, explanations
from lolpop.kernel.linked import linked_value
from lolpop.kernel.scopes import Scope
from lolpop.kernel.verification import findings_of

__all__ = [
    "compare_profiles",
    "explain_setting",
    "print_schema",
    "print_settings_file",
    "show_settings",
]


def show_settings(runner: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print every effective setting, defaults included, with its origin."""
    runner = chosen_runner(runner, options)
    root = scope_of(options.load(container_class(runner), lenient=True))
    shown = [explanation for explanation in explanations(root) if explanation.in_force]
    if as_json:
        print_json({explanation.path: _setting_json(root, explanation) for explanation in shown})
    else:
        show(
            table(
                [
                    (explanation.path, _value(root, explanation), str(explanation.origin))
                    for explanation in shown
                ]
            )
        )
    if errors := [finding for finding in findings_of(root) if finding.severity == "error"]:
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        print_error(
            f"warning: {count} in these settings: lolpop verify {runner}{options.restated()}",
        )


def _setting_json(root: Scope, explanation: Explanation) -> dict[str, Any]:
    """The value as it is written; beside one that holds a link, what that leads to."""
    linked = linked_value(root, explanation.value)
    resolved = {} if linked is None else {"resolved": linked}
    return {"value": explanation.value, **resolved, "origin": _origin_json(explanation.origin)}


def _value(root: Scope, explanation: Explanation) -> str:
    linked, written = linked_value(root, explanation.value), _shown(explanation.value)
    return written if linked is None else f"{_shown(linked)}  ({written})"


def print_settings_file(runner: str, options: SettingsOptions, *, resolved: bool) -> None:
    """Print every setting in force as YAML that can be loaded again."""
    from lolpop.cli._settings_file import as_yaml

    runner = chosen_runner(runner, options)
    say(as_yaml(scope_of(options.load(container_class(runner), lenient=True)), resolved=resolved).rstrip())


def compare_profiles(runner: str, old: str, new: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print what differs between two profiles: of settings that are linked, what the links lead to."""
    sides = [_in_profile(runner, profile, options) for profile in (old, new)]
    paths = dict.fromkeys([*sides[0], *sides[1]])
    absent = _Side(None, "", is_absent=True)
    changes = [
        (path, before, after)
        for path in paths
        for before, after in [tuple(side.get(path, absent) for side in sides)]
        if before.value != after.value or before.is_absent != after.is_absent
    ]
    if as_json:
        print_json(
            [
                {
                    "path": path,
                    **({} if before.is_absent else {"old": before.value}),
                    **({} if after.is_absent else {"new": after.value}),
                }
                for path, before, after in changes
            ]
        )
        return
    if not changes:
        say(f"{_named(old)} and {_named(new)} give the same settings.")
        return
    rows = [
        (path, before.shown(), after.shown(), after.origin or before.origin)
        for path, before, after in changes
    ]
    show(table(rows, titles=("setting", _named(old), _named(new), "from")))


def _named(profile: str) -> str:
    return "no profile" if profile == "-" else profile


@dataclass(frozen=True, slots=True)
class _Side:
    """A setting in one of two profiles."""

    value: Any
    origin: str
    is_absent: bool = False

    def shown(self) -> str:
        return "" if self.is_absent else _shown(self.value)


def _in_profile(runner: str, profile: str, options: SettingsOptions) -> dict[str, _Side]:
    """Every setting in force in a profile, by path; ``-`` is no profile."""
    chosen = replace(options, profile=() if profile == "-" else (*options.profile, profile))
    root = scope_of(chosen.load(container_class(chosen_runner(runner, chosen)), lenient=True))
    settings: dict[str, _Side] = {}
    for explanation in explanations(root):
        if explanation.in_force:
            linked = linked_value(root, explanation.value)
            value = explanation.value if linked is None else linked
            settings[explanation.path] = _Side(value, str(explanation.origin))
    return settings


def explain_setting(runner: str, key: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print what every source says of a setting, or of each of a section, the one that counts first."""
    runner = chosen_runner(runner, options)
    root = scope_of(options.load(container_class(runner), lenient=True))
    try:
        matching = explain(root, key)
    except WiringError as error:
        raise UsageError(str(error)) from error
    if as_json:
        print_json([_explanation_json(explanation) for explanation in matching])
        return
    show(*(part for explanation in matching for part in _explained(root, explanation)))


def print_schema(runner: str, options: SettingsOptions) -> None:
    """Print a JSON Schema of the settings."""
    runner = chosen_runner(runner, options)
    print_json(schema_of(scope_of(options.load(container_class(runner), lenient=True)), runner))


def _explained(root: Scope, explanation: Explanation) -> Iterator[Any]:
    from rich.console import Group

    if explanation.in_force:
        head = f"{explanation.path} = {_value(root, explanation)}"
    elif explanation.statements:
        head = f"{explanation.path} has no effect"
    else:
        head = f"{explanation.path} is not set; each reader uses its own default"
    rows = []
    for statement in explanation.statements:
        below = statement.path.removeprefix(explanation.path)
        value = (
            _shown(statement.value) if not below else f"{below.removeprefix('.')}: {_shown(statement.value)}"
        )
        standing = statement.standing if statement.reason is None else f"dropped: {statement.reason}"
        rows.append((f"  {value}", str(statement.origin), standing))
    if explanation.default is not REQUIRED:
        replaced = any(statement.standing == "effective" for statement in explanation.statements)
        rows.append(
            (f"  {_shown(explanation.default)}", "default", "overridden" if replaced else "effective")
        )
    described = [f"  {without_markup(explanation.description)}"] if explanation.description else []
    yield Group(head, *described, table(rows))


def _explanation_json(explanation: Explanation) -> dict[str, Any]:
    return {
        "path": explanation.path,
        "value": explanation.value,
        "origin": _origin_json(explanation.origin),
        "in_force": explanation.in_force,
        "description": explanation.description,
        "statements": [
            {
                "path": statement.path,
                "value": statement.value,
                "origin": _origin_json(statement.origin),
                "standing": statement.standing,
                "reason": statement.reason,
            }
            for statement in explanation.statements
        ],
        **({} if explanation.default is REQUIRED else {"default": explanation.default}),
    }


def _origin_json(origin: Origin) -> dict[str, Any]:
    return {"source": origin.source, "line": origin.line, "column": origin.column}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
