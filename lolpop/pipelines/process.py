"""From source rows to a checked, versioned dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

from lolpop._names import one_of
from lolpop.checks import CheckReport
from lolpop.components.data_checker import DataChecker, Examination, Expectation
from lolpop.components.data_connector import DataConnector
from lolpop.components.data_profiler import DataProfiler, DriftReport, Profile
from lolpop.components.data_transformer import DataTransformer
from lolpop.components.data_transformer.identity import IdentityDataTransformer
from lolpop.components.executor import Executor
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.notifier import Notifier
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data.batches import BatchRange, batch_ranges, prefetched
from lolpop.data.frames import Frame, as_frame
from lolpop.data.manifests import Manifest
from lolpop.data.reading import Schemas
from lolpop.data.sources import Data, Source
from lolpop.errors import Finding
from lolpop.integrations import Pipeline, task
from lolpop.kernel.specs import Call
from lolpop.pipelines._reports import keep_checks, keep_source, kept_sources, require_no_errors
from lolpop.pipelines._schemas import keep_schemas, kept_schemas
from lolpop.pipelines._workers import by_workers
from lolpop.pipelines.drift import DriftAnalysis, keep_profile, keep_sketch, tell_of_drift, trained_on
from lolpop.pipelines.examined import ExaminedPart, ExaminedRows, examined, merged
from lolpop.problem import Problem
from lolpop.resources import DatasetVersion, ModelVersion, Resource
from lolpop.runs import redacted

__all__ = ["ProcessPipeline"]


class ProcessPipeline(Pipeline):
    """Makes dataset versions of source rows.

    ``problem``, ``data_connector`` and ``folder`` are for ``check_injected`` alone, which looks at the
    header of the labelled rows.
    """

    def __init__(
        self,
        *,
        data_transformer: DataTransformer,
        data_checker: DataChecker,
        data_profiler: DataProfiler,
        resource_version_control: ResourceVersionControl,
        metadata_tracker: MetadataTracker,
        notifiers: Sequence[Notifier],
        data: Data | None = None,
        problem: Problem | None = None,
        data_connector: DataConnector | None = None,
        folder: Path | None = None,
        executor: Executor | None = None,
    ) -> None:
        del problem, data_connector, folder
        if data is not None and data.sources and not data_transformer.joins():
            raise ValueError(_cannot_join(type(data_transformer)))
        if data is not None and data.in_place and not _is_identity(type(data_transformer)):
            raise ValueError(_transforms(type(data_transformer)))
        self.data_transformer = data_transformer
        self.data_checker = data_checker
        self.data_profiler = data_profiler
        self.resource_version_control = resource_version_control
        self.metadata_tracker = metadata_tracker
        self.notifiers = notifiers
        self.executor = executor
        self._drift = DriftAnalysis(data_profiler, metadata_tracker, resource_version_control, notifiers)

    @classmethod
    def check_injected(cls, injected: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the transformer takes several tables if the settings name several, and that rows can
        stay in place if they should.

        Warn of columns that the labelled rows lack, if they are in a local file and not transformed.
        """
        data, transformer = injected.get("data"), injected.get("data_transformer")
        if not isinstance(data, Data) or transformer is None:
            return
        if data.sources and not transformer.joins():
            hint = "Name a function that joins them: data_transformer: {use: python, function: …}."
            yield Finding("data_transformer", _cannot_join(transformer), hint=hint)
        problem, connector = injected.get("problem"), injected.get("data_connector")
        if data.in_place:
            yield from _obstacles_in_place(injected)
        if problem is None or connector is None or data.train is None:
            return
        if not issubclass(transformer, IdentityDataTransformer):
            return  # it may make the columns
        if (header := connector.header_of(data.train, injected.get("folder"))) is not None:
            yield from _missing_columns(problem, header, data.train)

    @task
    def transform_data(self, frame: Frame) -> Frame:
        """Transform source rows into rows for training or prediction."""
        return as_frame(self.data_transformer.transform(frame))

    @task
    def join_data(self, frames: Mapping[str, Frame]) -> Frame:
        """Make rows for training or prediction from several source tables, by name."""
        return as_frame(self.data_transformer.join(frames))

    @task
    def check_data(
        self, rows: Frame | Examination, model_version: ModelVersion | None = None, *, labelled: bool = True
    ) -> CheckReport:
        """Check rows, and notify of warnings.

        With ``model_version``, they should be like its training rows. Rows that are not ``labelled`` are to
        be predicted, as those that were examined are. Raises DataError, with all errors of the checker, if
        the rows are unusable.
        """
        if isinstance(rows, Examination):
            report = rows.report()
        else:
            report = self.data_checker.check(rows, self._expectation(model_version), labelled=labelled)
        keep_checks(report, self.metadata_tracker)
        use = "learned from these rows" if labelled else "predicted of these rows"
        require_no_errors(report, self.notifiers, f"Nothing can be {use}")
        return report

    @task(effects=True)
    def examine_batches(
        self,
        dataset_version: DatasetVersion,
        model_version: ModelVersion,
        *,
        check: bool = True,
        describe: bool = True,
        jobs: int = 1,
        part_batches: int = 4,
    ) -> ExaminedRows:
        """Look at all rows of ``dataset_version``, which ``model_version`` is to predict, and merge what was
        seen of each batch.

        With ``check``, they are examined against the training rows. With ``describe``, there is a sketch of
        them, and their profile is stored as an artifact of ``dataset_version``. With several ``jobs``,
        workers of the executor take parts of at most ``part_batches``; the result is the same.
        """
        sizes = self.resource_version_control.batch_sizes(dataset_version)
        expectation = self._expectation(model_version) if check else None
        whole = ExaminedPart(
            dataset_version,
            BatchRange(0, len(sizes), 0, sum(sizes)),
            expectation,
            check=check,
            describe=describe,
        )
        if self.executor is None or jobs == 1 or len(sizes) <= part_batches:
            rows = self.examine_part(whole)
        else:
            parts = [replace(whole, batches=batches) for batches in batch_ranges(sizes, part_batches, jobs)]
            with by_workers(self.executor, Call.of(self, "examine_part"), parts, jobs) as seen:
                rows = reduce(merged, seen, ExaminedRows())
        if rows.sketch is not None:
            keep_sketch(rows.sketch, dataset_version, self.metadata_tracker)
        return rows

    def examine_part(self, part: ExaminedPart) -> ExaminedRows:
        """Look at the rows of ``part``, in whatever process."""
        start, stop = part.batches.start, part.batches.stop
        rows = self.resource_version_control.load_part(part.dataset_version, start, stop)
        return examined(prefetched(rows), part, self.data_profiler, self.data_checker)

    @task
    def track_data(
        self, frame: Frame, name: str, source: Source, parents: Sequence[Resource] = ()
    ) -> DatasetVersion:
        """Store ``frame``, made from ``source`` and ``parents``, as a version of the dataset ``name``.

        Equal content has the same version.
        """
        return self._from(source, self.resource_version_control.save_data(name, frame, parents=parents))

    @task
    def track_batches(self, frames: Iterable[Frame], name: str, source: Source) -> DatasetVersion:
        """Store the rows of ``source``, which come in ``frames``, as a version of the dataset ``name``."""
        return self._from(source, self.resource_version_control.save_batches(name, frames))

    @task
    def transform_batches(self, frames: Iterable[Frame], name: str, source: Source) -> DatasetVersion:
        """Transform ``frames`` one by one, and store the results as a version of one dataset."""
        transformed = map(self.data_transformer.transform, frames)
        return self._from(source, self.resource_version_control.save_batches(name, transformed))

    @task
    def track_manifest(self, manifest: Manifest, name: str, source: Source) -> DatasetVersion:
        """Store the rows of ``source``, which stay where they are, as a version of the dataset ``name``."""
        return self._from(source, self.resource_version_control.save_manifest(name, manifest))

    @task
    def join_batches(
        self,
        tables: Mapping[str, Frame],
        batched: str,
        dataset_version: DatasetVersion,
        name: str,
        source: Source,
        parents: Sequence[Resource],
    ) -> DatasetVersion:
        """Join each batch of ``dataset_version``, the table ``batched``, with ``tables``, and store the
        result.
        """
        joined = (
            self.data_transformer.join({**tables, batched: frame})
            for frame in self.resource_version_control.load_batches(dataset_version)
        )
        return self._from(source, self.resource_version_control.save_batches(name, joined, parents=parents))

    @task
    def profile_data(self, frame: Frame, dataset_version: DatasetVersion) -> Profile:
        """Profile ``frame``, the rows of ``dataset_version``, and store the profile as an artifact of
        that.
        """
        profile = self.data_profiler.profile(frame)
        keep_profile(profile, dataset_version, self.metadata_tracker)
        return profile

    @task
    def compare_data(
        self, frame: Frame, dataset_version: DatasetVersion, model_version: ModelVersion
    ) -> DriftReport:
        """Compare ``frame``, the rows of ``dataset_version``, with the training rows of ``model_version``.

        Notify of drift. It does not prevent training: often it is the reason to train.
        """
        report = self._drift.from_training(frame, dataset_version, model_version)
        tell_of_drift(report, self.notifiers)
        return report

    def keep_schemas(self, dataset_version: DatasetVersion, schemas: Schemas) -> None:
        """Record with ``dataset_version`` how its rows were read."""
        keep_schemas(dataset_version, schemas, self.metadata_tracker)

    def schemas_of(self, name: str, model_version: ModelVersion | None) -> Schemas:
        """How the rows that ``model_version`` was trained on were read.

        Other columns, or all columns without a model, are taken from the latest version of the dataset
        ``name``.
        """
        schemas = Schemas()
        if model_version is not None and (reference := trained_on(model_version, self.metadata_tracker)):
            schemas = kept_schemas(reference, self.metadata_tracker)
        if versions := self.metadata_tracker.find(DatasetVersion, name):
            schemas = schemas.before(kept_schemas(versions[-1], self.metadata_tracker))
        return schemas

    def source_of(self, dataset_version: DatasetVersion) -> object:
        """The source of the rows: that of the open run, else the first one; ``dataset_version`` if
        unknown.
        """
        first = self.metadata_tracker.get(dataset_version).fields.get("source", dataset_version)
        return kept_sources(self.metadata_tracker).get(dataset_version.reference, first)

    def _expectation(self, model_version: ModelVersion | None) -> Expectation | None:
        return None if model_version is None else self._drift.expected_by_training(model_version)

    def _from(self, source: Source, dataset_version: DatasetVersion) -> DatasetVersion:
        """Record the ``source`` of ``dataset_version`` with the run, and with the version if it is the first
        one.
        """
        shown = redacted(source)
        if "source" not in self.metadata_tracker.get(dataset_version).fields:
            self.metadata_tracker.update(dataset_version, {"source": shown})
        keep_source(dataset_version, shown, self.metadata_tracker)
        return dataset_version


def _cannot_join(transformer: type[DataTransformer]) -> str:
    return f"{transformer.__name__} takes one table, but data.sources has several"


def _is_identity(transformer: type[DataTransformer]) -> bool:
    return transformer.transform is IdentityDataTransformer.transform


def _transforms(transformer: type[DataTransformer]) -> str:
    return f"{transformer.__name__} makes new rows, but data.in_place leaves rows where they are"


def _obstacles_in_place(injected: Mapping[str, Any]) -> Iterator[Finding]:
    """An error for each reason why rows to predict cannot stay where they are."""
    unset = "Unset data.in_place."
    if not _is_identity(injected["data_transformer"]):
        hint = f"{unset} Or make features with a feature_transformer, which learns them with the model."
        yield Finding("data_transformer", _transforms(injected["data_transformer"]), hint=hint)
    version_control = injected.get("resource_version_control")
    if version_control and version_control.save_manifest is ResourceVersionControl.save_manifest:
        yield Finding("resource_version_control", f"{version_control.__name__} copies all rows", hint=unset)
    source, connector = injected["data"].predict, injected.get("data_connector")
    if source is None or connector is None:
        return
    if obstacle := connector.obstacle_in_place(source, injected.get("folder")):
        message, _, hint = obstacle.rpartition(". ")
        yield Finding("data.predict", f"rows cannot stay in place: {message}", hint=f"{hint}.")


def _missing_columns(problem: Problem, header: Sequence[str], source: Source) -> Iterator[Finding]:
    """A warning for each column that the problem names and the header of ``source`` lacks."""
    file = source if isinstance(source, str) else source.get("path")
    for role in ("target", "index", "time", "series"):
        column = getattr(problem, role, None)
        if column is not None and column not in header:
            hint = one_of(column, header, what="Its columns")
            yield Finding(f"problem.{role}", f"{file} has no column {column!r}", "warning", hint=hint)
