"""Checks of rows against an expectation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lolpop.components.data_checker._outcomes import of_columns, outcome
from lolpop.components.data_checker._violations import more_missing, unseen_values
from lolpop.data.frames import count, listed

if TYPE_CHECKING:
    from lolpop.checks import Check
    from lolpop.components.data_checker._columns import ColumnFacts, Limits
    from lolpop.components.data_checker.expectations import Expectation, ExpectedColumn


def unexpected(
    facts: Sequence[ColumnFacts],
    rows: int,
    expectation: Expectation,
    ignored: Collection[str | None],
    limits: Limits,
) -> Iterator[Check]:
    """Deviations from the expectation in ``rows`` rows with columns of ``facts``, except the columns
    ``ignored``.
    """
    expected = {column.name: column for column in expectation.columns if column.name not in ignored}
    facts_by_name = {fact.name: fact for fact in facts if fact.name not in ignored}
    yield _schema(expected, facts_by_name)
    # What is of another type is not compared any further.
    both = [
        (fact, expected[name])
        for name, fact in facts_by_name.items()
        if name in expected and (fact.kind == "empty" or expected[name].is_of(fact.kind))
    ]
    yield of_columns(
        "out_of_range",
        dict(_out_of_range(both, expectation.rows, limits)),
        "numbers out of the expected range",
        "Check their correctness and their unit.",
    )
    unseen = {fact.name: _unseen(fact, column, limits) for fact, column in both}
    yield of_columns(
        "unseen_categories",
        {name: listed(values, 3) for name, values in unseen.items() if values},
        "unexpected values",
        "The model has not seen such values.",
    )
    yield of_columns(
        "missing_increase",
        {
            fact.name: f"{fact.missing / rows:.0%}, expected {column.missing:.0%}"
            for fact, column in both
            if _misses_more(fact, column, rows, expectation.rows, limits)
        },
        "columns with more missing values than expected",
        "Check the source.",
    )


def _schema(expected: Mapping[str, ExpectedColumn], actual: Mapping[str, ColumnFacts]) -> Check:
    missing = [name for name in expected if name not in actual]
    extra = [name for name in actual if name not in expected]
    changed = {
        name: f"{fact.kind} values, expected {expected[name].kind}"
        for name, fact in actual.items()
        if name in expected
        and not expected[name].is_of(fact.kind)
        and "empty" not in {fact.kind, expected[name].kind}
    }
    differences = [f"missing columns: {listed(missing)}"] if missing else []
    differences += [f"unexpected columns: {listed(extra)}"] if extra else []
    differences += [f"{name!r} has {change}" for name, change in list(changed.items())[:5]]
    differences += [f"{len(changed) - 5} more columns have another type"] if len(changed) > 5 else []
    if not differences:
        return outcome("schema", "ok", f"{count(len(expected), 'column')} of the expected types")
    return outcome("schema", "warn", "; ".join(differences), [*missing, *extra, *changed])


def _out_of_range(
    columns: Sequence[tuple[ColumnFacts, ExpectedColumn]], reference_rows: int, limits: Limits
) -> Iterator[tuple[str, str]]:
    for fact, column in columns:
        if fact.compared is None or column.numbers is None:
            continue
        outside = fact.compared.out_of_range(reference_rows, limits.significance)
        if outside.number:
            expected = f"expected {column.numbers.least:g} to {column.numbers.greatest:g}"
            yield fact.name, f"{count(outside.number, 'row')}, such as {outside.value:g}, {expected}"


def _unseen(fact: ColumnFacts, expected: ExpectedColumn, limits: Limits) -> list[str]:
    if not expected.values or not fact.values or fact.dates:
        return []
    return unseen_values(fact.values, expected, most=limits.unseen, significance=limits.significance)


def _misses_more(
    fact: ColumnFacts, expected: ExpectedColumn, rows: int, reference_rows: int, limits: Limits
) -> bool:
    return more_missing(fact.missing, rows, expected.missing, reference_rows, most=limits.missing_increase)
