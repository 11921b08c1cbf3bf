"""Labelled rows that nothing, or not everything, can be learned from."""

from __future__ import annotations

import numpy as np
import pytest

from lolpop.errors import DataError
from lolpop.resources import DatasetVersion, Experiment, Model, ModelVersion, Run


def text(lines):
    return lambda path: path.write_bytes(lines.encode() if isinstance(lines, str) else lines)


def rows(change):
    return lambda path, table: change(table).to_csv(path, index=False)


def spoil(case, path, table):
    change = {**ERRORS, **NOTICES}[case][0]
    change(path, table)


def some(table, column, value, count=10):
    return table.assign(**{column: table[column].astype("object").mask(table.index < count, value)})


def lines(change):
    return lambda path, table: path.write_bytes(change(path.read_text().splitlines(keepends=True)))


def ragged(at):
    def change(text_lines):
        text_lines[at] = text_lines[at].replace("\n", ",more\n")
        return "".join(text_lines).encode()

    return change


ERRORS = {
    "no such file": (lambda path, table: path.rename(path.with_name("knwon.csv")), "known.csv: there is no such file in .*Did you mean knwon.csv"),
    "a folder": (lambda path, table: (path.unlink(), path.mkdir()), "known.csv: the folder has no files of rows"),
    "an empty file": (lines(lambda text_lines: b""), "known.csv is empty"),
    "header only": (lines(lambda text_lines: text_lines[0].encode()), "known.csv has a header but no rows"),
    "one row": (rows(lambda table: table[:1]), "known.csv: .*only one row"),
    "no target column": (rows(lambda table: table.rename(columns={"outcome": "outcomes"})), "known.csv: .*no target column 'outcome'.*Did you mean outcomes"),
    "a target of one class": (rows(lambda table: table.assign(outcome="stays")), "known.csv: .*'outcome' has only one class, 'stays'"),
    "missing target values": (rows(lambda table: some(table, "outcome", None)), "known.csv: .*'outcome' is missing in 10 rows of 300: drop"),
    "no target values": (rows(lambda table: table.assign(outcome=np.nan)), "known.csv: .*'outcome' is missing in 300 rows"),
    "a positive label that is no class": (rows(lambda table: table.replace({"outcome": {"leaves": "left"}})), "known.csv: .*no row has 'leaves'.*problem.positive_label.*left"),
    "a class for each row": (rows(lambda table: table.assign(outcome=table["customer"])), "'leaves'.*problem.positive_label|Is it the right target"),
    "no feature that says anything": (rows(lambda table: table[["customer", "outcome"]].assign(fax=np.nan, country="DE")), "known.csv: .*no column besides the target"),
    "two columns of a name": (lines(lambda text_lines: "".join(text_lines).replace("payment", "months", 1).encode()), "known.csv: several columns have the same name: 'months'"),
    "a target that is measured": (rows(lambda table: table.assign(outcome=table["income"] / 7)), "known.csv: .*positive_label|known.csv: .*not classes; for numbers: the runner regression"),
    "a ragged line": (lines(ragged(20)), "known.csv:21: this line has 11 fields, the header has 10"),
    "not UTF-8": (lines(lambda text_lines: "".join(text_lines).replace("cheque", "chèque").encode("latin-1")), r"known.csv:\d+:\d+: the byte 0xe8 is not UTF-8.*encoding: latin-1"),
}  # fmt: skip

NOTICES = {
    "an all-missing column": (rows(lambda table: table.assign(fax=np.nan)), "empty columns: 'fax'"),
    "a constant column": (rows(lambda table: table.assign(senior=1)), "constant columns: 'senior'"),
    "infinities": (rows(lambda table: some(table, "income", np.inf)), "beyond 3.4e38: 'income'"),
    "numbers beyond single precision": (rows(lambda table: some(table, "income", 1e300)), "beyond 3.4e38: 'income'"),
    "duplicate index values": (rows(lambda table: some(table, "customer", "C-1")), "10 rows share an index value of 'customer', such as 'C-1'"),
    "missing index values": (rows(lambda table: some(table, "customer", None)), "the index 'customer' has missing values in 10 rows"),
    "free text": (rows(lambda table: table.assign(note=table["customer"] + " called")), "more than 250 different texts: 'note'. Most models cannot use them"),
    "few rows": (
        rows(lambda table: table[:12]),
        "model_version:churn@1: it is not significantly better than a baseline that always predicts",
    ),
    "a class of one row": (rows(lambda table: some(table, "outcome", "moves", 1)), "model_version:churn@1 is deployed"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("{} called", "columns with more than 250 different texts: 'note'"),
        ("", "empty columns: 'note'"),
    ],
)
def test_a_column_is_reported_once(note, message, project, training_rows, new, opened, capsys):
    """A column that the check of rows reports is not reported again as left out."""
    for name, table in {"known.csv": training_rows, "new.csv": new}.items():
        notes = table["customer"].map(note.format) if note else np.nan
        table.assign(note=notes).to_csv(project / name, index=False)
    with opened(project) as container:
        runner = container.runner()
        runner.run()
        output = [line for line in capsys.readouterr().err.splitlines() if "'note'" in line]
        assert len(output) == 1, output
        assert message in output[0]
        runner.train_model("dataset_version:churn_train@1")
    (alone,) = [line for line in capsys.readouterr().err.splitlines() if "'note'" in line]
    assert "columns that the model does not use" in alone


@pytest.mark.parametrize("case", ERRORS)
def test_rows_that_nothing_can_be_learned_from_are_refused(case, project, training_rows, opened, made):
    """The error has the file, the problem and the expectation; no model is stored."""
    change, message = ERRORS[case]
    change(project / "known.csv", training_rows)
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
def test_suspicious_columns_are_reported_and_the_run_completes(case, project, training_rows, opened, capsys):
    """A notice names the columns, and predictions are made."""
    change, message = NOTICES[case]
    change(project / "known.csv", training_rows)
    with opened(project) as container:
        assert container.runner().run() is not None
    assert message in capsys.readouterr().err
    assert len((project / "out" / "predictions.csv").read_text().splitlines()) == 61
