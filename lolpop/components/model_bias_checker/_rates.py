"""The values that are compared between groups, by row."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.components.model_checker.evaluations import evaluate_classes, evaluate_numbers
from lolpop.data.frames import kind_of, to_floats, to_strings

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.components.model_checker.evaluations import Evaluation
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series
    from lolpop.problem import Problem


_GROUPS_OF_NUMBERS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """A metric that is the mean of ``values``, shape (n,), over the rows that are ``counted``."""

    name: str
    values: NDArray[Any]
    counted: NDArray[Any]


def evaluated(model: FittedModel, frame: Frame, target: Series, problem: Problem) -> Evaluation:
    """What is predicted for the n rows of ``frame`` and what is true of them.

    Numbers are in standard deviations of the target.
    """
    if problem.type == "classification":
        [evaluation] = evaluate_classes([model], frame, target, problem.positive_label)
        return evaluation
    [evaluation] = evaluate_numbers([model], frame, target)
    spread = float(evaluation.truth.std()) or 1.0
    return dataclasses.replace(evaluation, truth=evaluation.truth / spread, labels=evaluation.labels / spread)


def rates_of(evaluation: Evaluation) -> list[Rate]:
    """What groups are compared by.

    Of two classes: how often the positive one is predicted, predicted where it is true, predicted where it
    is not, and how often predictions are right. Of more, how often each class is predicted. Of numbers,
    errors and absolute errors.
    """
    import numpy as np

    if evaluation.classes:
        return _rates_of_classes(evaluation)
    errors = evaluation.labels - evaluation.truth
    every = np.ones(len(errors), dtype=bool)
    return [Rate("mean_error", errors, every), Rate("mean_absolute_error", np.abs(errors), every)]


def _rates_of_classes(evaluation: Evaluation) -> list[Rate]:
    import numpy as np

    truth, labels, classes = evaluation.truth, evaluation.labels, evaluation.classes
    every = np.ones(len(truth), dtype=bool)
    right = Rate("accuracy", labels == truth, every)
    if len(classes) != 2:
        chosen = [Rate(f"selection_rate_{name}", labels == code, every) for code, name in enumerate(classes)]
        return [right, *chosen]
    positive = labels == 1
    return [
        right,
        Rate("selection_rate", positive, every),
        Rate("true_positive_rate", positive, truth == 1),
        Rate("false_positive_rate", positive, truth == 0),
    ]


def groups_of(series: nw.Series[Any]) -> tuple[NDArray[Any], list[str]]:
    """The position of each of n rows in the names of groups.

    Categories are groups; of numbers with more than ten values, quarters of the rows are. Rows without a
    value are a group of their own.
    """
    import numpy as np

    if kind_of(series) == "number" and series.n_unique() > 10:
        numbers = to_floats(series)
        finite = numbers[np.isfinite(numbers)]
        starts = np.unique(
            np.quantile(finite, np.arange(_GROUPS_OF_NUMBERS) / _GROUPS_OF_NUMBERS, method="lower")
        )
        ends = [f"below {end:g}" for end in starts[1:]]
        names = [
            f"from {start:g}{f' to {end}' if end else ''}"
            for start, end in zip(starts, [*ends, ""], strict=True)
        ]
        codes = np.where(np.isfinite(numbers), np.searchsorted(starts, numbers, side="right") - 1, len(names))
        return codes, [*names, "missing"]
    texts = to_strings(series).fillna("missing").to_numpy(dtype=object)
    groups, codes = np.unique(texts, return_inverse=True)
    return codes, groups.tolist()
