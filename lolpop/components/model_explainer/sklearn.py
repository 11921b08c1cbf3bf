"""Explaining any model by what becomes of its predictions when values are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import PositiveInt

from lolpop.components._bounds import require_positive
from lolpop.components.model_checker.evaluations import evaluate_classes, evaluate_numbers
from lolpop.components.model_checker.metrics import METRICS
from lolpop.components.model_explainer import Attributions, Importance, ModelExplainer
from lolpop.components.model_explainer._outputs import likeliest, outputs_of
from lolpop.components.model_explainer._replacing import replaced, rows_at_once, same_types, taken, used
from lolpop.data.frames import wrap_series
from lolpop.errors import DataError
from lolpop.problem import Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["SklearnModelExplainer"]

_FEWEST_ROWS = 50
_VALUES = 200_000_000
"""Values of rows in which a column is shuffled, which take some seconds: all columns of each are read."""


class SklearnModelExplainer(ModelExplainer):
    """Permutation importance as scikit-learn defines it, and attributions by replacing single columns.

    The importance of a column is by how much a metric, log_loss or root_mean_squared_error, gets worse when
    the values of the column are shuffled among the rows; columns that say the same share it. The
    attribution of a row's prediction to a column is the prediction, less its mean when the column has the
    values of reference rows. Attributions are each column's own: they need not add up to the prediction.

    Parameters
    ----------
    repeats : int
        How often each column is shuffled.
    max_rows : int
        Maximum number of rows to measure importance on; of more, a sample is drawn. The cost grows with the
        square of the columns: with more than some hundreds of them, fewer rows are drawn, but at least 50.
    references : int
        Reference rows that each value is replaced from.
    """

    def __init__(
        self,
        repeats: PositiveInt = 3,
        max_rows: PositiveInt = 500,
        references: PositiveInt = 10,
        *,
        problem: Problem,
        seed: int = 0,
    ) -> None:
        require_positive({"repeats": repeats, "max_rows": max_rows, "references": references})
        self._repeats = repeats
        self._max_rows = max_rows
        self._references = references
        self._problem = problem
        self._seed = seed

    def importance(self, model: FittedModel, frame: Frame, target: Series) -> list[Importance]:
        """The permutation importance of every column that ``model`` uses; greatest first."""
        import numpy as np

        random = np.random.default_rng(self._seed % 2**32)
        rows = used(model, frame)
        at = random.permutation(len(rows))[: self._affordable_rows(len(model.columns))]
        shuffles = np.array([random.permutation(at) for _ in range(self._repeats)])
        own = self._score(model, replaced(rows, at, rows, _keep(rows.columns, at)), target, at, 1)[0]
        importances = []
        # As many columns at once as the bound of rows allows.
        step = max(1, rows_at_once(len(model.columns)) // shuffles.size)
        for start in range(0, len(model.columns), step):
            columns = range(start, min(start + step, len(model.columns)))
            tiled = np.tile(at, self._repeats * len(columns))
            by = _keep(rows.columns, tiled)
            for block, column in enumerate(columns):
                by[column, block * shuffles.size : (block + 1) * shuffles.size] = shuffles.ravel()
            scores = self._score(
                model, replaced(rows, tiled, rows, by), target, tiled, self._repeats * len(columns)
            )
            drops = own - scores.reshape(len(columns), self._repeats)
            importances += [
                Importance(model.columns[column], float(drop.mean()), float(drop.std()))
                for column, drop in zip(columns, drops, strict=True)
            ]
        return sorted(importances, key=lambda importance: -importance.value)

    def explain(self, model: FittedModel, frame: Frame, reference: Frame) -> Attributions:
        """Attribute the predictions of n rows to columns, as against rows drawn from ``reference``.

        Raises DataError if there are no reference rows.
        """
        import numpy as np

        rows, others = same_types(used(model, frame), used(model, reference))
        if not len(others):
            raise DataError("There are no reference rows to explain predictions against.")
        drawn = np.random.default_rng(self._seed % 2**32).permutation(len(others))[: self._references]
        predictions = model.predict(rows.to_native())
        predicted = likeliest(predictions)
        outputs = outputs_of(predictions, predicted)
        number, draws = len(model.columns), len(drawn)
        values = np.empty((len(rows), number))
        step = max(1, rows_at_once(number) // max(1, number * draws))
        for start in range(0, len(rows), step):
            chunk = np.arange(start, min(start + step, len(rows)))
            at = np.repeat(chunk, number * draws)
            by = _keep(rows.columns, at)
            for column in range(number):
                is_drawn = np.arange(len(at)) // draws % number == column
                by[column, is_drawn] = np.tile(drawn, len(chunk))
            replacing = model.predict(replaced(rows, at, others, by))
            predicted_value = None if predicted is None else predicted[at]
            means = outputs_of(replacing, predicted_value).reshape(len(chunk), number, draws).mean(axis=2)
            values[chunk] = outputs[chunk, None] - means
        return Attributions(tuple(model.columns), values, outputs)

    def _affordable_rows(self, columns: int) -> int:
        affordable = _VALUES // (columns**2 * self._repeats) if columns else self._max_rows
        return min(self._max_rows, max(_FEWEST_ROWS, affordable))

    def _score(
        self, model: FittedModel, frame: Frame, target: Series, at: NDArray[Any], blocks: int
    ) -> NDArray[np.float64]:
        """The score of each of ``blocks`` of equal size, greater where better."""
        import numpy as np

        truth = taken(wrap_series(target), at)
        if self._problem.type == "classification":
            [evaluation] = evaluate_classes([model], frame, truth, self._problem.positive_label)
            name = "accuracy" if evaluation.probabilities is None else "neg_log_loss"
        else:
            [evaluation] = evaluate_numbers([model], frame, truth)
            name = "neg_root_mean_squared_error"
        return np.array(
            [METRICS[name].of(evaluation.take(rows)) for rows in np.split(np.arange(len(at)), blocks)]
        )


def _keep(columns: list[str], at: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.full((len(columns), len(at)), -1)
