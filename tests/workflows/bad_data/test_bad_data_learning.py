"""Labelled rows that nothing, or not everything, can be learned from."""

from __future__ import annotations

import numpy as np
import pytest

from lolpop.errors import DataError
from lolpop.resources import DatasetVersion, Experiment, Model, ModelVersion, Run


def text(lines):
    return lambda path: path.write_bytes(lines.encode() if isinstance(lines, str) else lines)


def rows(change):
    return lambda path, known: change(known).to_csv(path, index=False)


def spoil(case, path, known):
    change = {**ERRORS, **NOTICES}[case][0]
    change(path, known)


def some(known, column, value, count=10):
    return known.assign(**{column: known[column].astype("object").mask(known.index < count, value)})


def lines(change):
    return lambda path, known: path.write_bytes(change(path.read_text().splitlines(keepends=True)))


def ragged(at):
    def change(given):
        given[at] = given[at].replace("\n", ",more\n")
        return "".join(given).encode()

    return change


ERRORS = {
    "no such file": (lambda path, known: path.rename(path.with_name("knwon.csv")), "known.csv: there is no such file in .*Did you mean knwon.csv"),
    "a folder": (lambda path, known: (path.unlink(), path.mkdir()), "known.csv: the folder has no files of rows"),
    "an empty file": (lines(lambda given: b""), "known.csv is empty"),
    "header only": (lines(lambda given: given[0].encode()), "known.csv has a header but no rows"),
    "one row": (rows(lambda known: known[:1]), "known.csv: .*only one row"),
    "no target column": (rows(lambda known: known.rename(columns={"outcome": "outcomes"})), "known.csv: .*no target column 'outcome'.*Did you mean outcomes"),
    "a target of one class": (rows(lambda known: known.assign(outcome="stays")), "known.csv: .*'outcome' has only one class, 'stays'"),
    "missing target values": (rows(lambda known: some(known, "outcome", None)), "known.csv: .*'outcome' is missing in 10 rows of 300: drop"),
    "no target values": (rows(lambda known: known.assign(outcome=np.nan)), "known.csv: .*'outcome' is missing in 300 rows"),
    "a positive label that is no class": (rows(lambda known: known.replace({"outcome": {"leaves": "left"}})), "known.csv: .*no row has 'leaves'.*problem.positive_label.*left"),
    "a class for each row": (rows(lambda known: known.assign(outcome=known["customer"])), "'leaves'.*problem.positive_label|Is it the right target"),
    "no feature that says anything": (rows(lambda known: known[["customer", "outcome"]].assign(fax=np.nan, country="DE")), "known.csv: .*no column besides the target"),
    "two columns of a name": (lines(lambda given: "".join(given).replace("payment", "months", 1).encode()), "known.csv: several columns have the same name: 'months'"),
    "a target that is measured": (rows(lambda known: known.assign(outcome=known["income"] / 7)), "known.csv: .*positive_label|known.csv: .*not classes; for numbers: the runner regression"),
    "a ragged line": (lines(ragged(20)), "known.csv:21: this line has 11 fields, the header has 10"),
    "not UTF-8": (lines(lambda given: "".join(given).replace("cheque", "chèque").encode("latin-1")), r"known.csv:\d+:\d+: the byte 0xe8 is not UTF-8.*encoding: latin-1"),
}  # fmt: skip

NOTICES = {
    "an all-missing column": (rows(lambda known: known.assign(fax=np.nan)), "empty columns: 'fax'"),
    "a constant column": (rows(lambda known: known.assign(senior=1)), "constant columns: 'senior'"),
    "infinities": (rows(lambda known: some(known, "income", np.inf)), "beyond 3.4e38: 'income'"),
    "numbers beyond single precision": (rows(lambda known: some(known, "income", 1e300)), "beyond 3.4e38: 'income'"),
    "duplicate index values": (rows(lambda known: some(known, "customer", "C-1")), "10 rows share an index value of 'customer', such as 'C-1'"),
    "missing index values": (rows(lambda known: some(known, "customer", None)), "the index 'customer' has missing values in 10 rows"),
    "free text": (rows(lambda known: known.assign(note=known["customer"] + " called")), "more than 250 different texts: 'note'. Most models cannot use them"),
    "few rows": (
        rows(lambda known: known[:12]),
        "model_version:churn@1: it is not significantly better than a baseline that always predicts",
    ),
    "a class of one row": (rows(lambda known: some(known, "outcome", "moves", 1)), "model_version:churn@1 is deployed"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("{} called", "columns with more than 250 different texts: 'note'"),
        ("", "empty columns: 'note'"),
    ],
)
def test_a_column_is_reported_once(note, told, project, known, new, opened, capsys):
    """A column that the check of rows reports is not reported again as left out."""
    for name, table in {"known.csv": known, "new.csv": new}.items():
        notes = table["customer"].map(note.format) if note else np.nan
        table.assign(note=notes).to_csv(project / name, index=False)
    with opened(project) as container:
        runner = container.runner()
        runner.run()
        output = [line for line in capsys.readouterr().err.splitlines() if "'note'" in line]
        assert len(output) == 1, output
        assert told in output[0]
        runner.train_model("dataset_version:churn_train@1")
    (alone,) = [line for line in capsys.readouterr().err.splitlines() if "'note'" in line]
    assert "columns that the model does not use" in alone


@pytest.mark.parametrize("case", ERRORS)
def test_rows_that_nothing_can_be_learned_from_are_refused(case, project, known, opened, made):
    """The error has the file, the problem and the expectation; no model is stored."""
    change, message = ERRORS[case]
    change(project / "known.csv", known)
    with opened(project) as container, pytest.raises(DataError, match=f"(?s){message}") as raised:
        container.runner().run()
    assert len(str(raised.value).splitlines()) <= 4
    left = made(project)
    assert [left[kind] for kind in (Model, ModelVersion, Experiment)] == [0, 0, 0]
    assert not (project / "out").exists()
    assert left[Run] == 1
    if "known.csv" in message:
        assert left[DatasetVersion] == 0


@pytest.mark.parametrize("case", NOTICES)
def test_suspicious_columns_are_reported_and_the_run_completes(case, project, known, opened, capsys):
    """A notice names the columns, and predictions are made."""
    change, message = NOTICES[case]
    change(project / "known.csv", known)
    with opened(project) as container:
        assert container.runner().run() is not None
    assert message in capsys.readouterr().err
    assert len((project / "out" / "predictions.csv").read_text().splitlines()) == 61
