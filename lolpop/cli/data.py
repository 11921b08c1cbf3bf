"""``lolpop data``: rows profiled, checked, compared and copied, without any workflow."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop import PipelineContainer, RunnerContainer, providers
from lolpop.cli._failures import UsageError
from lolpop.cli._output import number, print_error, print_json, say, show, table
from lolpop.cli._store import sources_of
from lolpop.components.data_checker import DataChecker
from lolpop.components.data_connector import DataConnector
from lolpop.components.data_profiler import DataProfiler
from lolpop.components.data_synthesizer import DataSynthesizer
from lolpop.kernel.loading import check_links, configured
from lolpop.problem import ForecastingProblem, Problem
from lolpop.settings.tree import Tree

if TYPE_CHECKING:
    from lolpop.checks import CheckReport
    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.components.data_profiler import ColumnProfile, Profile
    from lolpop.components.data_synthesizer import SynthesisReport
    from lolpop.data.sources import Source

__all__ = ["check_data", "compare_data", "copy_data", "profile_data", "synthesize_data"]

_NO_TARGET = "lolpop: no target"
"""Stands for the target where nothing is to be learned: no column is called so."""


_PROBLEM: Any = Problem | ForecastingProblem


class _Process(PipelineContainer):
    data_checker = providers.Component(DataChecker, default="builtin")


class _Data(RunnerContainer):
    """The components that look at data, set as in a project, without what runs there."""

    problem = providers.Settings(_PROBLEM, default=Problem(name="data", target=_NO_TARGET))
    data_connector = providers.Component(DataConnector, default="file")
    source_connector = providers.Component(DataConnector, default="file")
    target_connector = providers.Component(DataConnector, default="file")
    data_profiler = providers.Component(DataProfiler, default="builtin")
    data_synthesizer = providers.Component(DataSynthesizer, default="builtin")
    process = providers.nested(_Process)


def profile_data(source: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print what is in each column."""
    with _components(options) as container:
        frames = container.data_connector().scan(_source(source))
        profile: Profile = container.data_profiler().profile_batches(frames)
    if as_json:
        print_json(profile)
        return
    rows = [_column(column, profile.rows) for column in profile.columns]
    titles = ("column", "kind", "missing", "distinct", "values")
    correlated = [(" and ".join(pair.columns), number(pair.coefficient)) for pair in profile.correlations[:5]]
    show(
        f"{source}: {profile.rows:,} rows, {len(profile.columns)} columns",
        table(rows, titles=titles, right=(2, 3), whole=(0,)),
        *([table(correlated, titles=("correlated", ""), right=(1,))] if correlated else []),
    )


def check_data(source: str, options: SettingsOptions, *, target: str | None, as_json: bool) -> bool:
    """Print what is wrong, or suspicious, with rows; return whether something can be learned from them."""
    with _components(options, target) as container:
        problem = container.problem()
        frame = container.data_connector().read(_source(source))
        labelled = problem.target != _NO_TARGET
        report: CheckReport = container.process.data_checker().check(frame, labelled=labelled)
    _print_report(report, f"{source}: {len(frame):,} rows", as_json=as_json)
    return report.status != "error"


def compare_data(source: str, reference: str, options: SettingsOptions, *, as_json: bool) -> bool:
    """Print which columns of rows differ from those of a reference; return whether no drift is an error.

    Rows are read batch by batch, and need not fit in memory.
    """
    with _components(options) as container:
        connector, profiler = container.data_connector(), container.data_profiler()
        rows = profiler.sketch(connector.scan(_source(source)))
        profile = profiler.profile_batches(connector.scan(_source(reference)))
        report: CheckReport = profiler.compare(rows, profile)
    _print_report(report, f"{source} compared with {reference}", as_json=as_json)
    return report.status != "error"


def copy_data(
    source: str,
    target: str,
    options: SettingsOptions,
    *,
    connectors: tuple[str | None, str | None],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Copy rows from one place to another, batch by batch, with a count of them on a terminal."""
    slots = ("source_connector", "target_connector")
    flags = [f"{slot}={name}" for slot, name in zip(slots, connectors, strict=True) if name is not None]
    read_from, write_to = _source(source), _source(target)
    with _components(replace(options, flags=(*options.flags, *flags))) as container:
        reader, writer = container.source_connector(), container.target_connector()
        _require_free(reader, read_from, target, write_to, overwrite=overwrite)
        rows = 0
        with writer.writing(write_to) as write, _counter() as shown:
            for frame in reader.scan(read_from):
                write(frame)
                rows += len(frame)
                shown(rows)
    if as_json:
        print_json({"source": source, "target": target, "rows": rows})
    else:
        say(f"Copied {rows:,} rows from {source} to {target}.")


def synthesize_data(
    source: str, target: str, rows: int | None, options: SettingsOptions, *, overwrite: bool, as_json: bool
) -> None:
    """Write rows that are like those of a source and nobody's, and print scores of both."""
    write_to = _source(target)
    with _components(options) as container:
        connector, synthesizer = container.data_connector(), container.data_synthesizer()
        _require_free(connector, _source(source), target, write_to, overwrite=overwrite)
        frame = connector.read(_source(source))
        synthetic = synthesizer.sample(synthesizer.fit(frame), len(frame) if rows is None else rows)
        report: SynthesisReport = synthesizer.evaluate(frame, synthetic)
        connector.write(synthetic, write_to)
    if as_json:
        print_json({"source": source, "target": target, "rows": len(synthetic), **report.model_dump()})
        return
    scores = [
        ("quality", number(report.quality), "similarity of columns and correlations, from 0 to 1"),
        ("privacy", number(report.privacy), "distance of rows from being copies, from 0 to 1"),
        ("copied", f"{report.copied:.1%}", "rows that are equal to a real one"),
    ]
    worst = sorted(report.columns.items(), key=lambda item: item[1])[:5]
    show(
        f"Wrote {len(synthetic):,} rows like those of {source} to {target}.",
        table(scores, titles=("score", "", ""), right=(1,)),
        table([(name, number(score)) for name, score in worst], titles=("least similar", ""), right=(1,)),
    )


def _require_free(
    connector: DataConnector, source: Source, name: str, target: Source, *, overwrite: bool
) -> None:
    """Raise UsageError if writing to the target would destroy the source, or a file unasked."""
    if connector.is_same(source, target):
        raise UsageError(f"{name} is the source itself")
    if not overwrite and isinstance(target, str) and Path(target).exists():
        raise UsageError(f"{name} exists. --overwrite replaces it.")


@contextmanager
def _components(options: SettingsOptions, target: str | None = None) -> Iterator[Any]:
    """The components, with those settings of the project that are about them."""
    sources = sources_of(options)
    if target is not None:
        flags = [f"problem.target={json.dumps(target)}"]
        if "name" not in Tree(sources.layers).keys(("problem",)):
            flags.append("problem.name=data")
        sources = sources_of(replace(options, flags=(*options.flags, *flags)))
    container = configured(_Data, sources.layers, sources)
    check_links(container)
    with container:
        yield container


def _source(text: str) -> Source:
    """A source as connectors know it: JSON for a mapping, a URL, or a path from the current directory."""
    if text.startswith("{"):
        try:
            mapping: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{text!r} starts like JSON, but is not JSON: {error}") from error
        return mapping
    return text if "://" in text else str(Path(text).absolute())


def _print_report(report: CheckReport, title: str, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    problems = [check for status in ("error", "warn") for check in report.of(status)]
    fine = sum(1 for _ in report.of("ok"))
    summary = f"{fine} of {len(report.checks)} checks passed."
    rows = [(check.status, check.check, ", ".join(check.columns), check.message) for check in problems]
    tables: Sequence[Any] = [table(rows, titles=("", "check", "columns", "what"))] if rows else []
    show(title, *tables, summary)


def _column(column: ColumnProfile, rows: int) -> tuple[str, str, str, str, str]:
    missing = f"{column.missing / rows:.1%}" if rows and column.missing else ""
    distinct = "" if column.distinct is None else f"{column.distinct:,}"
    return column.name, column.kind, missing, distinct, _values(column)


def _values(column: ColumnProfile) -> str:
    if column.numbers is not None:
        numbers = column.numbers
        return f"{number(numbers.min)} to {number(numbers.max)}, mean {number(numbers.mean)}"
    if column.earliest is not None:
        return f"{column.earliest} to {column.latest}"
    values = [f"{item.value} ({item.count:,})" for item in column.values[:3]]
    return ", ".join([*values, *(["…"] if len(column.values) > 3 or not column.all_values else [])])


@contextmanager
def _counter() -> Iterator[Callable[[int], object]]:
    """A function that shows how many rows were copied, on terminals only."""
    if not sys.stderr.isatty():
        yield str  # nobody reads it
        return
    try:
        yield lambda rows: sys.stderr.write(f"\r{rows:,} rows")
    finally:
        print_error("")
