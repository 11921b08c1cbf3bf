"""Splits by scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from lolpop.components.data_splitter import DataSplitter, Splits
from lolpop.data.frames import (
    count,
    date_form,
    kind_of,
    require_columns,
    to_datetimes,
    to_floats,
    to_labels,
    to_strings,
    wrap,
)
from lolpop.errors import DataError, Finding, VerificationError
from lolpop.problem import OTHER_RUNNERS, Problem

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.frames import Frame

    Indices = NDArray[np.intp]

__all__ = ["SklearnDataSplitter"]

Share = Annotated[float, Field(ge=0, lt=1)]


class SklearnDataSplitter(DataSplitter):
    """Random splits, stratified ones, or splits by group, by time or by a column that names them.

    A random split has the rows, and their order, of ``train_test_split`` with the same seed, so that a plain
    script gets the same. Rows of a class that is too rare for every part are used for training.

    Parameters
    ----------
    test_size : float
        Share of the rows for the test.
    validation_size : float
        Share of the rows that score trials of a hyperparameter search.
    stratify : bool
        Whether all parts get the same share of each class; of random splits of a classification.
    by : random, group, time or column
        What decides which part a row is in: chance; chance, but rows with the same value of ``column``
        stay together (group); the order of ``column``, the last rows for testing (time); or ``column``
        itself, which holds train, validation or test.
    column : str, optional
        Column that splits by group, time or column go by.
    """

    def __init__(
        self,
        test_size: Annotated[float, Field(gt=0, lt=1)] = 0.2,
        validation_size: Share = 0.0,
        stratify: bool = True,
        by: Literal["random", "group", "time", "column"] = "random",
        column: str | None = None,
        *,
        problem: Problem,
        seed: int = 0,
    ) -> None:
        settings = {"test_size": test_size, "validation_size": validation_size, "by": by, "column": column}
        if findings := list(self.check_settings(settings)):
            raise VerificationError(findings)
        self._test_size = test_size
        self._validation_size = validation_size
        self._stratify = stratify and problem.type == "classification"
        self._by = by
        self._column = column
        self._target = problem.target
        self._date_forms = dict(problem.dates)
        self._seed = seed % 2**32  # numpy takes no other seeds

    @property
    def identity(self) -> frozenset[str]:
        """The column of groups, if rows are split by one."""
        return frozenset({self._column} if self._by == "group" and self._column is not None else ())

    @classmethod
    def check_settings(
        cls, settings: Mapping[str, Any], values: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterable[Finding]:
        """Check that the sizes leave training rows, and that the column is set, used, and not a feature."""
        sizes = settings.get("test_size", 0.2), settings.get("validation_size", 0.0)
        if sum(sizes) >= 1:
            yield Finding(
                "test_size",
                f"test_size {sizes[0]} and validation_size {sizes[1]} leave no rows for training",
                hint="Their sum must be less than 1.",
            )
        by, column = settings.get("by", "random"), settings.get("column")
        if by != "random" and column is None:
            yield Finding("by", f"a split by {by} needs a column", hint="Name it: column: …")
        if by == "random" and column is not None:
            yield Finding(
                "column",
                f"column {column!r} is not used by a random split",
                hint="Set by to group, time or column, or leave column out.",
            )
        problem = values.get("problem")
        if by == "column" and column is not None and problem and column not in problem.not_features:
            # A model would learn from it, and ask for it where nothing is split: in rows to predict.
            yield Finding(
                "column",
                f"column {column!r} assigns rows to splits and cannot be a feature",
                hint=f"Name it in problem.drop: [{column}].",
            )

    def split(self, frame: Frame) -> Splits:
        """Split the rows of ``frame``.

        Raises DataError if there is no target, or the rows are too few or of one class.
        """
        rows = wrap(frame)
        require_columns(rows.columns, [self._target], what="target column")
        if self._column is not None:
            require_columns(rows.columns, [self._column])
        if len(rows) < 2:
            raise DataError(
                f"The data has {count(len(rows), 'row')}: too few for a training and a test split."
            )
        parts = self._parts(rows)
        for name, part in parts.items():
            if not len(part) and self._by == "column":
                raise DataError(
                    f"Column {self._column!r} has no {name!r} among {count(len(rows), 'row')}; "
                    f"every split needs at least one row."
                )
            if not len(part):
                raise DataError(
                    f"Of {count(len(rows), 'row')} none is left for the {name} split. Use more rows, or "
                    f"change test_size ({self._test_size}) and validation_size ({self._validation_size})."
                )
        taken = {name: rows[part].to_native() for name, part in parts.items()}
        return Splits(taken["train"], taken["test"], taken.get("validation"))

    def _parts(self, rows: nw.DataFrame[Any]) -> dict[str, Indices]:
        import numpy as np
        import pandas as pd

        if self._by == "column":
            return self._named(rows)
        if self._by == "time":
            order = _order(rows[self._column_name], self._date_forms.get(self._column_name))
            return _cut(order, len(rows), self._validation_size, self._test_size)
        if self._by == "group":
            # Rows without a group are one group.
            of_row, groups = pd.factorize(to_strings(rows[self._column_name]), use_na_sentinel=False)
            shuffled = np.random.default_rng(self._seed).permutation(len(groups))
            cut = _cut(shuffled, len(groups), self._validation_size, self._test_size)
            return {part: np.flatnonzero(np.isin(of_row, chosen)) for part, chosen in cut.items()}
        return self._random(rows)

    @property
    def _column_name(self) -> str:
        assert self._column is not None  # noqa: S101  (the constructor has checked it)
        return self._column

    def _named(self, rows: nw.DataFrame[Any]) -> dict[str, Indices]:
        import numpy as np

        names = np.array([str(value) for value in rows[self._column_name].to_list()])
        split_names = ("train", "validation", "test")
        if unknown := sorted(set(names.tolist()) - set(split_names)):
            raise DataError(
                f"Column {self._column!r} should contain train, validation or test, "
                f"but contains {unknown[0]!r}."
            )
        parts = {part: np.flatnonzero(names == part) for part in split_names}
        return {part: chosen for part, chosen in parts.items() if part != "validation" or len(chosen)}

    def _random(self, rows: nw.DataFrame[Any]) -> dict[str, Indices]:
        import numpy as np

        codes = self._classes(rows) if self._stratify else None
        all_rows = np.arange(len(rows))
        parts = 3 if self._validation_size else 2
        rare = all_rows[:0]
        if codes is not None:
            is_rare = np.bincount(codes)[codes] < parts
            rare, all_rows = all_rows[is_rare], all_rows[~is_rare]
        if not len(all_rows):
            numbers = kind_of(rows[self._target]) == "number"
            hint = f" {OTHER_RUNNERS['regression'].capitalize()}." if numbers else ""
            raise DataError(
                f"Every class of {self._target!r} has fewer rows than the {parts} parts of the split. "
                f"Is it the right target? Otherwise set stratify: false.{hint}"
            )
        rest, test = self._draw(all_rows, codes, self._test_size)
        split = {"train": rest, "test": test}
        if self._validation_size:
            share = self._validation_size / (1 - self._test_size)
            split["train"], split["validation"] = self._draw(rest, codes, share)
        split["train"] = np.concatenate([split["train"], rare])
        return split

    def _draw(self, rows: Indices, codes: Indices | None, share: float) -> tuple[Indices, Indices]:
        from sklearn.model_selection import train_test_split

        strata = None if codes is None else codes[rows]
        try:
            remaining, drawn = train_test_split(
                rows, test_size=share, stratify=strata, random_state=self._seed
            )
        except ValueError as error:
            reason = str(error).split(". ")[0].rstrip(".")
            raise DataError(
                f"{count(len(rows), 'row')} cannot be split: {reason}. Use more rows, or other sizes of "
                f"the splits{', or stratify: false' if codes is not None else ''}."
            ) from error
        return remaining, drawn

    def _classes(self, rows: nw.DataFrame[Any]) -> Indices:
        import numpy as np

        classes, codes = np.unique(to_labels(rows[self._target]), return_inverse=True)
        if len(classes) == 1:
            raise DataError(
                f"The target {self._target!r} has only one class, {classes.tolist()[0]!r}: there is "
                f"nothing to classify."
            )
        return codes


def _order(column: nw.Series[Any], stated_form: str | None) -> Indices:
    import numpy as np

    if missing := column.null_count():
        raise DataError(
            f"Column {column.name!r} has missing values in {count(missing, 'row')}, "
            "which cannot be ordered in time."
        )
    kind = kind_of(column)
    if kind not in {"number", "datetime", "string"}:
        raise DataError(f"Rows cannot be ordered by column {column.name!r}, which is {column.dtype}.")
    date = date_form(column, stated_form)
    if kind == "number" and date is None:
        return np.argsort(to_floats(column), kind="stable")
    return np.argsort(to_datetimes(column, None if date is None else date.form), kind="stable")


def _cut(order: Indices, size: int, validation: float, test: float) -> dict[str, Indices]:
    for_test = max(1, round(size * test))
    for_validation = max(1, round(size * validation)) if validation else 0
    end = size - for_test
    parts = {"train": order[: end - for_validation], "test": order[end:]}
    if validation:
        parts["validation"] = order[end - for_validation : end]
    return parts
