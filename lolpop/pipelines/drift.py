"""Profiles of dataset versions, expectations derived from them, and drift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from lolpop._temporary import temporary_folder
from lolpop.components.data_checker import Expectation
from lolpop.components.data_profiler import DriftReport, Profile, Sketch
from lolpop.components.notifier import notify_all
from lolpop.data.frames import wrap
from lolpop.errors import UnusableArtifactError
from lolpop.pipelines._reports import keep_checks
from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob, Resource

if TYPE_CHECKING:
    from lolpop.components.data_profiler import DataProfiler
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.components.notifier import Notifier
    from lolpop.components.resource_version_control import ResourceVersionControl
    from lolpop.data.frames import Frame

__all__ = ["DriftAnalysis", "keep_profile", "keep_sketch", "tell_of_drift", "trained_on", "without"]


V = TypeVar("V", bound=BaseModel)

_ARTIFACT = "profile"
_EXPECTATION = "expectation"
# At most this many rows are held in memory to be profiled.
_MOST_ROWS = 2_000_000


def keep_profile(
    profile: Profile, dataset_version: DatasetVersion, metadata_tracker: MetadataTracker
) -> None:
    """Store ``profile``, and the expectation for later rows, as artifacts of ``dataset_version``."""
    _keep(_ARTIFACT, profile, dataset_version, metadata_tracker)
    _keep(_EXPECTATION, Expectation.of(profile), dataset_version, metadata_tracker)


def keep_sketch(sketch: Sketch, dataset_version: DatasetVersion, metadata_tracker: MetadataTracker) -> None:
    """Store the profile of ``sketch`` as ``keep_profile`` does, unless one is stored."""
    if not _is_kept(dataset_version, metadata_tracker):
        keep_profile(sketch.profile(), dataset_version, metadata_tracker)


class DriftAnalysis:
    """Compares rows with earlier ones by their stored profiles.

    If a stored profile is lost, there is a notice and no comparison.
    """

    def __init__(
        self,
        data_profiler: DataProfiler,
        metadata_tracker: MetadataTracker,
        resource_version_control: ResourceVersionControl,
        notifiers: Sequence[Notifier],
    ) -> None:
        self._data_profiler = data_profiler
        self._metadata_tracker = metadata_tracker
        self._resource_version_control = resource_version_control
        self._notifiers = notifiers

    def expected_by_training(self, model_version: ModelVersion) -> Expectation | None:
        """The expectation for rows like the training rows of ``model_version``; None if unknown."""
        reference = trained_on(model_version, self._metadata_tracker)
        if reference is None:
            return None
        with self._unless_lost():
            if not self._metadata_tracker.has_artifact(reference, _EXPECTATION):
                self._profile(reference)
            return _stored_profile(_EXPECTATION, Expectation, reference, self._metadata_tracker)
        return None

    def from_training(
        self, rows: Frame | Sketch, dataset_version: DatasetVersion, model_version: ModelVersion
    ) -> DriftReport:
        """Compare ``rows``, those of ``dataset_version``, with the training rows of ``model_version``.

        The report is recorded with the dataset version and the open run. The stored profile of the training
        rows is used; if there is none, the rows are read and profiled. Nothing is compared with itself.
        """
        reference = trained_on(model_version, self._metadata_tracker)
        if reference is None or reference == dataset_version:
            return DriftReport()
        with self._unless_lost():
            drift_report = self._data_profiler.compare(rows, self._profile(reference))
            report = _about(f"{dataset_version} against {reference}", drift_report)
            self._record(dataset_version, reference, report)
            return report
        return DriftReport()

    def from_previous(
        self, rows: Frame | Sketch, predictions: Frame | Sketch, prediction_job: PredictionJob
    ) -> DriftReport:
        """Compare the ``predictions`` of a job, and the ``rows`` it predicted, with those of the previous
        job.

        The report is recorded with the prediction job and the open run. Rows are not compared with
        themselves. Columns of the rows are reported before those of the predictions.
        """
        earlier = self._metadata_tracker.find(PredictionJob, prediction_job.name)
        previous = [job for job in earlier if job.number < prediction_job.number]
        if not previous:
            return DriftReport()
        now, before = (_sides(job, self._metadata_tracker) for job in (prediction_job, previous[-1]))
        with self._unless_lost():
            reports = []
            for compared, reference, current in zip((rows, predictions), before, now, strict=True):
                if reference != current:
                    subject = f"{current} against {reference} of {previous[-1]}"
                    reports.append(
                        _about(subject, self._data_profiler.compare(compared, self._profile(reference)))
                    )
            report = DriftReport(
                checks=tuple(check for drift_report in reports for check in drift_report.checks),
                columns=tuple(column for drift_report in reports for column in drift_report.columns),
            )
            self._record(prediction_job, previous[-1], report)
            return report
        return DriftReport()

    def _record(self, resource: Resource, reference: Resource, report: DriftReport) -> None:
        self._metadata_tracker.update(resource, {f"drift.{reference}": report.model_dump(mode="json")})
        keep_checks(report, self._metadata_tracker)

    def _profile(self, dataset_version: DatasetVersion) -> Profile:
        tracker = self._metadata_tracker
        # A lost profile is computed again, as long as the rows exist.
        if _is_kept(dataset_version, tracker):
            return _stored_profile(_ARTIFACT, Profile, dataset_version, tracker)
        rows = tracker.get(dataset_version).fields.get("rows", 0)
        if rows > _MOST_ROWS:
            batches = self._resource_version_control.load_batches(dataset_version)
            profile = self._data_profiler.sketch(batches, rows=rows).profile()
        else:
            profile = self._data_profiler.profile(self._resource_version_control.load_data(dataset_version))
        keep_profile(profile, dataset_version, tracker)
        return profile

    @contextmanager
    def _unless_lost(self) -> Iterator[None]:
        """Notify of a lost artifact, and leave the block."""
        try:
            yield
        except UnusableArtifactError as error:
            message = f"There is no comparison with the stored profile: {error}"
            notify_all(self._notifiers, message, "warning")


def tell_of_drift(report: DriftReport, notifiers: Sequence[Notifier]) -> None:
    """Notify of drift that is not an error."""
    for check in report.of("warn"):
        notify_all(notifiers, check.message, "warning")
    for check in report.of("error"):
        notify_all(notifiers, check.message, "error")


def without(rows: Frame | Sketch, *names: str | None) -> Frame | Sketch:
    """``rows`` without the columns ``names``, whether they have them or not."""
    columns = [name for name in names if name is not None]
    if isinstance(rows, Sketch):
        return rows.without(columns)
    fewer: Frame = wrap(rows).drop(*columns, strict=False).to_native()
    return fewer


def _about(subject: str, report: DriftReport) -> DriftReport:
    checks = [check.model_copy(update={"message": f"{subject}: {check.message}"}) for check in report.checks]
    return report.model_copy(update={"checks": tuple(checks)})


def _sides(
    prediction_job: PredictionJob, metadata_tracker: MetadataTracker
) -> tuple[DatasetVersion, DatasetVersion]:
    """The rows of a job, and its predictions."""
    parents = metadata_tracker.parents(prediction_job)
    rows = next(parent for parent in parents if isinstance(parent, DatasetVersion))
    return rows, DatasetVersion.parse(metadata_tracker.get(prediction_job).fields["predictions"])


def trained_on(model_version: ModelVersion, metadata_tracker: MetadataTracker) -> DatasetVersion | None:
    """The training data of ``model_version``, if known."""
    parents = metadata_tracker.parents(model_version)
    return next((parent for parent in parents if isinstance(parent, DatasetVersion)), None)


def _keep(
    name: str, value: BaseModel, dataset_version: DatasetVersion, metadata_tracker: MetadataTracker
) -> None:
    with temporary_folder() as folder:
        file = Path(folder) / f"{name}.json"
        file.write_text(value.model_dump_json(), encoding="utf-8")
        metadata_tracker.save_artifact(dataset_version, name, file)


def _is_kept(dataset_version: DatasetVersion, metadata_tracker: MetadataTracker) -> bool:
    return all(metadata_tracker.has_artifact(dataset_version, name) for name in (_ARTIFACT, _EXPECTATION))


def _stored_profile(
    name: str, kind: type[V], dataset_version: DatasetVersion, metadata_tracker: MetadataTracker
) -> V:
    with temporary_folder() as folder:
        file = Path(folder) / f"{name}.json"
        metadata_tracker.load_artifact(dataset_version, name, file)
        return kind.model_validate_json(file.read_text(encoding="utf-8"))
