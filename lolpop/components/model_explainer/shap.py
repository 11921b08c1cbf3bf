"""Explaining models by Shapley values; for trees, those of shap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from lolpop.components._bounds import require_positive
from lolpop.components.model_explainer import Attributions, Importance, ModelExplainer
from lolpop.components.model_explainer._replacing import same_types, used
from lolpop.data.frames import wrap
from lolpop.errors import DataError, MissingExtraError
from lolpop.registry import missing_modules

if TYPE_CHECKING:
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["ShapModelExplainer"]


class ShapModelExplainer(ModelExplainer):
    """Shapley values: attributions of a row add up to its prediction minus the mean one.

    Trees (of scikit-learn, XGBoost, LightGBM, CatBoost) are explained exactly by shap's TreeExplainer, as
    against the rows that they were fitted on. Where that does not fit, such as for linear models, or for
    scikit-learn's boosting with categories, columns are replaced from reference rows in random orders. The
    importance of a column is the mean size of its attributions, and does not depend on the target.

    Parameters
    ----------
    max_rows : int
        Maximum number of rows to measure importance on; of more, a sample is drawn.
    references : int
        Reference rows that values are replaced from, where there is no exact way.
    permutations : int
        Orders in which columns are replaced, each forwards and backwards.
    """

    requires = ("shap",)
    install = "lolpop[shap]"

    def __init__(
        self,
        max_rows: PositiveInt = 200,
        references: PositiveInt = 10,
        permutations: PositiveInt = 2,
        *,
        seed: int = 0,
    ) -> None:
        require_positive({"max_rows": max_rows, "references": references, "permutations": permutations})
        self._max_rows = max_rows
        self._references = references
        self._permutations = permutations
        self._seed = seed % 2**32  # numpy takes no other seeds

    def importance(self, model: FittedModel, frame: Frame, target: Series) -> list[Importance]:  # noqa: ARG002  (attributions need no truth)
        """The mean size of the attributions to every column that ``model`` uses; greatest first.

        The deviation is that of the mean.
        """
        import numpy as np

        rows = wrap(frame)
        if not len(rows):
            raise DataError("There are no rows to measure the importance of columns on.")
        drawn = np.random.default_rng(self._seed).permutation(len(rows))[: self._max_rows]
        sizes = np.abs(self.explain(model, rows[drawn.tolist()].to_native(), frame).values)
        means, errors = sizes.mean(axis=0), sizes.std(axis=0) / len(drawn) ** 0.5
        columns = zip(model.columns, means.tolist(), errors.tolist(), strict=True)
        return sorted((Importance(*column) for column in columns), key=lambda column: -column.value)

    def explain(self, model: FittedModel, frame: Frame, reference: Frame) -> Attributions:
        """Attribute the predictions of n rows to columns, as against rows drawn from ``reference``.

        Raises DataError if there are no reference rows.
        """
        import numpy as np

        from lolpop.components.model_explainer._orders import attribute_by_orders
        from lolpop.components.model_explainer._trees import attribute_trees

        if missing := missing_modules(self.requires):
            raise MissingExtraError(missing[0], self.install)
        rows, others = same_types(used(model, frame), used(model, reference))
        if not len(others):
            raise DataError("There are no reference rows to explain predictions against.")
        if not len(rows):
            return Attributions(tuple(model.columns), np.empty((0, len(model.columns))), np.empty(0))
        if (exact := attribute_trees(model, rows)) is not None:
            return exact
        drawn = np.random.default_rng(self._seed).permutation(len(others))[: self._references]
        return attribute_by_orders(
            model, rows, others[drawn.tolist()], orders=self._permutations, seed=self._seed
        )
