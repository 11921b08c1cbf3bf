"""Places where nothing can be written, or not enough."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from forked_commands import Command
from wholeness import check_files, check_store

FORMER = "patient_id,prediction\n1,benign\n"


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system of its own at ``folder``; the test is skipped where mounting is not permitted."""
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"mounting is not permitted: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def predicted_before(project: Path) -> Path:
    """Predictions of an earlier time, which a run that fails must leave alone."""
    path = project / "out" / "predictions.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(FORMER)
    return path


def assert_told(ended, code, *words):
    """The command failed with ``code``, and says why in a few lines that hold all ``words``."""
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    assert len(ended.err.splitlines()) <= 4, ended.err
    assert all(word in ended.err for word in words), ended.err


def test_a_file_in_the_place_of_the_store_is_named(lolpop, project):
    """Nothing runs, and the error names the file."""
    (project / ".lolpop").write_text("mine")
    predictions = predicted_before(project)
    ended = lolpop("run", "classification", "--json")
    assert_told(ended, 1, str(project / ".lolpop"), "a file is in the place", "Move the file away")
    assert ended.json["status"] == "failed"
    assert (project / ".lolpop").read_text() == "mine"
    assert predictions.read_text() == FORMER


def test_a_read_only_place_is_named(lolpop, project, files, tmp_path):
    """The error names the place, and no file is left."""
    shutil.rmtree(project)
    with small_disk(project, 1024):
        shutil.copytree(files, project, dirs_exist_ok=True)
        predictions = predicted_before(project)
        before = sorted(project.rglob("*"))
        subprocess.run(["mount", "-o", "remount,ro", project], check=True)
        ended = lolpop("run", "classification")
        assert_told(ended, 2, "data.predictions", f"the folder {project / 'out'} is not writable")
        elsewhere = f"data.predictions={tmp_path / 'out.csv'}"
        ended = lolpop("run", "classification", "--set", elsewhere)
        assert_told(ended, 1, str(project / ".lolpop"), "read-only")
        assert sorted(project.rglob("*")) == before
        assert predictions.read_text() == FORMER


@pytest.mark.parametrize("kilobytes", [90, 400, 700])
def test_a_full_disk_is_reported_and_harms_nothing(lolpop, project, files, tmp_path, kilobytes):
    """A full disk at any time is a readable error, and earlier records are intact."""
    shutil.rmtree(project)
    with small_disk(project, kilobytes):
        shutil.copytree(files, project, dirs_exist_ok=True)
        predictions = predicted_before(project)
        ended = lolpop("run", "classification")
        assert_told(ended, 1, "the disk is full", "Free some space")
        assert predictions.read_text() == FORMER
        assert list(predictions.parent.iterdir()) == [predictions]
        check_files(project)
        # Some space is freed.
        shutil.copytree(project, tmp_path / "larger")
    shutil.copytree(tmp_path / "larger", project, dirs_exist_ok=True)
    check_store(project, tmp_path / "kept")
    assert lolpop("run", "classification").code == 0
    check_store(project, tmp_path / "kept after")


def test_a_store_of_a_newer_version_is_left_alone(lolpop, project):
    """No command changes it, and the error says how to update."""
    assert lolpop("run", "classification").code == 0
    store, predictions = project / ".lolpop" / "store.db", predicted_before(project)
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("UPDATE lolpop_version SET version_num = '9999'")
    content = store.read_bytes()
    for command in (("run", "classification"), ("runs", "ls")):
        assert_told(lolpop(*command), 1, "newer lolpop", "9999", "pip install --upgrade lolpop")
    assert store.read_bytes() == content
    assert predictions.read_text() == FORMER


def test_predictions_that_cannot_be_written_leave_the_former_ones(lolpop, project):
    """Nothing runs if it is known before, and the finding has the reason."""
    predictions = predicted_before(project)
    (project / "lolpop.yaml").write_text(
        (project / "lolpop.yaml").read_text().replace("out/predictions.csv", "out/predictions.csv/today.csv")
    )
    ended = lolpop("run", "classification", "--json")
    assert_told(ended, 2, "out/predictions.csv/today.csv cannot be written", "is a file, not a folder")
    assert predictions.read_text() == FORMER
    assert json.loads(lolpop("runs", "ls", "--json").out) == []


def test_a_folder_without_settings_is_named(tmp_path):
    """The error says that there are no settings in the current folder."""
    (tmp_path / "elsewhere").mkdir()
    ended = Command(tmp_path / "elsewhere", "run", "classification").end()
    assert ended.code == 2
    assert "data: is required and is not set" in ended.err
    assert f"There is no lolpop.yaml in {tmp_path / 'elsewhere'}" in ended.err
    assert list((tmp_path / "elsewhere").iterdir()) == []
