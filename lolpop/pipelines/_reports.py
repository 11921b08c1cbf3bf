"""Recording reports of checks with the open run, and acting on them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from lolpop.components.notifier import notify_all
from lolpop.errors import DataError
from lolpop.resources import Run
from lolpop.runs import TASK, current_run

if TYPE_CHECKING:
    from lolpop.checks import Check, CheckReport
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.components.model_checker import Comparison
    from lolpop.components.notifier import Notifier
    from lolpop.resources import DatasetVersion, ModelVersion


T = TypeVar("T")

_DATA_CHECKS = frozenset({"empty_columns", "high_cardinality", "unusable_types"})
"""The checks of a data checker that are reasons for models to leave columns out."""

_CHECKS, _SOURCE = "checks.", "source."


def keep_checks(report: CheckReport, metadata_tracker: MetadataTracker) -> None:
    """Record a report with the open run, by the task that made it; nothing outside a run.

    It belongs to the run, since its subject may never be stored: rows that cannot be used for training.
    """
    if (task := TASK.get()) is not None:
        task_id, path = task
        fields = {"task": path, **report.model_dump(mode="json")}
        # Each call has its own field, so that concurrent tasks do not overwrite each other's.
        _keep(metadata_tracker, {f"{_CHECKS}{task_id}": fields})


def keep_comparison(comparison: Comparison, metadata_tracker: MetadataTracker) -> None:
    """Record the outcome of a comparison with the open run; nothing outside a run."""
    _keep(metadata_tracker, {"comparison": comparison.model_dump(mode="json")})


def keep_source(dataset_version: DatasetVersion, source: Any, metadata_tracker: MetadataTracker) -> None:
    """Record the source of the rows of ``dataset_version`` with the open run; nothing outside a run."""
    _keep(metadata_tracker, {f"{_SOURCE}{dataset_version.reference}": source})


def kept_sources(metadata_tracker: MetadataTracker) -> dict[str, Any]:
    """The sources from which the open run read dataset versions, by reference."""
    return _tracked_fields(metadata_tracker, _SOURCE)


def warned_columns(metadata_tracker: MetadataTracker, checks: Container[str]) -> set[str]:
    """The columns for which one of ``checks`` has warned in the open run."""
    reports = _tracked_fields(metadata_tracker, _CHECKS).values()
    return {
        column
        for report in reports
        for check in report["checks"]
        if check["status"] == "warn" and check["check"] in checks
        for column in check["columns"]
    }


def tell_of_model(
    report: CheckReport,
    model_version: ModelVersion,
    metadata_tracker: MetadataTracker,
    notifiers: Sequence[Notifier],
) -> None:
    """Notify of warnings about ``model_version``, except for columns that data checks warned about."""
    reported = warned_columns(metadata_tracker, _DATA_CHECKS)
    for check in report.of("warn"):
        if check.check != "left_out_columns" or not reported.issuperset(check.columns):
            notify_all(notifiers, f"{model_version}: {check.message}", "warning")
    for check in report.of("error"):
        notify_all(notifiers, f"{model_version}: {check.message}", "error")


def warn_of(checks: Iterable[Check], notifiers: Sequence[Notifier]) -> None:
    """Notify of each of ``checks``."""
    for check in checks:
        notify_all(notifiers, check.message, "warning")


def require_no_errors(report: CheckReport, notifiers: Sequence[Notifier], refusal: str) -> None:
    """Notify of warnings. Raises DataError, with ``refusal`` and all errors, if there are errors."""
    warn_of(report.of("warn"), notifiers)
    if errors := [check.message for check in report.of("error")]:
        raise DataError("\n".join([f"{refusal}:", *(f"- {message}" for message in errors)]))


def _tracked_fields(metadata_tracker: MetadataTracker, prefix: str) -> dict[str, Any]:
    """The fields of the open run whose keys have a prefix, without that."""
    if (run := current_run()) is None or not metadata_tracker.find(Run, run.run_id):
        return {}
    fields = metadata_tracker.get(Run(name=run.run_id)).fields
    return {key.removeprefix(prefix): value for key, value in fields.items() if key.startswith(prefix)}


def _keep(metadata_tracker: MetadataTracker, fields: dict[str, Any]) -> None:
    if (run := current_run()) is not None:
        metadata_tracker.create(Run, run.run_id, fields=fields)
