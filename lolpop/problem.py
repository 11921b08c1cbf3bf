"""The problem that a workflow solves: the target and the roles of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationInfo, field_validator

__all__ = ["ISO", "OTHER_RUNNERS", "TEXT", "ForecastingProblem", "Problem", "ProblemType"]

ProblemType: TypeAlias = Literal["classification", "regression", "forecasting"]
"""Types of problems: classes, numbers, or the future of a series."""

OTHER_RUNNERS: Mapping[str, str] = {
    "classification": "for classes: the runner classification (problem.type: classification)",
    "regression": "for numbers: the runner regression (problem.type: regression)",
}
"""Hints for a target that does not fit the type of the problem."""

ISO = "ISO8601"
"""The name of the date format ISO 8601, with or without a time and a zone."""
TEXT = "text"
"""In place of a date format: the values of the column are not dates, whatever they look like."""

# A problem names the model, and with it files and references: no separators, no surprises.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Column = Annotated[str, Field(min_length=1)]


# Columns of predictions besides those that identify the row.
_PREDICTED: Mapping[ProblemType, re.Pattern[str]] = {
    "classification": re.compile(r"prediction|probability_.*", re.DOTALL),
    "regression": re.compile(r"prediction"),
    "forecasting": re.compile(r"prediction|lower|upper"),
}


class Problem(BaseModel):
    """The production use case that a workflow learns: a name, a target, and the role of other columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="Name of the model, e.g. ecommerce_churn.")
    target: Column = Field(description="Column to predict.")
    type: ProblemType = Field(
        default="classification", description="Kind of problem; the container of each runner sets it."
    )
    index: Column | None = Field(default=None, description="Column that identifies a row; never a feature.")
    drop: tuple[str, ...] = Field(default=(), description="Columns that are not features.")
    positive_label: str | int | bool | None = Field(
        default=None, description="Positive class of binary metrics; the greater one by default."
    )
    sensitive_features: tuple[str, ...] = Field(default=(), description="Columns to check for bias.")
    dates: Mapping[str, str] = Field(
        default={},
        description="Date formats by column, such as {signed: '%d/%m/%Y'}, or text for a column without "
        "dates; inferred from the data by default.",
    )

    @field_validator("index")
    @classmethod
    def _index_is_no_target(cls, index: str | None, info: ValidationInfo) -> str | None:
        if index is not None and index == info.data.get("target"):
            raise ValueError("must not be the target column")
        if index is not None:
            _require_unpredicted(index, info)
        return index

    @field_validator("sensitive_features")
    @classmethod
    def _groups_are_of_features(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for role in ("target", "index"):
            if (column := info.data.get(role)) in names:
                raise ValueError(f"must not contain the {role} {column!r}")
        return names

    @field_validator("dates")
    @classmethod
    def _are_forms_of_dates(cls, forms: Mapping[str, str]) -> Mapping[str, str]:
        for column, form in forms.items():
            if form not in {ISO, TEXT} and not _is_date_form(form):
                raise ValueError(
                    f"has the invalid date format {form!r} for {column!r}: write %Y or %y for the year, "
                    f"%m, %b or %B for the month and %d for the day, such as %d/%m/%Y; or {TEXT}, or {ISO}"
                )
        return forms

    @property
    def row_key(self) -> tuple[str, ...]:
        """Columns that together identify a row; empty if there are none."""
        return (self.index,) if self.index else ()

    @property
    def passthrough_columns(self) -> tuple[str, ...]:
        """Columns that say which row a prediction belongs to, and are written beside it."""
        return self.row_key

    @property
    def not_features(self) -> frozenset[str]:
        """Columns that are never features."""
        return frozenset({self.target, *self.drop} | ({self.index} if self.index else set()))


class ForecastingProblem(Problem):
    """A forecasting problem: the time and the series of each row, and how far to forecast."""

    type: Literal["forecasting"] = Field(default="forecasting", description="Kind of problem.")
    time: str = Field(description="Column of the time: dates, times, or whole numbers such as years.")
    series: str | None = Field(
        default=None, description="Column that identifies the series; by default there is only one."
    )
    frequency: str | None = Field(
        default=None, description="Time step, such as D, MS, h or 15min; inferred from the data by default."
    )
    season: PositiveInt | None = Field(
        default=None,
        description="Steps after which a pattern repeats; inferred from the frequency by default.",
    )
    horizon: PositiveInt = Field(description="How many steps to forecast.")
    interval: float = Field(
        default=0.9, gt=0, lt=1, description="Share of the true values expected between lower and upper."
    )

    @field_validator("time", "series")
    @classmethod
    def _has_one_role(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is not None:
            for role in ("target", "time"):
                if role != info.field_name and info.data.get(role) == name:
                    raise ValueError(f"names {name!r}, the same column as problem.{role}: set another column")
            for role, names in (("index", (info.data.get("index"),)), ("drop", info.data.get("drop", ()))):
                if name in names:
                    raise ValueError(f"names {name!r}, the same column as problem.{role}: remove it there")
            _require_unpredicted(name, info)
        return name

    @property
    def row_key(self) -> tuple[str, ...]:
        """The index if there is one, else series and time."""
        return super().row_key or self.index_columns

    @property
    def passthrough_columns(self) -> tuple[str, ...]:
        """The index if there is one, series and time."""
        return (*super().row_key, *self.index_columns)

    @property
    def index_columns(self) -> tuple[str, ...]:
        """The column of series, if there is one, and that of time."""
        return (self.time,) if self.series is None else (self.series, self.time)


def _require_unpredicted(name: str, info: ValidationInfo) -> None:
    """Raise ValueError if predictions are written in a column called ``name`` too."""
    pattern = _PREDICTED.get(info.data.get("type", ""))
    if pattern is not None and pattern.fullmatch(name):
        raise ValueError(
            f"{name!r} is reserved for a column of the predictions: rename the column, for example in "
            "process.data_transformer"
        )


def _is_date_form(form: str) -> bool:
    """Whether ``form`` has at least a year and a month, so that a date can be read back."""
    moment = datetime(2024, 11, 25)  # noqa: DTZ001  (any date will do)
    try:
        if moment.strftime(form) == moment.replace(year=2023).strftime(form):
            return False  # Python warns of what it reads without a year
        read = datetime.strptime(moment.strftime(form), form)  # noqa: DTZ007
    except (ValueError, re.error):
        return False
    return (read.year, read.month) == (moment.year, moment.month)
