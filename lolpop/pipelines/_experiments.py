"""The experiments of one training."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import ModelTrainer
from lolpop.errors import TrainingError
from lolpop.registry import name_of
from lolpop.resources import Experiment, Model, ModelVersion
from lolpop.runs import current_run

if TYPE_CHECKING:
    from lolpop.components.logger import Logger
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.components.metrics_tracker import MetricsTracker
    from lolpop.components.model_checker import ModelChecker
    from lolpop.components.model_trainer import FittedModel, Params
    from lolpop.pipelines._labelled import Labelled
    from lolpop.resources import DatasetVersion

__all__ = ["Entry", "Experiments"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An experiment, and the model that ``trainer`` fitted in it."""

    experiment: Experiment
    trainer: ModelTrainer
    model: FittedModel


class Experiments:
    """Makes the experiments of one training, from any thread, and knows the best that was judged.

    The model version is made with the first experiment, so that training that fits nothing leaves
    nothing behind.
    """

    def __init__(
        self,
        model_name: str,
        dataset_version: DatasetVersion,
        trainers: Sequence[ModelTrainer],
        model_checker: ModelChecker,
        metadata_tracker: MetadataTracker,
        metrics_tracker: MetricsTracker,
        logger: Logger,
    ) -> None:
        self._model_name = model_name
        self._dataset_version = dataset_version
        self._trainers = trainers
        self._checker = model_checker
        self._metadata = metadata_tracker
        self._metrics = metrics_tracker
        self._logger = logger
        self._lock = threading.Lock()
        self._model_version: ModelVersion | None = None
        self._best: tuple[float, Entry] | None = None

    @property
    def best(self) -> Entry:
        """The best of those that were judged; of equals, the first. Raises TrainingError if none was."""
        if self._best is None:
            raise TrainingError("No model could be fitted and judged: see the errors of the trials.")
        return self._best[1]

    def fit(self, trainer: ModelTrainer, params: Params, train: Labelled) -> Entry:
        """Fit a model, and record that as an experiment."""
        model = trainer.fit(train.features, train.target, params)
        with self._lock:
            model_version = self.model_version()
        experiment = self._metadata.create(
            Experiment,
            self._model_name,
            fields={
                "model_version": model_version.reference,
                "trainer": name_of(ModelTrainer, type(trainer)),
                "candidate": next(at for at, each in enumerate(self._trainers) if each is trainer),
                "params": _plain({**trainer.params(), **params}),
                "searched": _plain(params),
                "winner": False,
            },
            parents=[model_version, self._dataset_version],
        )
        return Entry(experiment, trainer, model)

    def judge(self, entry: Entry, validation: Labelled) -> float:
        """The score of ``entry`` on rows that it was not fitted on. Raises TrainingError if it has none."""
        metrics = self._checker.measure(entry.model, validation.features, validation.target)
        self._metrics.log(entry.experiment, {f"validation.{name}": value for name, value in metrics.items()})
        score = metrics[self._checker.metric]
        self._logger.log(f"{entry.experiment} judged", metric=self._checker.metric, score=score)
        if math.isnan(score):
            raise TrainingError(
                f"{entry.experiment} cannot be judged: its {self._checker.metric} is no number."
            )
        sign = 1 if self._checker.greater_is_better else -1
        with self._lock:
            if self._best is None or sign * score > sign * self._best[0]:
                self._best = score, entry
        return score

    def model_version(self) -> ModelVersion:
        """The model version of the experiments: one for a model and run."""
        if self._model_version is None:
            run = current_run()
            made = run and self._metadata.find(ModelVersion, self._model_name, run_id=run.run_id)
            if made:
                self._model_version = made[-1]
                self._metadata.link(self._model_version, [self._dataset_version])
            else:
                self._metadata.create(Model, self._model_name)
                self._model_version = self._metadata.create(
                    ModelVersion, self._model_name, parents=[self._dataset_version]
                )
        return self._model_version


def _plain(params: Params) -> Any:
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(dict(params), fallback=str)
