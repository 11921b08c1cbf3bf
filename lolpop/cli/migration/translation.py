"""Settings of the original lolpop as settings of this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lolpop.cli.migration import rules
from lolpop.cli.migration.former import PIPELINES, FormerSettings
from lolpop.errors import Origin
from lolpop.registry import import_object, registered
from lolpop.signatures import signature_of

__all__ = ["Note", "Translation", "translate"]


@dataclass(frozen=True, slots=True)
class Note:
    """A setting that was not carried over: where it stood, and why."""

    path: str
    origin: Origin
    reason: str


@dataclass(slots=True)
class Translation:
    """The new settings, and what was not carried over."""

    settings: dict[str, Any] = field(default_factory=dict)
    not_needed: list[Note] = field(default_factory=list)
    """Settings that have no counterpart because nothing depends on them any more."""
    left: list[Note] = field(default_factory=list)
    """Settings whose meaning is lost unless a person acts."""

    def put(self, path: str, value: Any) -> None:
        """Set the new setting at the dotted ``path``."""
        *parents, name = path.split(".")
        section = self.settings
        for parent in parents:
            if not isinstance(section.get(parent), dict):
                section[parent] = {"use": section[parent]} if parent in section else {}
            section = section[parent]
        section[name] = value


def translate(former: FormerSettings) -> Translation:
    """The settings of ``former`` in the words of this lolpop.

    Raises SettingsError for references that lead nowhere.
    """
    return _Translator(former).translate()


class _Translator:
    def __init__(self, former: FormerSettings) -> None:
        self._former = former
        self._new = Translation()
        self._is_forecast = former.take("config", "time_index") is not None
        metrics = former.take("train", "config", "metrics") or []
        metric = former.take("train", "config", "perf_metric")
        names = {str(name).lower() for name in [*metrics, metric]}
        self._is_regression = bool(names & rules.OF_REGRESSIONS)
        self._metric = metric

    def translate(self) -> Translation:
        runner = "regression" if self._is_regression else "classification"
        self._new.put("lolpop.runner", "forecasting" if self._is_forecast else runner)
        self._problem()
        self._sources()
        for pipeline in ("", *PIPELINES):
            self._components(pipeline)
        self._transformer()
        self._splitter()
        self._trainer()
        self._searched()
        self._pipeline_settings()
        self._remainder()
        return self._new

    def _problem(self) -> None:
        former = self._former
        for name, path in rules.PROBLEM.items():
            if (value := former.take("config", name)) is not None:
                self._new.put(path, value)
        index, target = former.take("config", "model_index"), former.take("config", "model_target")
        dropped = [
            column
            for column in former.take("config", "drop_columns") or []
            if column not in {index, target, "SPLIT"}
        ]
        if dropped:
            self._new.put("problem.drop", dropped)
        if self._is_forecast:
            if (frequency := former.take("train", "config", "forecast_frequency")) is not None:
                self._new.put("problem.frequency", frequency)
            if (horizon := former.take("train", "config", "forecast_period")) is not None:
                self._new.put("problem.horizon", horizon)
        if groups := former.take("train", "model_bias_checker", "config", "protected_attribute_names"):
            self._new.put("problem.sensitive_features", groups)

    def _sources(self) -> None:
        for name, path in rules.SOURCES.items():
            source = self._former.take("config", name)
            if isinstance(source, str) and ("://" in source or "." in source.rpartition("/")[2]):
                self._new.put(path, source)
            elif source is not None:
                reason = f"is no file or URL: write the rows to a file, and name it in {path}"
                self._leave(("config", name), f"{source!r} {reason}")

    def _components(self, pipeline: str) -> None:
        """The implementations that a runner or a pipeline chooses."""
        section = (pipeline, "component") if pipeline else ("component",)
        for kind in self._former.keys(*section):
            chosen = str(self._former.take(*section, kind))
            name = chosen.lower()
            place = rules.PLACES.get(kind, kind)
            if name in rules.IMPLEMENTATIONS:
                implementation = rules.IMPLEMENTATIONS[name]
                if kind == "notifier":
                    self._new.put("notifiers", [implementation])
                elif implementation:
                    self._new.put(place, implementation)
                continue
            if not name.startswith("base"):
                hint = f"write it as a component of type {kind}: lolpop new component {kind} NAME"
                self._leave((*section, kind), f"there is no {chosen}: {rules.REPLACED.get(kind, hint)}")
            # Its settings are part of what is missing.
            self._former.take(*section[:-1], kind)

    def _transformer(self) -> None:
        config = ("process", "data_transformer", "config")
        if (file := self._former.take(*config, "transformer_path")) is not None:
            function = self._former.take(*config, "transformer_func") or "transform"
            self._new.put("process.data_transformer.use", "python")
            self._new.put("process.data_transformer.function", f"{file}:{function}")

    def _splitter(self) -> None:
        config = ("train", "data_splitter", "config")
        if self._is_forecast:
            return
        for name in ("validation_size", "test_size"):
            size, path = self._former.take(*config, name), f"train.data_splitter.{name}"
            if isinstance(size, float) and 0 < size < 1:
                self._new.put(path, size)
            elif size is not None:
                self._leave((*config, name), f"is not a share of the rows: set {path} to one, such as 0.2")
        ratio = self._former.take(*config, "split_ratio") or []
        if len(ratio) == 3:
            self._new.put("train.data_splitter.validation_size", ratio[1])
            self._new.put("train.data_splitter.test_size", ratio[2])
        elif len(ratio) == 2:
            self._new.put("train.data_splitter.test_size", ratio[1])
        if (column := self._former.take(*config, "split_column")) is not None:
            self._new.put("train.data_splitter.by", "column")
            self._new.put("train.data_splitter.column", column)

    def _trainer(self) -> None:
        """The parameters of the trainer that is named, or of the one that parameters are given for."""
        config = ("train", "model_trainer", "config")
        by_class = self._former.take(*config, "training_params")
        params = dict(by_class) if isinstance(by_class, Mapping) else {}
        for name, value in list(params.items()):
            if isinstance(value, Mapping):
                del params[name]
                self._set_params(name, value)
        chosen = self._former.take("train", "component", "model_trainer")
        if params and chosen is not None:
            self._set_params(str(chosen), params)
        if (country := self._former.take(*config, "country_holidays")) is not None:
            self._new.put("train.model_trainer.country_holidays", country)

    def _searched(self) -> None:
        """A grid of fixed values: those with one value are parameters of the trainer."""
        config = ("train", "hyperparameter_tuner", "config")
        by_class = self._former.take(*config, "training_params")
        if not isinstance(by_class, Mapping):
            return
        for name, values in by_class.items():
            if name.lower() not in rules.IMPLEMENTATIONS or not isinstance(values, Mapping):
                self._leave((*config, "training_params", name.lower()), f"there is no trainer {name}")
                continue
            lists = {key: value if isinstance(value, list) else [value] for key, value in values.items()}
            self._set_params(name, {key: value[0] for key, value in lists.items() if len(value) == 1})
            if grid := {_renamed(name, key): value for key, value in lists.items() if len(value) > 1}:
                self._new.put("train.hyperparameter_tuner", {"use": "grid", "values": grid})
        if (seconds := self._former.take(*config, "optuna_timeout")) is not None:
            self._new.put("train.hyperparameter_tuner.timeout", seconds)

    def _set_params(self, class_name: str, params: Mapping[str, Any]) -> None:
        implementation = rules.IMPLEMENTATIONS.get(class_name.lower())
        if not implementation:
            return
        own = _own_settings(implementation)
        self._new.put("train.model_trainer.use", implementation)
        for key, value in params.items():
            name = _renamed(class_name, key)
            if name == "random_state":
                self._new.put("seed", value)
            elif name in own:
                self._new.put(f"train.model_trainer.{name}", value)
            else:
                self._new.put(f"train.model_trainer.params.{name}", value)

    def _pipeline_settings(self) -> None:
        former = self._former
        if self._metric is not None:
            metric = rules.METRICS.get(str(self._metric).lower())
            if metric is None or (self._is_forecast and metric not in rules.FORECAST_METRICS):
                self._leave(("train", "config", "perf_metric"), f"there is no metric {self._metric!r}")
            else:
                self._new.put("model_checker.metric", metric)
        if (retrain := former.take("train", "config", "retrain_all")) is not None:
            self._new.put("train.retrain_on_all_data", retrain)
        if (level := former.take("logger", "config", "log_level")) is not None:
            self._new.put("logger.level", str(level).lower())
        if (skips := former.take("predict", "config", "skip_prediction_explanations")) is not None:
            self._new.put("predict.explain", not skips)

    def _remainder(self) -> None:
        """What nothing has translated: settings that have nothing to say here, and all others."""
        former = self._former
        not_needed = {**rules.NOT_NEEDED, **(rules.NOT_NEEDED_BY_FORECASTS if self._is_forecast else {})}
        for path, reason in not_needed.items():
            parts = tuple(path.split("."))
            if former.take(*parts) is not None:
                self._new.not_needed.append(Note(path, former.origin(*parts), reason))
        for pipeline in former.keys("pipeline"):
            chosen = str(former.take("pipeline", pipeline))
            if not chosen.startswith("Offline"):
                reason = f"there is no {chosen}: write it as a pipeline, lolpop new pipeline NAME"
                self._leave(("pipeline", pipeline), reason)
        for setting in former.left():
            self._leave(setting, "has no counterpart")

    def _leave(self, path: tuple[str, ...], reason: str) -> None:
        self._former.take(*path)
        self._new.left.append(Note(".".join(path), self._former.origin(*path), reason))


def _renamed(class_name: str, name: str) -> str:
    return rules.XGBOOST.get(name, name) if class_name.lower() == "xgboostmodeltrainer" else name


def _own_settings(implementation: str) -> frozenset[str]:
    """The names of the settings of a trainer, which need its library not to be installed."""
    path = registered("lolpop.components.model_trainer").get(implementation)
    return frozenset() if path is None else frozenset(signature_of(import_object(path)).settings)
