"""Several tables are read, tracked and joined into the rows of a workflow."""

import pandas as pd
import pytest
import yaml

from lolpop.data import Data
from lolpop.errors import DataError, VerificationError
from lolpop.resources import DatasetVersion, ModelVersion

JOIN = """
def join(tables):
    assert type(tables) is dict
    orders, customers = tables["orders"], tables["customers"]
    if hasattr(orders, "merge"):
        return orders.merge(customers, on="customer", how="left")
    return orders.join(customers, on="customer", how="left")

def arrow(tables):
    import pyarrow as pa
    return pa.Table.from_pandas(join(tables))
"""


@pytest.fixture
def project(project, training_rows, new):
    """Orders and their customers, to learn from; new orders of the same customers, to be predicted."""
    customers = pd.DataFrame({"customer": range(20), "since": [2000 + number % 7 for number in range(20)]})
    training_rows.to_csv(project / "orders.csv", index=False)
    new.to_csv(project / "new_orders.csv", index=False)
    customers.to_csv(project / "customers.csv", index=False)
    settings = yaml.safe_load((project / "lolpop.yaml").read_text())
    settings["data"] = {
        "sources": {"orders": "orders.csv", "customers": {"path": "customers.csv"}},
        "predict": {"orders": "new_orders.csv"},
        "predictions": "out/predictions.csv",
    }
    settings["process"] = {"data_transformer": {"use": "python", "function": "join.py:join"}}
    (project / "join.py").write_text(JOIN)
    (project / "lolpop.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return project


def version(name, number=1):
    return DatasetVersion(name=f"orders_{name}", number=number)


@pytest.mark.parametrize("batch_rows", [None, 7])
@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_lineage_shows_the_join(load, tracker, project, new, frame, batch_rows):
    """Each table is a dataset, and the joined rows have all of them as parents."""
    container = load(data__frame=frame, data__batch_rows=batch_rows)
    job = container.runner().run()
    assert tracker.parents(version("train")) == [version("orders"), version("customers")]
    assert set(tracker.parents(version("predict"))) == {version("predict_orders"), version("customers")}
    assert tracker.parents(job) == [ModelVersion(name="orders", number=1), version("predict")]
    assert tracker.get(version("train")).fields["source"] == {
        "orders": "orders.csv", "customers": {"path": "customers.csv"}
    }  # fmt: skip
    assert tracker.get(version("predict_orders")).fields["source"] == "new_orders.csv"
    joined = container.resource_version_control().load_data(version("predict"))
    assert "since" in joined.columns
    written = pd.read_csv(project / "out" / "predictions.csv")
    assert list(written["order_id"]) == list(new["order_id"])


def test_a_second_run_makes_no_new_versions(load, tracker):
    """Equal tables are equal versions, shared by training and prediction."""
    for _ in range(2):
        load().runner().run()
    names = ["orders_orders", "orders_customers", "orders_predict_orders", "orders_train", "orders_predict"]
    assert [len(tracker.find(DatasetVersion, name)) for name in names] == [1] * 5


def test_a_source_can_be_another_one_this_time(load, tracker, project, training_rows):
    """A workflow takes other sources by name; the rest are those of the settings."""
    training_rows[:300].to_csv(project / "few.csv", index=False)
    made = load().runner().process_data({"orders": "few.csv"})
    assert tracker.get(made).fields["rows"] == 300
    assert tracker.get(version("orders")).fields["source"] == "few.csv"


def test_a_joining_function_may_return_an_arrow_table(load, tracker):
    """It is converted to the kind of frame of the workflow."""
    container = load(process__data_transformer__function="join.py:arrow")
    frame = container.resource_version_control().load_data(container.runner().process_data())
    assert isinstance(frame, pd.DataFrame)
    assert "since" in frame


def test_tables_that_cannot_be_joined_are_not_kept(load, tracker, project, training_rows):
    """Nothing is stored if rows are unusable or the join fails."""
    training_rows.rename(columns={"customer": "client"}).to_csv(project / "orders.csv", index=False)
    with pytest.raises(DataError, match=r"join.py:join failed: KeyError: 'customer'"):
        load().runner().process_data()
    training_rows.assign(paid="late").to_csv(project / "orders.csv", index=False)
    with pytest.raises(DataError, match=r"orders\.csv.*Nothing can be learned"):
        load().runner().process_data()
    (project / "customers.csv").unlink()
    with pytest.raises(DataError, match=r"customers\.csv: there is no such file"):
        load().runner().process_data()
    assert tracker.find(DatasetVersion) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("new.csv", "should be a mapping by name, such as {orders: …}, as data.sources is"),
        ({"order": "x.csv"}, "contains the unknown source 'order'; data.sources has orders, customers"),
        ({"path": "x.csv"}, "contains the unknown source 'path'"),
    ],
)
def test_a_source_that_does_not_fit_is_refused(load, source, message):
    """The error says what the workflow expects."""
    with pytest.raises(DataError, match=message):
        load().runner().process_data(source)


FINDINGS = [
    ({"data__train": "known.csv"}, "data.train: mutually exclusive with data.sources; set only one of them"),
    ({"data__sources": {"a b": "x"}}, "data.sources.*string should match pattern"),
    ({"data__sources": {"predict_orders": "x"}}, "data.sources: 'predict_orders' is a reserved name"),
    ({"data__predict": "new.csv"}, "data.predict: should be a mapping by name, such as {orders: …}"),
    ({"data__predict": {"ordrs": "new.csv"}}, "data.predict: contains the unknown source 'ordrs'"),
    (
        {"data__predict": {"orders": "a", "customers": "b"}, "data__batch_rows": 10},
        "data.predict: names 2 sources, but batch_rows supports only one",
    ),
    ({"data__batch_rows": 0}, "data.batch_rows: input should be greater than 0"),
    ({"data__frame": "dask"}, "data.frame: input should be 'pandas' or 'polars'"),
    (
        {"process__data_transformer": "identity"},
        "process.data_transformer: IdentityDataTransformer takes one table, but data.sources has several",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "message"), FINDINGS)
def test_settings_that_do_not_fit_are_found_in_verification(load, settings, message):
    """Verification names the wrong setting without reading a file."""
    with pytest.raises(VerificationError, match=message):
        load(**settings).verify()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "is required, unless data.sources names several tables"),
        ({"sources": {}}, "should contain at least one source"),
    ],
)
def test_labelled_rows_come_from_somewhere(settings, message):
    """Data without a source of labelled rows is refused."""
    with pytest.raises(ValueError, match=message):
        Data(**settings)


def test_polars_that_is_not_installed_is_found_in_verification(load, monkeypatch):
    """A missing library is a finding before rows are read."""
    monkeypatch.setattr("lolpop.data.sources.missing_modules", lambda modules: list(modules))
    with pytest.raises(VerificationError, match=r"data.frame: polars is not installed.*lolpop\[polars\]"):
        load(data__frame="polars").verify()
