"""From a model and rows to predictions, and from the truth to how good they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lolpop.checks import Check, CheckReport
from lolpop.components.data_connector import DataConnector
from lolpop.components.data_profiler import DataProfiler, DriftReport
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.components.model_checker import Metrics, ModelChecker
from lolpop.components.model_trainer import FittedModel
from lolpop.components.notifier import Notifier, tell
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data import Source
from lolpop.errors import DataError
from lolpop.frames import Frame, count, require_columns, wrap
from lolpop.integrations import Pipeline, task
from lolpop.pipelines._columns import columns_unlike_training
from lolpop.pipelines._drift import compare_with_previous, compare_with_training, tell_of_drift
from lolpop.pipelines._labelled import labelled
from lolpop.pipelines._predictions import LABEL, RecordedModel, plain_classes, predictions_frame
from lolpop.pipelines._reports import insist, keep_checks
from lolpop.pipelines._truth import known_truth
from lolpop.problem import Problem
from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob

__all__ = ["PredictPipeline"]


class PredictPipeline(Pipeline):
    """Predicts rows, keeps the predictions, and measures them once the truth is known."""

    def __init__(
        self,
        *,
        problem: Problem,
        data_connector: DataConnector,
        data_profiler: DataProfiler,
        resource_version_control: ResourceVersionControl,
        metadata_tracker: MetadataTracker,
        metrics_tracker: MetricsTracker,
        model_checker: ModelChecker,
        notifiers: Sequence[Notifier],
    ) -> None:
        self.problem = problem
        self.data_connector = data_connector
        self.data_profiler = data_profiler
        self.resource_version_control = resource_version_control
        self.metadata_tracker = metadata_tracker
        self.metrics_tracker = metrics_tracker
        self.model_checker = model_checker
        self.notifiers = notifiers

    @task
    def compare_data(
        self, frame: Frame, dataset_version: DatasetVersion, model_version: ModelVersion
    ) -> DriftReport:
        """Compare ``frame``, that of ``dataset_version``, with what ``model_version`` was trained on.

        People are told of drift. Raises DataError if it is an error by the profiler's settings. Neither the
        index nor a target that is there is compared: nothing is predicted by them.
        """
        report = compare_with_training(
            self._compared(frame),
            dataset_version,
            model_version,
            data_profiler=self.data_profiler,
            metadata_tracker=self.metadata_tracker,
            resource_version_control=self.resource_version_control,
        )
        insist(report, self.notifiers, "These rows are too unlike those of the training")
        return report

    @task
    def get_predictions(self, model: FittedModel, frame: Frame) -> Frame:
        """Predict the rows of ``frame``: the index column, ``prediction``, and ``probability_<class>``.

        People are told of columns that are not what the model has learned from, where it can do with them.
        Raises DataError if a column is missing or of a kind that the model cannot use, or if values of
        the index column are missing or double.
        """
        if self.problem.index is not None:
            self._check_index(frame, self.problem.index)
        for check in columns_unlike_training(model, frame, self.problem):
            tell(self.notifiers, check.message, "warning")
        return predictions_frame(model.predict(frame), frame, self.problem.index)

    @task
    def check_predictions(self, predictions: Frame) -> CheckReport:
        """Check predictions before anybody uses them, and tell people of what is suspicious.

        Raises DataError if some are missing.
        """
        report = CheckReport(checks=tuple(_checks(predictions)))
        keep_checks(report, self.metadata_tracker)
        insist(report, self.notifiers, "These predictions are of no use")
        return report

    @task
    def track_predictions(
        self,
        predictions: Frame,
        model: FittedModel,
        model_version: ModelVersion,
        dataset_version: DatasetVersion,
    ) -> PredictionJob:
        """Keep ``predictions`` of ``dataset_version`` by ``model``, that of ``model_version``."""
        kept = self.resource_version_control.save_data(
            f"{model_version.name}_predictions", predictions, parents=[model_version, dataset_version]
        )
        return self.metadata_tracker.create(
            PredictionJob,
            model_version.name,
            fields={
                "predictions": kept.reference,
                "rows": len(wrap(predictions)),
                "classes": plain_classes(model),
            },
            parents=[model_version, dataset_version],
        )

    @task
    def analyze_prediction_drift(
        self, frame: Frame, predictions: Frame, prediction_job: PredictionJob
    ) -> DriftReport:
        """Compare ``predictions``, and the rows of ``frame`` that they are of, with the model's previous job.

        People are told of drift, which stops nothing: the predictions are made.
        """
        report = compare_with_previous(
            self._compared(frame),
            self._compared(predictions),
            prediction_job,
            data_profiler=self.data_profiler,
            metadata_tracker=self.metadata_tracker,
            resource_version_control=self.resource_version_control,
        )
        tell_of_drift(report, self.notifiers)
        return report

    @task
    def save_predictions(self, predictions: Frame, target: Source) -> None:
        """Write ``predictions`` to ``target``, whole or not at all."""
        self.data_connector.write(predictions, target)

    @task
    def evaluate_predictions(self, prediction_job: PredictionJob, truth: Frame) -> Metrics:
        """Measure the predictions of a job on those of its rows whose true label is in ``truth``.

        Raises DataError if there is no index to join on, or no such row.
        """
        fields = self.metadata_tracker.get(prediction_job).fields
        predictions = self.resource_version_control.load_data(DatasetVersion.parse(fields["predictions"]))
        model = RecordedModel(fields["classes"])
        known = known_truth(predictions, truth, self.problem, model.classes)
        measured = self.model_checker.measure(model, known, labelled(known, self.problem).target)
        metrics = {f"truth.{name}": value for name, value in measured.items()}
        self.metrics_tracker.log(prediction_job, metrics)
        metric = self.model_checker.metric
        tell(
            self.notifiers,
            f"{prediction_job}: {metric} is {measured[metric]:.4g} "
            f"on the {count(len(wrap(known)), 'row')} of {fields['rows']:,} whose truth is known",
        )
        return metrics

    def _compared(self, frame: Frame) -> Frame:
        ignored = [name for name in (self.problem.index, self.problem.target) if name is not None]
        compared: Frame = wrap(frame).drop(*ignored, strict=False).to_native()
        return compared

    def _check_index(self, frame: Frame, index: str) -> None:
        data = wrap(frame)
        require_columns(data.columns, [index], what="index column")
        values = data.get_column(index)
        if missing := values.null_count():
            raise DataError(
                f"{count(missing, 'row')} without a value of {index!r}, the index: each needs its own."
            )
        if (double := values.is_duplicated()).any():
            example = values.filter(double)[0]
            shared = count(int(double.sum()), "row")
            raise DataError(
                f"{shared} share a value of {index!r}, the index, such as {example!r}: each needs its own, "
                "or predictions cannot be told apart."
            )


def _checks(predictions: Frame) -> Iterator[Check]:
    data = wrap(predictions)
    numbers = [name for name, dtype in data.schema.items() if dtype.is_float()]
    unusable = [name for name in data.columns if data.get_column(name).null_count()]
    unusable += [name for name in numbers if name not in unusable and data.get_column(name).is_nan().any()]
    yield Check(
        check="missing_predictions",
        status="error" if unusable else "ok",
        message=f"values are missing in {', '.join(unusable)}" if unusable else "no value is missing",
        columns=tuple(unusable),
    )
    labels = data.get_column(LABEL)
    distinct, several = labels.n_unique(), any(name.startswith("probability_") for name in data.columns)
    one = several and distinct == 1 and len(labels) > 1
    yield Check(
        check="one_class",
        status="warn" if one else "ok",
        message=f"all {len(labels)} rows are predicted as {labels[0]!r}"
        if one
        else f"{distinct} labels are predicted",
        columns=(LABEL,),
    )
