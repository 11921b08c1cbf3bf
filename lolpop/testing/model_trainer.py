"""The checks of ``ModelTrainerContract`` as functions, for tests that are parametrized by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from lolpop.testing.contracts.base import checks_of
from lolpop.testing.contracts.model_trainer import MakeTrainer, ModelTrainerContract, ProblemType

__all__ = ["MODEL_TRAINER_CHECKS", "Check", "MakeTrainer", "ProblemType", "check_model_trainer"]

Check: TypeAlias = Callable[[MakeTrainer, Sequence[ProblemType]], None]


def check_model_trainer(
    make: MakeTrainer, problem_types: Sequence[ProblemType] = ModelTrainerContract.problem_types
) -> None:
    """Run every check on the trainers that ``make`` makes; the first that fails raises AssertionError."""
    for check in MODEL_TRAINER_CHECKS:
        check(make, problem_types)


def _function(name: str) -> Check:
    def check(make: MakeTrainer, problem_types: Sequence[ProblemType]) -> None:
        contract = ModelTrainerContract()
        contract.problem_types = tuple(problem_types)
        getattr(contract, name)(make)

    check.__name__ = name.removeprefix("test_")
    check.__doc__ = getattr(ModelTrainerContract, name).__doc__
    return check


MODEL_TRAINER_CHECKS: tuple[Check, ...] = tuple(map(_function, checks_of(ModelTrainerContract)))
"""All checks: one test each, with ``pytest.mark.parametrize("check", MODEL_TRAINER_CHECKS)``."""
