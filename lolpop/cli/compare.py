"""``lolpop runs compare``: the settings that differ between runs, beside their metrics."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import number, print_json, say, show, table
from lolpop.cli._store import find_run, is_stored, open_store, store_place
from lolpop.errors import LolpopError
from lolpop.running.comparing import shown_settings, tabulated
from lolpop.running.records import RunRecords

if TYPE_CHECKING:
    from rich.table import Table

    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.running.comparing import RunTable

__all__ = ["compare_runs", "compared_json", "compared_table"]


def compare_runs(
    run_ids: Sequence[str],
    options: SettingsOptions,
    *,
    sort: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Print the runs of a group, or those with the ids, best first.

    Raises UsageError if neither is named, and LolpopError if the group has no runs, or there is no column
    ``sort``.
    """
    if not run_ids and options.group is None:
        raise UsageError("name runs, or a group of them: lolpop runs compare ID ID, or --group NAME")
    if as_csv and as_json:
        raise UsageError("--csv and --json are two forms of one table: leave one out")
    with open_store(options) as container:
        runs = [find_run(container, run_id) for run_id in run_ids]
        if options.group is not None and is_stored(container):
            runs += container.store().runs(group=options.group)
        compared = tabulated([RunRecords.of(container, run) for run in runs], sort=sort)
        place = store_place(container) or "the store"
    if as_json:
        print_json(compared_json(compared))
    elif as_csv:
        say(_csv(compared).removesuffix("\n"))
    elif compared.runs:
        show(compared_table(compared))
    if not compared.runs:
        raise LolpopError(
            f"There are no runs of the group {options.group!r} in {place}. lolpop runs ls lists the groups."
        )


def compared_table(compared: RunTable) -> Table:
    """The table as people read it: the metrics that were measured on the same rows as the main one."""
    metrics = compared.main_metrics
    rows = [
        (
            run.run_id,
            run.status,
            (run.model_version or "").partition(":")[2],
            *shown_settings(run, compared.settings),
            *(number(run.metrics.get(name)) for name in metrics),
        )
        for run in compared.runs
    ]
    titles = ["run", "status", "model", *compared.settings, *metrics]
    shown = [at for at, _ in enumerate(titles) if at != 2 or any(row[2] for row in rows)]
    first = len(shown) - len(metrics)
    return table(
        [[row[at] for at in shown] for row in rows],
        titles=[titles[at] for at in shown],
        right=range(first, len(shown)),
        whole=(0,),
    )


def compared_json(compared: RunTable) -> dict[str, Any]:
    """The table in JSON's types."""
    runs = [
        {
            "run_id": run.run_id,
            "status": run.status,
            "model_version": run.model_version,
            "settings": dict(run.settings),
            "metrics": dict(run.metrics),
        }
        for run in compared.runs
    ]
    return {"settings": list(compared.settings), "metrics": list(compared.metrics), "runs": runs}


def _csv(compared: RunTable) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["run_id", "status", "model_version", *compared.settings, *compared.metrics])
    for run in compared.runs:
        metrics = [run.metrics.get(name, "") for name in compared.metrics]
        settings = shown_settings(run, compared.settings)
        writer.writerow([run.run_id, run.status, run.model_version or "", *settings, *metrics])
    return lines.getvalue()
