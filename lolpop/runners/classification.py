"""Classification from source rows to predictions in use."""

from __future__ import annotations

from typing import ClassVar

from lolpop.problem import ProblemType
from lolpop.runners.supervised import SupervisedRunner

__all__ = ["ClassificationRunner"]


class ClassificationRunner(SupervisedRunner):
    """Runs classification from end to end, or one workflow of it at a time.

    Parameters
    ----------
    skip
        Tasks to skip, to save their time.
    """

    problem_type: ClassVar[ProblemType] = "classification"
