"""From a model and rows to predictions, and from true labels to their metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from pydantic import NonNegativeInt, PositiveInt

from lolpop.checks import CheckReport
from lolpop.components.data_connector import DataConnector
from lolpop.components.data_profiler import DataProfiler, DriftReport, Sketch
from lolpop.components.executor import Executor
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.components.model_checker import Metrics, ModelChecker
from lolpop.components.model_explainer import ModelExplainer
from lolpop.components.model_trainer import FittedModel
from lolpop.components.model_trainer.stored import loaded
from lolpop.components.notifier import Notifier, notify_all
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data.batches import batch_ranges, prefetched
from lolpop.data.frames import Frame, count, wrap
from lolpop.data.reading import ColumnSchema
from lolpop.data.sources import Data, Source
from lolpop.errors import DataError, Finding
from lolpop.integrations import Pipeline, task
from lolpop.kernel.specs import Call
from lolpop.pipelines._reports import keep_checks, require_no_errors, warn_of
from lolpop.pipelines._schemas import schema_of_truth
from lolpop.pipelines._truth import known_truth, unknown_labels, with_known_label
from lolpop.pipelines._workers import by_workers
from lolpop.pipelines.drift import DriftAnalysis, keep_sketch, tell_of_drift, trained_on, without
from lolpop.prediction.assembly import explanation_clashes, explanations_frame
from lolpop.prediction.identity import check_identity
from lolpop.prediction.parts import MergedParts, PredictedPart, RowsPart, parts_of
from lolpop.prediction.predictor import Predictor
from lolpop.prediction.recorded import record_of, recorded_model
from lolpop.prediction.usability import PredictionCheck
from lolpop.problem import Problem
from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob

__all__ = ["PredictPipeline"]

_WITHOUT_BATCHES = "rows are predicted by several workers only where data.batch_rows is set"


class PredictPipeline(Pipeline):
    """Predicts rows, stores the predictions, and measures them once the true labels are known.

    Parameters
    ----------
    explain : bool or int
        Whether predictions are attributed to columns, or for how many rows at most, from the first on.
    n_jobs : int
        How many parts of the rows are predicted at once, by workers of the executor; 1 predicts in this
        process. It needs ``data.batch_rows``.
    part_batches : int
        How many batches of rows make a part, at most.
    """

    def __init__(
        self,
        explain: bool | NonNegativeInt = False,
        n_jobs: PositiveInt = 1,
        part_batches: PositiveInt = 4,
        *,
        problem: Problem,
        data_connector: DataConnector,
        data_profiler: DataProfiler,
        resource_version_control: ResourceVersionControl,
        metadata_tracker: MetadataTracker,
        metrics_tracker: MetricsTracker,
        model_checker: ModelChecker,
        model_explainer: ModelExplainer,
        notifiers: Sequence[Notifier],
        data: Data | None = None,
        executor: Executor | None = None,
    ) -> None:
        for name, number in (("n_jobs", n_jobs), ("part_batches", part_batches)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, but got {number}.")
        if n_jobs > 1 and data is not None and data.batch_rows is None:
            raise ValueError(f"n_jobs: {_WITHOUT_BATCHES}.")
        if explain and (names := explanation_clashes(problem.passthrough_columns)):
            raise ValueError(f"explain: {_clash(names)}.")
        self.explain = explain
        self.n_jobs = n_jobs
        self.part_batches = part_batches
        self.problem = problem
        self.data_connector = data_connector
        self.data_profiler = data_profiler
        self.resource_version_control = resource_version_control
        self.metadata_tracker = metadata_tracker
        self.metrics_tracker = metrics_tracker
        self.model_checker = model_checker
        self.model_explainer = model_explainer
        self.notifiers = notifiers
        self.executor = executor
        self._drift = DriftAnalysis(data_profiler, metadata_tracker, resource_version_control, notifiers)

    @classmethod
    def check_settings(
        cls, settings: Mapping[str, Any], values: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterable[Finding]:
        """Check that explanations are not required of forecasts, and that the index has no name of an
        explanation.

        Several jobs need rows in batches.
        """
        data = values.get("data")
        if settings.get("n_jobs", 1) > 1 and data is not None and data.batch_rows is None:
            yield Finding("n_jobs", _WITHOUT_BATCHES, hint="Set data.batch_rows, such as 100000.")
        problem = values.get("problem")
        if not settings.get("explain") or problem is None:
            return
        if problem.type == "forecasting":
            yield Finding("explain", "single forecasts are not explained", hint="Leave it out.")
        elif names := explanation_clashes(problem.passthrough_columns):
            yield Finding("explain", _clash(names), hint="Give the column another name, or leave it out.")

    @task
    def compare_data(
        self, rows: Frame | Sketch, dataset_version: DatasetVersion, model_version: ModelVersion
    ) -> DriftReport:
        """Compare ``rows``, those of ``dataset_version``, with the training rows of ``model_version``.

        Notify of drift. Raises DataError if it is an error by the profiler's settings. The index and the
        target are not compared, since they are not features.
        """
        report = self._drift.from_training(self._compared(rows), dataset_version, model_version)
        require_no_errors(report, self.notifiers, "These rows differ too much from the training rows")
        return report

    def require_identity(self, frame: Frame) -> None:
        """Raise DataError unless the rows of ``frame`` can be identified; no model is needed for that."""
        check_identity(frame, self.problem)

    @task
    def get_predictions(self, model: FittedModel, frame: Frame, reported: CheckReport | None = None) -> Frame:
        """Predict the rows of ``frame``: the columns that identify them, ``prediction``, probabilities or
        bounds.

        Notify of columns that differ from those of the training but can be used, unless an earlier report
        (``reported``) warns of these columns. Raises DataError if a column is missing or of a kind that the
        model cannot use, or if columns that identify rows have missing or repeated values.
        """
        predictor = Predictor(model, self.problem, reported)
        predictions = predictor.predict(frame)
        warn_of(predictor.warnings(), self.notifiers)
        return predictions

    @task
    def check_predictions(self, predictions: Frame) -> CheckReport:
        """Check predictions before they are used, and notify of warnings.

        Raises DataError if some are missing.
        """
        usable = PredictionCheck(self.problem.passthrough_columns)
        usable.look(predictions)
        return self._insist_on(usable)

    @task(effects=True)
    def track_predictions(
        self,
        predictions: Frame,
        model: FittedModel,
        model_version: ModelVersion,
        dataset_version: DatasetVersion,
    ) -> PredictionJob:
        """Store the ``predictions`` of ``dataset_version`` by ``model``, the model of ``model_version``."""
        stored = self.resource_version_control.save_data(
            _dataset(model_version), predictions, parents=[model_version, dataset_version]
        )
        return self._job(stored, len(wrap(predictions)), model, model_version, dataset_version)

    @task(effects=True)
    def analyze_prediction_drift(
        self, rows: Frame | Sketch, predictions: Frame | Sketch, prediction_job: PredictionJob
    ) -> DriftReport:
        """Compare ``predictions``, and the ``rows`` that were predicted, with the previous job of the model.

        Notify of drift, which is never an error here.
        """
        compared = without(predictions, self.problem.index)
        report = self._drift.from_previous(self._compared(rows), compared, prediction_job)
        tell_of_drift(report, self.notifiers)
        return report

    @task
    def explain_predictions(
        self,
        model: FittedModel,
        model_version: ModelVersion,
        dataset_version: DatasetVersion,
        prediction_job: PredictionJob,
    ) -> DatasetVersion:
        """Attribute the predictions of a job to columns, relative to the training rows.

        The result has the index column, ``output`` and ``attribution_<column>``. It is stored batch by batch,
        and is the field ``explanations`` of the job. Raises DataError if the training rows are unknown.
        """
        from lolpop.data.tables import from_bytes

        with ExitStack() as stack:
            explanations: Iterator[Frame]
            parts = self._parts(dataset_version, model_version, stack) if self.explain is True else []
            if parts:
                explained = stack.enter_context(self._by_workers("explain_part", parts))
                explanations = (from_bytes(packed) for part in explained for packed in part)
            else:
                rows = self._explained(dataset_version)
                explanations = self._explanations(model, model_version, rows)
            stored = self.resource_version_control.save_batches(
                f"{model_version.name}_explanations", explanations, parents=[prediction_job]
            )
        self.metadata_tracker.update(prediction_job, {"explanations": stored.reference})
        return stored

    @task(effects=True)
    def save_explanations(self, explanations: DatasetVersion, target: Source) -> None:
        """Write ``explanations`` to ``target``, batch by batch, whole or not at all."""
        with self.data_connector.writing(target) as write:
            for rows in self.resource_version_control.load_batches(explanations):
                write(rows)

    @task(effects=True)
    def save_predictions(self, predictions: Frame, target: Source) -> None:
        """Write ``predictions`` to ``target``, whole or not at all."""
        self.data_connector.write(predictions, target)

    @task(effects=True)
    def predict_batches(
        self,
        model: FittedModel,
        model_version: ModelVersion,
        dataset_version: DatasetVersion,
        target: Source | None = None,
        *,
        check: bool = True,
        reported: CheckReport | None = None,
        sketch: Sketch | None = None,
    ) -> PredictionJob:
        """Predict the rows of ``dataset_version`` batch by batch, store the predictions, and write them.

        Does the same as ``get_predictions``, ``check_predictions`` (if ``check``), ``track_predictions`` and
        ``save_predictions`` (if there is a ``target``), without holding all rows in memory. Notifies once of
        each warning. The predictions are added to ``sketch``, if there is one, and their profile is stored.
        Raises DataError as those do; then nothing is stored or written.
        """
        rows = 0
        with ExitStack() as stack:
            parts = self._parts(dataset_version, model_version, stack, target, describe=sketch is not None)
            write = None
            if target is not None and not any(part.targets for part in parts):
                write = stack.enter_context(self.data_connector.writing(target))

            def written() -> Iterator[Frame]:
                nonlocal rows
                predicted = self._predictions(model, dataset_version, parts, reported, sketch, check=check)
                for predictions in predicted:
                    rows += len(wrap(predictions))
                    if write is not None:
                        write(predictions)
                    yield predictions

            stored = self.resource_version_control.save_batches(
                _dataset(model_version), written(), parents=[model_version, dataset_version]
            )
        if sketch is not None:
            keep_sketch(sketch, stored, self.metadata_tracker)
        return self._job(stored, rows, model, model_version, dataset_version)

    def predictions_of(self, prediction_job: PredictionJob) -> DatasetVersion:
        """The stored predictions of ``prediction_job``."""
        return DatasetVersion.parse(self.metadata_tracker.get(prediction_job).fields["predictions"])

    def schema_of_truth(self, prediction_job: PredictionJob) -> dict[str, ColumnSchema]:
        """The schema of true labels: they are read like the predicted classes, or the trained numbers."""
        return schema_of_truth(prediction_job, self.problem.target, self.metadata_tracker)

    @task
    def evaluate_predictions(self, prediction_job: PredictionJob, truth: Frame) -> Metrics:
        """Measure the predictions of a job on the rows with a true label in ``truth``.

        Rows with a label that the model does not know are not measured, and there is a notice about them.
        Raises DataError if there is no index to join on, or no such row.
        """
        fields = self.metadata_tracker.get(prediction_job).fields
        predictions = self.resource_version_control.load_batches(self.predictions_of(prediction_job))
        model = recorded_model(fields, self.problem)
        joined = known_truth(predictions, truth, self.problem, model.classes)
        labelled, unknown = with_known_label(joined, model.classes)
        if unknown:
            notify_all(self.notifiers, unknown_labels(prediction_job, unknown, model.classes), "warning")
        measured = self.model_checker.measure(model, labelled.features, labelled.target)
        metrics = {f"truth.{name}": value for name, value in measured.items()}
        self.metrics_tracker.log(prediction_job, metrics)
        metric = self.model_checker.metric
        notify_all(
            self.notifiers,
            f"{prediction_job}: {metric} is {measured[metric]:.4g} "
            f"on the {count(len(wrap(labelled.features)), 'row')} of {fields['rows']:,} whose truth is known",
        )
        return metrics

    def _predictions(
        self,
        model: FittedModel,
        dataset_version: DatasetVersion,
        parts: Sequence[RowsPart],
        reported: CheckReport | None,
        sketch: Sketch | None,
        *,
        check: bool,
    ) -> Iterator[Frame]:
        """The predictions of each batch. Raises DataError after the last one if all of them are unusable."""
        usable = PredictionCheck(self.problem.passthrough_columns)
        load = partial(self.resource_version_control.load_batches, dataset_version)
        if parts:
            merged = MergedParts(self.problem, usable, reported, sketch)
            with self._by_workers("predict_part", parts) as predicted:
                yield from prefetched(merged.predictions(predicted, load))
            warnings = merged.warnings()
        else:
            predictor = Predictor(model, self.problem, reported)
            for predictions in prefetched(predictor.predict_batches(load)):
                if check:
                    usable.look(predictions)
                if sketch is not None:
                    sketch.add(predictions)
                yield predictions
            warnings = predictor.warnings()
        warn_of(warnings, self.notifiers)
        if check:
            self._insist_on(usable)

    def _parts(
        self,
        dataset_version: DatasetVersion,
        model_version: ModelVersion,
        stack: ExitStack,
        target: Source | None = None,
        *,
        describe: bool = False,
    ) -> list[RowsPart]:
        """What workers take; nothing if all is done here.

        A target that can be is written by workers, too: it is whole when ``stack`` closes.
        """
        if self.executor is None or self.n_jobs == 1:
            return []
        sizes = self.resource_version_control.batch_sizes(dataset_version)
        if len(sizes) <= self.part_batches:
            return []
        write = None
        if target is not None and self.data_connector.writes_parts(target):
            write = stack.enter_context(self.data_connector.writing_parts(target))
        ranges = batch_ranges(sizes, self.part_batches, self.n_jobs)
        return parts_of(dataset_version, model_version, ranges, write, describe=describe)

    def _by_workers(self, method: str, parts: Sequence[RowsPart]) -> AbstractContextManager[Iterator[Any]]:
        """What workers make of ``parts``, in their order."""
        assert self.executor is not None  # noqa: S101  (or there were no parts)
        return by_workers(self.executor, Call.of(self, method), parts, self.n_jobs)

    def explain_part(self, part: RowsPart) -> tuple[bytes, ...]:
        """Explain the predictions of the rows of ``part``, in whatever process."""
        from lolpop.data.tables import to_bytes

        model, batches = self.resource_version_control.load_model(part.model_version), part.batches
        rows = self.resource_version_control.load_part(part.dataset_version, batches.start, batches.stop)
        return tuple(map(to_bytes, self._explanations(model, part.model_version, rows)))

    def _explanations(
        self, model: FittedModel, model_version: ModelVersion, frames: Iterable[Frame]
    ) -> Iterator[Frame]:
        """The attributions of each of ``frames``. Raises DataError if the training rows are unknown."""
        reference = trained_on(model_version, self.metadata_tracker)
        if reference is None:
            raise DataError(f"{model_version} cannot be explained: its training rows are unknown.")
        training_rows, fitted = self.resource_version_control.load_data(reference), loaded(model)
        for rows in frames:
            attributions = self.model_explainer.explain(fitted, rows, training_rows)
            yield explanations_frame(attributions, rows, self.problem.passthrough_columns)

    def predict_part(self, part: RowsPart) -> PredictedPart:
        """Predict the rows of ``part``, in whatever process."""
        model, batches = self.resource_version_control.load_model(part.model_version), part.batches
        rows = self.resource_version_control.load_part(part.dataset_version, batches.start, batches.stop)
        targets = iter(part.targets)
        sketch = None
        if part.describe:
            sketch = self.data_profiler.sketch(first_row=batches.first_row, rows=batches.rows)

        def write(predictions: Frame) -> None:
            if sketch is not None:
                sketch.add(predictions)
            if (target := next(targets, None)) is not None:
                self.data_connector.write(predictions, target)

        return replace(Predictor(model, self.problem).predict_part(rows, write), sketch=sketch)

    def _explained(self, dataset_version: DatasetVersion) -> Iterator[Frame]:
        """The first rows, as many as are to be explained."""
        remaining = None if self.explain is True else int(self.explain)
        for frame in self.resource_version_control.load_batches(dataset_version):
            rows: Frame = frame if remaining is None else wrap(frame).head(remaining).to_native()
            yield rows
            if remaining is not None and (remaining := remaining - len(wrap(rows))) <= 0:
                return

    def _insist_on(self, usable: PredictionCheck) -> CheckReport:
        report = usable.report()
        keep_checks(report, self.metadata_tracker)
        require_no_errors(report, self.notifiers, "These predictions are not usable")
        return report

    def _job(
        self,
        predictions: DatasetVersion,
        rows: int,
        model: FittedModel,
        model_version: ModelVersion,
        dataset_version: DatasetVersion,
    ) -> PredictionJob:
        return self.metadata_tracker.create(
            PredictionJob,
            model_version.name,
            fields={"predictions": predictions.reference, "rows": rows, **record_of(model, self.problem)},
            parents=[model_version, dataset_version],
        )

    def _compared(self, rows: Frame | Sketch) -> Frame | Sketch:
        return without(rows, self.problem.index, self.problem.target)


def _dataset(model_version: ModelVersion) -> str:
    return f"{model_version.name}_predictions"


def _clash(names: Sequence[str]) -> str:
    return f"explanations are written in a column {names[0]!r}, and problem.index names one"
