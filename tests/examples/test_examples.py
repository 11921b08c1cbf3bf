"""Every example runs from its own files, and does what its README says."""

import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lolpop.resources import DatasetVersion
from lolpop_containers.classification import ClassificationContainer


def assert_one_variable_changes_the_trainer(first, lolpop, runner):
    """The second run, by XGBoost, is compared with what the first deployed, on the same rows."""
    second, _ = lolpop(runner, LOLPOP_TRAIN__MODEL_TRAINER="xgboost")
    comparison = second["comparison"]
    assert comparison["against"] == first["resources"]["model_version"][0]
    low, high = comparison["interval"]
    assert low <= comparison["difference"] <= high
    assert comparison["better"] is (low > 0)
    assert (second["deployment"] is not None) is comparison["better"]


def test_wines_are_told_apart_as_by_the_plain_script(example, lolpop):
    """Metrics equal those of a plain script to the last digit, with a probability for each wine."""
    folder = example("classification")
    document, _ = lolpop("classification")
    rows = pd.read_csv(folder / "data" / "known.csv").set_index("bottle_id")
    train, test = train_test_split(rows, test_size=0.2, stratify=rows["wine"], random_state=7)
    columns = rows.columns.drop("wine")
    model = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(),
        LogisticRegression(random_state=7, max_iter=1000),
    )
    model.fit(train[columns], train["wine"])
    predicted, probabilities = (
        model.predict(test[columns]),
        model.predict_proba(test[columns]),
    )
    metrics = document["metrics"]["test"]
    assert metrics["accuracy"] == accuracy_score(test["wine"], predicted)
    assert metrics["f1"] == f1_score(test["wine"], predicted, average="macro")
    assert metrics["log_loss"] == log_loss(test["wine"], probabilities)
    written = pd.read_csv(folder / "out" / "predictions.csv")
    wines = ["Barbera", "Barolo", "Grignolino"]
    assert list(written) == ["bottle_id", "prediction", *(f"probability_{wine}" for wine in wines)]
    assert written.filter(like="probability_").sum(axis=1).to_numpy() == pytest.approx(1)
    assert document["metrics"]["truth"]["accuracy"] > 0.9
    assert_one_variable_changes_the_trainer(document, lolpop, "classification")


def test_progression_is_predicted_as_by_the_plain_script(example, lolpop):
    """Metrics equal those of a plain script to the last digit, on test rows and on the truth."""
    folder = example("regression")
    document, _ = lolpop("regression")
    rows = pd.read_csv(folder / "data" / "known.csv").set_index("patient_id")
    train, test = train_test_split(rows, test_size=0.2, random_state=7)
    columns = rows.columns.drop("progression")
    model = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), Ridge(random_state=7)
    )
    truth = pd.read_csv(folder / "data" / "new.csv").merge(pd.read_csv(folder / "data" / "truth.csv"))
    for split, learned, part in (("test", train, test), ("truth", rows, truth)):
        model.fit(learned[columns], learned["progression"])  # what is deployed knows all rows
        true, predicted = part["progression"], model.predict(part[columns])
        assert document["metrics"][split] == {
            "mean_absolute_error": mean_absolute_error(true, predicted),
            "r2": r2_score(true, predicted),
            "root_mean_squared_error": root_mean_squared_error(true, predicted),
        }
    assert_one_variable_changes_the_trainer(document, lolpop, "regression")


def test_churn_is_learned_from_columns_of_every_kind(example, lolpop):
    """Categories, dates, booleans, missing values and features made from text are used."""
    folder = example("churn")
    document, output = lolpop("classification")
    rows = pd.read_csv(folder / "data" / "known.csv")
    assert rows.isna().any().sum() == 3
    assert document["metrics"]["test"]["roc_auc"] > 0.75
    assert document["metrics"]["truth"]["roc_auc"] > 0.75
    assert document["deployment"] == "deployment:churn@1"
    assert "does not learn from" not in output
    assert_one_variable_changes_the_trainer(document, lolpop, "classification")


def test_orders_are_learned_from_with_what_is_known_of_customers_and_articles(example, lolpop):
    """Three tables are datasets, joined to rows, and no basket is in two splits."""
    folder = example("several_sources")
    document, _ = lolpop("classification")
    names = {reference.split(":")[1] for reference in document["resources"]["dataset_version"]}
    shared, made = {"returns_customers@1", "returns_articles@1"}, {"returns_train@1", "returns_predict@1"}
    assert names >= shared | made | {"returns_orders@1", "returns_predict_orders@1"}
    assert document["metrics"]["test"]["roc_auc"] > 0.75
    assert document["metrics"]["truth"]["roc_auc"] > 0.75
    with ClassificationContainer.load("lolpop.yaml", environ={}) as container:
        load_data = container.resource_version_control().load_data
        rows, test = (
            load_data(DatasetVersion(name=f"returns_{part}", number=1)) for part in ("train", "test")
        )
    orders = pd.read_csv(folder / "data" / "orders.csv")
    assert rows["order_id"].tolist() == orders["order_id"].tolist()
    learned = rows[~rows["order_id"].isin(test["order_id"])]
    assert not set(learned["basket"]) & set(test["basket"])
    assert_one_variable_changes_the_trainer(document, lolpop, "classification")


def test_carbon_dioxide_is_forecast_better_than_by_last_year(example, lolpop):
    """In a backtest, the default trainer halves the error of the seasonal naive forecast."""
    pytest.importorskip("statsmodels")
    folder = example("forecasting")
    document, output = lolpop("forecasting")
    backtest, naive = (
        document["metrics"][part]["mean_absolute_error"] for part in ("backtest", "seasonal_naive")
    )
    assert backtest < 0.5 * naive
    assert f"{1 - backtest / naive:.0%} less than" in output
    written = pd.read_csv(folder / "out" / "predictions.csv").merge(
        pd.read_csv(folder / "data" / "truth.csv")
    )
    assert list(written) == ["month", "prediction", "lower", "upper", "co2"]
    assert document["metrics"]["truth"]["mean_absolute_error"] == pytest.approx(
        mean_absolute_error(written["co2"], written["prediction"])
    )
    assert document["metrics"]["truth"]["coverage"] >= 0.7


def test_the_sales_of_every_shop_are_forecast(example, lolpop):
    """Each of 36 shops has two weeks of forecasts, better than those by the last week."""
    folder = example("many_series")
    document, output = lolpop("forecasting", LOLPOP_TRAIN__MODEL_TRAINER__ESTIMATOR="ridge")
    written, plan = (pd.read_csv(folder / name) for name in ("out/predictions.csv", "data/plan.csv"))
    assert list(written) == ["shop", "day", "prediction", "lower", "upper"]
    assert written[["shop", "day"]].equals(plan[["shop", "day"]])
    error = "mean_absolute_scaled_error"
    assert document["metrics"]["backtest"][error] < 0.9 * document["metrics"]["seasonal_naive"][error]
    assert document["metrics"]["truth"]["coverage"] == pytest.approx(0.9, abs=0.05)
    assert "values of 'sold' are missing" in output


@pytest.mark.parametrize(
    ("name", "runner"),
    [
        ("quickstart", "classification"),
        ("classification", "classification"),
        ("regression", "regression"),
        ("churn", "classification"),
        ("several_sources", "classification"),
    ],
)
def test_one_variable_changes_what_checks_the_data(name, runner, example, lolpop):
    """Every example passes the checks of pandera."""
    example(name)
    document, _ = lolpop(runner, LOLPOP_PROCESS__DATA_CHECKER="pandera")
    checks = [check for check in document["checks"] if check["task"] == "process.check_data"]
    assert [check["check"] for check in checks] == ["schema", "schema"]
    assert {check["status"] for check in checks} == {"ok"}
