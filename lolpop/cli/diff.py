"""``lolpop runs diff``: what differs between two runs, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.cli._differences import NOTHING, Change, Differences, difference
from lolpop.cli._output import number, print_json, show, table
from lolpop.cli._store import find_run, open_store
from lolpop.cli._summary import heading, in_order
from lolpop.running.records import RunRecords

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lolpop.cli._settings_options import SettingsOptions

__all__ = ["diff_runs"]


def diff_runs(old: str, new: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print what differs between two runs: how they were wired, set and called, and what they measured.

    Raises ReferenceNotFoundError if there is no such run.
    """
    with open_store(options) as container:
        differences = Differences(
            *(RunRecords.of(container, find_run(container, run_id)) for run_id in (old, new))
        )
        if as_json:
            print_json(differences.as_json())
        else:
            show(*_parts(differences))


def _parts(differences: Differences) -> Iterator[RenderableType]:
    heads = (heading(differences.old.run), heading(differences.new.run))
    yield table([("old", heads[0]), ("new", heads[1])])
    sections = (
        ("About", differences.about()),
        ("Implementations", differences.implementations()),
        ("Settings", differences.settings()),
        ("Arguments", differences.arguments()),
        ("Libraries", differences.libraries()),
        ("Datasets", differences.datasets()),
    )
    tables = [_changes_table(title, changes) for title, changes in sections if changes]
    yield from tables or ["No differences: the same wiring, settings, arguments, libraries and data."]
    if rows := list(_metric_rows(differences)):
        titles = ("Metrics", "", "old", "new", "difference")
        yield table(rows, titles=titles, right=(2, 3, 4))


def _changes_table(title: str, changes: Sequence[Change]) -> RenderableType:
    rows = [(f"  {change.path}", f"{_shown(change.old)} -> {_shown(change.new)}") for change in changes]
    return table(rows, titles=(title, ""))


def _metric_rows(differences: Differences) -> Iterator[tuple[str, ...]]:
    measured = list(differences.metrics())
    for part in in_order({part for part, *_ in measured}):
        for of_part, name, old, new in measured:
            if of_part == part:
                yield f"  {part}", name, number(old), number(new), _difference(difference(old, new))


def _difference(by: float | None) -> str:
    if by is None:
        return ""
    return f"{by:+.4g}" if by else "same"


def _shown(value: Any) -> str:
    if value is NOTHING:
        return "(none)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
