"""The experiments of one training."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import ModelTrainer
from lolpop.registry import name_of
from lolpop.resources import Experiment, Model, ModelVersion
from lolpop.runs import current_run, redacted

if TYPE_CHECKING:
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.components.metrics_tracker import MetricsTracker
    from lolpop.components.model_checker import Metrics
    from lolpop.components.model_trainer import FittedModel, Params
    from lolpop.resources import DatasetVersion


_SPLIT = "validation."


@dataclass(frozen=True, slots=True)
class Entry:
    """An experiment, and the model that ``trainer`` fitted in it."""

    experiment: Experiment
    trainer: ModelTrainer
    model: FittedModel


class Experiments:
    """Records the experiments of one training, from any thread.

    The model version is created with the first experiment, so that training that fits nothing leaves nothing
    behind.
    """

    def __init__(
        self,
        model_name: str,
        dataset_version: DatasetVersion,
        trainers: Sequence[ModelTrainer],
        metadata_tracker: MetadataTracker,
        metrics_tracker: MetricsTracker,
    ) -> None:
        self._model_name = model_name
        self._dataset_version = dataset_version
        self._trainers = trainers
        self._metadata = metadata_tracker
        self._metrics = metrics_tracker
        self._lock = threading.Lock()
        self._model_version: ModelVersion | None = None

    def record(
        self,
        candidate: int,
        params: Params,
        fields: Mapping[str, Any] | None = None,
        metrics: Metrics | None = None,
    ) -> Experiment:
        """Record the fit of a trainer, by its index, and its metrics."""
        trainer = self._trainers[candidate]
        with self._lock:
            model_version = self.model_version()
        experiment = self._metadata.create(
            Experiment,
            self._model_name,
            fields={
                "model_version": model_version.reference,
                "trainer": name_of(ModelTrainer, type(trainer)),
                **({"estimator": trainer.estimator_name} if trainer.estimator_name else {}),
                "candidate": candidate,
                "params": redacted(plain({**trainer.params(), **params})),
                "searched": plain(params),
                "winner": False,
                **(fields or {}),
            },
            parents=[model_version, self._dataset_version],
        )
        if metrics is not None:
            self._metrics.log(experiment, {f"{_SPLIT}{name}": value for name, value in metrics.items()})
        return experiment

    def earlier(self, field: str, metric: str) -> Iterator[tuple[Any, Experiment, float]]:
        """The evaluated experiments of the model that have ``field``, with its value and ``metric``."""
        for experiment in self._metadata.find(Experiment, self._model_name):
            if (value := self._metadata.get(experiment).fields.get(field)) is not None:
                score = self._metrics.get(experiment).get(f"{_SPLIT}{metric}")
                if score is not None:
                    yield value, experiment, score

    def build_on(self, experiments: Sequence[Experiment]) -> None:
        """Record that the model version also rests on ``experiments`` of other versions."""
        self._metadata.link(self.model_version(), experiments)

    def model_version(self) -> ModelVersion:
        """The model version of the experiments: one for a model and run."""
        if self._model_version is None:
            run = current_run()
            versions = run and self._metadata.find(ModelVersion, self._model_name, run_id=run.run_id)
            if versions:
                self._model_version = versions[-1]
                self._metadata.link(self._model_version, [self._dataset_version])
            else:
                self._metadata.create(Model, self._model_name)
                self._model_version = self._metadata.create(
                    ModelVersion, self._model_name, parents=[self._dataset_version]
                )
        return self._model_version


def plain(params: Params) -> Any:
    """``params`` as JSON values."""
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(dict(params), fallback=str)
