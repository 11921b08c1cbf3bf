"""The contract of model trainers that forecast."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from lolpop.components.model_trainer import ModelTrainer, Predictions
from lolpop.errors import DataError, TrainingError
from lolpop.problem import ForecastingProblem
from lolpop.testing.contracts._expected import (
    predictions_elsewhere,
    raised,
    require,
    require_same,
)
from lolpop.testing.contracts._fitting import (
    Case,
    check_concurrent_fits,
    check_independent_fits,
    check_search_space,
    fitted,
)
from lolpop.testing.contracts.base import ComponentContract

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForecasterContract", "MakeForecaster"]

MakeForecaster: TypeAlias = Callable[[ForecastingProblem, int], ModelTrainer]
"""Creates a trainer for a problem, with a seed. Many are created, so they should be small and fast."""

_HORIZON = 6
# The tolerance for randomly drawn bounds, as a share of their distance.
_CHANCE = 0.15


class ForecasterContract(ComponentContract):
    """The checks that every model trainer that forecasts must pass.

    Fixtures: ``make(problem, seed)`` makes a trainer. Many are created, so they should be small and fast. A
    trainer without a seasonal model sets ``follows_a_season`` to False.
    """

    interface: ClassVar[type[Any]] = ModelTrainer
    made_with: ClassVar[tuple[str, ...]] = ("problem", "seed")
    follows_a_season: bool = True

    def instance(self, make: Callable[..., Any]) -> Any:
        """A trainer for the case of the checks."""
        return make(_case(0).problem, 0)

    def test_forecasts(self, make: MakeForecaster) -> None:
        """Each row has a complete forecast, in the order of the rows, for any number of rows."""
        case = _case(0)
        model = fitted(make, case)
        for rows in (case.ahead, case.ahead[:1], case.ahead[:0]):
            predictions = model.predict(rows)
            require(predictions.classes == (), "no classes", predictions.classes)
            for name, values in (
                ("labels", predictions.labels),
                ("lower", predictions.lower),
                ("upper", predictions.upper),
            ):
                require(_is_complete(values, len(rows)), f"{name}: {len(rows)} finite numbers", values)

    def test_goes_on_with_a_season(self, make: MakeForecaster) -> None:
        """A clear season is forecast, separately for each series."""
        import numpy as np

        if not self.follows_a_season:
            return

        case = _case(0)
        labels = np.asarray(fitted(make, case).predict(case.ahead).labels, dtype=np.float64)
        truth = _values(case.ahead)
        error, spread = np.abs(labels - truth).mean(), np.abs(truth - truth.mean()).mean()
        require(bool(error < spread / 2), f"an error of less than {spread / 2:.3g}", error)

    def test_bounds_hold_the_forecast(self, make: MakeForecaster) -> None:
        """The forecast lies between its bounds, which get no narrower with the horizon or with the coverage.

        If a season is multiplicative, they may shrink with the forecast, but not relative to it.
        """
        import numpy as np

        case = _case(0)
        widths = {}
        for interval in (0.5, 0.9):
            problem = case.problem.model_copy(update={"interval": interval})
            predictions = fitted(make, replace(case, problem=problem)).predict(case.ahead)
            lower, labels, upper = (
                np.asarray(values, dtype=np.float64)
                for values in (predictions.lower, predictions.labels, predictions.upper)
            )
            inside = (lower <= labels) & (labels <= upper)
            require(bool(inside.all()), "lower <= forecast <= upper", np.column_stack([lower, labels, upper]))
            widths[interval] = (upper - lower).reshape(-1, _HORIZON)
            shares = widths[interval] / np.abs(labels).reshape(-1, _HORIZON)
            does_not_shrink = [
                width[:, -1] >= (1 - _CHANCE) * width[:, 0] for width in (widths[interval], shares)
            ]
            require(
                bool(np.logical_or(*does_not_shrink).all()),
                "intervals that do not shrink ahead",
                widths[interval],
            )
        require(bool((widths[0.9] > widths[0.5]).all()), "wider intervals to hold more", widths)

    def test_does_not_mind_the_order_of_rows(self, make: MakeForecaster) -> None:
        """The order of rows and columns, in training or forecasting, does not matter."""
        import numpy as np

        case = _case(0)
        expected = fitted(make, case).predict(case.ahead)
        order = np.random.default_rng(0).permutation(len(case.frame))
        columns = list(case.frame.columns[::-1])
        other = make(case.problem, 0).fit(case.frame.iloc[order][columns], case.target.iloc[order])
        require_same(expected, other.predict(case.ahead), "rows to learn from in another order")
        back = np.arange(len(case.ahead))[::-1]
        predictions = other.predict(case.ahead.iloc[back][columns].assign(further=1))
        require_same(expected, _at(predictions, back), "rows to forecast in another order")

    def test_says_the_same_whatever_else_is_asked(self, make: MakeForecaster) -> None:
        """A forecast does not depend on the other times or series that are forecast with it."""
        import numpy as np

        case = _case(0)
        model = fitted(make, case)
        whole = model.predict(case.ahead)
        some = np.arange(_HORIZON, _HORIZON + 3)
        predictions = model.predict(case.ahead.iloc[some])
        for one, other in zip(_numbers(_at(whole, some)), _numbers(predictions), strict=True):
            require(bool(np.allclose(one, other, rtol=1e-9)), f"{one} of some rows too", other)

    def test_forecasts_only_what_comes(self, make: MakeForecaster) -> None:
        """Rows of the history, unknown series and missing regressors raise DataErrors that name them."""
        case = _case(0)
        model = fitted(make, case)
        last = case.frame[-1:]
        error = raised(DataError, lambda: model.predict(last))
        require(str(last["day"].iloc[0].date()) in str(error), "the moment named", error)
        error = raised(DataError, lambda: model.predict(case.ahead.assign(shop="Nowhere")))
        require("Nowhere" in str(error), "the series named", error)
        for name in model.columns:
            error = raised(DataError, lambda: model.predict(case.ahead.drop(columns=name)))  # noqa: B023  (called at once)
            require(name in str(error), f"the column {name!r} named", error)

    def test_survives_being_stored(self, make: MakeForecaster) -> None:
        """A saved model makes exactly the same forecast after loading, here and in a new process."""
        case = _case(0)
        trainer = make(case.problem, 0)
        model = trainer.fit(case.frame, case.target)
        expected = model.predict(case.ahead)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "model").mkdir()
            trainer.save(model, folder / "model")
            case.ahead.to_feather(folder / "frame")
            loaded = type(trainer).load(folder / "model")
            require(loaded.columns == model.columns, f"columns {model.columns}", loaded.columns)
            require_same(expected, loaded.predict(case.ahead), "a stored model")
            (elsewhere,) = predictions_elsewhere(type(trainer), [folder])
            require_same(expected, elsewhere, "a stored model in a new process")

    def test_is_repeatable(self, make: MakeForecaster) -> None:
        """The same seed, settings and rows always give the same forecast, for any seed."""
        case = _case(0)
        for seed in (2**40 + 1, -1):
            first, second = (make(case.problem, seed).fit(case.frame, case.target) for _ in range(2))
            expected = first.predict(case.ahead)
            require_same(expected, first.predict(case.ahead), f"the same model, seed {seed}")
            require_same(expected, second.predict(case.ahead), f"a second fit, seed {seed}")

    def test_keeps_nothing_between_calls(self, make: MakeForecaster) -> None:
        """Fits of one trainer, with or without parameters for the call, are independent."""
        check_independent_fits(make, _case(0), _case(1))

    def test_works_in_threads(self, make: MakeForecaster) -> None:
        """One trainer fits, and its models forecast, in two threads independently."""
        check_concurrent_fits(make, _case(0), _case(1))

    def test_leaves_chance_to_others(self, make: MakeForecaster) -> None:
        """It does not use global random generators, and they do not affect its forecasts."""
        import numpy as np

        case = _case(0)
        before = np.random.get_state()
        model = fitted(make, case)
        expected = model.predict(case.ahead)
        after = np.random.get_state()
        require(repr(before) == repr(after), "numpy's own random state as it was", "another")
        np.random.random()
        require_same(expected, model.predict(case.ahead), "a model beside others that draw")

    def test_takes_what_its_search_space_says(self, make: MakeForecaster) -> None:
        """It fits with the smallest and largest values of its search space."""
        case = _case(0)
        check_search_space(make(case.problem, 0), case)

    def test_takes_gaps_and_short_series(self, make: MakeForecaster) -> None:
        """It handles missing values in the history, and a series of two values."""
        import numpy as np
        import pandas as pd

        case = _case(0)
        keep = np.arange(len(case.frame)) % 9 != 4
        few = case.frame[-2:].assign(shop="Few")
        frame = pd.concat([case.frame[keep], few], ignore_index=True)
        target = pd.concat([case.target[keep], case.target[-2:]], ignore_index=True)
        ahead = pd.concat([case.ahead, case.ahead[-_HORIZON:].assign(shop="Few")], ignore_index=True)
        predictions = make(case.problem, 0).fit(frame, target).predict(ahead)
        for values in _numbers(predictions):
            require(_is_complete(values, len(ahead)), f"{len(ahead)} finite numbers", values)

    def test_refuses_in_words(self, make: MakeForecaster) -> None:
        """Unknown parameters raise a TrainingError that names them. Unusable rows raise a DataError."""
        case = _case(0)
        trainer = make(case.problem, 0)
        error = raised(TrainingError, lambda: trainer.fit(case.frame, case.target, {"no_such_parameter": 1}))
        require("no_such_parameter" in str(error), "'no_such_parameter' named", error)
        raised(DataError, lambda: trainer.fit(case.frame[:1], case.target[:1]))
        raised(DataError, lambda: trainer.fit(case.frame, case.target[1:]))
        raised(DataError, lambda: trainer.fit(case.frame.drop(columns="day"), case.target))


def _case(seed: int) -> Case:
    """Two shops, each with its own weekly season, and a regressor that is known in advance."""
    import numpy as np
    import pandas as pd

    random, n = np.random.default_rng(seed), 56
    frames = [
        pd.DataFrame(
            {
                "day": pd.date_range("2024-01-01", periods=n + _HORIZON, freq="D"),
                "shop": shop,
                "open<9h": (random.random(n + _HORIZON) < 0.8).astype(float),
            }
        )
        for shop in ("Bern", "Oslo")
    ]
    learned = pd.concat([frame[:n] for frame in frames], ignore_index=True)
    ahead = pd.concat([frame[n:] for frame in frames], ignore_index=True)
    target = pd.Series(_values(learned) + random.normal(scale=0.5, size=len(learned)), name="sold")
    problem = ForecastingProblem(
        name="conformance", target="sold", time="day", series="shop", horizon=_HORIZON
    )
    return Case(problem, learned, target, ahead)


def _values(frame: pd.DataFrame) -> Any:
    """The expected sales of each day, without noise."""
    import numpy as np

    week = np.sin(2 * np.pi * frame["day"].dt.day_of_week.to_numpy() / 7)
    shop = np.where(frame["shop"] == "Bern", 5.0, -8.0)
    return 30 + shop * week + 2 * frame["open<9h"].to_numpy()


def _numbers(predictions: Predictions) -> tuple[Any, Any, Any]:
    return predictions.labels, predictions.lower, predictions.upper


def _at(predictions: Predictions, rows: Any) -> Predictions:
    labels, lower, upper = (values[rows] for values in _numbers(predictions))
    return Predictions(labels, lower=lower, upper=upper)


def _is_complete(values: Any, rows: int) -> bool:
    import numpy as np

    return values is not None and values.shape == (rows,) and bool(np.isfinite(values).all())
