"""Series of polars are learned, split, forecast, kept and drawn as those of pandas."""

import polars as pl
import pytest

from lolpop.components.data_splitter.horizon import HorizonDataSplitter
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_checker.backtests import RecordedForecasts, backtest_rows
from lolpop.components.model_checker.forecasting import ForecastModelChecker
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_visualizer.forecasting import ForecastModelVisualizer
from lolpop.pipelines.future import future_rows
from lolpop.prediction.assembly import predictions_frame
from lolpop.problem import ForecastingProblem

SHOPS = ForecastingProblem(name="sales", target="sold", time="day", series="shop", horizon=7)


def backtested(frame):
    """What a model forecasts of the last week of ``frame``, as rows, and the model."""
    splits = HorizonDataSplitter(problem=SHOPS).split(frame)
    trainer = SklearnModelTrainer("ridge", problem=SHOPS, feature_transformer=SklearnFeatureTransformer())
    columns = ["shop", "day", "offer"]
    model = trainer.fit(splits.train[columns], splits.train["sold"])
    return model, backtest_rows([(model, splits.test[columns], splits.test["sold"])], SHOPS), splits


def test_polars_and_pandas_give_the_same(shops):
    """Forecasts and metrics are equal, and frames are of the library of the input."""
    checker, results = ForecastModelChecker(problem=SHOPS), []
    for frame in (shops, pl.from_pandas(shops)):
        _, rows, _ = backtested(frame)
        assert type(rows) is type(frame)
        results.append(
            (
                checker.measure(RecordedForecasts.of_backtest(SHOPS), rows, rows["sold"]),
                list(rows["prediction"]),
            )
        )
    assert results[0] == results[1]


def test_the_future_has_the_dtypes_of_the_past(shops):
    """Rows to forecast and predictions have the library and dtypes of the training rows."""
    frame = pl.from_pandas(shops).with_columns(pl.col("day").cast(pl.Date), pl.col("shop").cast(pl.String))
    future = future_rows(frame, SHOPS).rows
    assert future.schema == frame.select("shop", "day").schema
    model, _, _ = backtested(frame)
    asked = future.with_columns(offer=False)
    written = predictions_frame(model.predict(asked), asked, SHOPS.passthrough_columns)
    assert written.columns == ["shop", "day", "prediction", "lower", "upper"]
    assert written.select("shop", "day").equals(future)


@pytest.mark.parametrize("most", [2, 6])
def test_what_was_forecast_is_drawn(shops, tmp_path, most):
    """A model is drawn after its history, a backtest as it was made, with a panel for each series."""
    model, rows, splits = backtested(shops)
    visualizer = ForecastModelVisualizer("svg", series=most, problem=SHOPS)
    drawn = visualizer.draw(model, splits.test[["shop", "day", "offer"]], splits.test["sold"], tmp_path)
    drawn = {**drawn, **visualizer.draw(RecordedForecasts.of_backtest(SHOPS), rows, rows["sold"], tmp_path)}
    assert set(drawn) == {"forecast", "backtest"}
    for path in drawn.values():
        assert path.read_text().count('id="axes_') == min(most, 4)
