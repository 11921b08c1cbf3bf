"""Comparing runs: one table of the settings that differ and the metrics."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop._names import one_of
from lolpop.errors import LolpopError
from lolpop.running.records import RunRecords

if TYPE_CHECKING:
    import pandas as pd

    from lolpop.components.store import RunRecord

__all__ = ["ComparedRun", "RunTable", "compare_runs", "tabulated"]

_NOT_COMPARED = frozenset({"store", "folder"})
"""Paths of settings that only locate the record of runs."""

_SMALLER_IS_BETTER = ("error", "errors", "loss", "deviance")
"""Endings of names of metrics that measure errors."""


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One run in a table of runs."""

    run_id: str
    status: str
    model_version: str | None
    """Reference of the model version that the run made or reused."""
    settings: Mapping[str, Any]
    """By path; a path that the run does not have is missing."""
    metrics: Mapping[str, float]
    """By name, such as ``test.accuracy``."""


@dataclass(frozen=True, slots=True)
class RunTable:
    """Runs, best first."""

    settings: Sequence[str]
    """Paths of the settings that differ, and names of the arguments that do."""
    metrics: Sequence[str]
    """Names of the metrics; the main one is the first."""
    runs: Sequence[ComparedRun]

    @property
    def main_metrics(self) -> list[str]:
        """The metrics that were measured on the same rows as the main one."""
        part = self.metrics[0].rpartition(".")[0] if self.metrics else ""
        return [name for name in self.metrics if name.rpartition(".")[0] == part]

    def to_frame(self) -> pd.DataFrame:
        """The table as a dataframe with a row for each run."""
        import pandas as pd

        columns = ["run_id", "status", "model_version", *self.settings, *self.metrics]
        rows = [
            [run.run_id, run.status, run.model_version]
            + [run.settings.get(path) for path in self.settings]
            + [run.metrics.get(name, math.nan) for name in self.metrics]
            for run in self.runs
        ]
        return pd.DataFrame(rows, columns=columns)


def compare_runs(
    container: Any, *run_ids: str, group: str | None = None, sort: str | None = None
) -> pd.DataFrame:
    """Compare runs: a dataframe of the settings that differ and the metrics, best first.

    Parameters
    ----------
    container : RunnerContainer
        A container whose store has the runs.
    *run_ids : str
        Ids of runs, or their beginnings.
    group : str, optional
        A group all of whose runs are compared, such as that of a sweep.
    sort : str, optional
        The metric, or the path of the setting, to sort by; by default the metric that decides about models.

    Returns
    -------
    pandas.DataFrame
        A row for each run, with the columns ``run_id``, ``status``, ``model_version``, one for each setting
        that differs, and one for each metric, such as ``test.accuracy``.

    Raises
    ------
    ReferenceNotFoundError
        If there is no such run.
    LolpopError
        If there is no metric or setting ``sort``.
    """
    store = container.store()
    runs: list[RunRecord] = [] if group is None else store.runs(group=group)
    runs = [*map(store.run, run_ids), *runs]
    return tabulated([RunRecords.of(container, run) for run in runs], sort=sort).to_frame()


def tabulated(records: Sequence[RunRecords], *, sort: str | None = None) -> RunTable:
    """The table of the runs, each once. Raises LolpopError if nothing is called ``sort``."""
    records = list({record.run.run_id: record for record in records}.values())
    settings = _differing([_Settings(record.run) for record in records])
    main = next((name for record in records if (name := _main_metric(record))), None)
    rows = [_compared(record, settings) for record in records]
    names = dict.fromkeys(name for row in rows for name in row.metrics)
    metrics = sorted(names, key=lambda name: _rank(name, main))
    return RunTable(settings, metrics, _sorted(rows, settings, metrics, sort))


class _Settings:
    """The settings of a run by path, as far as they can be compared."""

    def __init__(self, run: RunRecord) -> None:
        self.values: dict[str, Any] = dict(run.wiring.get("arguments", {}))
        self.uses: dict[str, Any] = {}
        self._explicit: Sequence[str] = run.wiring.get("given", ())
        for path, part in run.wiring.get("components", {}).items():
            if path in _NOT_COMPARED:
                continue
            if "value" in part:
                self.values |= _flat(path, part["value"])
                continue
            self.uses[path] = self.values[path] = part.get("use")
            for name, value in (part.get("settings") or {}).items():
                self.values |= _flat(f"{path}.{name}" if path else name, value)

    def use_above(self, path: str) -> Any:
        """The implementation that a setting is of."""
        above = [owner for owner in self.uses if not owner or path.startswith(f"{owner}.")]
        return self.uses[max(above, key=len)] if above else None

    def is_given(self, path: str) -> bool:
        """Whether a source gave the setting."""
        return any(path == explicit or path.startswith(f"{explicit}.") for explicit in self._explicit)


def _flat(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        return {path: value}
    flat: dict[str, Any] = {}
    for key, child in value.items():
        flat |= _flat(f"{path}.{key}", child)
    return flat


def _differing(runs: Sequence[_Settings]) -> list[str]:
    paths = dict.fromkeys(path for run in runs for path in run.values)
    return [path for path in paths if _differs(path, runs)]


def _differs(path: str, runs: Sequence[_Settings]) -> bool:
    # NaN is itself, and True is not 1.
    if len({repr(run.values.get(path)) for run in runs}) < 2:
        return False
    # Another implementation has other settings and defaults: only explicit settings are compared.
    same = len({repr(run.use_above(path)) for run in runs}) == 1
    return same or any(run.is_given(path) for run in runs)


def _compared(records: RunRecords, settings: Sequence[str]) -> ComparedRun:
    run, values = records.run, _Settings(records.run).values
    measured = {
        f"{part}.{name}" if part else name: value
        for part, metrics in records.metrics().items()
        for name, value in metrics.items()
    }
    chosen = {path: values[path] for path in settings if path in values}
    return ComparedRun(run.run_id, run.status, records.model_version, chosen, measured)


def _main_metric(records: RunRecords) -> str | None:
    main = records.main_metric()
    return None if main is None else ".".join(main[0].split(" ", 1))


def _rank(name: str, main: str | None) -> tuple[bool, bool, str]:
    part = "" if main is None else main.rpartition(".")[0]
    return name != main, name.rpartition(".")[0] != part, name


def _sorted(
    rows: Sequence[ComparedRun], settings: Sequence[str], metrics: Sequence[str], sort: str | None
) -> list[ComparedRun]:
    if sort is None and not metrics:
        return list(rows)
    name = metrics[0] if sort is None else _column(sort, settings, metrics)
    if name in settings:
        return sorted(rows, key=lambda row: _order(row.settings.get(name)))
    sign = -1 if is_greater_better(name) else 1
    values = {row.run_id: row.metrics.get(name, math.nan) for row in rows}
    return sorted(rows, key=lambda row: (math.isnan(values[row.run_id]), sign * values[row.run_id]))


def _column(sort: str, settings: Sequence[str], metrics: Sequence[str]) -> str:
    columns = [*settings, *metrics]
    candidates = [name for name in columns if name == sort]
    candidates += [name for name in metrics if name.rpartition(".")[2] == sort]
    if not candidates:
        raise LolpopError(f"There is no column {sort!r} to sort by. {one_of(sort, columns, what='Columns')}")
    return candidates[0]


def _order(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, value, ""
    return (2, 0.0, "") if value is None else (1, 0.0, json.dumps(value, default=str))


def is_greater_better(metric: str) -> bool:
    """Whether more is better of a metric such as ``test.accuracy``."""
    from lolpop.components.model_checker.metrics import METRICS

    name = metric.rpartition(".")[2]
    if name in METRICS:
        return METRICS[name].greater_is_better
    return not name.endswith(_SMALLER_IS_BETTER)


def shown_settings(run: ComparedRun, settings: Sequence[str]) -> Iterator[str]:
    """The values of ``settings`` as people read them; a setting that the run does not have is empty."""
    for path in settings:
        value = run.settings.get(path)
        yield "" if path not in run.settings else value if isinstance(value, str) else json.dumps(value)
