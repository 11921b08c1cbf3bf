"""The rows, problems and models with which the contracts check implementations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import FittedModel, ModelTrainer, Params, Predictions, SearchSpace
from lolpop.data.frames import require_columns, to_floats, wrap
from lolpop.errors import DataError
from lolpop.problem import ForecastingProblem, Problem, ProblemType
from lolpop.registry import missing_modules

if TYPE_CHECKING:
    import pandas as pd

    from lolpop.data.frames import Frame, Series


HORIZON = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """A problem, its labelled rows, a good model and a bad one."""

    problem: Problem
    frame: pd.DataFrame
    model: FittedModel
    bad: FittedModel

    @property
    def features(self) -> pd.DataFrame:
        """The rows without the target."""
        return self.frame.drop(columns=self.problem.target)

    @property
    def target(self) -> pd.Series[Any]:
        """The true values."""
        values: pd.Series[Any] = self.frame[self.problem.target]
        return values

    @property
    def judged(self) -> Sample:
        """The rows for evaluation: of series, only rows that are not training rows."""
        if not isinstance(self.problem, ForecastingProblem):
            return self
        ahead = self.frame.groupby(self.problem.series).tail(self.problem.horizon)
        return replace(self, frame=ahead.reset_index(drop=True))

    def of_kind(self, convert: Any) -> tuple[Frame, Any]:
        """Features and target, converted to another kind of frame."""
        frame = convert(self.frame)
        return convert(self.features), frame[self.problem.target]


class ScoreModel(FittedModel):
    """Predicts from the column ``number``. Reads ``noise``, but does not use it."""

    def __init__(self, kind: ProblemType, sign: float = 1.0) -> None:
        self._kind = kind
        self.sign = sign

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return ("number", "noise")

    @property
    def classes(self) -> tuple[Any, ...]:
        """The classes no and yes of a classification."""
        return ("no", "yes") if self._kind == "classification" else ()

    def predict(self, frame: Frame) -> Predictions:
        """A sigmoid or linear function of ``number``."""
        import numpy as np

        rows = wrap(frame)
        require_columns(rows.columns, list(self.columns))
        score = self.sign * to_floats(rows["number"])
        if self._kind != "classification":
            return Predictions(10 + 3 * score)
        yes = 1 / (1 + np.exp(-4 * score))
        return Predictions(np.where(yes > 0.5, "yes", "no"), np.column_stack([1 - yes, yes]), self.classes)


class ScoreTrainer(ModelTrainer):
    """Creates ScoreModels, and saves their only parameter as JSON."""

    def fit(self, frame: Frame, target: Series, params: Params | None = None) -> ScoreModel:
        """A classification model, which does not depend on the rows."""
        del frame, target
        return ScoreModel("classification", **(params or {}))

    def search_space(self) -> SearchSpace:
        """An empty search space."""
        return {}

    def save(self, model: FittedModel, folder: Path) -> None:
        """Write the sign of the score."""
        (folder / "model.json").write_text(json.dumps(getattr(model, "sign", 1.0)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, trusted: Sequence[str] = ()) -> ScoreModel:
        """Read the sign of the score."""
        del trusted
        return ScoreModel("classification", json.loads((folder / "model.json").read_text(encoding="utf-8")))


def sample(kind: ProblemType = "classification", rows: int = 160, seed: int = 0) -> Sample:
    """A sample of a type of problem. It is deterministic."""
    return _series(rows, seed) if kind == "forecasting" else _table(kind, rows, seed)


def frame_kinds() -> Iterator[tuple[str, Any]]:
    """The installed frame libraries, each with a function that converts a pandas frame."""
    yield "pandas", lambda frame: frame
    if not missing_modules(("polars",)):
        import polars as pl

        yield "polars", pl.from_pandas


def is_frame(value: Any) -> bool:
    """Whether a value is a frame."""
    try:
        wrap(value)
    except DataError:
        return False
    return True


def rows_of(frame: Frame) -> list[tuple[Any, ...]]:
    """The rows of any frame as tuples, with None for missing values, to compare frames."""
    return [tuple(map(_plain, row)) for row in wrap(frame).rows()]


def _plain(value: Any) -> Any:
    if value is None or value != value:
        return None
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def _table(kind: ProblemType, rows: int, seed: int) -> Sample:
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(seed)
    number = random.normal(size=rows)
    score = number + random.normal(scale=0.3, size=rows)
    target: Any = np.where(score > 0, "yes", "no") if kind == "classification" else 10 + 3 * score
    frame = pd.DataFrame(
        {
            "id": [f"{'x' if at % 2 else '0'}{at}" for at in range(rows)],
            "number": number,
            "noise": random.normal(size=rows),
            "group": random.choice(["left", "right"], rows),
            "city": pd.Series(random.choice(["Bern", "Oslo", "Rome"], rows), dtype="str"),
            "y": target,
        }
    )
    problem = Problem(name="conformance", target="y", type=kind, index="id", sensitive_features=("group",))
    return Sample(problem, frame, ScoreModel(kind), ScoreModel(kind, -1.0))


def _series(rows: int, seed: int) -> Sample:
    import numpy as np
    import pandas as pd

    from lolpop.components.model_trainer.naive import NaiveModelTrainer
    from lolpop.components.model_trainer.smoothing import SmoothingModelTrainer

    random, days = np.random.default_rng(seed), rows // 2
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "day": pd.date_range("2024-01-01", periods=days, freq="D"),
                    "shop": shop,
                    "sold": 30
                    + 0.3 * np.arange(days)
                    + height * np.sin(2 * np.pi * np.arange(days) / 7)
                    + random.normal(scale=0.5, size=days),
                }
            )
            for shop, height in (("Bern", 5.0), ("Oslo", -8.0))
        ],
        ignore_index=True,
    )
    problem = ForecastingProblem(
        name="conformance", target="sold", time="day", series="shop", horizon=HORIZON
    )
    learned = frame[frame["day"] < frame["day"].max() - pd.Timedelta(days=HORIZON - 1)]
    trainers = (
        SmoothingModelTrainer("additive", problem=problem, seed=seed),
        NaiveModelTrainer("naive", problem=problem, seed=seed),
    )
    good, bad = (trainer.fit(learned.drop(columns="sold"), learned["sold"]) for trainer in trainers)
    return Sample(problem, frame, good, bad)
