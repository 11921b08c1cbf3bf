"""What forecasts is one setting of an example, whatever the library."""

import pandas as pd
import pytest

from lolpop.cli import main


@pytest.mark.parametrize("trainer", ["statsmodels", "prophet"])
def test_the_trainer_of_forecasts_is_one_variable(example, lolpop, trainer):
    """With another trainer, carbon dioxide is forecast better than by the year before."""
    pytest.importorskip("statsmodels")
    pytest.importorskip(trainer)
    folder = example("forecasting")
    history = pd.read_csv(folder / "data" / "known.csv")
    history[-120:].to_csv(folder / "data" / "known.csv", index=False)
    document, _ = lolpop("forecasting", LOLPOP_TRAIN__MODEL_TRAINER=trainer)
    backtest, naive = (
        document["metrics"][part]["mean_absolute_error"] for part in ("backtest", "seasonal_naive")
    )
    assert backtest < 0.8 * naive
    assert document["metrics"]["truth"]["coverage"] >= 0.7
    written = pd.read_csv(folder / "out" / "predictions.csv")
    assert list(written) == ["month", "prediction", "lower", "upper"]
    assert len(written) == 12


@pytest.mark.parametrize("trainer", ["statsmodels", "prophet"])
def test_what_only_forecasts_is_refused_where_nothing_is_forecast(example, capsys, trainer):
    """Verification names the problem that the trainer is for, and trains nothing."""
    example("quickstart")
    assert main(["verify", "classification", "--set", f"train.model_trainer={trainer}"]) == 2
    output = capsys.readouterr().out
    assert (
        f"--set train.model_trainer  train.model_trainer: '{trainer}' requires problem: Forecasting" in output
    )
    assert f"Choose another implementation instead of '{trainer}'" in output
