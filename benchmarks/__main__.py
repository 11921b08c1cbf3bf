"""Measure every budget, print the table, and fail if one does not hold."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from benchmarks import (
    batches,
    cache,
    executors,
    install,
    kernel,
    neighbours,
    parts,
    profiling,
    segments,
    startup,
    tasks,
    workflow,
)
from benchmarks.budget import Budget

GROUPS: dict[str, Callable[[], Iterator[Budget]]] = {
    "kernel": kernel.budgets,
    "startup": startup.budgets,
    "tasks": tasks.budgets,
    "cache": cache.budgets,
    "workflow": workflow.budgets,
    "neighbours": neighbours.budgets,
    "batches": batches.budgets,
    "executors": executors.budgets,
    "parts": parts.budgets,
    "profiling": profiling.budgets,
    "segments": segments.budgets,
    "install": install.budgets,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all if none")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    chosen = parser.parse_args()
    if unknown := set(chosen.groups) - set(GROUPS):
        parser.error(f"unknown groups {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    measured = [budget for name in chosen.groups or GROUPS for budget in GROUPS[name]()]
    if chosen.json:
        print(json.dumps([asdict(budget) | {"held": budget.is_met} for budget in measured], indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 130).print(_table(measured))
    return 0 if all(budget.is_met for budget in measured) else 1


def _table(budgets: list[Budget]) -> Table:
    table = Table(
        "budget", "measured", "limit", "", "beside it", title="Budgets (medians)", title_justify="left"
    )
    for budget in budgets:
        verdict = "[green]held[/]" if budget.is_met else "[red]over[/]"
        table.add_row(
            budget.what,
            f"{budget.measured:.3g} {budget.unit}"
            if budget.measured < 100
            else f"{budget.measured:.0f} {budget.unit}",
            f"{budget.limit:g} {budget.unit}",
            verdict,
            budget.beside,
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
