"""Several forecasts in one: their weighted mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lolpop.components.model_trainer.forecasting.by_series import BySeriesModel
from lolpop.components.model_trainer.forecasting.lags import LagModel
from lolpop.components.model_trainer.forecasting.models import Forecast, ForecastModel
from lolpop.components.model_trainer.forecasting.repetition import Repetition

if TYPE_CHECKING:
    import numpy as np

    from lolpop.data.frames import Floats, Frame

__all__ = ["CombinedModel", "Member"]


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A model that is combined with others: its name, its share of the forecast, and itself."""

    name: str
    weight: float
    model: ForecastModel


class CombinedModel(ForecastModel):
    """Forecasts the weighted mean of its members, and of their bounds.

    The mean of the members' bounds covers about what each of them covers. If a member has recognised that a
    series repeats itself exactly, its forecast is used alone.
    """

    __slots__ = ("members",)

    def __init__(self, members: Sequence[Member]) -> None:
        # It needs the columns of the member that uses most regressors.
        super().__init__(max((member.model.learned for member in members), key=lambda by: len(by.regressors)))
        self.members = tuple(members)

    @property
    def weights(self) -> Mapping[str, float]:
        """The share of each member, by its name; they add up to 1."""
        return {member.name: member.weight for member in self.members}

    def varied(self, frame: Frame, repeats: int, random: np.random.Generator) -> dict[str, Floats]:
        """What is forecast for the n rows of ``frame`` if the features of its models of lags are mixed up.

        By feature, shape (repeats, n). Members without lags forecast what they do anyway.
        """
        import numpy as np

        own = {
            member.name: np.asarray(member.model.predict(frame).labels, dtype=np.float64)
            for member in self.members
        }
        varied = {
            member.name: member.model.varied(frame, repeats, random)
            for member in self.members
            if isinstance(member.model, LagModel)
        }
        features = dict.fromkeys(feature for by_feature in varied.values() for feature in by_feature)
        return {
            feature: sum(
                (
                    member.weight * varied.get(member.name, {}).get(feature, own[member.name])
                    for member in self.members
                ),
                np.zeros((repeats, len(next(iter(own.values()))))),
            )
            for feature in features
        }

    def _forecast(self, key: str, steps: int, regressors: Floats) -> Forecast:
        del steps  # as many as there are regressors of
        return self._forecasts({key: regressors})[key]

    def _forecasts(self, regressors_by_series: Mapping[str, Floats]) -> Mapping[str, Forecast]:
        by_member = [
            member.model._forecasts(self._regressors_for(member.model, regressors_by_series))
            for member in self.members
        ]
        weights = [member.weight for member in self.members]
        return {
            key: self._exact(key, [forecasts[key] for forecasts in by_member])
            or _mean([forecasts[key] for forecasts in by_member], weights)
            for key in regressors_by_series
        }

    def _regressors_for(
        self, model: ForecastModel, regressors_by_series: Mapping[str, Floats]
    ) -> dict[str, Floats]:
        columns = [self.learned.regressors.index(name) for name in model.learned.regressors]
        return {key: regressors[:, columns] for key, regressors in regressors_by_series.items()}

    def _exact(self, key: str, forecasts: Sequence[Forecast]) -> Forecast | None:
        for member, forecast in zip(self.members, forecasts, strict=True):
            if isinstance(member.model, BySeriesModel) and isinstance(member.model.series[key], Repetition):
                return forecast
        return None


def _mean(forecasts: Sequence[Forecast], weights: Sequence[float]) -> Forecast:
    import numpy as np

    return Forecast(
        *(
            np.average([getattr(forecast, part) for forecast in forecasts], axis=0, weights=weights)
            for part in ("mean", "lower", "upper")
        )
    )
