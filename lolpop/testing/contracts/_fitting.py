"""Checks shared by the contracts of all model trainers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import FittedModel, ModelTrainer
from lolpop.errors import LolpopError
from lolpop.testing.contracts._expected import require_same, some_params

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Case:
    """A problem, the training rows, their target, and the rows to predict.

    Parameters
    ----------
    problem
        The problem.
    frame
        The training rows, without the target.
    target
        The values of the target.
    ahead
        The rows to predict.
    """

    problem: Any
    frame: pd.DataFrame
    target: pd.Series[Any]
    ahead: pd.DataFrame


def fitted(make: Callable[[Any, int], ModelTrainer], case: Case) -> FittedModel:
    """The model fitted by a new trainer."""
    return make(case.problem, 0).fit(case.frame, case.target)


def check_independent_fits(make: Callable[[Any, int], ModelTrainer], one: Case, other: Case) -> None:
    """Require that fits of one trainer, with or without parameters for the call, are independent."""
    expected = [fitted(make, case).predict(case.ahead) for case in (one, other)]
    trainer = make(one.problem, 0)
    first = trainer.fit(one.frame, one.target)
    trainer.fit(one.frame, one.target, some_params(trainer, 0.0))
    second = trainer.fit(other.frame, other.target)
    require_same(expected[1], second.predict(other.ahead), "a second fit of one trainer")
    require_same(expected[0], first.predict(one.ahead), "a model whose trainer has fitted another")


def check_concurrent_fits(make: Callable[[Any, int], ModelTrainer], one: Case, other: Case) -> None:
    """Require that one trainer fits, and its models predict, two cases in two threads independently."""
    cases = [one, other] * 2
    expected = [fitted(make, case).predict(case.ahead) for case in (one, other)] * 2
    trainer = make(one.problem, 0)
    with ThreadPoolExecutor(2) as pool:
        models = list(pool.map(lambda case: trainer.fit(case.frame, case.target), cases))
        concurrent = list(pool.map(lambda model, case: model.predict(case.ahead), models, cases))
    for single, predictions in zip(expected, concurrent, strict=True):
        require_same(single, predictions, "a model of another thread")


def check_search_space(trainer: ModelTrainer, case: Case) -> None:
    """Require that the trainer fits with the smallest and largest values of its search space."""
    for at in (0.0, 1.0):
        params = some_params(trainer, at)
        try:
            trainer.fit(case.frame, case.target, params)
        except LolpopError as error:
            raise AssertionError(f"Expected to fit with {params}, but got: {error}") from error
