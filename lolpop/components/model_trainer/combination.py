"""Several forecasters whose forecasts are averaged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop._names import one_of, with_article
from lolpop.components.executor import Executor
from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.logger import Logger
from lolpop.components.model_trainer import (
    CombiningModelTrainer,
    FittedModel,
    ModelTrainer,
    Params,
    SearchSpace,
)
from lolpop.components.model_trainer.forecasting.combined import CombinedModel, Member
from lolpop.components.model_trainer.forecasting.models import ForecastModel
from lolpop.components.model_trainer.naive import NaiveModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.smoothing import SmoothingModelTrainer
from lolpop.components.model_trainer.theta import ThetaModelTrainer
from lolpop.errors import Finding, TrainingError, UnusableArtifactError, VerificationError
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    from lolpop.data.frames import Frame, Series

__all__ = ["CombinationModelTrainer"]

_FILE = "combination.json"
_Forecaster: TypeAlias = NaiveModelTrainer | SmoothingModelTrainer | ThetaModelTrainer | SklearnModelTrainer
_MEMBERS: Mapping[str, tuple[type[_Forecaster], Mapping[str, Any]]] = MappingProxyType(
    {
        "naive": (NaiveModelTrainer, {"method": "naive"}),
        "seasonal_naive": (NaiveModelTrainer, {"method": "seasonal_naive"}),
        "drift": (NaiveModelTrainer, {"method": "drift"}),
        "damped": (SmoothingModelTrainer, {"trend": "damped"}),
        "additive": (SmoothingModelTrainer, {"trend": "additive"}),
        "damped_log": (SmoothingModelTrainer, {"trend": "damped", "logarithms": True}),
        "additive_log": (SmoothingModelTrainer, {"trend": "additive", "logarithms": True}),
        "theta": (ThetaModelTrainer, {}),
        "ridge": (SklearnModelTrainer, {"estimator": "ridge"}),
        "boosting": (SklearnModelTrainer, {"estimator": "hist_gradient_boosting"}),
    }
)
_EQUAL: Mapping[str, float] = MappingProxyType({"damped": 1.0, "additive": 1.0, "ridge": 1.0})
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        **{name: "baseline" for name, (trainer, _) in _MEMBERS.items() if trainer is NaiveModelTrainer},
        **dict.fromkeys(("damped", "additive"), "smoothing"),
        **dict.fromkeys(("damped_log", "additive_log"), "smoothing of logarithms"),
    }
)
"""Members of a kind, whose errors are alike; each of the others is a kind of its own."""
_MOST = 3
"""How many of the best are combined: more of them add little, and take time."""
_WORST = 1.5
"""A member's error may be at most this many times that of the best."""


class CombinationModelTrainer(CombiningModelTrainer):
    """Forecasts the weighted mean of several forecasters.

    Means of forecasts have smaller errors than the forecast that was best in the past, since errors of
    different models are partly independent (Bates and Granger, 1969; Makridakis et al., The M4 Competition,
    2020). The bounds are the means of the members' bounds.

    Parameters
    ----------
    weights : mapping of str to float, optional
        The members, each with its weight: ``naive``, ``seasonal_naive``, ``drift``, exponential smoothing
        (``damped``, ``additive``, and of logarithms ``damped_log``, ``additive_log``), ``theta``, and models
        of lags (``ridge``, ``boosting``). They need not add up to 1. Unless set, ``damped``, ``additive`` and
        ``ridge`` weigh the same.
    """

    def __init__(
        self,
        weights: Mapping[str, float] | None = None,
        *,
        problem: ForecastingProblem,
        seed: int = 0,
        feature_transformer: FeatureTransformer,
        executor: Executor | None = None,
        logger: Logger | None = None,
    ) -> None:
        if findings := [*self.check_settings({"weights": weights})]:
            raise VerificationError(findings)
        self._weights = dict(weights or _EQUAL)
        by_series = {"executor": executor, "logger": logger}
        self._members: dict[str, ModelTrainer] = {
            name: trainer(
                **settings,
                problem=problem,
                seed=seed,
                **(
                    {"feature_transformer": feature_transformer}
                    if trainer is SklearnModelTrainer
                    else by_series
                ),
            )
            for name, (trainer, settings) in _MEMBERS.items()
        }

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that all members exist, and that weights are positive numbers."""
        weights = settings.get("weights")
        if weights is None:
            return
        if not weights:
            hint = f"Name some of: {', '.join(_MEMBERS)}. Or leave weights out."
            yield Finding("weights", "there is nothing to combine", hint=hint)
        for name, weight in weights.items():
            if name not in _MEMBERS:
                hint = one_of(name, _MEMBERS)
                yield Finding(f"weights.{name}", f"unknown member {name!r}", hint=hint)
            elif not (math.isfinite(weight) and weight > 0):
                yield Finding(f"weights.{name}", f"a weight is a positive number (got {weight!r})")

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003  (the keys are always the same)
        """Keys of the mapping ``weights``: the possible members."""
        return tuple(_MEMBERS) if setting == "weights" else ()

    @property
    def members(self) -> Mapping[str, ModelTrainer]:
        """All possible members by name, the simplest first."""
        return self._members

    @property
    def title(self) -> str:
        """The members, with their shares."""
        return self.title_of(self.params())

    def title_of(self, params: Params) -> str:
        """The members of ``params``, with their shares."""
        weights = self._shares(params)
        *shares, last = [f"{weight:.0%} {self._members[name].title}" for name, weight in weights.items()]
        return f"the combination of {', '.join(shares)} and {last}" if shares else last

    def params(self) -> Params:
        """The weights that ``fit`` uses where it is given none."""
        return {"weights": dict(self._weights)}

    def search_space(self) -> SearchSpace:
        """Empty: weights are set, or come from a backtest."""
        return {}

    def weigh(self, scores: Sequence[tuple[float, ModelTrainer]]) -> Sequence[Params]:
        """The weights of the best of its members, by their errors; then the same with the best baseline.

        The first are those of the best of each kind that are not much worse than the best of all, in
        proportion to the inverse of their squared errors (Bates and Granger, 1969). The second are for the
        case that the best baseline is better than these together: half of the forecast is its own. Members
        with the same error forecast the same, and count once. Empty if members of one kind are better than
        all others.
        """
        names = {id(trainer): name for name, trainer in self._members.items()}
        errors: dict[float, str] = {}
        for error, trainer in sorted(scores, key=lambda scored: scored[0]):
            errors.setdefault(error, names[id(trainer)])
        chosen = _best_of_each_kind(errors)
        if len(chosen) < 2 or not min(chosen) > 0:
            return []
        total = sum(error**-2 for error in chosen)
        shares = {errors[error]: error**-2 / total for error in chosen}
        baselines = [name for name in errors.values() if _is_baseline(self._members[name])]
        return [_weights(shares), *(_weights(_half_of(name, shares)) for name in baselines[:1])]

    def is_worth(self, error: float, scores: Sequence[tuple[float, ModelTrainer]]) -> bool:
        """Whether to use the combination with that ``error``: if no baseline is better.

        One of its members may be better: among several, the least error is partly luck.
        """
        return all(error <= score for score, trainer in scores if _is_baseline(trainer))

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:
        """Fit each of the members on the n rows of ``frame`` and ``target`` (n values)."""
        [model] = self.fit_many([(frame, target)], params)
        return model

    def fit_many(
        self, parts: Sequence[tuple[Frame, Series]], params: Params | None = None
    ) -> list[FittedModel]:
        """Fit each of the members on each of several frames."""
        for name in params or {}:
            if name != "weights":
                raise TrainingError(f"params.{name}: a combination has no such parameter. It has: weights.")
        return self.fit_rest(parts, {**self.params(), **(params or {})}, {})

    def fit_rest(
        self,
        parts: Sequence[tuple[Frame, Series]],
        params: Params,
        fitted: Mapping[ModelTrainer, Sequence[FittedModel]],
    ) -> list[FittedModel]:
        """The result of ``fit_many``, which reuses the models that are ``fitted`` to ``parts`` already."""
        shares = self._shares(params)
        trainers = [self._members[name] for name in shares]
        models = [fitted[trainer] if trainer in fitted else trainer.fit_many(parts) for trainer in trainers]
        return [
            CombinedModel(
                [
                    Member(name, share, _forecasts(model))
                    for (name, share), model in zip(shares.items(), models_of_part, strict=True)
                ]
            )
            for models_of_part in zip(*models, strict=True)
        ]

    def save(self, model: FittedModel, folder: Path) -> None:
        """Write ``model`` into ``folder``: each of its members by its own trainer, the weights as JSON."""
        if not isinstance(model, CombinedModel):
            kind = with_article(type(model).__name__, capital=True)
            raise TrainingError(f"{kind} is not a model that this trainer can store.")
        for member in model.members:
            files = folder / member.name
            files.mkdir()
            self._members[member.name].save(member.model, files)
        (folder / _FILE).write_text(json.dumps(dict(model.weights)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> FittedModel:
        """Read the model that ``save`` wrote.

        Raises UnusableArtifactError if there is none or it is damaged, and UntrustedTypeError, naming the
        types, if a member holds others than scikit-learn's, ours and those of ``trusted``.
        """
        try:
            weights = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            stored = [(name, _MEMBERS[name][0], float(weight)) for name, weight in weights.items()]
            if not stored:
                raise ValueError("it combines nothing")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableArtifactError(f"The stored model in {folder} is damaged: {error}") from error
        return CombinedModel(
            [
                Member(name, weight, _forecasts(trainer.load(folder / name, trusted)))
                for name, trainer, weight in stored
            ]
        )

    def _shares(self, params: Params) -> dict[str, float]:
        """The weights in ``params``, adding up to 1."""
        weights: Mapping[str, float] = params["weights"]
        if findings := [*self.check_settings({"weights": weights})]:
            raise TrainingError(" ".join(map(str, findings)))
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items()}


def _is_baseline(trainer: ModelTrainer) -> bool:
    return isinstance(trainer, NaiveModelTrainer)


def _best_of_each_kind(names: Mapping[float, str]) -> list[float]:
    """Of ``names`` by their errors, the least error first, the errors of those that are combined."""
    best = min(names, default=0.0)
    kinds: dict[str, float] = {}
    for error, name in names.items():
        if error <= _WORST * best:
            kinds.setdefault(_KINDS.get(name, name), error)
    return list(kinds.values())[:_MOST]


def _half_of(name: str, shares: Mapping[str, float]) -> dict[str, float]:
    """The shares of the mean of two forecasts: that of ``name``, and that by ``shares``."""
    halved = {member: share / 2 for member, share in shares.items()}
    return {**halved, name: halved.get(name, 0.0) + 0.5}


def _weights(shares: Mapping[str, float]) -> Params:
    return {"weights": {name: round(share, 4) for name, share in shares.items()}}


def _forecasts(model: FittedModel) -> ForecastModel:
    if not isinstance(model, ForecastModel):
        kind = with_article(type(model).__name__, capital=True)
        raise UnusableArtifactError(f"{kind} cannot forecast series.")
    return model
