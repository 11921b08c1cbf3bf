"""From rows of series to a model version: experiments, and a backtest of the best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop._temporary import temporary_folder
from lolpop.checks import CheckReport
from lolpop.components.data_splitter import BacktestSplitter, Splits
from lolpop.components.executor import Executor
from lolpop.components.hyperparameter_tuner import HyperparameterTuner
from lolpop.components.logger import Logger
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.components.model_bias_checker import ModelBiasChecker
from lolpop.components.model_checker import Metrics, ModelChecker
from lolpop.components.model_checker.backtests import RecordedForecasts, backtest_rows, forecasts_of
from lolpop.components.model_explainer import Importance, ModelExplainer
from lolpop.components.model_trainer import FittedModel, ModelTrainer, Params
from lolpop.components.model_trainer.promises import checked_model
from lolpop.components.model_visualizer import ModelVisualizer
from lolpop.components.notifier import Notifier, notify_all
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data.frames import Frame, count, wrap
from lolpop.errors import DataError, Finding, TrainingError
from lolpop.integrations import task
from lolpop.pipelines._attempts import Fit, Fitted, TrialObjective, TrialSpec, is_better
from lolpop.pipelines._labelled import labelled
from lolpop.pipelines._reports import tell_of_model
from lolpop.pipelines.train import TrainPipeline
from lolpop.problem import ForecastingProblem
from lolpop.resources import DatasetVersion, Experiment, ModelVersion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Series

__all__ = ["ForecastTrainPipeline"]

_SEASONAL = "seasonal_naive"


class ForecastTrainPipeline(TrainPipeline):
    """Trains a model version that forecasts series, and evaluates it by a backtest.

    The last horizon of each series is the test, which does not choose: searches and candidates are scored on
    the horizons before it. Then the winner is backtested: fitted at earlier origins, and compared with the
    values that followed. A model trainer that combines several, as the default does, chooses by that
    backtest, test included, and combines the best ones if possible, so that the deployed model is never
    worse in it than the best baseline. Last, the winner is fitted on all rows, since forecasts begin where
    they end.

    Parameters
    ----------
    retrain_on_all_data : bool
        Whether the winner is fitted once more, on all rows, after its evaluation: forecasts begin where the
        rows end. Metrics and comparisons are those of the model before that fit.
    resume_search : bool
        Whether a search reuses the scores of earlier ones, such as an interrupted one, for trials with the
        same rows, settings, parameters and seed.
    """

    def __init__(
        self,
        retrain_on_all_data: bool = True,
        resume_search: bool = False,
        *,
        problem: ForecastingProblem,
        data_splitter: BacktestSplitter,
        model_trainer: ModelTrainer,
        candidates: Sequence[ModelTrainer] = (),
        hyperparameter_tuner: HyperparameterTuner,
        model_checker: ModelChecker,
        model_explainer: ModelExplainer,
        model_visualizer: ModelVisualizer,
        model_bias_checker: ModelBiasChecker,
        metadata_tracker: MetadataTracker,
        metrics_tracker: MetricsTracker,
        resource_version_control: ResourceVersionControl,
        notifiers: Sequence[Notifier],
        logger: Logger,
        executor: Executor | None = None,
    ) -> None:
        super().__init__(
            retrain_on_all_data,
            ("test",),  # forecasts of training rows are meaningless
            resume_search,
            problem=problem,
            data_splitter=data_splitter,
            model_trainer=model_trainer,
            candidates=candidates,
            hyperparameter_tuner=hyperparameter_tuner,
            model_checker=model_checker,
            model_explainer=model_explainer,
            model_visualizer=model_visualizer,
            model_bias_checker=model_bias_checker,
            metadata_tracker=metadata_tracker,
            metrics_tracker=metrics_tracker,
            resource_version_control=resource_version_control,
            notifiers=notifiers,
            logger=logger,
            executor=executor,
        )
        self.chosen_by_backtest = (
            not candidates and len(self.trainers) > 1 and not hyperparameter_tuner.enabled
        )
        self.combination = model_trainer.combination if self.chosen_by_backtest else None
        if self.combination is not None:
            self.trainers = (*self.trainers, self.combination)
        self.series = problem
        self.backtest_splitter = data_splitter

    @classmethod
    def check_injected(cls, injected: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the explainer is for forecasts."""
        explainer = injected.get("model_explainer")
        if explainer is not None and not explainer.explains_forecasts:
            hint = "Set model_explainer to forecasting, or leave it out."
            yield Finding("model_explainer", f"{explainer.__name__} explains no forecasts", hint=hint)

    @task
    def backtest_model(
        self, model_version: ModelVersion, frame: Frame, dataset_version: DatasetVersion
    ) -> DatasetVersion:
        """Fit the winner again at each earlier origin, and store its forecasts beside the true values.

        The last origin is that of the test, with the model that was fitted for it. The rows are a dataset
        version, which is a field of the model version.
        """
        experiment = self._evaluated_experiment(model_version)
        fields = self.metadata_tracker.get(experiment).fields
        trainer = self.trainers[fields["candidate"]]
        *earlier, last = self.backtest_splitter.backtest(frame)
        models = [
            *self._fitted_each(trainer, fields["searched"], [split.train for split in earlier]),
            self.resource_version_control.load_model(experiment),
        ]
        rows = self._backtested(models, [*earlier, last])
        dataset = self.resource_version_control.save_data(
            f"{self.problem.name}_backtest", rows, parents=[model_version, dataset_version]
        )
        recorded, target = RecordedForecasts.of_backtest(self.series), labelled(rows, self.problem).target
        metrics: dict[str, float] = {}
        for name, model in (("backtest", recorded), (_SEASONAL, recorded.baseline(_SEASONAL))):
            measured = self.model_checker.measure(model, rows, target)
            metrics |= {f"{name}.{metric}": value for metric, value in measured.items()}
        self.metrics_tracker.log(model_version, metrics)
        self.metadata_tracker.update(model_version, {"backtest": dataset.reference, "origins": len(models)})
        return dataset

    @task
    def analyze_model(self, model_version: ModelVersion, splits: Splits) -> list[Importance]:
        """Explain the forecast of the test rows, and draw it after its history, and the backtest.

        The importance of lags and regressors, where there are any, is a field of the model version, the
        figures are its artifacts.
        """
        model = self.resource_version_control.load_model(self._evaluated_experiment(model_version))
        test = self._labelled(splits.test)
        importance = self.model_explainer.importance(model, test.features, test.target)
        rows = self._backtest_of(model_version)
        with temporary_folder() as folder:
            figures = {
                **self.model_visualizer.draw(model, test.features, test.target, Path(folder), importance),
                **self.model_visualizer.draw(
                    RecordedForecasts.of_backtest(self.series),
                    rows,
                    labelled(rows, self.problem).target,
                    Path(folder),
                ),
            }
            for name, path in figures.items():
                self.metadata_tracker.save_artifact(model_version, f"figures.{name}{path.suffix}", path)
        if importance:
            values = {column.column: column.value for column in importance}
            self.metadata_tracker.update(model_version, {"importance": values})
        return importance

    @task
    def check_model(self, model_version: ModelVersion, splits: Splits) -> CheckReport:
        """Check the forecasts of the backtest, compare them with the best baseline, and notify of both."""
        rows = self._backtest_of(model_version)
        recorded = RecordedForecasts.of_backtest(self.series)
        target = labelled(rows, self.problem).target
        report = self.model_checker.check(recorded, rows, target)
        train = self._labelled(splits.train).target
        baseline = self.model_checker.compare_to_baseline(recorded, rows, target, train)
        self._keep_judgement(model_version, report, baseline)
        seasonal = self.model_checker.compare(recorded, recorded.baseline(_SEASONAL), rows, target)
        origins = self.metadata_tracker.get(model_version).fields["origins"]
        notify_all(
            self.notifiers,
            f"{model_version}: {baseline.metric} is {baseline.score:.4g} in a backtest of "
            f"{count(len(wrap(rows)), 'row')} from {count(origins, 'origin')}, "
            f"{_change(seasonal.score, seasonal.other_score)} than {seasonal.other_score:.4g} of the "
            f"seasonal naive forecast; the best baseline is {baseline.against}, with "
            f"{baseline.other_score:.4g}",
        )
        tell_of_model(report, model_version, self.metadata_tracker, self.notifiers)
        return report

    def fit_attempt(self, attempt: TrialSpec, train: Frame, validation: Frame) -> Fitted:
        """Fit a trial on ``train``, and score it from origins in ``validation``, which holds the same rows.

        A share of the rows means a share of the origins.
        """
        trainer = self.trainers[attempt.candidate]
        splits = self.backtest_splitter.backtest(validation)
        splits = splits[-max(1, round(attempt.share * len(splits))) :]
        models = self._fitted_each(trainer, attempt.params, [split.train for split in splits])
        metrics, is_best = self._evaluate(models, splits, attempt)
        if not is_best or attempt.share < 1:
            return Fitted(metrics, None)
        return Fitted(metrics, self._fitted(trainer, attempt.params, train))

    def _fit_candidate(
        self, attempt: TrialSpec, frame: Frame, fitted: dict[ModelTrainer, list[FittedModel]]
    ) -> Fitted:
        """Backtest one of the trainers to choose from; a combination takes models that are ``fitted``."""
        trainer = self.trainers[attempt.candidate]
        splits = self.backtest_splitter.backtest(frame)
        trains = [split.train for split in splits]
        if trainer is self.combination:
            models = self.combination.fit_rest(self._parts(trains), attempt.params, fitted)
        else:
            models = fitted[trainer] = self._fitted_each(trainer, attempt.params, trains)
        metrics, is_best = self._evaluate(models, splits, attempt)
        return Fitted(metrics, models[-1] if is_best else None)  # the origin of the last is that of the test

    def _evaluate(
        self, models: Sequence[FittedModel], splits: Sequence[Splits], attempt: TrialSpec
    ) -> tuple[Metrics, bool]:
        """The metrics of a backtest, and whether it is better than the best score so far."""
        rows = self._backtested(models, splits)
        target = labelled(rows, self.problem).target
        metrics = self.model_checker.measure(RecordedForecasts.of_backtest(self.series), rows, target)
        return metrics, is_better(self.model_checker, metrics[self.model_checker.metric], attempt.to_beat)

    @contextmanager
    def _fits(self, train: Frame, validation: Frame, dataset_version: DatasetVersion) -> Iterator[Fit]:
        if self.chosen_by_backtest:
            fitted: dict[ModelTrainer, list[FittedModel]] = {}
            yield partial(self._fit_candidate, frame=validation, fitted=fitted)
        else:
            with super()._fits(train, validation, dataset_version) as fit:
                yield fit

    def _backtest_of(self, model_version: ModelVersion) -> Frame:
        reference = self.metadata_tracker.get(model_version).fields["backtest"]
        return self.resource_version_control.load_data(DatasetVersion.parse(reference))

    def _fitted_each(
        self, trainer: ModelTrainer, params: Params, frames: Sequence[Frame]
    ) -> list[FittedModel]:
        return [checked_model(trainer, model) for model in trainer.fit_many(self._parts(frames), params)]

    def _parts(self, frames: Sequence[Frame]) -> list[tuple[Frame, Series]]:
        parts = [self._labelled(frame) for frame in frames]
        return [(part.features, part.target) for part in parts]

    def _backtested(self, models: Sequence[FittedModel], splits: Sequence[Splits]) -> Frame:
        tests = [self._labelled(split.test) for split in splits]
        fitted: list[tuple[FittedModel, Frame, Series]] = [
            (model, test.features, test.target) for model, test in zip(models, tests, strict=True)
        ]
        return backtest_rows(fitted, self.series)

    def _parts_to_search(self, splits: Splits) -> tuple[Frame, Frame]:
        if self.chosen_by_backtest:
            import narwhals as nw

            whole = nw.concat([wrap(splits.train), wrap(splits.test)])
            return splits.train, nw.maybe_reset_index(whole).to_native()
        # A trial is fitted on all rows before the test, and scored from origins among them.
        return splits.train, splits.train

    @property
    def _chosen_by(self) -> str:
        return "by the backtest" if self.chosen_by_backtest else "by a backtest before the test"

    def _choose(
        self, ranked: Sequence[tuple[float, ModelTrainer]], attempts: TrialObjective
    ) -> tuple[ModelTrainer, Params, float]:
        """The combination of the best; with the best baseline, if that is better in the backtest; else the
        best alone.
        """
        combination = None if self.model_checker.greater_is_better else self.combination
        if combination is not None:
            for weights in combination.weigh(ranked):
                with suppress(DataError, TrainingError):  # the reason is in the log
                    score = attempts.keep(combination, weights)
                    if combination.is_worth(score, ranked):
                        return combination, weights, score
        return super()._choose(ranked, attempts)

    def _fits_of_a_trial(self, validation: Frame) -> int:
        return len(self.backtest_splitter.backtest(validation))

    def _other_experiment(self, other: ModelVersion, frame: Frame) -> Experiment:
        # The deployed model is compared, unless it was fitted on some of these rows.
        winner = Experiment.parse(self.metadata_tracker.get(other).fields["winning_experiment"])
        return winner if self._come_after(winner, frame).all() else self._evaluated_experiment(other)

    def _unseen(
        self, frame: Frame, model_version: ModelVersion, other: ModelVersion, experiment: Experiment
    ) -> Frame:
        del model_version, other  # the training rows of a forecaster end at a certain time
        unseen: Frame = wrap(frame).filter(self._come_after(experiment, frame).tolist()).to_native()
        return unseen

    def _come_after(self, experiment: Experiment, frame: Frame) -> NDArray[np.bool_]:
        model = forecasts_of(self.resource_version_control.load_model(experiment))
        return model.come_after(frame)


def _change(score: float, other: float) -> str:
    if not other or score != score:
        return "other"
    share = abs(1 - score / other)
    return f"{share:.0%} {'less' if score < other else 'more'}"
