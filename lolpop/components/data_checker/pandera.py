"""Checks by pandera's schemas."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import PositiveFloat

from lolpop.checks import Check, CheckReport
from lolpop.components.data_checker import DataChecker, Expectation
from lolpop.components.data_checker._outcomes import outcome
from lolpop.components.user_code import described, names_object
from lolpop.data.frames import count, wrap
from lolpop.errors import DataError, Finding, VerificationError
from lolpop.problem import Problem

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.data.frames import Frame

__all__ = ["PanderaDataChecker"]

_HINT = "Expected package.module:schema, or path/file.py:schema."

# What is the same as a check that is built in has its name; others have the name that pandera gives them.
_NAMES = {
    "column_in_dataframe": "schema",
    "column_in_schema": "schema",
    "dtype": "schema",
    "not_nullable": "missing_values",
    "field_uniqueness": "duplicate_values",
    "in_range": "out_of_range",
    "isin": "unseen_categories",
}


class PanderaDataChecker(DataChecker):
    """Validates rows by a schema: the user's own, or a derived one.

    Without ``schema``, the problem requires the target in every row and a unique index, and the expectation
    gives the columns with their types, ranges and categories. Then a missing target is an error, everything
    else a warning. Rows to predict are validated without the target's part of the schema.

    Parameters
    ----------
    schema : str, optional
        A DataFrameSchema or DataFrameModel of pandera: ``package.module:schema``, or ``file.py:schema``
        relative to the settings file. One for pandas checks polars rows too, and the other way round.
    status : {"warn", "error"}
        The status of a violation of ``schema``.
    range_margin : float
        How far out of the expected range a number is suspicious, in widths of that range.
    """

    requires = ("pandera",)
    install = "lolpop[pandera]"

    def __init__(
        self,
        schema: str | None = None,
        status: Literal["warn", "error"] = "error",
        range_margin: PositiveFloat = 1.0,
        *,
        problem: Problem,
        folder: Path | None = None,
    ) -> None:
        if findings := list(self.check_settings({"schema": schema})):
            raise VerificationError(findings)
        if range_margin <= 0:
            raise ValueError(f"range_margin must be above 0, but got {range_margin}.")
        self._schema = schema
        self._status: Literal["warn", "error"] = status
        self._range_margin = range_margin
        self._problem = problem
        self._folder = folder

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the name can be that of a schema, without importing it."""
        schema = settings.get("schema")
        if schema is not None and not names_object(str(schema)):
            yield Finding("schema", f"{schema!r} does not name a schema", hint=_HINT)

    def check(
        self, frame: Frame, expectation: Expectation | None = None, *, labelled: bool = True
    ) -> CheckReport:
        """The violated checks of the schema, or one check ``schema`` that is ok.

        Raises WiringError if there is no such schema, and DataError if ``frame`` is no dataframe, or the
        schema cannot be applied to it.
        """
        from lolpop.components.data_checker import _pandera_schemas as schemas

        rows = wrap(frame)
        if self._schema is None:
            rows = schemas.without_nan(rows)
            schema = schemas.schema_of(
                self._problem, rows, expectation, labelled=labelled, range_margin=self._range_margin
            )
        else:
            schema = schemas.loaded_schema(self._schema, self._folder)
            if not labelled and self._problem.target in schema.columns:
                schema = schema.remove_columns([self._problem.target])
        if rows.is_empty():
            return CheckReport(checks=(outcome("rows", "error", "there are no rows: add rows"),))
        checks = list(self._broken(schema, rows, polars=schemas.is_of_polars(schema)))
        if not checks:
            checks = [outcome("schema", "ok", f"{count(len(rows), 'row')} conform to the schema")]
        return CheckReport(checks=tuple(checks))

    def _broken(self, schema: Any, rows: nw.DataFrame[Any], *, polars: bool) -> Iterator[Check]:
        failures, warned = _validate(schema, rows.to_polars() if polars else rows.to_pandas())
        for (column, check), values in failures.items():
            name = _NAMES.get(check.partition("(")[0], check.partition("(")[0])
            columns = [column] if column else []
            yield outcome(name, self._status_of(column), _message(column, check, values), columns)
        for message in warned:
            yield outcome("schema", "warn", message)

    def _status_of(self, column: str | None) -> Literal["warn", "error"]:
        if self._schema is not None:
            return self._status
        return "error" if column == self._problem.target else "warn"


def _validate(schema: Any, native: Any) -> tuple[dict[tuple[str | None, str], list[Any]], list[str]]:
    """The values that failed by column and check, and what only deserves a warning."""
    from pandera.errors import SchemaErrors, SchemaWarning

    failures: dict[tuple[str | None, str], list[Any]] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            schema.validate(native, lazy=True)
        except SchemaErrors as errors:
            for case in wrap(errors.failure_cases).iter_rows(named=True):
                column, check, value = case["column"], str(case["check"]), case["failure_case"]
                if check.startswith("column_in_"):
                    column = str(value)
                failures.setdefault((None if column is None else str(column), check), []).append(value)
        except Exception as error:
            # Checks are the user's code, and pandera itself raises errors of many types.
            raise DataError(f"The schema cannot be applied to these rows: {described(error)}") from error
    return failures, [
        str(warning.message) for warning in caught if issubclass(warning.category, SchemaWarning)
    ]


def _message(column: str | None, check: str, values: list[Any]) -> str:
    if check == "column_in_dataframe":
        return f"there is no column {column!r} in the data"
    if check == "column_in_schema":
        return f"unexpected column {column!r}"
    subject = f"{column!r}" if column else "the data"
    if check.startswith("dtype"):
        return f"{subject} has values of type {values[0]}, expected {check.partition('(')[2].rstrip(')')}"
    return f"{subject} breaks {check} in {count(len(values), 'row')}, such as {values[0]!r}"
