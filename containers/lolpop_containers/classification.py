"""Wiring of classification."""

from __future__ import annotations

from lolpop import Problem, providers
from lolpop.runners.classification import ClassificationRunner
from lolpop_containers.supervised import SupervisedContainer

__all__ = ["ClassificationContainer"]


class ClassificationContainer(SupervisedContainer):
    """What supervised learning shares, and the runner that learns to tell classes apart."""

    problem = providers.Settings(Problem, default={"type": "classification"})
    runner = providers.Runner(ClassificationRunner)
