"""Tests of differences between groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.checks import Check
from lolpop.components._bounds import errors_before_warnings
from lolpop.components.model_bias_checker import BiasReport, Disparity, GroupMetrics
from lolpop.components.model_checker.significance import chance_of_difference
from lolpop.data.frames import count, listed
from lolpop.errors import Finding, VerificationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lolpop.components.model_bias_checker._rates import Rate


@dataclass(frozen=True, slots=True)
class Limits:
    """From which difference on groups are told apart, and are an error; how sure; and of how many rows."""

    warn: float
    error: float
    significance: float
    min_rows: int

    def __post_init__(self) -> None:
        if findings := list(check_limits({"warn": self.warn, "error": self.error})):
            raise VerificationError(findings)


def check_limits(settings: Mapping[str, Any]) -> Iterable[Finding]:
    """Check that the threshold of errors is not below that of warnings."""
    return errors_before_warnings(("warn", settings["warn"]), ("error", settings["error"]), "a difference")


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of a sensitive feature, or of several together: metrics, and the group of each of n rows."""

    feature: str
    columns: tuple[str, ...]
    codes: NDArray[Any]
    metrics: Sequence[GroupMetrics]
    """In the order of the codes."""

    def disparities(self, limits: Limits) -> list[Disparity]:
        """How far apart the groups that have enough rows are, in every metric that two of them have."""
        compared = [group for group in self.metrics if group.rows >= limits.min_rows]
        disparities = []
        for name in dict.fromkeys(name for group in compared for name in group.metrics):
            having = [group for group in compared if name in group.metrics]
            if len(having) < 2:
                continue
            lowest = min(having, key=lambda group: group.metrics[name])
            highest = max(having, key=lambda group: group.metrics[name])
            low, high = lowest.metrics[name], highest.metrics[name]
            disparities.append(
                Disparity(
                    feature=self.feature,
                    metric=name,
                    lowest=lowest.group,
                    highest=highest.group,
                    difference=high - low,
                    ratio=low / high if 0 <= low <= high and high else None,
                )
            )
        return disparities

    def check(self, rates: Mapping[str, Rate], limits: Limits, tests: int) -> Check:
        """The outcome for this feature; ``tests`` share the significance among them."""
        small = [group.group for group in self.metrics if 0 < group.rows < limits.min_rows]
        note_on_small = f"; groups of fewer than {limits.min_rows} rows are not compared: {listed(small)}"
        relevant = [
            disparity
            for disparity in self.disparities(limits)
            if disparity.difference >= limits.warn
            and self._chance(disparity, rates[disparity.metric]) * tests <= limits.significance
        ]
        number_of_groups = sum(group.rows >= limits.min_rows for group in self.metrics)
        if number_of_groups < 2 and small:
            # Nobody may take it for an answer that there was none.
            message = f"groups of {self.feature!r} cannot be compared{note_on_small}"
            return Check(check="few_rows_of_groups", status="warn", message=message, columns=self.columns)
        if not relevant:
            verb = "is" if number_of_groups == 1 else "are"
            groups = f"{count(number_of_groups, 'group')} of {self.feature!r}"
            message = f"{groups} {verb} treated alike{note_on_small if small else ''}"
            return Check(check="bias", status="ok", message=message, columns=self.columns)
        worst = max(disparity.difference for disparity in relevant)
        message = "; ".join(_in_words(disparity, self.metrics) for disparity in relevant)
        return Check(
            check="bias",
            status="error" if worst >= limits.error else "warn",
            message=f"groups of {self.feature!r} are treated differently: {message}"
            + (note_on_small if small else ""),
            columns=self.columns,
        )

    def _chance(self, disparity: Disparity, rate: Rate) -> float:
        lowest, highest = (
            next(code for code, group_metrics in enumerate(self.metrics) if group_metrics.group == group)
            for group in (disparity.lowest, disparity.highest)
        )
        inside, outside = (rate.values[rate.counted & (self.codes == code)] for code in (lowest, highest))
        return chance_of_difference(inside, outside)


def bias_report(by_feature: Sequence[Groups], rates: Sequence[Rate], limits: Limits) -> BiasReport:
    """The outcome for each sensitive feature, with the metrics that it rests on."""
    disparities_by_feature = [groups.disparities(limits) for groups in by_feature]
    # The two groups that differ most were chosen of all pairs.
    tests = sum(
        len(disparities) * max(1, len(groups.metrics) * (len(groups.metrics) - 1) // 2)
        for groups, disparities in zip(by_feature, disparities_by_feature, strict=True)
    )
    named = {rate.name: rate for rate in rates}
    return BiasReport(
        checks=tuple(groups.check(named, limits, tests) for groups in by_feature),
        groups=tuple(group for groups in by_feature for group in groups.metrics if group.rows),
        disparities=tuple(disparity for disparities in disparities_by_feature for disparity in disparities),
    )


def _in_words(disparity: Disparity, groups: Sequence[GroupMetrics]) -> str:
    values = {group.group: group.metrics.get(disparity.metric, 0.0) for group in groups}
    return (
        f"{disparity.metric} is {values[disparity.lowest]:.2g} for {disparity.lowest!r} "
        f"and {values[disparity.highest]:.2g} for {disparity.highest!r}"
    )
