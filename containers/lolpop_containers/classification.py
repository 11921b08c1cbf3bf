"""Wiring of classification."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lolpop import Problem, providers
from lolpop.runners.classification import ClassificationRunner
from lolpop_containers.supervised import SupervisedContainer

__all__ = ["ClassificationContainer", "ClassificationProblem"]


class ClassificationProblem(Problem):
    """A classification problem; verification refuses one of another type."""

    type: Literal["classification"] = Field(default="classification", description="Kind of problem.")


class ClassificationContainer(SupervisedContainer):
    """The wiring of supervised learning, with the runner of classification."""

    problem = providers.Settings(ClassificationProblem)
    runner = providers.Runner(ClassificationRunner)
