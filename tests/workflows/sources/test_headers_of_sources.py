"""What verification knows of the labelled rows: the header or the schema of their file."""

import io
import json

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.errors import DataError
from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.forecasting import ForecastingContainer

ROWS = "id,churned,plan\n1,yes,a\n"
PROBLEM = {"name": "churn", "target": "churned", "index": "id"}


class OwnConnector(FileDataConnector):
    def read(self, source):
        raise DataError("nothing is read here")


@pytest.fixture
def warnings(tmp_path):
    """The warnings of a container for rows in a file."""

    def verify(content, settings, container=ClassificationContainer, source="rows.csv"):
        name = source if isinstance(source, str) else source["path"]
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        settings = {"problem": PROBLEM, "data": {"train": source}, **settings}
        (tmp_path / "lolpop.yaml").write_text(json.dumps(settings))
        findings = container.load(tmp_path / "lolpop.yaml", environ={}).verify()
        assert {finding.severity for finding in findings} <= {"warning"}
        return [f"{finding.path}: {finding.message}. {finding.hint}" for finding in findings]

    return verify


def test_columns_that_the_header_lacks_are_warnings(warnings):
    """A misspelt target and a missing index are warnings, with the existing columns."""
    assert warnings(ROWS, {"problem": {**PROBLEM, "target": "churnd", "index": "customer"}}) == [
        "problem.target: rows.csv has no column 'churnd'. Did you mean churned?",
        "problem.index: rows.csv has no column 'customer'. Its columns: churned, id, plan.",
    ]


def test_time_and_series_are_looked_for(warnings):
    """Columns of a forecasting problem are checked, too."""
    problem = {"name": "sales", "target": "sold", "time": "day", "series": "shop", "horizon": 2}
    assert warnings("date,sold\n2024-01-01,3\n", {"problem": problem}, ForecastingContainer) == [
        "problem.time: rows.csv has no column 'day'. Its columns: date, sold.",
        "problem.series: rows.csv has no column 'shop'. Its columns: date, sold.",
    ]


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (ROWS, "rows.csv"),
        (ROWS.replace(",", "\t"), "rows.tsv"),
        (ROWS.replace(",", ";"), {"path": "rows.csv", "separator": ";"}),
        (ROWS.encode("utf-16"), {"path": "rows.csv", "encoding": "utf-16"}),
        ('\ufeff"id","churned"\n1,yes\n', "rows.csv"),
        (ROWS, {"path": "rows", "format": "csv"}),
    ],
    ids=["csv", "tsv", "separator", "utf-16", "marked", "format"],
)
def test_headers_are_read_as_the_rows_are(warnings, content, source):
    """Separators, encodings and byte order marks are those of the source."""
    assert warnings(content, {}, source=source) == []


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_columns_that_a_schema_lacks_are_warnings(warnings, suffix):
    """The schema of a binary file names its columns, an index that pandas kept aside with them."""
    file, rows = io.BytesIO(), pd.read_csv(io.StringIO(ROWS), index_col="id")
    rows.to_parquet(file) if suffix == "parquet" else feather.write_feather(pa.Table.from_pandas(rows), file)
    problem, source = {**PROBLEM, "target": "churnd"}, f"rows.{suffix}"
    assert warnings(file.getvalue(), {"problem": problem}, source=source) == [
        f"problem.target: rows.{suffix} has no column 'churnd'. Did you mean churned?"
    ]


@pytest.mark.parametrize(
    ("content", "settings", "source"),
    [
        (ROWS, {"process": {"data_transformer": {"use": "python", "function": "json:loads"}}}, "rows.csv"),
        (ROWS, {"data_connector": f"{__name__}:OwnConnector"}, "rows.csv"),
        ('{"id": 1}\n', {}, "rows.jsonl"),
        (b"\xff\xfe\xff", {}, "rows.csv"),
        (b"\xff\xfe\xff", {}, "rows.parquet"),
        (b"", {}, "rows.feather"),
        ("", {}, "rows.csv"),
        ("a,b\n1,2,3\n", {}, "rows.csv"),
    ],
    ids=[
        "transformed",
        "own connector",
        "JSON lines",
        "bytes",
        "no Parquet",
        "no Feather",
        "empty",
        "ragged",
    ],
)
def test_nothing_is_said_where_the_header_does_not_decide(warnings, content, settings, source):
    """Transformed rows may have other columns; broken files are errors of the run."""
    problem = {**PROBLEM, "target": "other"}
    assert warnings(content, {**settings, "problem": problem}, source=source) == []
