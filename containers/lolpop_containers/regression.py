"""Wiring of regression."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lolpop import Problem, providers
from lolpop.runners.regression import RegressionRunner
from lolpop_containers.supervised import SupervisedContainer

__all__ = ["RegressionContainer", "RegressionProblem"]


class RegressionProblem(Problem):
    """A problem that is about a number, so that verification refuses one of another type."""

    type: Literal["regression"] = Field(default="regression", description="Kind of problem.")


class RegressionContainer(SupervisedContainer):
    """What supervised learning shares, and the runner that learns to predict numbers."""

    problem = providers.Settings(RegressionProblem)
    runner = providers.Runner(RegressionRunner)
