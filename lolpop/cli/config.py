"""``lolpop config``: what every setting is, who said so, and what may be said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lolpop.annotations import REQUIRED
from lolpop.cli._failures import UsageError
from lolpop.cli._options import SettingsOptions
from lolpop.cli._output import print_error, print_json, show, table, without_markup
from lolpop.cli._project import container_class
from lolpop.cli._runner import chosen_runner
from lolpop.cli._schema import schema_of
from lolpop.containers import scope_of
from lolpop.errors import Origin, WiringError
from lolpop.kernel.explanation import Explanation, explain, explanations
from lolpop.kernel.linked import linked_value
from lolpop.kernel.scopes import Scope
from lolpop.kernel.verification import findings_of

__all__ = ["explain_setting", "print_schema", "show_settings"]


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
        count = "1 thing is" if len(errors) == 1 else f"{len(errors)} things are"
        print_error(
            f"warning: {count} wrong with these settings: lolpop verify {runner}{options.restated()}",
        )


def _setting_json(root: Scope, explanation: Explanation) -> dict[str, Any]:
    """The value as it is written; beside one that holds a link, what that leads to."""
    linked = linked_value(root, explanation.value)
    resolved = {} if linked is None else {"resolved": linked}
    return {"value": explanation.value, **resolved, "origin": _origin_json(explanation.origin)}


def _value(root: Scope, explanation: Explanation) -> str:
    linked, written = linked_value(root, explanation.value), _shown(explanation.value)
    return written if linked is None else f"{_shown(linked)}  ({written})"


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
        head = f"{explanation.path} is not in force"
    else:
        head = f"{explanation.path} is not set, so what reads it uses a default of its own"
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
