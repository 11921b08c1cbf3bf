"""A column of several tables is read as one type, so that rows meet those that they belong to, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lolpop.components.notifier import Notifier
from lolpop.data.frames import wrap
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """
problem: {name: p, target: y, index: id, drop: [key]}
data:
  sources: {orders: orders.csv, customers: customers.csv}
  predict: {orders: new.csv}
process: {data_transformer: {use: python, function: "join.py:join"}}
train: {model_trainer: {estimator: logistic_regression}}
skip: [check_data, profile_data, compare_data, analyze_model, check_model, analyze_prediction_drift]
interceptors: []
notifiers: []
"""

JOIN = """
def join(tables):
    orders, customers = tables["orders"], tables["customers"]
    if hasattr(orders, "merge"):
        return orders.merge(customers, on="key", how="left")
    return orders.join(customers, on="key", how="left")
"""

FRAMES = ["pandas", "polars"]
Run = Callable[..., list[tuple[str, Any]]]


class Messages(Notifier):
    """The messages of a run."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notify(self, message: str, level: Any = "info") -> None:
        """Keep ``message``."""
        del level
        self.texts.append(message)


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def joined(loading: Callable[..., Any], tmp_path: Path, messages: Messages) -> Run:
    """Join orders and customers by their keys; the result is the key and customer of each order.

    With ``new``, these are orders to predict, after those of the training.
    """
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    (tmp_path / "join.py").write_text(JOIN)

    def join(
        orders: list[str], customers: list[str], new: list[str] | None = None, **settings: Any
    ) -> list[tuple[str, Any]]:
        for name, keys in (("orders", orders), ("new", new or [])):
            rows = "".join(f"o{at},{key},{'ab'[at % 2]}\n" for at, key in enumerate(keys))
            (tmp_path / f"{name}.csv").write_text(f"id,key,y\n{rows}")
        rows = "".join(f"{key},c{at}\n" for at, key in enumerate(customers))
        (tmp_path / "customers.csv").write_text(f"key,name\n{rows}")
        with loading(ClassificationContainer, tmp_path, **settings) as container:
            container.notifiers.override([messages])
            runner = container.runner()
            version = runner.process_data()
            if new is not None:
                messages.texts.clear()
                version = runner.process_data(dataset="predict")
            rows = wrap(container.resource_version_control().load_data(version))
        names = [None if pd.isna(name) else name for name in rows["name"].to_list()]
        return list(zip(map(str, rows["key"].to_list()), names, strict=True))

    return join


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("orders", "customers", "expected", "message"),
    [
        # codes in both tables
        (["01", "1"], ["1", "01"], [("01", "c1"), ("1", "c0")], "orders has values such as '01'"),
        # whole numbers in one table
        (["1", "2"], ["1", "02"], [("1", "c0"), ("2", None)], "customers has values such as '02'"),
        # versions
        (["1.10", "1.1"], ["1.1", "1.10"], [("1.10", "c1"), ("1.1", "c0")], "orders has values such as '1.10'"),
        (["1.2", "1.1"], ["1.1", "1.10", "1.2"], [("1.2", "c2"), ("1.1", "c0")], "customers has values such as"),
        # codes with an exponent
        (["1e3", "1000"], ["1000", "1e3"], [("1e3", "c1"), ("1000", "c0")], "orders has values such as '1e3'"),
        (["77e001", "12e345"], ["77e001"], [("77e001", "c0"), ("12e345", None)], "'77e001'"),
        # text in one table, numbers in the other
        (["17", "18"], ["A17", "17"], [("17", "c1"), ("18", None)], "'key' is integer in 'orders' and text in"),
        (["1.5", "2"], ["1.5a", "1.5"], [("1.5", "c1"), ("2", None)], "'key' is number in 'orders' and text in"),
        (["true", "false"], ["TRUE", "x", "true"], [("true", "c2"), ("false", None)], "boolean in 'orders'"),
        (["2024-01-31", "2024-02-01"], ["2024-01-31", "x"], [("2024-01-31", "c0"), ("2024-02-01", None)], "date in"),
        # the country code of Namibia
        (["NA", "DE"], ["DE", "NA"], [("NA", "c1"), ("DE", "c0")], "values such as 'NA'"),
        # a phone number
        (["+49301", "49301"], ["49301", "+49301"], [("+49301", "c1"), ("49301", "c0")], "'+49301'"),
    ],
)  # fmt: skip
def test_keys_that_numbers_would_change_are_text_in_all_tables(
    joined, messages, orders, customers, expected, message, frame
):
    """They meet as they are written, and the notice names a value and the setting that decides."""
    assert joined(orders, customers, data__frame=frame) == expected
    (notice,) = [text for text in messages.texts if "'key'" in text]
    assert message in notice
    assert "data_connector: {" in notice


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("orders", "customers", "expected"),
    [
        (["1", "2"], ["2", "1"], [("1", "c1"), ("2", "c0")]),
        # as pandas writes whole numbers beside missing values, and R writes great ones
        (["1", "3"], ["1.0", "2.0", "3.0"], [("1.0", "c0"), ("3.0", "c2")]),
        (["100000", "7"], ["1e+05", "7"], [("100000.0", "c0"), ("7.0", "c1")]),
        # amounts with two decimal places
        (["1.10", "2.50"], ["2.50", "1.10"], [("1.1", "c1"), ("2.5", "c0")]),
    ],
)  # fmt: skip
def test_keys_that_are_numbers_are_numbers_of_one_type(joined, messages, orders, customers, expected, frame):
    """Programs write the same number in several ways, which is no code and worth no notice."""
    assert joined(orders, customers, data__frame=frame) == expected
    assert messages.texts == []


@pytest.mark.parametrize("frame", FRAMES)
def test_numbers_that_two_tables_write_differently_are_named(joined, messages, frame):
    """One table pads all fractions and the other none: they are the same numbers, which is said."""
    assert joined(["1.10", "1.20"], ["1.2", "1.1"], data__frame=frame) == [("1.1", "c1"), ("1.2", "c0")]
    assert "1.10 and 1.1 are the same. Set data_connector: {columns: {key: text}}" in messages.texts[0]
    settings = {"data_connector__columns": {"key": "text"}, "data__frame": frame}
    assert joined(["1.10", "1.20"], ["1.2", "1.1"], **settings) == [("1.10", None), ("1.20", None)]


@pytest.mark.parametrize("frame", FRAMES)
def test_a_declared_type_decides(joined, messages, frame):
    """The setting of the notice makes numbers of codes."""
    settings = {"data_connector__columns": {"key": "integer"}, "data__frame": frame}
    assert joined(["01", "2"], ["1", "2"], **settings) == [("1", "c0"), ("2", "c1")]
    assert messages.texts == []


@pytest.mark.parametrize("batch_rows", [None, 1])
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("orders", "customers", "new", "expected"),
    [
        # what was text in the training is text, as written
        (["01", "1"], ["01", "1"], ["1", "01"], [("1", "c1"), ("01", "c0")]),
        (["NA", "DE"], ["NA", "DE"], ["DE", "NA"], [("DE", "c1"), ("NA", "c0")]),
        # what were numbers are numbers
        (["1", "2"], ["1", "2"], ["02", "1"], [("2", "c1"), ("1", "c0")]),
        (["1.5", "2"], ["1.5", "2"], ["2", "2"], [("2.0", "c1"), ("2.0", "c1")]),
        # new text finds no row, and takes none from others
        (["1", "2"], ["1", "2"], ["A1", "2"], [("A1", None), ("2", "c1")]),
    ],
)  # fmt: skip
def test_rows_to_predict_are_joined_as_in_training(
    joined, orders, customers, new, expected, frame, batch_rows
):
    """Whole or in batches."""
    assert joined(orders, customers, new, data__frame=frame, data__batch_rows=batch_rows) == expected


def test_leading_zeros_in_rows_to_predict_are_named(joined, messages):
    """The numbers of the training decide, and the notice says so."""
    joined(["1", "2"], ["1", "2"], ["02", "1"])
    assert (
        "values of 'key' such as '02' are read as numbers, without their leading zeros" in messages.texts[0]
    )


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("values", "orders", "expected"),
    [
        (["01", "1"], ["01", "1"], [("01", "c0"), ("1", "c1")]),
        (["17", "18"], ["17", "18"], [("17", "c0"), ("18", "c1")]),
        ([1, 17], ["01", "17"], [("1", "c0"), ("17", "c1")]),
    ],
)
@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_files_with_types_decide_for_others(
    loading, tmp_path, joined, suffix, values, orders, expected, frame
):
    """Text in a Parquet file makes text of the fields of a CSV file, numbers make numbers."""
    rows = {"key": values, "name": [f"c{at}" for at in range(len(values))]}
    if suffix == "parquet":
        pq.write_table(pa.table(rows), tmp_path / "typed.parquet")
    else:
        lines = [json.dumps(dict(zip(rows, row, strict=True))) for row in zip(*rows.values(), strict=True)]
        (tmp_path / "typed.jsonl").write_text("\n".join(lines))
    sources = {"orders": "orders.csv", "customers": f"typed.{suffix}"}
    assert joined(orders, ["-"], data__frame=frame, data__sources=sources) == expected


def test_types_that_cannot_be_made_alike_are_a_warning(tmp_path, joined, messages):
    """Numbers of a Parquet file are no text of a CSV file."""
    pq.write_table(pa.table({"key": [1, 17], "name": ["c0", "c1"]}), tmp_path / "typed.parquet")
    (tmp_path / "join.py").write_text("def join(tables):\n    return tables['orders'].assign(name='none')\n")
    joined(["A1", "17"], ["-"], data__sources={"orders": "orders.csv", "customers": "typed.parquet"})
    assert "'key' is text in 'orders' and integer in 'customers'" in messages.texts[-1]


@pytest.mark.parametrize("frame", FRAMES)
def test_an_index_that_tables_share_is_text_in_all_if_it_is_in_one(joined, frame):
    """An index is read by its own rule in each table, and has one type after that."""
    settings = {"problem__index": "key", "problem__drop": ["id"], "data__frame": frame}
    assert joined(["1", "2"], ["1", "02"], **settings) == [("1", "c0"), ("2", None)]


@pytest.mark.parametrize("frame", FRAMES)
def test_folders_are_joined_as_files_are(tmp_path, joined, messages, frame):
    """The values of all files of a folder decide."""
    for name, keys in (("a", ["2", "1"]), ("b", ["01"])):
        (tmp_path / "folder").mkdir(exist_ok=True)
        rows = "".join(f"{key},{name}{at}\n" for at, key in enumerate(keys))
        (tmp_path / "folder" / f"{name}.csv").write_text(f"key,name\n{rows}")
    settings = {"data__sources": {"orders": "orders.csv", "customers": "folder/"}, "data__frame": frame}
    assert joined(["1", "2"], ["-"], **settings) == [("1", "a1"), ("2", "a0")]
    assert joined(["01", "2"], ["-"], **settings) == [("01", "b0"), ("2", "a0")]
    assert all("has values such as '01'" in text for text in messages.texts)
