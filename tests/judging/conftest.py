"""Customers with a target, clean unless something is planted."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from lolpop.components.model_trainer import FittedModel
from lolpop.components.model_trainer.tabular import TabularModel

FEATURES = ["age", "income", "visits", "city", "noise"]


@pytest.fixture(scope="session")
def customers() -> Callable[..., pd.DataFrame]:
    """Rows whose target, ``churn`` or ``spend``, follows from three features; ``group`` says nothing."""

    def customers(seed: int = 0, rows: int = 2_000) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(
            {
                "age": random.integers(18, 80, rows),
                "income": random.normal(40, 10, rows).round(1),
                "visits": random.poisson(4, rows),
                "city": random.choice(["Oslo", "Bergen", "Tromso", "Bodo", "Hamar"], rows),
                "noise": random.normal(size=rows),
                "group": random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            }
        )
        score = 0.08 * (frame["age"] - 49) - 0.12 * (frame["income"] - 40) + 0.5 * (frame["visits"] - 4)
        frame["churn"] = np.where(score + random.logistic(size=rows) * 0.5 > 0, "yes", "no")
        frame["spend"] = 100 + 10 * score + random.normal(scale=5, size=rows)
        return frame

    return customers


@pytest.fixture(scope="session")
def fitted() -> Callable[..., FittedModel]:
    """A tree, fitted on the columns ``features`` of ``frame``."""

    def fitted(frame: pd.DataFrame, target: str = "churn", features: list[str] = FEATURES) -> FittedModel:
        texts = [name for name in features if not pd.api.types.is_numeric_dtype(frame[name])]
        encoder = make_column_transformer((OrdinalEncoder(), texts), remainder="passthrough")
        tree = DecisionTreeRegressor if target == "spend" else DecisionTreeClassifier
        estimator = tree(max_depth=8, min_samples_leaf=25, random_state=0)
        pipeline = make_pipeline(encoder, estimator).fit(frame[features], frame[target])
        classes = [] if target == "spend" else pipeline.classes_.tolist()
        return TabularModel(features, classes, {}, pipeline[0], pipeline[1])

    return fitted
