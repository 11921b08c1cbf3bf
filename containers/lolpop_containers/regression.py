"""Wiring of regression."""

from __future__ import annotations

from lolpop import Problem, providers
from lolpop.runners.regression import RegressionRunner
from lolpop_containers.supervised import SupervisedContainer

__all__ = ["RegressionContainer"]


class RegressionContainer(SupervisedContainer):
    """What supervised learning shares, and the runner that learns to predict numbers."""

    problem = providers.Settings(Problem, default={"type": "regression"})
    runner = providers.Runner(RegressionRunner)
