"""Wiring of regression."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lolpop import Problem, providers
from lolpop.runners.regression import RegressionRunner
from lolpop_containers.supervised import SupervisedContainer

__all__ = ["RegressionContainer", "RegressionProblem"]


class RegressionProblem(Problem):
    """A regression problem; verification refuses one of another type."""

    type: Literal["regression"] = Field(default="regression", description="Kind of problem.")


class RegressionContainer(SupervisedContainer):
    """The wiring of supervised learning, with the runner of regression."""

    problem = providers.Settings(RegressionProblem)
    runner = providers.Runner(RegressionRunner)
