"""What is written never replaces what is read, nor anything else that is somebody's own."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lolpop import providers
from lolpop.components.data_connector.file import FileDataConnector
from lolpop.components.logger import Logger
from lolpop.errors import DataError, Finding, VerificationError
from lolpop_containers.classification import ClassificationContainer

KEPT = ["known.csv", "new.csv", "truth.csv", "lolpop.yaml", "lolpop.ci.yaml", ".env", "pyproject.toml"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rows = pd.DataFrame({"id": range(60), "x": [at % 7 for at in range(60)]})
    rows["y"] = ["no" if x < 3 else "yes" for x in rows["x"]]
    rows.to_csv(tmp_path / "known.csv", index=False)
    rows.drop(columns="y").to_csv(tmp_path / "new.csv", index=False)
    rows[["id", "y"]].to_csv(tmp_path / "truth.csv", index=False)
    (tmp_path / "links").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path)
    (tmp_path / "link.csv").symlink_to("new.csv")
    os.link(tmp_path / "known.csv", tmp_path / "hard.csv")
    for name in ("lolpop.ci.yaml", ".env", "pyproject.toml"):
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.fixture
def load(project: Path) -> Callable[..., Any]:
    def load(container: type[Any] = ClassificationContainer, **data: Any) -> Any:
        settings = {
            "problem": {"name": "p", "target": "y", "index": "id"},
            "data": {"train": "known.csv", "predict": "new.csv", "truth": "truth.csv", **data},
            "train": {"model_trainer": {"estimator": "logistic_regression"}},
            "skip": ["analyze_model", "check_model"],
            "notifiers": [],
        }
        (project / "lolpop.yaml").write_text(json.dumps(settings))
        return container.load(project / "lolpop.yaml", environ={})

    return load


def findings(container: Any) -> list[Finding]:
    with pytest.raises(VerificationError) as raised:
        container.verify()
    return list(raised.value.findings)


@pytest.mark.parametrize("target", ["predictions", "explanations"])
@pytest.mark.parametrize(
    ("written", "protected"),
    [
        ("known.csv", "data.train"),
        ("./new.csv", "data.predict"),
        ("linked/truth.csv", "data.truth"),
        ("link.csv", "data.predict"),
        ("hard.csv", "data.train"),
        ("file://{folder}/links/../new.csv", "data.predict"),
        ({"path": "lolpop.yaml", "format": "csv"}, "the settings file lolpop.yaml"),
        ({"path": "lolpop.ci.yaml", "format": "csv"}, "the settings file lolpop.ci.yaml"),
        ({"path": ".env", "format": "csv"}, "the settings file .env"),
        ({"path": ".lolpop/store.db", "format": "csv"}, "the database of the store"),
        ({"path": ".lolpop/store.db-wal", "format": "csv"}, "the database of the store"),
        (".lolpop/artifacts/ab/predictions.csv", "in the folder of the store's artifacts"),
    ],
)
def test_a_target_that_is_something_else_is_a_finding(
    load: Callable[..., Any], project: Path, target: str, written: Any, protected: str
) -> None:
    """Sources, settings files and the store are protected, under all spellings and links."""
    if isinstance(written, str):
        written = written.format(folder=project)
    [finding] = findings(load(**{target: written}))
    assert finding.path == f"data.{target}"
    assert protected in finding.message
    assert finding.origin is not None


def test_two_targets_are_two_files(load: Callable[..., Any]) -> None:
    """The second one would replace the first."""
    [finding] = findings(load(predictions="out.csv", explanations="linked/out.csv"))
    assert (finding.path, "data.predictions" in finding.message) == ("data.explanations", True)


def test_a_target_that_a_pattern_of_sources_matches_is_a_finding(load: Callable[..., Any]) -> None:
    """Before training, though there is no such file yet: later, it would be a source."""
    [finding] = findings(load(train="linked/kn*.csv", predictions="known_too.csv"))
    assert finding.path == "data.predictions"
    assert "is one of the files of data.train, which would be overwritten" in finding.message


def test_a_log_is_no_source_and_no_target(load: Callable[..., Any]) -> None:
    """A log that is appended to a table would destroy it."""

    class Logged(ClassificationContainer):
        logger = providers.Component(Logger, default="file", settings={"path": "link.csv"})

    assert [finding.path for finding in findings(load(Logged))] == ["logger.path"]

    class Beside(ClassificationContainer):
        logger = providers.Component(Logger, default="file", settings={"path": "out.csv"})

    [finding] = findings(load(Beside, predictions="out.csv"))
    assert "which would be overwritten" in finding.message


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("out.xlsx", "unknown format 'xlsx'"),
        ("out", "has no suffix, so its format is unknown"),
        ({"path": "out.csv", "format": "sas"}, "unknown format 'sas'"),
        ("links", "it is a folder"),
        ({"path": "links", "format": "csv"}, "it is a folder"),
        ("known.csv/out.csv", "known.csv is a file, not a folder"),
        ("/proc/out.csv", "the folder /proc is not writable"),
        ("/sys/kernel/out.csv", "is not writable"),
        ({"path": "/dev/null", "format": "csv"}, "it is a device"),
        ({"path": "pipe", "format": "csv"}, "it is a named pipe"),
        ({"path": "circle.csv"}, "it is a circular link"),
        ("x" * 300 + ".csv", "File name too long"),
        ("nowhere://out.csv", "unknown file system 'nowhere'"),
        ({"path": "out.csv", "sheet": 1}, "unknown key 'sheet'"),
    ],
)
def test_a_target_that_cannot_be_written_is_a_finding(
    load: Callable[..., Any], project: Path, written: Any, reason: str
) -> None:
    """It is found before training."""
    os.mkfifo(project / "pipe")
    (project / "circle.csv").symlink_to("circle.csv")
    [finding] = findings(load(predictions=written))
    assert finding.path.startswith("data.predictions")
    assert reason in finding.message


def test_a_source_of_no_known_format_is_a_finding(load: Callable[..., Any]) -> None:
    """It is found before anything is read."""
    [finding] = (finding for finding in findings(load(train="known.xlsx")) if finding.severity == "error")
    assert finding.path == "data.train"


def test_pipes_are_never_replaced(project: Path) -> None:
    """The connector refuses them without verification, too."""
    path = project / "pipe"
    os.mkfifo(path)
    before = path.lstat().st_mode
    with pytest.raises(DataError, match="it is a named pipe"):
        FileDataConnector().write(pd.DataFrame({"a": [1]}), {"path": str(path), "format": "csv"})
    assert path.lstat().st_mode == before
    assert stat.S_ISFIFO(before)


def test_a_link_stays_a_link(project: Path) -> None:
    """The target of the link is written, if it exists or not."""
    (project / "latest.csv").symlink_to("links/first.csv")
    connector = FileDataConnector(folder=project)
    for value in (1, 2):
        connector.write(pd.DataFrame({"a": [value]}), "latest.csv")
        assert (project / "latest.csv").is_symlink()
        assert (project / "links" / "first.csv").read_text() == f"a\n{value}\n"
    assert sorted(path.name for path in (project / "links").iterdir()) == ["first.csv"]


def test_what_becomes_a_source_after_verification_is_not_replaced(
    load: Callable[..., Any], project: Path
) -> None:
    """The places are compared again before writing: a link may be new."""
    with load(predictions="out.csv") as container:
        runner = container.runner()
        (project / "out.csv").symlink_to("truth.csv")
        before = (project / "truth.csv").read_bytes()
        with pytest.raises(DataError, match=r"out.csv cannot be written: it is the file of data.truth"):
            runner.run()
    assert (project / "truth.csv").read_bytes() == before


def test_rows_that_an_argument_named_are_not_replaced(load: Callable[..., Any], project: Path) -> None:
    """Sources in arguments are protected, in each process."""
    (project / "out.csv").write_bytes((project / "new.csv").read_bytes())
    with load() as container:
        runner = container.runner()
        version = runner.train_model(runner.process_data())
        rows = runner.process_data("linked/out.csv", "predict")
    before = (project / "out.csv").read_bytes()
    with load(predictions="out.csv") as container, pytest.raises(DataError, match="would overwrite"):
        container.runner().predict_data(version, rows)
    assert (project / "out.csv").read_bytes() == before
