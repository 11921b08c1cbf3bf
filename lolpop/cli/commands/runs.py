"""Commands that list, show, compare and replay runs."""

from __future__ import annotations

from dataclasses import replace

import typer

from lolpop.cli._options import AsJson, Group, Limit, NewRun, OldRun, RunId, SettingsOptions, command

app = typer.Typer(help="List, show, compare and replay runs.", rich_markup_mode=None)


@command(app)
def ls(settings: SettingsOptions, group: Group = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List runs, the newest first."""
    from lolpop.cli.runs import list_runs

    list_runs(replace(settings, group=group), limit=limit, as_json=as_json)


@command(app)
def show(run_id: RunId, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Show all that is known of a run."""
    from lolpop.cli.runs import show_run

    show_run(run_id, settings, as_json=as_json)


@command(app)
def diff(old: OldRun, new: NewRun, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Show what differs between two runs, and what came of it."""
    from lolpop.cli.diff import diff_runs

    diff_runs(old, new, settings, as_json=as_json)


@command(app)
def replay(run_id: RunId, settings: SettingsOptions, group: Group = None, as_json: AsJson = False) -> None:
    """Run one again as it was recorded, with what --set says over it."""
    from lolpop.cli.replay import replay_run

    replay_run(run_id, replace(settings, group=group), as_json=as_json)
