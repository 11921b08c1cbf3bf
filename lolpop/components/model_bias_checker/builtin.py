"""Metrics by group, with the differences that chance does not explain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop.components.model_bias_checker import BiasReport, GroupMetrics, ModelBiasChecker
from lolpop.components.model_bias_checker._judgement import Groups, Limits, bias_report, check_limits
from lolpop.components.model_bias_checker._rates import evaluated, groups_of, rates_of
from lolpop.data.frames import require_columns, wrap
from lolpop.errors import Finding
from lolpop.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lolpop.components.model_bias_checker._rates import Rate
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

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
        Difference between two groups from which it is a warning.
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
        self._limits = Limits(warn, error, significance, min_rows)
        self._problem = problem

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the threshold of errors is not below that of warnings."""
        return check_limits(settings)

    def check(self, model: FittedModel, frame: Frame, target: Series) -> BiasReport:
        """Compare the groups of the n rows of ``frame``, which has the sensitive features too.

        Raises DataError, with near names, if one is missing.
        """
        rows = wrap(frame)
        features = self._problem.sensitive_features
        require_columns(rows.columns, features, what="sensitive feature")
        rates = rates_of(evaluated(model, frame, target, self._problem))
        by_feature = []
        for feature in features:
            codes, names = groups_of(rows.get_column(feature))
            metrics = self._measure(feature, codes, names, rates)
            by_feature.append(Groups(feature, (feature,), codes, metrics))
        return bias_report(by_feature, rates, self._limits)

    def _measure(
        self, feature: str, codes: NDArray[Any], names: Sequence[str], rates: Sequence[Rate]
    ) -> list[GroupMetrics]:
        measured = []
        for code, name in enumerate(names):
            in_group = codes == code
            counted = {rate.name: rate.values[in_group & rate.counted] for rate in rates}
            metrics = {
                rate: float(values.mean())
                for rate, values in counted.items()
                if len(values) >= self._limits.min_rows
            }
            measured.append(
                GroupMetrics(feature=feature, group=name, rows=int(in_group.sum()), metrics=metrics)
            )
        return measured
