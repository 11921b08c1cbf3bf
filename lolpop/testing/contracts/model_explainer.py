"""The contract of model explainers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from lolpop.components.model_explainer import ModelExplainer
from lolpop.errors import DataError
from lolpop.problem import Problem, ProblemType
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ModelExplainerContract"]

Make: TypeAlias = Callable[[Problem, int], ModelExplainer]


class ModelExplainerContract(ComponentContract):
    """The checks that every model explainer must pass.

    Fixtures: ``make(problem, seed)`` makes an explainer for tables.
    """

    interface: ClassVar[type[Any]] = ModelExplainer
    made_with: ClassVar[tuple[str, ...]] = ("problem", "seed")
    problem_types: ClassVar[tuple[ProblemType, ...]] = ("classification", "regression")

    def instance(self, make: Callable[..., Any]) -> Any:
        """An explainer for the first problem type."""
        return make(sample(self.problem_types[0]).problem, 0)

    def test_importance_tells_what_matters(self, make: Make) -> None:
        """Every column of the model is listed: the relevant one first, the unused one near zero."""
        for kind in self.problem_types:
            rows = sample(kind)
            for frame_kind, convert in frame_kinds():
                listed = make(rows.problem, 0).importance(rows.model, *rows.of_kind(convert))
                names = [importance.column for importance in listed]
                require(names == ["number", "noise"], f"number before noise ({frame_kind})", names)
                used, idle = listed[0].value, listed[1].value
                require(used > 0 and abs(idle) < used / 20, "next to nothing of an idle column", listed)

    def test_attributions_have_their_shapes(self, make: Make) -> None:
        """Each row and column has an attribution, and each row has the explained output."""
        import numpy as np

        for kind in self.problem_types:
            rows = sample(kind)
            for size in (5, 1, 0):
                explained = make(rows.problem, 0).explain(rows.model, rows.features[:size], rows.features)
                shape = (size, 2)
                require(explained.columns == rows.model.columns, f"{rows.model.columns}", explained.columns)
                require(explained.values.shape == shape, f"values of shape {shape}", explained.values.shape)
                require(explained.outputs.shape == (size,), f"{size} outputs", explained.outputs.shape)
                require(bool(np.isfinite(explained.values).all()), "finite numbers", explained.values)

    def test_attributions_explain_the_output(self, make: Make) -> None:
        """Outputs are those of the model, and the relevant column has the attribution."""
        import numpy as np

        for kind in self.problem_types:
            rows = sample(kind)
            explained = make(rows.problem, 0).explain(rows.model, rows.features[:8], rows.features)
            predicted = rows.model.predict(rows.features[:8])
            outputs = (
                predicted.labels if predicted.probabilities is None else predicted.probabilities.max(axis=1)
            )
            require(
                bool(np.allclose(explained.outputs, outputs.astype(float))), f"outputs {outputs}", explained
            )
            number, noise = np.abs(explained.values).sum(axis=0)
            require(bool(noise <= number / 20), "next to nothing of an idle column", explained.values)

    def test_is_repeatable(self, make: Make) -> None:
        """The same seed gives the same explanations, from the same explainer and from an equal one."""
        for kind in self.problem_types:
            rows = sample(kind)
            explainer = make(rows.problem, 7)
            first = explainer.importance(rows.model, rows.features, rows.target)
            values = explainer.explain(rows.model, rows.features[:4], rows.features).values.tolist()
            for again in (explainer, make(rows.problem, 7)):
                listed = again.importance(rows.model, rows.features, rows.target)
                require(listed == first, "the same importance again", listed)
                other = again.explain(rows.model, rows.features[:4], rows.features).values.tolist()
                require(other == values, "the same attributions again", other)

    def test_no_rows_are_a_data_error(self, make: Make) -> None:
        """Importance without rows, or attributions without reference rows, raise a DataError."""
        for kind in self.problem_types:
            rows = sample(kind)
            explainer, none = make(rows.problem, 0), rows.features[:0]
            raised(DataError, lambda: explainer.importance(rows.model, none, rows.target[:0]))  # noqa: B023  (called at once)
            raised(DataError, lambda: explainer.explain(rows.model, rows.features, none))  # noqa: B023  (called at once)

    def test_leaves_the_frame_as_it_is(self, make: Make) -> None:
        """Explaining does not change the rows."""
        for kind in self.problem_types:
            rows = sample(kind)
            frame, explainer = rows.features.copy(), make(rows.problem, 0)
            explainer.importance(rows.model, frame, rows.target)
            explainer.explain(rows.model, frame[:4], frame)
            require(frame.equals(rows.features), "the rows as they were", "others")
