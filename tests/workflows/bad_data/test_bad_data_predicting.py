"""Rows to predict that are not like those that were learned from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lolpop.errors import DataError
from lolpop.resources import Model, PredictionJob


def some(new, column, value, count=5):
    return new.assign(**{column: new[column].astype("object").mask(new.index < count, value)})


ERRORS = {
    "a missing column": (lambda new: new.drop(columns="income"), "no column 'income' in the data"),
    "a misspelt column": (lambda new: new.rename(columns={"income": "incomes"}), "no column 'income'.*Did you mean incomes"),
    "several missing columns": (lambda new: new.drop(columns=["income", "months"]), "2 columns of 8 are not in the data: 'months', 'income'"),
    "text for numbers": (lambda new: some(new, "income", "plenty"), "Column 'income' should contain numbers, but contains 'plenty'"),
    "text for booleans": (lambda new: some(new, "paperless", "maybe"), "Column 'paperless' should contain .*, but contains 'maybe'"),
    "text for dates": (lambda new: some(new, "signed", "last year"), "Column 'signed' should contain dates .*, but contains 'last year'"),
    "no index": (lambda new: new.drop(columns="customer"), "no index column 'customer'"),
    "an index that is double": (lambda new: some(new, "customer", "C-1"), "5 rows share a value of 'customer', the index, such as 'C-1'"),
    "an index of numbers that is double": (lambda new: new.assign(customer=1), "share a value of 'customer', the index, such as '1':"),
    "an index that is missing": (lambda new: some(new, "customer", None), "5 rows without a value of 'customer', the index"),
}  # fmt: skip

NOTICES = {
    "an extra column": (lambda new: new.assign(shoe_size=43), "columns that the model does not know are ignored: 'shoe_size'"),
    "unseen categories": (lambda new: some(new, "contract", "ten years"), "the column 'contract' has values that the model has not seen: 'ten years'"),
    "numbers for categories": (lambda new: new.assign(contract=7), "the column 'contract' has values that the model has not seen: '7'"),
    "a column without values": (lambda new: new.assign(income=np.nan), "empty columns: 'income'"),
}  # fmt: skip

SAME = {
    "another column order": lambda new: new[new.columns[::-1]],
    "numbers as floats": lambda new: new.assign(senior=new["senior"].astype(float)),
    "numbers as booleans": lambda new: new.assign(senior=new["senior"].astype(bool)),
    "booleans as numbers": lambda new: new.assign(paperless=new["paperless"].map({True: 1, False: 0})),
    "dates with times": lambda new: new.assign(signed=new["signed"].map(lambda day: f"{day:%Y-%m-%d}T00:00:00" if day == day else None)),
    "the target, which is no feature": lambda new: new.assign(outcome="stays"),
}  # fmt: skip


def predict(container):
    runner = container.runner()
    dataset_version = runner.process_data(dataset="predict")
    return runner.predict_data(container.model_deployer().deployed(Model(name="churn")), dataset_version)


@pytest.mark.parametrize("case", ERRORS)
def test_rows_that_cannot_be_predicted_are_refused(case, used, new, opened, made):
    """The error has the model, the file and the problem; earlier predictions stay."""
    change, message = ERRORS[case]
    change(new).to_csv(used / "new.csv", index=False)
    predictions = used / "out" / "predictions.csv"
    former, jobs = predictions.read_bytes(), made(used)[PredictionJob]
    place = "model_version:churn@1 cannot predict the rows of new.csv: "
    with opened(used) as container, pytest.raises(DataError, match=f"{place}.*{message}") as raised:
        predict(container)
    assert len(str(raised.value).splitlines()) == 1
    assert predictions.read_bytes() == former
    assert list(predictions.parent.iterdir()) == [predictions]
    assert made(used)[PredictionJob] == jobs


@pytest.mark.parametrize("case", NOTICES)
def test_tolerable_differences_are_reported(case, used, new, opened, capsys):
    """A notice names the columns, and every row is predicted."""
    change, message = NOTICES[case]
    change(new).to_csv(used / "new.csv", index=False)
    with opened(used, skip=["check_data", "compare_data", "analyze_prediction_drift"]) as container:
        predict(container)
    assert f"warning: {message}" in capsys.readouterr().err
    predicted = pd.read_csv(used / "out" / "predictions.csv")
    assert predicted["customer"].tolist() == change(new)["customer"].tolist()
    assert predicted.notna().all(axis=None)


@pytest.mark.parametrize("case", NOTICES)
def test_a_checked_column_is_reported_once(case, used, new, opened, capsys):
    """A column that the check of rows reports is reported once."""
    change, _ = NOTICES[case]
    change(new).to_csv(used / "new.csv", index=False)
    with opened(used, skip=["compare_data", "analyze_prediction_drift"]) as container:
        predict(container)
    assert capsys.readouterr().err.count("warning: ") == 1


@pytest.mark.parametrize("case", SAME)
def test_what_means_the_same_is_predicted_the_same(case, used, new, opened, capsys):
    """The order of columns and the spelling of values do not change predictions."""
    predictions = used / "out" / "predictions.csv"
    former = predictions.read_bytes()
    SAME[case](new).to_csv(used / "new.csv", index=False)
    with opened(used) as container:
        predict(container)
    output = capsys.readouterr().err
    assert "that the model" not in output
    assert "empty columns" not in output
    assert predictions.read_bytes() == former


@pytest.mark.parametrize("content", ["", "customer,months\n"])
def test_no_rows_to_predict_are_noticed_before_training(content, project, opened, made):
    """Training does not start if there is nothing to predict."""
    (project / "new.csv").write_text(content)
    with (
        opened(project) as container,
        pytest.raises(DataError, match=r"new.csv (is empty|has a header but no rows)"),
    ):
        container.runner().run()
    assert made(project)[Model] == 0


def test_one_row_can_be_predicted(used, new, opened):
    """A batch may have one row."""
    new[:1].to_csv(used / "new.csv", index=False)
    with opened(used) as container:
        predict(container)
    assert len(pd.read_csv(used / "out" / "predictions.csv")) == 1


@pytest.mark.parametrize("batch_rows", [None, 20])
@pytest.mark.parametrize("case", ["no index", "an index that is missing"])
def test_duplicate_index_values_are_noticed_before_training(case, batch_rows, project, new, opened, made):
    """Duplicate index values are an error before training."""
    change, message = ERRORS[case]
    change(new).to_csv(project / "new.csv", index=False)
    with (
        opened(project, data__batch_rows=batch_rows) as container,
        pytest.raises(DataError, match=f"The rows of new.csv cannot be predicted: .*{message}"),
    ):
        container.runner().run()
    assert made(project)[Model] == 0
