"""Stores of which somebody, or a disk, has changed a cell."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lolpop.cli import main
from lolpop.components.store.sql import SQLStore
from lolpop.errors import StoreError

COMMANDS = (
    ["runs", "ls"], ["runs", "show", "last"], ["runs", "diff", "@2", "@1"], ["runs", "replay", "last"],
    ["datasets", "ls"], ["datasets", "show", "p_train"], ["models", "ls"], ["models", "show", "p"],
    ["run", "classification", "--resume", "last"],
)  # fmt: skip
SETTINGS = {
    "problem": {"name": "p", "target": "y", "index": "id"},
    "data": {"train": "train.csv"},
    "train": {"model_trainer": {"estimator": "logistic_regression"}},
    "skip": ["analyze_model", "check_model_bias"],
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A project with two runs: one that is completed and one that has failed."""
    folder = tmp_path_factory.mktemp("filled")
    rows = pd.DataFrame(
        {"id": range(80), "a": [(i * 7) % 11 for i in range(80)], "y": ["u", "v", "v"] * 26 + ["u", "v"]}
    )
    rows.to_csv(folder / "train.csv", index=False)
    (folder / "lolpop.yaml").write_text(json.dumps(SETTINGS))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["run", "classification"]) == 0
        assert (
            main(["run", "classification", "train_model", "--dataset-version", "dataset_version:p_train@9"])
            == 1
        )
    return folder


@pytest.fixture(scope="module")
def cells(filled):
    """Every cell of the store: table, row and column, and what it holds."""
    with closing(sqlite3.connect(filled / ".lolpop" / "store.db")) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        places = []
        for table in tables:
            if not table.startswith("lolpop_") or table == "lolpop_version":
                continue
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for rowid, *values in connection.execute(f"SELECT rowid, * FROM {table}"):
                places += [(table, rowid, name, value) for name, value in zip(names, values, strict=True)]
    assert len({(table, name) for table, _, name, _ in places}) > 40
    return places


def damaged(value, draw):
    """What a cell may hold after a byte was changed, or somebody has written there."""
    kind = draw(st.sampled_from(["byte", "cut", "other"]))
    if isinstance(value, str) and value and kind != "other":
        at = draw(st.integers(0, len(value) - 1))
        return (
            value[:at]
            if kind == "cut"
            else value[:at] + draw(st.sampled_from('x"{[0\x01é:/')) + value[at + 1 :]
        )
    return draw(
        st.sampled_from(
            [None, "", "x", 0, -1, 2**62, 1.5, b"\xff", "[]", "{}", "null", '{"a": 1}', "[" * 50_000]
        )
    )


@settings(
    max_examples=40,
    database=None,  # what a cell holds differs from process to process
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_a_cell_holds_people_get_an_answer_or_an_error_for_them(
    filled, cells, capsys, monkeypatch, data
):
    """Reading, replaying and resuming raise errors of lolpop only."""
    table, rowid, name, value = data.draw(st.sampled_from(cells))
    command = data.draw(st.sampled_from(COMMANDS))
    cell = damaged(value, data.draw)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(filled, Path(scratch) / "project"))
        with closing(sqlite3.connect(folder / ".lolpop" / "store.db")) as connection:
            connection.execute("PRAGMA ignore_check_constraints=ON")
            try:
                connection.execute(f'UPDATE {table} SET "{name}" = ? WHERE rowid = ?', (cell, rowid))
            except sqlite3.IntegrityError:
                return  # SQLite itself does not let that be written
            connection.commit()
        monkeypatch.chdir(folder)
        code = main(command)
        shown = capsys.readouterr()
        assert code in {0, 1, 2}
        assert "--traceback shows where it came from" not in shown.err, (table, name, command, shown.err)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE lolpop_runs SET wiring = '{' || wiring", "JSON was expected, but it contains '{{"),
        ("UPDATE lolpop_runs SET wiring = '[]'", "a JSON object was expected, but it contains '[]'"),
        (
            "UPDATE lolpop_runs SET started_at = '2026/11-29 06:24:35'",
            "a time was expected, but it contains '2026/11",
        ),
        (
            "UPDATE lolpop_runs SET status = 'compleeted'",
            "running or completed or failed or interrupted was expected",
        ),
        ("UPDATE lolpop_runs SET workflow = x'ff'", "text was expected, but it contains b'\\xff'"),
    ],
)
def test_a_damaged_cell_is_said_to_be_damaged(statement, expected, filled, tmp_path):
    """The error has the store, the expected and the actual content."""
    folder = Path(shutil.copytree(filled, tmp_path / "project"))
    with closing(sqlite3.connect(folder / ".lolpop" / "store.db")) as connection:
        connection.execute(statement)
        connection.commit()
    with (
        closing(SQLStore(folder=folder)) as store,
        pytest.raises(StoreError, match=r"store.db is damaged") as caught,
    ):
        store.runs()
    assert expected in str(caught.value)
