"""Metrics by group, with the differences that chance does not explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop.components.model_bias_checker import BiasReport, GroupMetrics, ModelBiasChecker
from lolpop.components.model_bias_checker.judgement import Groups, Limits
from lolpop.components.model_bias_checker.rates import groups_of, rates_of
from lolpop.frames import require_columns, wrap
from lolpop.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lolpop.components.model_bias_checker.rates import Rate
    from lolpop.components.model_trainer import FittedModel
    from lolpop.frames import Frame, Series

__all__ = ["BuiltinModelBiasChecker"]


class BuiltinModelBiasChecker(ModelBiasChecker):
    """Compares the groups of each sensitive feature.

    Two classes are judged by accuracy, selection rate (how often the positive class is predicted), true
    and false positive rate; more classes by accuracy and each class's selection rate; numbers by the mean
    error and mean absolute error, in standard deviations of the target.

    A difference counts if it is great and chance does not explain it: Fisher's exact test for rates,
    Welch's for errors, with one significance for all pairs of groups, metrics and features (Bonferroni).

    Parameters
    ----------
    warn : float
        Difference between two groups from which people are warned.
    error : float
        Difference from which it is an error.
    significance : float
        Probability of any false alarm by chance.
    min_rows : int
        Groups of fewer rows, and rates over fewer, are not judged.
    """

    def __init__(
        self,
        warn: PositiveFloat = 0.1,
        error: PositiveFloat = 0.3,
        significance: Annotated[float, Field(gt=0, lt=1)] = 0.001,
        min_rows: PositiveInt = 20,
        *,
        problem: Problem,
    ) -> None:
        if warn > error:
            raise ValueError(f"warn must not be greater than error, but got {warn} and {error}.")
        self._limits = Limits(warn, error, significance, min_rows)
        self._problem = problem

    def check(self, model: FittedModel, frame: Frame, target: Series) -> BiasReport:
        """Compare the groups of the n rows of ``frame``, which has the sensitive features too.

        Raises DataError, with near names, if one is missing.
        """
        rows = wrap(frame)
        features = self._problem.sensitive_features
        require_columns(rows.columns, features, what="sensitive feature")
        rates = {each.name: each for each in rates_of(model, frame, target, self._problem)}
        by_feature = []
        for feature in features:
            codes, names = groups_of(rows.get_column(feature))
            by_feature.append(Groups(feature, codes, self._measure(feature, codes, names, rates)))
        found = [groups.disparities(self._limits) for groups in by_feature]
        # The two groups that differ most were chosen of all pairs.
        tests = sum(
            len(disparities) * max(1, len(groups.metrics) * (len(groups.metrics) - 1) // 2)
            for groups, disparities in zip(by_feature, found, strict=True)
        )
        return BiasReport(
            checks=tuple(groups.check(rates, self._limits, tests) for groups in by_feature),
            groups=tuple(each for groups in by_feature for each in groups.metrics if each.rows),
            disparities=tuple(each for disparities in found for each in disparities),
        )

    def _measure(
        self, feature: str, codes: NDArray[Any], names: Sequence[str], rates: Mapping[str, Rate]
    ) -> list[GroupMetrics]:
        measured = []
        for code, name in enumerate(names):
            ours = codes == code
            counted = {rate.name: rate.values[ours & rate.counted] for rate in rates.values()}
            metrics = {
                rate: float(values.mean())
                for rate, values in counted.items()
                if len(values) >= self._limits.min_rows
            }
            measured.append(GroupMetrics(feature=feature, group=name, rows=int(ours.sum()), metrics=metrics))
        return measured
