"""A SARIMAX model of one series, as it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lolpop.components.model_trainer.forecasting.models import Forecast
from lolpop.components.model_trainer.forecasting.series import ForecastRequest, SeriesModel
from lolpop.data.frames import count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Floats

__all__ = ["Deterministic", "Orders", "Sarimax", "fourier_terms"]

Orders: TypeAlias = tuple[int, int, int]
Deterministic: TypeAlias = Literal["n", "c", "t", "ct"]


class Sarimax(SeriesModel):
    """A SARIMAX model with its parameters, and what it is run over before it forecasts.

    ``values``, None where they are not known, are less ``center`` and divided by ``scale``; ``outside``
    holds one row for each: regressors that do vary, standardized by ``centers`` and ``scales``, those at
    ``used``.
    """

    kind: Literal["sarimax"] = "sarimax"
    order: Orders = (0, 0, 0)
    seasonal_order: Orders = (0, 0, 0)
    season: int
    deterministic: Deterministic = "n"
    waves: int = 0
    options: dict[str, Any]
    center: float
    scale: float
    values: tuple[float | None, ...]
    used: tuple[int, ...]
    centers: tuple[float, ...]
    scales: tuple[float, ...]
    outside: tuple[tuple[float, ...], ...]
    params: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """What it is called, such as ``SARIMAX(0,1,1)(0,1,1)12``."""
        order, seasonal = (",".join(map(str, orders)) for orders in (self.order, self.seasonal_order))
        season = f"({seasonal}){self.season}" if any(self.seasonal_order) else ""
        waves = f" with {count(self.waves, 'wave')} of {self.season}" if self.waves else ""
        return f"SARIMAX({order}){season}{waves}"

    def forecast(self, ahead: ForecastRequest) -> Forecast:
        """How the series goes on."""
        import numpy as np

        outside = (ahead.regressors[:, list(self.used)] - np.array(self.centers)) / np.array(self.scales)
        exog = self._with_waves(outside, len(self.values))
        results = self.unfitted().filter(np.array(self.params), cov_type="none")
        forecast = results.get_forecast(len(ahead), exog=exog if exog.shape[1] else None)
        mean = forecast.predicted_mean * self.scale + self.center
        lower, upper = forecast.conf_int(alpha=1 - ahead.interval).T * self.scale + self.center
        return Forecast(mean, lower, upper)

    def unfitted(self, *, differenced: bool = False, concentrated: bool = False) -> Any:
        """The model as statsmodels has it, without parameters; to be faster, of ``differenced`` values, and
        with a variance that is not one of its parameters but ``concentrated`` out.
        """
        import numpy as np
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        exog = self.exog()
        return SARIMAX(
            np.array(self.values, dtype=np.float64),
            exog=exog if exog.shape[1] else None,
            order=self.order,
            seasonal_order=(*self.seasonal_order, self.season if any(self.seasonal_order) else 0),
            trend=self.deterministic,
            concentrate_scale=concentrated,
            simple_differencing=differenced,
            **self.options,
        )

    def exog(self) -> Floats:
        """Regressors and waves of all values, shape (n, c)."""
        import numpy as np

        return self._with_waves(np.array(self.outside).reshape(len(self.values), len(self.used)), 0)

    def _with_waves(self, outside: Floats, start: int) -> Floats:
        import numpy as np

        at = start + np.arange(len(outside))
        return np.column_stack([outside, fourier_terms(at, self.season, self.waves)])


def fourier_terms(at: NDArray[np.int64], season: int, number: int) -> Floats:
    """So many sines and cosines that go round in a season, shape (n, 2 number)."""
    import numpy as np

    angles = at[:, None] * np.arange(1, number + 1) * 2 * np.pi / season
    return np.hstack([np.sin(angles), np.cos(angles)])
