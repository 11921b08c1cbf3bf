"""Forecasting from source rows to forecasts in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from lolpop.components.data_connector import DataConnector
from lolpop.components.data_splitter import Splits
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_checker import Comparison
from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.notifier import Notifier
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data.frames import Frame, listed
from lolpop.data.sources import Data
from lolpop.errors import Finding
from lolpop.pipelines.deploy import DeployPipeline
from lolpop.pipelines.forecast_train import ForecastTrainPipeline
from lolpop.pipelines.future import ends_of, future_rows
from lolpop.pipelines.predict import PredictPipeline
from lolpop.pipelines.process import ProcessPipeline
from lolpop.problem import ForecastingProblem, ProblemType
from lolpop.resources import DatasetVersion, ModelVersion
from lolpop.runners._verdicts import Outcome
from lolpop.runners.supervised import OptionalTask, SupervisedRunner

__all__ = ["ForecastingRunner"]

_NO_BATCHES = "is not supported for forecasting: earlier times may be in a later batch"


class ForecastingRunner(SupervisedRunner):
    """Runs forecasting from end to end, or one workflow of it at a time.

    Where ``data.predict`` names no rows, the horizon after the end of every series is forecast.

    Parameters
    ----------
    skip
        Tasks to skip, to save their time. By default, rows and forecasts are not compared with earlier ones,
        since later times differ from earlier ones without being wrong.
    """

    problem_type: ClassVar[ProblemType] = "forecasting"

    def __init__(
        self,
        skip: frozenset[OptionalTask] = frozenset({"compare_data", "analyze_prediction_drift"}),
        *,
        problem: ForecastingProblem,
        data: Data,
        process: ProcessPipeline,
        train: ForecastTrainPipeline,
        predict: PredictPipeline,
        deploy: DeployPipeline,
        data_connector: DataConnector,
        resource_version_control: ResourceVersionControl,
        metadata_tracker: MetadataTracker,
        model_deployer: ModelDeployer,
        notifiers: Sequence[Notifier],
    ) -> None:
        super().__init__(
            skip,
            problem=problem,
            data=data,
            process=process,
            train=train,
            predict=predict,
            deploy=deploy,
            data_connector=data_connector,
            resource_version_control=resource_version_control,
            metadata_tracker=metadata_tracker,
            model_deployer=model_deployer,
            notifiers=notifiers,
        )
        if data.batch_rows is not None:
            raise ValueError(f"data.batch_rows {_NO_BATCHES}.")
        self.series = problem
        self.forecast_train = train

    @classmethod
    def check_injected(cls, injected: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that rows are not read in batches."""
        data = injected.get("data")
        if isinstance(data, Data) and data.batch_rows is not None:
            yield Finding("data.batch_rows", _NO_BATCHES, hint="Leave it out.")

    def _evaluate(
        self, model_version: ModelVersion, splits: Splits, frame: Frame, dataset_version: DatasetVersion
    ) -> None:
        if not {"analyze_model", "check_model"} <= self.skip:
            self.forecast_train.backtest_model(model_version, frame, dataset_version)
        super()._evaluate(model_version, splits, frame, dataset_version)

    def _rows_to_predict(self, labelled: DatasetVersion) -> DatasetVersion | None:
        if self.data.predict is not None:
            return super()._rows_to_predict(labelled)
        frame = self.resource_version_control.load_data(labelled)
        future = future_rows(frame, self.series)
        if self.series.index is not None:
            self._notify(
                f"Forecasts need the index {self.series.index!r} of every future time: set data.predict to "
                "rows with it, or remove problem.index",
                "warning",
            )
            return None
        if future.regressors:
            self._notify(
                f"Forecasts need {listed(future.regressors)} of every future time: set data.predict to rows "
                "with them, or list the columns in problem.drop",
                "warning",
            )
            return None
        return self.process.track_data(
            future.rows, f"{self.problem.name}_predict", f"what follows {labelled}"
        )

    def _outcome(
        self, comparison: Comparison, model_version: ModelVersion, deployed: ModelVersion
    ) -> Outcome:
        outcome = super()._outcome(comparison, model_version, deployed)
        # The deployed model goes stale: with the same skill, it forecasts worse.
        significantly_worse = comparison.interval is None or comparison.interval[1] < 0
        if outcome.replaces or significantly_worse or not self._is_fresher(model_version, deployed):
            return outcome
        return Outcome(True, "was trained on later rows, is not clearly worse, and replaces")

    def _is_fresher(self, model_version: ModelVersion, deployed: ModelVersion) -> bool:
        ends, deployed_ends = (
            ends_of(self.resource_version_control.load_model(version))
            for version in (model_version, deployed)
        )
        return any(key not in deployed_ends or end > deployed_ends[key] for key, end in ends.items())
