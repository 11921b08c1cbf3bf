"""The contract of hyperparameter tuners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from lolpop.components.hyperparameter_tuner import HyperparameterTuner
from lolpop.components.model_trainer import (
    Choice,
    Float,
    Int,
    ModelTrainer,
    Params,
    SearchSpace,
)
from lolpop.errors import DataError, TrainingError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import ScoreTrainer
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["HyperparameterTunerContract"]

Make: TypeAlias = Callable[[int], HyperparameterTuner]

_SPACE: SearchSpace = {
    "depth": Int(1, 4),
    "rate": Float(0.001, 1.0, log=True),
    "kind": Choice(("a", "b")),
}


class HyperparameterTunerContract(ComponentContract):
    """The checks that every hyperparameter tuner must pass.

    Fixtures: ``make(seed)`` makes a tuner whose search runs at least two trials sequentially.
    """

    interface: ClassVar[type[Any]] = HyperparameterTuner
    made_with: ClassVar[tuple[str, ...]] = ("seed",)

    def instance(self, make: Callable[..., Any]) -> Any:
        """A tuner."""
        return make(0)

    def test_is_enabled(self, make: Make) -> None:
        """It is enabled if its settings request a search."""
        require(make(0).enabled is True, "enabled to be True", make(0).enabled)

    def test_stays_within_the_search_space(self, make: Make) -> None:
        """Every trial has all parameters, with the right type and within their bounds."""
        seen: list[Params] = []

        def objective(trainer: ModelTrainer, params: Params, share: float = 1.0) -> float:
            seen.append(dict(params))
            return _score(trainer, params, share)

        search = make(0).search(objective, [(_Trainer(), _SPACE)])
        require(len(search.trials) >= 2, "two trials or more", len(search.trials))
        for params in seen:
            require(set(params) == set(_SPACE), f"the parameters {sorted(_SPACE)}", sorted(params))
            require(type(params["depth"]) is int and 1 <= params["depth"] <= 4, "a depth of 1 to 4", params)
            require(0.001 <= params["rate"] <= 1, "a rate of 0.001 to 1", params)
            require(params["kind"] in ("a", "b"), "a kind of a or b", params)

    def test_returns_the_best_trial(self, make: Make) -> None:
        """The best trial has the highest score, or the lowest if lower is better."""
        for direction, best in (("maximize", max), ("minimize", min)):
            search = make(0).search(_score, [(_Trainer(), _SPACE)], direction)  # type: ignore[arg-type]
            scores = [trial.score for trial in search.trials if trial.score is not None]
            require(
                search.best.score == best(scores), f"the best of {scores} ({direction})", search.best.score
            )
            expected = _score(search.best.trainer, search.best.params)
            require(
                search.best.score == expected, f"the score {expected} of its parameters", search.best.score
            )
            require(search.best in search.trials, "the best among the trials", search.best)

    def test_is_repeatable(self, make: Make) -> None:
        """The same seed gives the same trials, from the same tuner and from an equal one."""
        for seed in (0, 2**40 + 1, -1):
            tuner = make(seed)
            first = _tried(tuner.search(_score, [(_Trainer(), _SPACE)]).trials)
            for again in (tuner, make(seed)):
                tried = _tried(again.search(_score, [(_Trainer(), _SPACE)]).trials)
                require(tried == first, f"the trials {first}", tried)

    def test_searches_several_trainers(self, make: Make) -> None:
        """Each trial belongs to one of the trainers, with parameters of its search space."""
        one, other = _Trainer(), _Trainer()
        spaces: Sequence[tuple[ModelTrainer, SearchSpace]] = (
            (one, {"depth": Int(1, 3)}),
            (other, {"rate": Float(0.1, 0.2)}),
        )
        for trial in make(0).search(_count, spaces).trials:
            names = {"depth"} if trial.trainer is one else {"rate"}
            require(trial.trainer in (one, other), "a trainer of the search", trial.trainer)
            require(set(trial.params) == names, f"the parameters {names}", trial.params)

    def test_survives_trials_that_fail(self, make: Make) -> None:
        """A failed trial has no score, and the search continues. Any other error ends it."""
        calls = 0

        def objective(trainer: ModelTrainer, params: Params, share: float = 1.0) -> float:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise TrainingError("on purpose")
            return _score(trainer, params, share)

        search = make(0).search(objective, [(_Trainer(), _SPACE)])
        failed = [trial for trial in search.trials if trial.score is None]
        require(len(failed) == 1, "one trial without a score", failed)
        require(search.best.score is not None, "a best trial that has a score", search.best)

    def test_all_trials_failed_is_a_training_error(self, make: Make) -> None:
        """If every trial fails, the search raises a TrainingError."""
        raised(TrainingError, lambda: make(0).search(_fail, [(_Trainer(), _SPACE)]))

    def test_nothing_to_search_is_a_data_error(self, make: Make) -> None:
        """If no trainer has a parameter to search, the search raises a DataError."""
        raised(DataError, lambda: make(0).search(_score, [(_Trainer(), {})]))

    def test_plans_no_fewer_trials_than_it_makes(self, make: Make) -> None:
        """The planned number of trials, if there is one, is not exceeded."""
        planned = make(0).planned([(_Trainer(), _SPACE)])
        trials = len(make(0).search(_score, [(_Trainer(), _SPACE)]).trials)
        require(planned is None or trials <= planned, f"at most {planned} trials", trials)


class _Trainer(ScoreTrainer):
    """A stub of a trainer: a search reads its parameters, and the objective fits it."""

    def search_space(self) -> SearchSpace:
        """The search space of the checks."""
        return _SPACE

    def params(self) -> Params:
        """Values within the space."""
        return {"depth": 2, "rate": 0.1, "kind": "a"}


def _score(trainer: ModelTrainer, params: Mapping[str, Any], share: float = 1.0) -> float:
    del trainer, share
    return float(params["depth"]) - float(params["rate"]) + float(params["kind"] == "b")


def _count(trainer: ModelTrainer, params: Mapping[str, Any], share: float = 1.0) -> float:
    del trainer, share
    return float(len(params))


def _fail(trainer: ModelTrainer, params: Mapping[str, Any], share: float = 1.0) -> float:
    raise TrainingError(f"{type(trainer).__name__} fails on purpose with {params} of {share}")


def _tried(trials: Sequence[Any]) -> list[dict[str, Any]]:
    return [dict(trial.params) for trial in trials]
