"""Shapley values of any model, from what becomes of predictions when columns are replaced in random orders.

shap's PermutationExplainer estimates the same, and for that compiles code for ten seconds in each process,
seeds numpy's generator for all threads, and calls the model for each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lolpop.components.model_explainer import Attributions
from lolpop.components.model_explainer._outputs import likeliest, outputs_of
from lolpop.components.model_explainer._replacing import replaced, rows_at_once

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import FittedModel


def attribute_by_orders(
    model: FittedModel, rows: nw.DataFrame[Any], others: nw.DataFrame[Any], *, orders: int, seed: int
) -> Attributions:
    """Attribute the predictions of n rows to columns, as against all rows of ``others``.

    A row becomes its own column by column, ``orders`` times in a random order and once more in the reverse
    one, which makes them exact where columns matter by themselves or in pairs. What a column is attributed
    is what the prediction gains by it, on average; with what is predicted for ``others`` on average, that
    adds up to the prediction.
    """
    import numpy as np

    number, draws = len(model.columns), len(others)
    random = np.random.default_rng(seed)
    drawn = np.array([random.permutation(number) for _ in range(orders)])
    drawn = np.concatenate([drawn, drawn[:, ::-1]])
    states, of_step = _states(drawn)
    model_predictions = model.predict(rows.to_native())
    classes = likeliest(model_predictions)
    values = np.zeros((len(rows), number))
    step = max(1, rows_at_once(number) // (len(states) * draws))
    for start in range(0, len(rows), step):
        chunk = np.arange(start, min(start + step, len(rows)))
        at = np.repeat(chunk, len(states) * draws)
        is_own = np.tile(np.repeat(states, draws, axis=0), (len(chunk), 1))
        by = np.where(is_own, -1, np.tile(np.arange(draws), len(chunk) * len(states))[:, None]).T
        predictions = model.predict(replaced(rows, at, others, by))
        outputs = outputs_of(predictions, None if classes is None else classes[at])
        means = outputs.reshape(len(chunk), len(states), draws).mean(axis=2)
        for order, places in zip(drawn, of_step, strict=True):
            values[np.ix_(chunk, order)] += np.diff(means[:, places], axis=1) / len(drawn)
    return Attributions(tuple(model.columns), values, outputs_of(model_predictions, classes))


def _states(orders: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Which columns are a row's own after each step of each order: every state once, and where it is."""
    import numpy as np

    number = orders.shape[1]
    ranks = np.argsort(orders, axis=1)
    own = ranks[:, None, :] < np.arange(number + 1)[None, :, None]
    states, inverse = np.unique(own.reshape(-1, number), axis=0, return_inverse=True)
    return states, inverse.reshape(len(orders), number + 1)
