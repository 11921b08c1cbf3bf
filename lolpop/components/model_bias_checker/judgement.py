"""Whether groups differ more than settings allow, and more than chance explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.checks import Check
from lolpop.components.model_bias_checker import Disparity, GroupMetrics
from lolpop.components.model_checker.significance import chance_of_difference
from lolpop.frames import count, listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lolpop.components.model_bias_checker.rates import Rate

__all__ = ["Groups", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """From which difference on groups are told apart, and are an error; how sure; and of how many rows."""

    warn: float
    error: float
    significance: float
    min_rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of one sensitive feature: their metrics, and the group of each of n rows."""

    feature: str
    codes: NDArray[Any]
    metrics: Sequence[GroupMetrics]
    """In the order of the codes."""

    def disparities(self, limits: Limits) -> list[Disparity]:
        """How far apart the groups that have enough rows are, in every metric that two of them have."""
        judged = [each for each in self.metrics if each.rows >= limits.min_rows]
        found = []
        for name in dict.fromkeys(name for each in judged for name in each.metrics):
            having = [each for each in judged if name in each.metrics]
            if len(having) < 2:
                continue
            lowest = min(having, key=lambda each: each.metrics[name])
            highest = max(having, key=lambda each: each.metrics[name])
            low, high = lowest.metrics[name], highest.metrics[name]
            found.append(
                Disparity(
                    feature=self.feature,
                    metric=name,
                    lowest=lowest.group,
                    highest=highest.group,
                    difference=high - low,
                    ratio=low / high if 0 <= low <= high and high else None,
                )
            )
        return found

    def check(self, rates: Mapping[str, Rate], limits: Limits, tests: int) -> Check:
        """The outcome for this feature; ``tests`` share the significance among them."""
        small = [each.group for each in self.metrics if 0 < each.rows < limits.min_rows]
        unjudged = f"; groups of fewer than {limits.min_rows} rows are not judged: {listed(small)}"
        found = [
            each
            for each in self.disparities(limits)
            if each.difference >= limits.warn
            and self._chance(each, rates[each.metric]) * tests <= limits.significance
        ]
        if not found:
            judged = count(sum(each.rows >= limits.min_rows for each in self.metrics), "group")
            message = f"{judged} of {self.feature!r} are treated alike{unjudged if small else ''}"
            return Check(check="bias", status="ok", message=message, columns=(self.feature,))
        worst = max(each.difference for each in found)
        message = "; ".join(_in_words(each, self.metrics) for each in found)
        return Check(
            check="bias",
            status="error" if worst >= limits.error else "warn",
            message=f"groups of {self.feature!r} are treated differently: {message}"
            + (unjudged if small else ""),
            columns=(self.feature,),
        )

    def _chance(self, disparity: Disparity, rate: Rate) -> float:
        lowest, highest = (
            next(code for code, each in enumerate(self.metrics) if each.group == group)
            for group in (disparity.lowest, disparity.highest)
        )
        inside, outside = (rate.values[rate.counted & (self.codes == code)] for code in (lowest, highest))
        return chance_of_difference(inside, outside)


def _in_words(disparity: Disparity, groups: Sequence[GroupMetrics]) -> str:
    values = {each.group: each.metrics.get(disparity.metric, 0.0) for each in groups}
    return (
        f"{disparity.metric} is {values[disparity.lowest]:.2g} for {disparity.lowest!r} "
        f"and {values[disparity.highest]:.2g} for {disparity.highest!r}"
    )
