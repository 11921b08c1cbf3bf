"""The contract of model trainers for tables."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

from lolpop.components.model_trainer import FittedModel, ModelTrainer, Predictions
from lolpop.errors import DataError, TrainingError
from lolpop.problem import Problem
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

__all__ = ["MakeTrainer", "ModelTrainerContract", "ProblemType"]

ProblemType: TypeAlias = Literal["classification", "regression"]

MakeTrainer: TypeAlias = Callable[[Problem, int], ModelTrainer]
"""Creates a trainer for a problem, with a seed. Many are created, so they should be small and fast."""


class ModelTrainerContract(ComponentContract):
    """The checks that every model trainer for tables must pass.

    Fixtures: ``make(problem, seed)`` makes a trainer. Many are created, so they should be small and fast. A
    trainer for a single problem type sets ``problem_types``.
    """

    interface: ClassVar[type[Any]] = ModelTrainer
    made_with: ClassVar[tuple[str, ...]] = ("problem", "seed")
    problem_types: tuple[ProblemType, ...] = ("classification", "regression")

    def instance(self, make: Callable[..., Any]) -> Any:
        """A trainer for the first problem type."""
        return make(_case(self.problem_types[0], 0).problem, 0)

    def test_predicts(self, make: MakeTrainer) -> None:
        """It trains on numbers, categories, dates and missing values, and predicts every row."""
        for case in _cases(self.problem_types):
            model = fitted(make, case)
            _require_complete(model, model.predict(case.frame), len(case.frame))
            _require_complete(model, model.predict(case.frame[:1]), 1)
            _require_complete(model, model.predict(case.frame[:0]), 0)

    def test_gives_back_the_labels_of_the_target(self, make: MakeTrainer) -> None:
        """The classes are the original labels of the target: text, booleans, or any integers."""
        import pandas as pd

        if "classification" not in self.problem_types:
            return
        case = _case("classification", 0)
        for labels in (["no", "yes"], [False, True], [3, 7], ["a", "b", "c"]):
            target = pd.Series([labels[at % len(labels)] for at in range(len(case.frame))], name="y")
            model = make(case.problem, 0).fit(case.frame, target)
            predictions = model.predict(case.frame)
            require(model.classes == tuple(labels), f"classes {tuple(labels)}", model.classes)
            unknown = {repr(label) for label in predictions.labels.tolist()} - {
                repr(label) for label in labels
            }
            require(not unknown, f"labels among {labels}", sorted(unknown))

    def test_needs_its_columns_by_name(self, make: MakeTrainer) -> None:
        """Column order and extra columns do not matter. A missing one raises a DataError that names it."""
        for case in _cases(self.problem_types):
            model = fitted(make, case)
            other = case.frame[case.frame.columns[::-1]].assign(further=1)
            require_same(model.predict(case.frame), model.predict(other), "columns in another order")
            missing = model.columns[0]
            error = raised(DataError, lambda: model.predict(case.frame.drop(columns=missing)))  # noqa: B023  (called at once)
            require(missing in str(error), f"the column {missing!r} named", error)

    def test_survives_being_stored(self, make: MakeTrainer) -> None:
        """A saved model makes the same predictions after loading, here and in a new process."""
        with tempfile.TemporaryDirectory() as name:
            expected: dict[Path, Predictions] = {}
            for case in _cases(self.problem_types):
                folder = Path(name, case.problem.type)
                (folder / "model").mkdir(parents=True)
                trainer = make(case.problem, 0)
                model = trainer.fit(case.frame, case.target)
                trainer.save(model, folder / "model")
                case.frame.to_feather(folder / "frame")
                expected[folder] = model.predict(case.frame)
                loaded = type(trainer).load(folder / "model")
                require(loaded.columns == model.columns, f"columns {model.columns}", loaded.columns)
                require_same(expected[folder], loaded.predict(case.frame), "a stored model")
            elsewhere = predictions_elsewhere(type(trainer), list(expected))
            for here, there in zip(expected.values(), elsewhere, strict=True):
                require_same(here, there, "a stored model in a new process")

    def test_is_repeatable(self, make: MakeTrainer) -> None:
        """The same seed, settings and rows give the same predictions, for any seed."""
        for case in _cases(self.problem_types):
            for seed in (0, 2**40 + 1, -1):
                first, second = (make(case.problem, seed).fit(case.frame, case.target) for _ in range(2))
                require_same(
                    first.predict(case.frame), second.predict(case.frame), f"a second fit, seed {seed}"
                )

    def test_keeps_nothing_between_calls(self, make: MakeTrainer) -> None:
        """Fits of one trainer, with or without parameters for the call, are independent."""
        for kind in self.problem_types:
            check_independent_fits(make, _case(kind, 0), _case(kind, 1))

    def test_works_in_threads(self, make: MakeTrainer) -> None:
        """One trainer fits, and its models predict, in two threads independently."""
        for kind in self.problem_types:
            check_concurrent_fits(make, _case(kind, 0), _case(kind, 1))

    def test_takes_what_its_search_space_says(self, make: MakeTrainer) -> None:
        """It fits with the smallest and largest values of its search space."""
        case = _case(self.problem_types[0], 0)
        check_search_space(make(case.problem, 0), case)

    def test_refuses_in_words(self, make: MakeTrainer) -> None:
        """Unknown parameters raise a TrainingError that names them. Unusable rows raise a DataError."""
        for case in _cases(self.problem_types):
            trainer = make(case.problem, 0)
            error = raised(
                TrainingError,
                lambda: trainer.fit(case.frame, case.target, {"no_such_parameter": 1}),  # noqa: B023  (called at once)
            )
            require("no_such_parameter" in str(error), "'no_such_parameter' named", error)
            raised(DataError, lambda: trainer.fit(case.frame[:1], case.target[:1]))  # noqa: B023  (called at once)
            raised(DataError, lambda: trainer.fit(case.frame, case.target[1:]))  # noqa: B023  (called at once)


def _cases(problem_types: Sequence[ProblemType]) -> Iterator[Case]:
    return (_case(kind, 0) for kind in problem_types)


def _case(kind: ProblemType, seed: int) -> Case:
    import numpy as np
    import pandas as pd

    rng, n = np.random.default_rng(seed), 80
    number = rng.normal(size=n)
    city = rng.choice(["Bern", "Oslo", "Rome"], n)
    frame = pd.DataFrame(
        {
            "number": np.where(np.arange(n) % 11 == 5, np.nan, number),
            "number<50k [%]": rng.integers(0, 9, n),
            "flag": rng.random(n) < 0.5,
            "city": pd.Series(city, dtype="str").where(np.arange(n) % 7 != 3),
            "when": pd.date_range("2024-01-31", periods=n, freq="D"),
        }
    )
    score = number + (city == "Oslo") + rng.normal(scale=0.1, size=n)
    target = np.where(score > 0.3, "yes", "no") if kind == "classification" else score
    problem = Problem(name="conformance", target="y", type=kind)
    return Case(problem, frame, pd.Series(target, name="y"), frame)


def _require_complete(model: FittedModel, predictions: Predictions, rows: int) -> None:
    import numpy as np

    require(predictions.labels.shape == (rows,), f"labels of shape {(rows,)}", predictions.labels.shape)
    if not model.classes:
        require(bool(np.isfinite(predictions.labels).all()), "finite numbers", predictions.labels)
        return
    require(predictions.classes == model.classes, f"classes {model.classes}", predictions.classes)
    if (codes := predictions.codes) is not None:
        labels = [model.classes[code] for code in codes]
        require(
            predictions.labels.tolist() == labels, f"the labels {labels} of the codes", predictions.labels
        )
    if predictions.probabilities is None:
        return
    shape = (rows, len(model.classes))
    require(
        predictions.probabilities.shape == shape,
        f"probabilities of shape {shape}",
        predictions.probabilities.shape,
    )
    sums = predictions.probabilities.sum(axis=1)
    require(bool(np.allclose(sums, 1, atol=1e-5)), "probabilities of a row that add up to 1", sums)
    most_probable = [model.classes[at] for at in predictions.probabilities.argmax(axis=1)]
    require(
        predictions.labels.tolist() == most_probable,
        "the most probable classes as labels",
        predictions.labels,
    )
