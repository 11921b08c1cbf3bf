"""Metrics by group as fairlearn computes them, with the differences that chance does not explain."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop.components.model_bias_checker import BiasReport, GroupMetrics, ModelBiasChecker
from lolpop.components.model_bias_checker._judgement import Groups, Limits, bias_report, check_limits
from lolpop.components.model_bias_checker._rates import evaluated, groups_of, rates_of
from lolpop.data.frames import require_columns, wrap
from lolpop.errors import Finding, MissingExtraError
from lolpop.problem import Problem
from lolpop.registry import missing_modules

if TYPE_CHECKING:
    import narwhals as nw
    import pandas as pd

    from lolpop.components.model_bias_checker._rates import Rate
    from lolpop.components.model_checker.evaluations import Evaluation
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["FairlearnModelBiasChecker"]


class FairlearnModelBiasChecker(ModelBiasChecker):
    """Compares groups by fairlearn's MetricFrame, those of several sensitive features together too.

    The metrics, and when a difference counts, are those of the built-in checker: accuracy, selection rate,
    true and false positive rate of two classes; accuracy and each class's selection rate of more; the mean
    error and mean absolute error of numbers, in standard deviations of the target.

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
    intersections : bool
        Whether rows that share the values of all sensitive features are groups as well: a model may treat
        each feature's groups alike, and those who are in two of them not.
    """

    requires = ("fairlearn",)
    install = "lolpop[fairlearn]"

    def __init__(
        self,
        warn: PositiveFloat = 0.1,
        error: PositiveFloat = 0.3,
        significance: Annotated[float, Field(gt=0, lt=1)] = 0.001,
        min_rows: PositiveInt = 20,
        intersections: bool = False,
        *,
        problem: Problem,
    ) -> None:
        self._limits = Limits(warn, error, significance, min_rows)
        self._intersections = intersections
        self._problem = problem

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the threshold of errors is not below that of warnings."""
        return check_limits(settings)

    def check(self, model: FittedModel, frame: Frame, target: Series) -> BiasReport:
        """Compare the groups of the n rows of ``frame``, which has the sensitive features too.

        Raises DataError, with near names, if one is missing.
        """
        if missing := missing_modules(self.requires):
            raise MissingExtraError(missing[0], self.install)
        rows = wrap(frame)
        features = self._problem.sensitive_features
        require_columns(rows.columns, features, what="sensitive feature")
        evaluation = evaluated(model, frame, target, self._problem)
        rates = rates_of(evaluation)
        together = [features] if self._intersections and len(features) > 1 else []
        return bias_report(
            [
                self._groups(columns, rows, evaluation, rates)
                for columns in (*((feature,) for feature in features), *together)
            ],
            rates,
            self._limits,
        )

    def _groups(
        self,
        columns: tuple[str, ...],
        rows: nw.DataFrame[Any],
        evaluation: Evaluation,
        rates: Sequence[Rate],
    ) -> Groups:
        import numpy as np
        from fairlearn.metrics import MetricFrame, count

        group_of_row = _groups_of_rows(columns, rows)
        measured = MetricFrame(
            metrics={"rows": count, **{rate.name: _metric(rate.name, evaluation) for rate in rates}},
            y_true=evaluation.truth,
            y_pred=evaluation.labels,
            sensitive_features=group_of_row,
        )
        names, codes = np.unique(group_of_row.to_numpy(dtype=object), return_inverse=True)
        by_group = measured.by_group.loc[names]
        metrics = [
            GroupMetrics(
                feature=group_of_row.name,
                group=name,
                rows=int(by_group.at[name, "rows"]),
                metrics={
                    rate.name: float(by_group.at[name, rate.name])
                    for rate in rates
                    if np.count_nonzero(rate.counted & (codes == code)) >= self._limits.min_rows
                },
            )
            for code, name in enumerate(names)
        ]
        return Groups(str(group_of_row.name), columns, codes, metrics)


def _groups_of_rows(columns: Sequence[str], rows: nw.DataFrame[Any]) -> pd.Series[str]:
    """The name of each row's group: the values of ``columns``."""
    import pandas as pd

    by_column = []
    for column in columns:
        codes, names = groups_of(rows.get_column(column))
        by_column.append([names[code] for code in codes])
    return pd.Series(
        [", ".join(values) for values in zip(*by_column, strict=True)], name=" and ".join(columns)
    )


def _metric(name: str, evaluation: Evaluation) -> Callable[..., float]:
    from fairlearn import metrics
    from sklearn.metrics import accuracy_score, mean_absolute_error

    functions: Mapping[str, Callable[..., float]] = {
        "accuracy": accuracy_score,
        "mean_absolute_error": mean_absolute_error,
        "mean_error": lambda truth, labels: float((labels - truth).mean()),
        "selection_rate": metrics.selection_rate,
        "true_positive_rate": metrics.true_positive_rate,
        "false_positive_rate": metrics.false_positive_rate,
        **{
            f"selection_rate_{label}": functools.partial(metrics.selection_rate, pos_label=code)
            for code, label in enumerate(evaluation.classes)
        },
    }
    return functions[name]
