"""A plan of a project with code of its own names exactly the calls that the run after it makes."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

FILES = {
    "lolpop.yaml": """
problem: {name: wine, target: wine, index: bottle}
data: {train: known.csv, predict: new.csv, predictions: out/predictions.csv}
process: {data_transformer: {use: python, function: "features.py:add_features"}}
train:
  model_trainer: {use: "trainer.py:Trainer", estimator: logistic_regression}
  data_splitter: {test_size: "${env:TEST_SIZE}"}
skip: [analyze_model, profile_data]
""",
    "features.py": '''
import pandas as pd

import ratios


def add_features(rows: pd.DataFrame) -> pd.DataFrame:
    """The share of phenols."""
    # Of some wines only.
    result = rows.assign(share=ratios.share(rows))
    return result
''',
    "ratios.py": "SCALE = 1.0\n\n\ndef share(rows):\n    return rows['flavanoids'] / rows['total_phenols'] * SCALE\n\n\ndef unused():\n    return 1\n",
    "trainer.py": "import limits\nfrom lolpop.components.model_trainer.sklearn import SklearnModelTrainer\n\n\nclass Trainer(SklearnModelTrainer):\n    def fit(self, *args, **kwargs):\n        limits.check()\n        return super().fit(*args, **kwargs)\n",
    "limits.py": "import deep\n\n\ndef check():\n    return deep.LIMIT\n",
    "deep.py": "LIMIT = 5\n",
}

PROCESS, TRAIN = "process.transform_data", "train.train_model"
SPLIT, PREDICT = "train.split_data", "predict.get_predictions"
ACTS = {"deploy_model", "predict_data", "predict.track_predictions", "predict.save_predictions"}
"""Calls that act outside: they always run."""

UNRELATED = [
    ("features.py", "# Of some wines only.", "# Of all."),
    ("features.py", "The share of phenols.", "A share."),
    ("features.py", "result", "outcome"),
    ("features.py", "rows.assign(share=ratios.share(rows))", "(\n        rows.assign(share=ratios.share(rows))\n    )"),
    ("ratios.py", "return 1", "return 2"),
    "touch",
    "data.predictions=out/others.csv",
]  # fmt: skip
EDITS: list[tuple[list[Any], set[str]]] = [
    (UNRELATED, set()),
    ([("deep.py", "LIMIT = 5", "LIMIT = 6")], {TRAIN}),
    (["TEST_SIZE"], {SPLIT, TRAIN}),
    ([("ratios.py", "SCALE = 1.0", "SCALE = 2.0"), "row order"], {PROCESS, SPLIT, TRAIN}),
    (["new rows"], {PREDICT}),
]


@pytest.fixture
def wines(folder, monkeypatch):
    """Wines told apart with a component and modules of the project."""
    from sklearn.datasets import load_wine

    frame = load_wine(as_frame=True).frame.rename_axis("bottle").reset_index()
    frame["wine"] = frame.pop("target").map({0: "red", 1: "white", 2: "rose"})
    frame = frame.sample(frac=1, random_state=0)
    frame[:140].to_csv(folder / "known.csv", index=False)
    frame[140:].drop(columns="wine").to_csv(folder / "new.csv", index=False)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    monkeypatch.setenv("TEST_SIZE", "0.2")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(folder))
    return folder


def forget(folder: Path) -> None:
    """Forget the modules of the project, as a process of its own would not have them."""
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
            del sys.modules[name]


def edit(folder: Path, change: Any, flags: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if change == "touch":
        for file in folder.glob("*.*"):
            os.utime(file, (1, 1))
    elif change == "TEST_SIZE":
        monkeypatch.setenv("TEST_SIZE", "0.3")
    elif change in ("row order", "new rows"):
        path = folder / ("known.csv" if change == "row order" else "new.csv")
        header, *rows = path.read_text().splitlines(keepends=True)
        path.write_text("".join([header, *(rows[::-1] if change == "row order" else rows[2:])]))
    elif isinstance(change, str):
        flags += ["--set", change]
    else:
        name, old, new = change
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))


def contradictions(
    planned: list[Any], tasks: list[Any], parent: str | None = None, depth: int = 0
) -> list[str]:
    """The calls of which a plan says something else than what the run did with them."""
    wrong: list[str] = []
    remaining = [task for task in tasks if task["parent_id"] == parent]
    calls = [place for place, call in enumerate(planned) if call["depth"] == depth]
    for place, end in pairwise([*calls, len(planned)]):
        call = planned[place]
        task = next((task for task in remaining if task["path"] == call["path"]), None)
        if task is None:
            if call["status"] != "unknown":
                wrong.append(f"{call['path']} was not called")
            continue
        remaining.remove(task)
        was = "runs" if task["reused_from"] is None else "reused"
        if call["status"] not in ("unknown", was):
            wrong.append(f"{call['path']} {was}, planned: {call['status']}, {call['reasons']}")
        if was == "runs":
            wrong += contradictions(planned[place + 1 : end], tasks, task["task_id"], depth + 1)
    return wrong


def test_a_plan_after_each_edit_is_what_the_run_does(wines, lolpop, monkeypatch):
    """Edits repeat the tasks that depend on them and no others, and no plan says otherwise."""
    flags: list[str] = []
    for _ in range(2):  # the second one has a deployed model to compare with
        forget(wines)
        done = lolpop("run", "classification", "--cache", *flags)
        assert done.code == 0, done.err
    for changes, expected in EDITS:
        for change in changes:
            edit(wines, change, flags, monkeypatch)
        forget(wines)
        planned = lolpop("plan", "classification", "--json", *flags).json["calls"]
        forget(wines)
        done = lolpop("run", "classification", "--cache", *flags)
        assert done.code == 0, done.err
        tasks = lolpop("runs", "show", "last", "--json").json["tasks"]
        assert contradictions(planned, tasks) == [], changes
        made = {task["path"] for task in tasks if task["reused_from"] is None}
        watched = {PROCESS, SPLIT, TRAIN} if PREDICT not in expected else {SPLIT, TRAIN, PREDICT}
        assert made & watched == expected, changes
        assert made >= ACTS
