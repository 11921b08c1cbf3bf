"""Commands that list, show, compare and replay runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from lolpop._import_order import import_ufuncs
from lolpop.cli._completing import completed_by
from lolpop.cli._options import AsJson, Group, Limit, NewRun, OldRun, RunId, command
from lolpop.cli._settings_options import SettingsOptions

RunIds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...",
        help="Ids of runs, or their beginnings; last is the newest.",
        autocompletion=completed_by("complete_run"),
    ),
]
Sort = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A metric or a setting to sort by; by default the main metric."),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def ls(settings: SettingsOptions, group: Group = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List runs, the newest first.

    Example: lolpop runs ls --group nightly-7
    """
    from lolpop.cli.runs import list_runs

    list_runs(replace(settings, group=group), limit=limit, as_json=as_json)


@command(app)
def show(run_id: RunId, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Show all that is known of a run.

    Example: lolpop runs show last
    """
    from lolpop.cli.runs import show_run

    show_run(run_id, settings, as_json=as_json)


@command(app)
def diff(old: OldRun, new: NewRun, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Show the differences between two runs, metrics included.

    Example: lolpop runs diff @2 last
    """
    from lolpop.cli.diff import diff_runs

    diff_runs(old, new, settings, as_json=as_json)


@command(app)
def compare(
    settings: SettingsOptions,
    run_ids: RunIds = None,
    group: Group = None,
    sort: Sort = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Compare many runs: the settings that differ, beside the metrics, best first.

    Example: lolpop runs compare @2 last
    """
    from lolpop.cli.compare import compare_runs

    options = replace(settings, group=group)
    compare_runs(run_ids or (), options, sort=sort, as_csv=as_csv, as_json=as_json)


@command(app)
def replay(run_id: RunId, settings: SettingsOptions, group: Group = None, as_json: AsJson = False) -> None:
    """Repeat a recorded run; --set overrides its settings.

    Example: lolpop runs replay last --set seed=8
    """
    import_ufuncs()
    from lolpop.cli.replay import replay_run

    replay_run(run_id, replace(settings, group=group), as_json=as_json)
