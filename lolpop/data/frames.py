"""Dataframes inside pipelines, and helpers for components."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lolpop._names import one_of
from lolpop.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    import pandas as pd
    from narwhals.typing import IntoDataFrame, IntoSeries
    from numpy.typing import NDArray

    from lolpop.data.dates import DateForm

    # A pandas or polars dataframe (rows x columns), and one column of it.
    Frame: TypeAlias = IntoDataFrame
    Series: TypeAlias = IntoSeries
    Array: TypeAlias = NDArray[np.generic]
    Floats: TypeAlias = NDArray[np.float64]
else:
    # Any at run time: resolving annotations must not import narwhals.
    Frame = Series = Array = Floats = Any

__all__ = [
    "GREATEST_FEATURE", "Array", "Floats", "Frame", "Kind", "Series", "as_frame", "by_text", "count",
    "counted", "date_form", "kind_of", "kind_of_all", "listed", "require_bounded", "require_columns",
    "require_storable_names", "to_datetimes", "to_floats", "to_labels", "to_pandas", "to_strings",
    "wrap", "wrap_series",
]  # fmt: skip

Kind: TypeAlias = Literal[
    "number", "boolean", "string", "category", "datetime", "duration", "empty", "mixed", "other"
]
"""The kind of a column: ``empty`` has no values at all, ``mixed`` has values of several types."""

# Many models compute in single precision, which ends at 3.4e38.
_GREATEST_TARGET = 1e37
GREATEST_FEATURE = 3.4028234663852886e38
"""The greatest number of single precision, which trees use: greater features are treated as missing."""


def wrap(frame: Frame) -> nw.DataFrame[Any]:
    """``frame`` as a narwhals dataframe.

    Raises DataError if it is no dataframe, or its column names are not text or not unique, or name several
    columns to polars.
    """
    import narwhals as nw

    try:
        wrapped = nw.from_native(frame, eager_only=True)
        names = list(frame.columns) if wrapped.implementation.is_pandas() else wrapped.columns
    except TypeError as error:
        raise DataError(f"Expected a pandas or polars dataframe, not {type(frame).__name__}.") from error
    except nw.exceptions.DuplicateError as error:
        raise _duplicated(list(frame.columns)) from error
    if not_text := [name for name in names if not isinstance(name, str)]:
        raise DataError(
            f"Column names must be text, not {listed(not_text)}. Rename them: frame.columns.astype(str)."
        )
    require_storable_names(names)
    if len(set(names)) < len(names):
        raise _duplicated(names)
    if wrapped.implementation.is_polars() and (patterns := [name for name in names if _is_pattern(name)]):
        raise DataError(
            f"Polars takes names such as {listed(patterns)} for patterns of names. Rename the columns, or "
            "use pandas."
        )
    return wrapped


def require_storable_names(names: Sequence[str]) -> None:
    """Raise DataError for names that files cannot hold: with a NUL character, or half a surrogate pair."""
    if unstorable := [name for name in names if "\0" in name or not _is_unicode(name)]:
        raise DataError(
            f"Column names hold a NUL byte or half of a surrogate pair: {listed(unstorable)}. Correct "
            "them, or the class labels that they are made of."
        )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def wrap_series(series: Series) -> nw.Series[Any]:
    """One column, or a pandas or polars series, as a narwhals series."""
    import narwhals as nw

    return nw.from_native(series, series_only=True)


def as_frame(value: object) -> Frame:
    """``value`` as a pandas or polars dataframe with unique column names of text.

    A pyarrow table becomes pandas. Raises DataError for anything else.
    """
    import narwhals as nw

    try:
        wrapped = wrap(value)  # type: ignore[arg-type]  # what it is, is just what is found out here
    except DataError:
        if isinstance(value, nw.LazyFrame) or hasattr(value, "collect"):
            raise DataError("Expected a dataframe, not a lazy one. Call .collect() on it.") from None
        raise
    native: Frame = wrapped.to_pandas() if wrapped.implementation.is_pyarrow() else wrapped.to_native()
    return native


def to_pandas(frame: Frame) -> pd.DataFrame:
    """``frame`` as pandas, for libraries that take nothing else; pandas itself is not copied."""
    return wrap(frame).to_pandas()


def require_columns(columns: Collection[str], names: Sequence[str], *, what: str = "column") -> None:
    """Raise DataError, with near names, if ``names`` are not all among ``columns``."""
    missing = [name for name in names if name not in columns]
    if len(missing) == 1:
        raise DataError(
            f"There is no {what} {missing[0]!r} in the data. {one_of(missing[0], columns, what='Columns')}"
        )
    if missing:
        raise DataError(
            f"{count(len(missing), what)} of {len(names)} are not in the data: {listed(missing)}. "
            f"Columns: {listed(columns)}."
        )


def kind_of(series: nw.Series[Any]) -> Kind:
    """The kind of a column by its dtype, or by its values if the dtype is pandas' ``object``."""
    import narwhals as nw

    dtype = series.dtype
    if _is_empty(series):
        return "empty"
    if dtype == nw.Object and series.implementation.is_pandas_like():
        return _kind_of_objects(series)
    if getattr(getattr(series.to_native(), "dtype", None), "tz", None) is not None:
        return "datetime"  # narwhals does not know every zone by name, such as America/New_York
    return _kind_of_dtype(dtype)


def kind_of_all(kinds: Collection[Kind]) -> Kind:
    """The kind of a column whose parts are of ``kinds``, leaving out those without values."""
    if len(kinds) < 2:
        return next(iter(kinds), "empty")
    if {"string", "category"}.issuperset(kinds):
        return "string"
    return "mixed" if {"other", "datetime", "duration"}.isdisjoint(kinds) else "other"


def to_floats(series: nw.Series[Any]) -> NDArray[np.float64]:
    """The n values of a column as floats, missing ones as NaN.

    Booleans, decimals, durations (seconds) and numeric text are converted. Raises DataError, naming column
    and value, for anything else.
    """
    import narwhals as nw
    import numpy as np

    dtype = series.dtype
    if _kind_of_dtype(dtype) == "duration":
        return _seconds(series)
    if dtype.is_numeric() or _kind_of_dtype(dtype) == "boolean":
        return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if dtype == nw.String and (numbers := _plain_numbers(series)) is not None:
        return numbers
    column = series.name
    return np.array([_number(value, column) for value in series.to_list()], dtype=np.float64)


def require_bounded(numbers: NDArray[np.float64], target: str) -> None:
    """Raise DataError if any of the n ``numbers`` of a target exceeds the range of models."""
    import numpy as np

    beyond = np.abs(numbers) > _GREATEST_TARGET
    if beyond.any():
        raise DataError(
            f"The target {target!r} contains {numbers[beyond][0]:g}, but models support numbers up to "
            f"{_GREATEST_TARGET:g}. Use a larger unit."
        )


def to_strings(series: nw.Series[Any]) -> pd.Series[str]:
    """The n values of a column as text, in pandas' ``str`` dtype.

    Whole numbers read the same whether they come as integers or floats, so that a column of codes that
    has become a column of floats (as pandas does with missing values) still matches.
    """
    import pandas as pd

    kind = _kind_of_dtype(series.dtype)
    with _unicode(series):
        if kind == "string":
            return series.to_pandas().astype("str")
        values = series.to_list()
        if kind == "category":
            texts = {value: _text(value) for value in set(values)}
            return pd.Series([texts[value] for value in values], dtype="str")
        return pd.Series([_text(value) for value in values], dtype="str")


@contextmanager
def _unicode(series: nw.Series[Any]) -> Iterator[None]:
    """Raise DataError, naming column and value, for text that is not valid Unicode: halves of surrogate
    pairs.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        raise DataError(
            f"Column {series.name!r} contains {error.object!r}, which is not valid Unicode: it has half of a "
            "surrogate pair. Decode the data again, or replace the value."
        ) from error


def date_form(series: nw.Series[Any], stated: str | None = None) -> DateForm | None:
    """The format of a column's dates: the ``stated`` one, or the one that its text shows; None without
    dates.
    """
    from lolpop.data.dates import DateForm, date_form_of
    from lolpop.problem import TEXT

    if stated is not None and kind_of(series) != "datetime":
        return None if stated == TEXT else DateForm(stated)
    return date_form_of(to_strings(series)) if kind_of(series) == "string" else None


def to_datetimes(series: nw.Series[Any], form: str | None = None) -> NDArray[np.datetime64]:
    """The n values of a column as ``datetime64[us]``, instants in UTC, missing ones as NaT.

    Text, and numbers such as 20240131, must be of ``form``, as strptime takes it, or ISO 8601. Raises
    DataError, naming column and value, for anything else.
    """
    import numpy as np

    kind = _kind_of_dtype(series.dtype)
    if kind == "datetime":
        native = series.to_pandas()
    elif form is not None and kind_of(series) in {"string", "number", "category"}:
        from lolpop.data.dates import parsed_dates

        native = parsed_dates(to_strings(series), form, series.name)
    else:
        native = _parsed_dates(series)
    if getattr(native.dtype, "tz", None) is not None:
        native = native.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(native.astype("datetime64[us]"))


def to_labels(series: nw.Series[Any]) -> Array:
    """The n class labels of a column: booleans, integers, floats, or text as objects.

    Raises DataError, naming the column, if labels are missing, of several types, or of none of these.
    """
    import numpy as np

    kind = kind_of(series)
    missing = int(np.count_nonzero(_missing(series)))
    if missing:
        raise DataError(
            f"The target {series.name!r} is missing in {count(missing, 'row')} of {len(series):,}. "
            f"Drop them before training."
        )
    values = series.to_list()
    if kind == "category":
        kind = "string" if all(isinstance(value, str) for value in values) else "number"
    if kind == "string":
        return np.asarray(to_strings(series).to_numpy(dtype=object))
    if kind not in {"boolean", "number", "empty"}:
        kinds = sorted({type(value).__name__ for value in values})
        raise DataError(
            f"The target {series.name!r} should contain labels of one type: text, whole numbers or "
            f"booleans. It contains {', '.join(kinds)}."
        )
    labels: Array = np.asarray(values)
    return labels if labels.dtype.kind in "biuf" else to_floats(series)


def counted(series: nw.Series[Any]) -> nw.DataFrame[Any]:
    """The different values of a column, as ``value``, and in how many rows each is, as ``count``."""
    with _unicode(series):
        values = series.alias("value").drop_nulls().value_counts(name="count")
    # A categorical may have categories that no row has.
    return values.filter(values.get_column("count") > 0)


def by_text(values: nw.DataFrame[Any]) -> dict[str, int]:
    """The ``counted`` values by their text; different values may have the same text."""
    texts = to_strings(values.get_column("value")).tolist()
    counts: dict[str, int] = {}
    for text, rows in zip(texts, values.get_column("count").to_list(), strict=True):
        if isinstance(text, str):
            counts[text] = counts.get(text, 0) + int(rows)
    return counts


def count(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def listed(values: Collection[object], limit: int = 5) -> str:
    """The first of ``values``, for a message."""
    shown = ", ".join(repr(value) for value in list(values)[:limit])
    return f"{shown} and {len(values) - limit} more" if len(values) > limit else shown


def _is_empty(series: nw.Series[Any]) -> bool:
    # The first value of nearly every column is present, so that no other needs to be examined.
    return not (len(series) and not _is_missing(series[0])) and bool(_missing(series).all())


def _missing(series: nw.Series[Any]) -> NDArray[np.bool_]:
    import numpy as np

    missing = series.is_null()
    if series.dtype.is_float():
        missing = missing | series.is_nan().fill_null(value=True)
    return np.asarray(missing.to_numpy(), dtype=np.bool_)


def _is_pattern(name: str) -> bool:
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def _duplicated(names: Sequence[object]) -> DataError:
    texts = [str(name) for name in names]  # missing names are not equal to each other
    repeated = sorted({text for text in texts if texts.count(text) > 1})
    return DataError(f"Several columns have the same name: {listed(repeated)}. Rename or drop all but one.")


def _kind_of_dtype(dtype: Any) -> Kind:
    import narwhals as nw

    if dtype.is_numeric():
        return "number"
    if dtype.is_temporal():
        return "duration" if dtype == nw.Duration else "other" if dtype == nw.Time else "datetime"
    if dtype == nw.Categorical or dtype == nw.Enum:
        return "category"
    return "boolean" if dtype == nw.Boolean else "string" if dtype == nw.String else "other"


# pandas' names for the content of a column of objects.
_KINDS_OF_OBJECTS: dict[str, Kind] = {
    "string": "string",
    "boolean": "boolean",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "date": "datetime",
    "datetime": "datetime",
    "datetime64": "datetime",
    "timedelta": "duration",
    "timedelta64": "duration",
    "mixed-integer": "mixed",
}


def _kind_of_objects(series: nw.Series[Any]) -> Kind:
    import pandas as pd

    inferred = pd.api.types.infer_dtype(series.to_native(), skipna=True)
    if inferred == "mixed":
        scalar = (str, bytes, int, float)
        values = series.drop_nulls().to_list()
        return "mixed" if all(isinstance(value, scalar) for value in values) else "other"
    kind = _KINDS_OF_OBJECTS.get(inferred, "other")
    # A mixture of lists and numbers cannot be counted.
    if kind == "mixed" and any(pd.api.types.is_list_like(value) for value in series.to_list()):
        return "other"
    return kind


def _seconds(series: nw.Series[Any]) -> NDArray[np.float64]:
    import numpy as np

    values = series.to_pandas().to_numpy(dtype="timedelta64[us]")
    return np.where(np.isnat(values), np.nan, values.astype(np.int64) / 1e6)


def _plain_numbers(series: nw.Series[Any]) -> NDArray[np.float64] | None:
    """The n texts as floats, in a twentieth of the time; None if Arrow does not read one of them."""
    import numpy as np
    import pyarrow as pa

    try:
        numbers = series.to_arrow().cast(pa.float64())
    except (ValueError, TypeError):
        return None
    floats = np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)
    return floats if np.isnan(floats).sum() == numbers.null_count else None


def _number(value: Any, column: str) -> float:
    if _is_missing(value):
        return float("nan")
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return float(value.strip().lower() == "true")
    if hasattr(value, "total_seconds"):
        return float(value.total_seconds())
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"Column {column!r} should contain numbers, but contains {value!r}.") from None


def _text(value: Any) -> str | None:
    if _is_missing(value):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _parsed_dates(series: nw.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    if _kind_of_dtype(series.dtype) != "string":
        unparsed = [value for value in series.drop_nulls().to_list() if not hasattr(value, "year")]
        if unparsed:
            raise DataError(f"Column {series.name!r} should contain dates, but contains {unparsed[0]!r}.")
    values = series.to_pandas()
    try:
        return pd.to_datetime(values, format="ISO8601")
    except (ValueError, TypeError, OverflowError):
        parsed = pd.to_datetime(values, format="ISO8601", errors="coerce", utc=True)
    unparsed = values[parsed.isna() & values.notna()].tolist()
    if unparsed:
        raise DataError(
            f"Column {series.name!r} should contain dates (ISO 8601), but contains {unparsed[0]!r}."
        )
    return parsed
