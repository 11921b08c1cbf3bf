"""Pandera schemas: the user's own, and those derived from a problem and from earlier rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lolpop.components.data_checker._violations import bounds
from lolpop.components.user_code import load_object
from lolpop.data.frames import kind_of
from lolpop.errors import WiringError
from lolpop.problem import ForecastingProblem

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.components.data_checker.expectations import Expectation, ExpectedColumn
    from lolpop.data.frames import Kind
    from lolpop.problem import Problem


# What is still a set of categories; of more, new ones are natural.
_FEWEST_ROWS_OF_A_VALUE = 20


def loaded_schema(name: str, folder: Path | None) -> Any:
    """The DataFrameSchema that ``name`` names, or that of the DataFrameModel that it names.

    Raises WiringError if it is neither.
    """
    loaded = load_object(name, folder)
    schema = loaded.to_schema() if isinstance(loaded, type) and hasattr(loaded, "to_schema") else loaded
    if not (hasattr(schema, "validate") and hasattr(schema, "remove_columns")):
        raise WiringError(
            f"{name} is not a pandera schema",
            f"Expected a DataFrameSchema or a DataFrameModel, not {type(loaded).__name__}.",
        )
    return schema


def is_of_polars(schema: Any) -> bool:
    """Whether ``schema`` checks polars dataframes; others check those of pandas."""
    return ".polars." in type(schema).__module__


def library_of(*, polars: bool) -> ModuleType:
    """Pandera, for one of the two kinds of dataframes."""
    if polars:
        import pandera.polars

        return pandera.polars
    import pandera.pandas

    return pandera.pandas


def without_nan(rows: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """The same rows with NaN as missing values: pandera treats NaN as a number in polars."""
    if not rows.implementation.is_polars():
        return rows
    floats = [name for name, dtype in rows.schema.items() if dtype.is_float()]
    return rows.with_columns(*(rows.get_column(name).fill_nan(None) for name in floats))


def schema_of(
    problem: Problem,
    rows: nw.DataFrame[Any],
    expectation: Expectation | None,
    *,
    labelled: bool,
    range_margin: float,
) -> Any:
    """The schema from ``problem`` and ``expectation``, for rows of the kind of ``rows``."""
    polars = rows.implementation.is_polars()
    library = library_of(polars=polars)
    # A value that a series misses is a gap, and later moments are beyond those that were known.
    place = problem.index_columns if isinstance(problem, ForecastingProblem) else ()
    columns = {problem.target: library.Column(nullable=bool(place))} if labelled else {}
    if problem.index is not None:
        columns[problem.index] = library.Column(nullable=False, unique=True)
    if expectation is None:
        return library.DataFrameSchema(columns)
    ignored = {problem.index, problem.target, *problem.drop, *place}
    others = {name: library.Column(nullable=True) for name in rows.columns if name in ignored}
    expected = {
        column.name: _column(library, column, rows, expectation.rows, range_margin, polars=polars)
        for column in expectation.columns
        if column.name not in ignored
    }
    return library.DataFrameSchema({**others, **expected, **columns}, strict=True)


def _dtypes(*, polars: bool) -> Mapping[Kind, Any]:
    if polars:
        import polars as pl

        return {
            "number": pl.Float64,
            "boolean": pl.Boolean,
            "string": pl.String,
            "category": pl.String,
            "datetime": pl.Datetime,
            "duration": pl.Duration,
        }
    return {
        "number": "float64",
        "boolean": "bool",
        "string": "str",
        "category": "category",
        "datetime": "datetime64[us]",
        "duration": "timedelta64[us]",
    }


def _column(
    library: ModuleType,
    expected: ExpectedColumn,
    rows: nw.DataFrame[Any],
    reference_rows: int,
    range_margin: float,
    *,
    polars: bool,
) -> Any:
    kind = kind_of(rows.get_column(expected.name)) if expected.name in rows.columns else expected.kind
    if kind == "empty":
        return library.Column(nullable=expected.missing > 0)
    if not expected.is_of(kind):
        # It has another type, whatever it is exactly that was expected.
        return library.Column(_dtypes(polars=polars).get(expected.kind), nullable=True)
    checks = []
    if expected.numbers is not None and kind == "number":
        checks.append(library.Check.in_range(*bounds(expected.numbers, reference_rows, range_margin)))
    counts = [value.count for value in expected.values]
    if len(counts) > 1 and min(counts) >= _FEWEST_ROWS_OF_A_VALUE and kind in {"string", "category"}:
        checks.append(library.Check.isin([value.value for value in expected.values]))
    return library.Column(checks=checks, nullable=expected.missing > 0)
