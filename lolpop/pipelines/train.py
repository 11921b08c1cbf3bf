"""From a dataset version to a model version: experiments, and the evaluation of the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lolpop._temporary import temporary_folder
from lolpop.checks import CheckReport
from lolpop.components.data_splitter import DataSplitter, Splits
from lolpop.components.executor import Executor
from lolpop.components.hyperparameter_tuner import HyperparameterTuner, Trial
from lolpop.components.logger import Logger
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.components.model_bias_checker import BiasReport, ModelBiasChecker
from lolpop.components.model_checker import Comparison, ModelChecker
from lolpop.components.model_explainer import Importance, ModelExplainer
from lolpop.components.model_trainer import FittedModel, ModelTrainer, Params
from lolpop.components.model_trainer.promises import checked_model
from lolpop.components.model_visualizer import ModelVisualizer
from lolpop.components.notifier import Notifier, notify_all
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data.frames import Frame, count, require_columns, wrap
from lolpop.errors import DataError, NoUnseenRowsError
from lolpop.integrations import Pipeline, task
from lolpop.kernel.specs import Call
from lolpop.pipelines._attempts import Fit, Fitted, TrialObjective, TrialSpec, is_better
from lolpop.pipelines._experiments import Entry, Experiments
from lolpop.pipelines._labelled import LabelledRows, labelled
from lolpop.pipelines._reports import keep_checks, keep_comparison, tell_of_model
from lolpop.pipelines._rows import digest_of, learned_from, part_of
from lolpop.pipelines._winners import evaluated_experiment, set_winner
from lolpop.problem import Problem
from lolpop.resources import DatasetVersion, Experiment, ModelVersion
from lolpop.runs import resumes

__all__ = ["TrainPipeline"]


Split: TypeAlias = Literal["train", "validation", "test"]


class TrainPipeline(Pipeline):
    """Trains a model version, evaluates it on unseen rows, and compares it with another.

    Test rows do not choose: trials of a search are scored on the validation split, or on a part of the
    training rows if the splitter makes none.

    Parameters
    ----------
    retrain_on_all_data : bool
        Whether the winner is fitted once more, on all rows, after its evaluation, so that the deployed model
        has learned from the test rows, too. Metrics and comparisons are those of the model before that fit.
    measured : tuple of {"train", "validation", "test"}
        The splits that the winner is measured on, if they exist. Measuring on many training rows takes a
        noticeable part of the time of a fit; without it, overfitting is not visible.
    resume_search : bool
        Whether a search reuses the scores of earlier ones, such as an interrupted one, for trials with the
        same rows, settings, parameters and seed. A resumed run does so anyway.
    """

    def __init__(
        self,
        retrain_on_all_data: bool = True,
        measured: tuple[Split, ...] = ("train", "validation", "test"),
        resume_search: bool = False,
        *,
        problem: Problem,
        data_splitter: DataSplitter,
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
        self.retrain_on_all_data = retrain_on_all_data
        self.measured = measured
        self.resume_search = resume_search
        self.problem = problem
        self.data_splitter = data_splitter
        self.named = tuple(candidates) or (model_trainer,)
        self.trainers = tuple(alternative for trainer in self.named for alternative in trainer.alternatives())
        self.hyperparameter_tuner = hyperparameter_tuner
        self.model_checker = model_checker
        self.model_explainer = model_explainer
        self.model_visualizer = model_visualizer
        self.model_bias_checker = model_bias_checker
        self.metadata_tracker = metadata_tracker
        self.metrics_tracker = metrics_tracker
        self.resource_version_control = resource_version_control
        self.notifiers = notifiers
        self.logger = logger
        self.executor = executor

    @task
    def split_data(self, frame: Frame) -> Splits:
        """Split labelled rows into training and test rows.

        Raises DataError if they are too few, or have no target or no column of a sensitive feature: errors
        come before training rather than after.
        """
        require_columns(wrap(frame).columns, self.problem.sensitive_features, what="sensitive feature")
        return self.data_splitter.split(frame)

    @task
    def train_model(self, splits: Splits, dataset_version: DatasetVersion) -> ModelVersion:
        """Fit one model, or search for the best one, on ``splits`` of ``dataset_version``.

        Nothing is recorded before a first model is fitted, and the model version has a winning experiment
        only once everything is recorded. The test rows are stored as a dataset version, so that other models
        can be evaluated on the same rows.
        """
        experiments = Experiments(
            self.problem.name,
            dataset_version,
            self.trainers,
            self.metadata_tracker,
            self.metrics_tracker,
        )
        if self.hyperparameter_tuner.enabled or len(self.trainers) > 1:
            train, validation = self._parts_to_search(splits)
            splits = Splits(train=train, validation=validation, test=splits.test)
            with self._fits(train, validation, dataset_version) as fit:
                winner = self._search(train, validation, fit, experiments)
        else:
            model = self._fitted(self.trainers[0], {}, splits.train)
            winner = Entry(experiments.record(0, {}), self.trainers[0], model)
        model_version = experiments.model_version()
        self._log_metrics(winner, model_version, splits)
        self.resource_version_control.save_model(winner.experiment, winner.model, winner.trainer)
        test_data = self.resource_version_control.save_data(
            f"{self.problem.name}_test", splits.test, parents=[dataset_version]
        )
        set_winner(
            winner.experiment, model_version, self.metadata_tracker, {"test_data": test_data.reference}
        )
        return model_version

    @task
    def analyze_model(self, model_version: ModelVersion, splits: Splits) -> list[Importance]:
        """Find the columns that the winner depends on, and draw its evaluation on the test rows.

        The importance of columns is a field of the model version, the figures are its artifacts.
        """
        model = self.resource_version_control.load_model(self._evaluated_experiment(model_version))
        test = self._labelled(splits.test)
        importance = self.model_explainer.importance(model, test.features, test.target)
        with temporary_folder() as folder:
            figures = self.model_visualizer.draw(model, test.features, test.target, Path(folder), importance)
            for name, path in figures.items():
                self.metadata_tracker.save_artifact(model_version, f"figures.{name}{path.suffix}", path)
        self.metadata_tracker.update(
            model_version, {"importance": {column.column: column.value for column in importance}}
        )
        return importance

    @task
    def check_model(self, model_version: ModelVersion, splits: Splits) -> CheckReport:
        """Check the winner on the test rows, compare it with a baseline, and notify of the score."""
        experiment = self._evaluated_experiment(model_version)
        model = self.resource_version_control.load_model(experiment)
        test, train = self._labelled(splits.test), self._labelled(splits.train)
        learned = {
            name.removeprefix("train."): value
            for name, value in self.metrics_tracker.get(experiment).items()
            if name.startswith("train.")
        }
        report = self.model_checker.check(model, test.features, test.target, learned)
        baseline = self.model_checker.compare_to_baseline(model, test.features, test.target, train.target)
        self._keep_judgement(model_version, report, baseline)
        test_rows = count(len(wrap(splits.test)), "test row")
        notify_all(
            self.notifiers,
            f"{model_version}: {baseline.metric} is {baseline.score:.4g} on {test_rows}, "
            f"{baseline.other_score:.4g} for {baseline.against}",
        )
        tell_of_model(report, model_version, self.metadata_tracker, self.notifiers)
        return report

    @task
    def check_model_bias(self, model_version: ModelVersion, splits: Splits) -> BiasReport:
        """Check on the test rows whether the winner treats groups of the sensitive features differently.

        Sensitive features may be columns that are not used for training.
        """
        model = self.resource_version_control.load_model(self._evaluated_experiment(model_version))
        target = self._labelled(splits.test).target
        report = self.model_bias_checker.check(model, splits.test, target)
        keep_checks(report, self.metadata_tracker)
        self.metadata_tracker.update(model_version, {"bias": report.model_dump(mode="json")})
        tell_of_model(report, model_version, self.metadata_tracker, self.notifiers)
        return report

    @task
    def compare_models(self, model_version: ModelVersion, other: ModelVersion) -> Comparison:
        """Compare two model versions on the test rows of the first that the other was not trained on.

        A model that was fitted on all rows is evaluated as it was before that fit. Raises DataError if the
        other model cannot predict these rows, and NoUnseenRowsError if there are none.
        """
        experiment = self._evaluated_experiment(model_version)
        load_model = self.resource_version_control.load_model
        frame = self._test_rows(model_version)
        other_experiment = self._other_experiment(other, frame)
        unseen = self._unseen(frame, model_version, other, other_experiment)
        test = self._labelled(unseen)
        other_model = load_model(other_experiment)
        if not len(unseen):
            other_model.predict(test.features)  # a model that cannot predict them is reported first
            raise NoUnseenRowsError(
                f"{model_version} and {other} cannot be compared: {other} was trained on "
                f"all {count(len(frame), 'row')} that {model_version} was tested on"
            )
        compared = self.model_checker.compare(load_model(experiment), other_model, test.features, test.target)
        comparison = compared.model_copy(
            update={"against": other.reference, "left_out": len(frame) - len(unseen)}
        )
        self.metadata_tracker.update(model_version, {"comparison": comparison.model_dump(mode="json")})
        keep_comparison(comparison, self.metadata_tracker)
        return comparison

    @task
    def retrain_model_on_all_data(
        self, model_version: ModelVersion, frame: Frame, dataset_version: DatasetVersion
    ) -> Experiment:
        """Fit the winner once more, on all rows of ``frame``, as the new winner.

        Nothing is measured again, since no unseen rows are left; there is a notice about that.
        """
        evaluated_experiment = self._evaluated_experiment(model_version)
        fields = self.metadata_tracker.get(evaluated_experiment).fields
        trainer = self.trainers[fields["candidate"]]
        data = self._labelled(frame)
        model = checked_model(trainer, trainer.fit(data.features, data.target, fields["searched"]))
        experiment = self.metadata_tracker.create(
            Experiment,
            self.problem.name,
            fields={**fields, "winner": False, "retrained_from": evaluated_experiment.reference},
            parents=[model_version, dataset_version, evaluated_experiment],
        )
        self.resource_version_control.save_model(experiment, model, trainer)
        set_winner(experiment, model_version, self.metadata_tracker)
        self.metadata_tracker.update(evaluated_experiment, {"winner": False})
        rows = count(len(wrap(frame)), "row")
        notify_all(
            self.notifiers,
            f"{model_version} is fitted once more, on all {rows}: its metrics are of the "
            "model before this fit",
        )
        return experiment

    def require_usable(self, model_version: ModelVersion) -> None:
        """Raise an error if ``model_version`` cannot be used or compared: a lost model, or lost test rows."""
        for resource in (model_version, self._evaluated_experiment(model_version)):
            self.resource_version_control.load_model(resource)
        self._test_rows(model_version)

    def fit_attempt(self, attempt: TrialSpec, train: Frame, validation: Frame) -> Fitted:
        """Fit a trial on its share of ``train``, and score it on ``validation``."""
        trainer = self.trainers[attempt.candidate]
        model = self._fitted(trainer, attempt.params, part_of(train, attempt.share, self.problem))
        rows = self._labelled(validation)
        metrics = self.model_checker.measure(model, rows.features, rows.target)
        is_best = is_better(self.model_checker, metrics[self.model_checker.metric], attempt.to_beat)
        return Fitted(metrics, model if is_best and attempt.share == 1 else None)

    def fit_attempt_on(self, item: tuple[TrialSpec, DatasetVersion, DatasetVersion]) -> Fitted:
        """Fit a trial in another process: rows are passed by reference, and read once."""
        attempt, train, validation = item
        load = self.resource_version_control.load_data
        return self.fit_attempt(attempt, load(train), load(validation))

    @property
    def _chosen_by(self) -> str:
        """How the best of several trainers is chosen, in words."""
        return "by validation rows"

    def _labelled(self, frame: Frame) -> LabelledRows:
        return labelled(frame, self.problem)

    def _parts_to_search(self, splits: Splits) -> tuple[Frame, Frame]:
        if splits.validation is not None:
            return splits.train, splits.validation
        try:
            inner = self.data_splitter.split(splits.train)
        except DataError as error:
            raise DataError(
                "A search needs validation rows. There are none, and none can be split from the training "
                f"rows: {error}"
            ) from error
        return inner.train, inner.test

    def _fits_of_a_trial(self, validation: Frame) -> int:
        del validation  # whatever it is judged by
        return 1

    def _fitted(self, trainer: ModelTrainer, params: Params, frame: Frame) -> FittedModel:
        rows = self._labelled(frame)
        return checked_model(trainer, trainer.fit(rows.features, rows.target, params))

    @contextmanager
    def _fits(self, train: Frame, validation: Frame, dataset_version: DatasetVersion) -> Iterator[Fit]:
        """Give the function that fits trials: here, or in other processes if several run at once."""
        max_concurrency = self.hyperparameter_tuner.n_jobs
        if self.executor is None or max_concurrency == 1 or not self.hyperparameter_tuner.enabled:
            yield partial(self.fit_attempt, train=train, validation=validation)
            return
        save = self.resource_version_control.save_data
        parts = [
            save(f"{self.problem.name}_search_{name}", frame, parents=[dataset_version])
            for name, frame in (("train", train), ("validation", validation))
        ]
        call = Call.of(self, "fit_attempt_on")
        ask: Callable[[Any], Fitted]
        with self.executor.workers(call, max_concurrency) as ask:
            yield lambda attempt: ask((attempt, *parts))

    def _search(self, train: Frame, validation: Frame, fit: Fit, experiments: Experiments) -> Entry:
        checker = self.model_checker
        rows = [digest_of(part) for part in (train, validation)]
        attempts = TrialObjective(
            self.trainers,
            [(rows, self.problem, checker.metric, trainer) for trainer in self.trainers],
            fit,
            experiments,
            checker,
            self.logger,
            resume=self.resume_search or resumes(),
        )
        if self.hyperparameter_tuner.enabled:
            return self._searched(attempts, validation)
        trainers = [
            alternative for named in self.named for alternative in named.alternatives(len(wrap(train)))
        ]
        fits = len(trainers) * self._fits_of_a_trial(validation)
        self.logger.log("candidates are compared", candidates=len(trainers), fits=fits)
        return self._best_of(trainers, attempts, train, experiments)

    def _searched(self, attempts: TrialObjective, validation: Frame) -> Entry:
        """The best trial of a search; trainers without a search space are tried once besides."""
        checker, tuner = self.model_checker, self.hyperparameter_tuner
        spaces = [(trainer, trainer.search_space()) for trainer in self.trainers]
        fixed = [trainer for trainer, space in spaces if not space]
        if len(fixed) < len(spaces):  # otherwise the tuner reports that there is nothing to search
            spaces = [(trainer, space) for trainer, space in spaces if space]
        if planned := tuner.planned(spaces):
            trials = planned + len(fixed)
            fits = trials * self._fits_of_a_trial(validation)
            self.logger.log("a search begins", trials=trials, fits=fits)
        best = tuner.search(attempts, spaces, "maximize" if checker.greater_is_better else "minimize").best
        for score, trainer in attempts.ranked(fixed)[:1]:
            if is_better(checker, score, best.score):
                best = Trial(trainer, {}, score)
        return attempts.winner(best.trainer, best.params)

    def _best_of(
        self,
        trainers: Sequence[ModelTrainer],
        attempts: TrialObjective,
        train: Frame,
        experiments: Experiments,
    ) -> Entry:
        """The best of ``trainers`` with their own settings; one that cannot be fitted or scored is
        skipped.
        """
        ranked = attempts.ranked(trainers)
        if not ranked:  # nothing can be compared, and errors of the first concern all
            model = self._fitted(self.trainers[0], {}, train)
            return Entry(experiments.record(0, {}), self.trainers[0], model)
        best, params, score = self._choose(ranked, attempts)
        others = [(other, trainer) for other, trainer in ranked if trainer is not best]
        beside = ", ".join(f"{other:.4g} for {trainer.title}" for other, trainer in others)
        notify_all(
            self.notifiers,
            f"{experiments.model_version()}: {best.title_of(params)} is chosen {self._chosen_by}, where its "
            f"{self.model_checker.metric} is {score:.4g}{f' ({beside})' if beside else ''}",
        )
        return attempts.winner(best, params)

    def _choose(
        self, ranked: Sequence[tuple[float, ModelTrainer]], attempts: TrialObjective
    ) -> tuple[ModelTrainer, Params, float]:
        """The trainer that is chosen, with its parameters and its score."""
        del attempts  # none but those that are ranked
        score, best = ranked[0]
        return best, {}, score

    def _log_metrics(self, winner: Entry, model_version: ModelVersion, splits: Splits) -> None:
        metrics: dict[str, float] = {}
        for split in self.measured:
            frame: Frame | None = getattr(splits, split)
            if frame is not None:
                part = self._labelled(frame)
                measured = self.model_checker.measure(winner.model, part.features, part.target)
                metrics |= {f"{split}.{name}": value for name, value in measured.items()}
        for resource in (winner.experiment, model_version):
            self.metrics_tracker.log(resource, metrics)

    def _keep_judgement(self, model_version: ModelVersion, report: CheckReport, baseline: Comparison) -> None:
        keep_checks(report, self.metadata_tracker)
        self.metrics_tracker.log(model_version, {f"baseline.{baseline.metric}": baseline.other_score})
        self.metadata_tracker.update(
            model_version,
            {"checks": report.model_dump(mode="json"), "baseline": baseline.model_dump(mode="json")},
        )

    def _other_experiment(self, other: ModelVersion, frame: Frame) -> Experiment:
        """The experiment of ``other`` that is compared on the rows of ``frame``."""
        del frame  # regardless of the rows: whether it was trained on some of them is checked elsewhere
        return self._evaluated_experiment(other)

    def _test_rows(self, model_version: ModelVersion) -> Frame:
        test_data = self.metadata_tracker.get(model_version).fields["test_data"]
        return self.resource_version_control.load_data(test_data)

    def _unseen(
        self, frame: Frame, model_version: ModelVersion, other: ModelVersion, experiment: Experiment
    ) -> Frame:
        """The test rows of ``model_version`` on which ``other``, by ``experiment``, was not trained."""
        test_sets = [
            self.metadata_tracker.get(version).fields["test_data"] for version in (model_version, other)
        ]
        if test_sets[0] == test_sets[1]:
            return frame
        parents = self.metadata_tracker.parents(experiment)
        data = next(parent for parent in parents if isinstance(parent, DatasetVersion))
        rows = self.resource_version_control.load_data(data)
        # Rows that are not test rows were used to fit or to choose.
        seen = learned_from(frame, rows, self._test_rows(other), self.problem.index)
        unseen: Frame = wrap(frame).filter((~seen).tolist()).to_native()
        return unseen

    def _evaluated_experiment(self, model_version: ModelVersion) -> Experiment:
        return evaluated_experiment(model_version, self.metadata_tracker)
