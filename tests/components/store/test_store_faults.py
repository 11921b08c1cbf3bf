"""What can be wrong with the place of a store, and what is said of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.store._places import DatabasePlace, shown
from lolpop.components.store.sql import SQLStore
from lolpop.data.tables import write_batches
from lolpop.errors import MissingExtraError, StoreError
from lolpop.resources import Experiment

NOBODY = 65534


@contextmanager
def without_rights():
    """As a user to whom permissions apply."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(tmp_path_factory):
    """A folder that any user can reach; what a store imports at work is imported while root may read it."""
    with closing(SQLStore(folder=tmp_path_factory.mktemp("other"))) as store:
        store.runs()
    folder = tmp_path_factory.mktemp("open")
    shared = Path(tempfile.gettempdir())
    for path in (folder, *folder.parents):
        if path != shared and path.is_relative_to(shared):
            path.chmod(0o755)
    return folder


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a disk is not permitted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_folder_that_cannot_be_written(open_folder):
    """The error names the folder without write permission, and says what to do."""
    open_folder.chmod(0o555)
    store = SQLStore(folder=open_folder)
    with without_rights(), pytest.raises(StoreError) as caught:
        store.runs()
    assert f"{open_folder}/.lolpop cannot be written: permission denied" in str(caught.value)
    assert "set store.url" in str(caught.value)


def test_folder_that_cannot_be_looked_into(open_folder):
    """The error names the folder that cannot be searched, and says what to do."""
    open_folder.chmod(0o700)
    store = SQLStore(folder=open_folder)
    with without_rights(), pytest.raises(StoreError, match="permission denied") as caught:
        store.runs()
    assert str(open_folder) in str(caught.value)


def test_database_that_cannot_be_written(open_folder, new_run):
    """A read-only database can be listed; beginning a run is an error with the file."""
    store = SQLStore(folder=open_folder)
    with store.begin_run(new_run()):
        pass
    assert store.runs()[0].status == "interrupted"
    store.close()
    with without_rights():
        with pytest.raises(StoreError, match=r"store.db cannot be") as caught:
            store.begin_run(new_run("other")).__enter__()
        store.close()
    assert "Let this user write there" in str(caught.value)


def test_artifacts_that_cannot_be_written(open_folder):
    """The error names the folder of artifacts."""
    (open_folder / "file").write_text("x")
    (open_folder / "artifacts").mkdir(mode=0o555)
    store = SQLStore(artifacts="artifacts", folder=open_folder)
    store.runs()
    with without_rights(), pytest.raises(StoreError, match=r"artifacts cannot be written: permission denied"):
        store.put_file(open_folder / "file")
    store.close()


def test_file_that_is_no_database(tmp_path):
    """The error names the file, which does not change."""
    path = tmp_path / ".lolpop" / "store.db"
    path.parent.mkdir()
    path.write_text("not a database, " * 100)
    store = SQLStore(folder=tmp_path)
    with pytest.raises(StoreError, match=r"store.db is not a store: the file is no SQLite database"):
        store.runs()
    assert path.read_text().startswith("not a database")


def test_folder_in_the_place_of_the_database(tmp_path):
    """The error names the folder."""
    (tmp_path / ".lolpop" / "store.db").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"store.db cannot be opened"):
        SQLStore(folder=tmp_path).runs()


def test_file_in_the_place_of_the_folder(tmp_path):
    """The error names the file."""
    (tmp_path / ".lolpop").write_text("x")
    with pytest.raises(StoreError, match=r"\.lolpop.* cannot be"):
        SQLStore(folder=tmp_path).runs()


def test_damaged_database(tmp_path, new_run):
    """A database with overwritten pages is reported as damaged."""
    store = SQLStore(folder=tmp_path)
    with store.begin_run(new_run()):
        pass
    store.close()
    path = tmp_path / ".lolpop" / "store.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"store\.db is damaged\. Restore it"):
        store.runs()
    store.close()


def test_full_disk_keeps_what_was_there(small_disk):
    """The error names the full disk, earlier content is intact, and with space the store works again."""
    store = SQLStore(folder=small_disk)
    tracker = SQLMetadataTracker(store=store)
    source = small_disk.parent / "source"
    source.write_bytes(b"a" * 100_000)
    first = tracker.create(Experiment, "a", artifacts={"model": source})
    filler = small_disk / "filler"
    source.write_bytes(b"b" * 3_000_000)
    with pytest.raises(
        StoreError, match=r"artifacts cannot be written: the disk is full\. .*Free some space"
    ):
        tracker.create(Experiment, "a", artifacts={"model": source})
    with (
        pytest.raises(StoreError, match=r"artifacts cannot be written: the disk is full\. .*Free some space"),
        store.staged_file("rows") as staged,
    ):
        write_batches([pd.DataFrame({"x": np.random.default_rng(0).random(500_000)})], staged)
    assert not staged.path.exists()
    free = os.statvfs(small_disk)
    filler.write_bytes(b"x" * (free.f_bavail * free.f_frsize))

    def fill():
        for _ in range(100):
            tracker.create(Experiment, "a", fields={"text": "y" * 100_000})

    with pytest.raises(StoreError, match=r"store\.db.*disk is full"):
        fill()
    filler.unlink()
    tracker.load_artifact(first, "model", small_disk.parent / "copy")
    experiments = tracker.find(Experiment, "a")
    assert [experiment.number for experiment in experiments] == list(range(1, len(experiments) + 1))
    assert tracker.create(Experiment, "a").number == len(experiments) + 1
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:hunter2@db/lolpop", "store.db", "sqlite:///", "root:hunter2@db",
        "postgresql+psycopg2://root:hunter2@db/x", "",
    ],
)  # fmt: skip
def test_url_that_is_none_is_refused_at_once(url):
    """The constructor refuses another kind of URL, without showing its secrets."""
    with pytest.raises(ValueError, match=r"Expected sqlite:///folder/store.db") as caught:
        SQLStore(url)
    assert "hunter2" not in str(caught.value)
    assert "root" not in str(caught.value)


def test_blank_artifacts_are_refused_at_once():
    """The constructor refuses a blank root of artifacts."""
    with pytest.raises(ValueError, match="artifacts must be a path or a URL but got ' '"):
        SQLStore(artifacts=" ")


def test_relative_paths_start_at_the_folder(tmp_path):
    """Relative paths start from the folder of the settings."""
    store = SQLStore("sqlite:///data/my store.db", "kept", folder=tmp_path)
    store.runs()
    store.close()
    assert (tmp_path / "data" / "my store.db").is_file()
    other = SQLStore(f"sqlite:///{tmp_path}/100%/a?b#c.db", folder=tmp_path / "elsewhere")
    other.runs()
    other.close()
    assert (tmp_path / "100%").is_dir()


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        (
            "postgresql+psycopg://bob:p@ss:w/rd@db:5432/x?password=q",
            "postgresql+psycopg://**********@db:5432/x",
        ),
        ("s3://bucket/path", "s3://bucket/path"),
        ("sqlite:///a.db", "sqlite:///a.db"),
    ],
)
def test_shown_urls_keep_their_secrets(url, seen):
    """The user part and the parameters of a URL are never shown."""
    assert shown(url) == seen


def test_driver_messages_are_scrubbed():
    """Passwords and user names are removed from messages of drivers, also in encoded form."""
    place = DatabasePlace("postgresql+psycopg://bob:p%40ss@db/bobsled?password=h2")
    message = 'user "bob" failed with p@ss or p%40ss at bobsled, h2'
    assert (
        place.scrub(message)
        == 'user "**********" failed with ********** or ********** at bobsled, **********'
    )
    assert "p%40ss" not in repr(place) + str(place)


def test_wrong_password_is_not_shown(postgres_url):
    """The error names the server, shows no secret, and has no cause."""
    store = SQLStore(postgres_url.replace("s3cr3t%2Fpass", "wr0ng%2Fpass"))
    with pytest.raises(StoreError, match=r"postgresql\+psycopg://\*{10}@127.0.0.1:\d+/.*password") as caught:
        store.runs()
    shown_in_full = "".join(map(str, (caught.value, caught.value.__cause__)))
    for secret in ("wr0ng", "lolpop_owner"):
        assert secret not in shown_in_full


def test_server_that_is_not_there_is_named():
    """The error names the server without secrets."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    store = SQLStore("postgresql://bob:hunter2@127.0.0.1:1/x")
    with pytest.raises(StoreError, match=r"postgresql://\*{10}@127.0.0.1:1/x failed: .*refused") as caught:
        store.runs()
    assert "hunter2" not in str(caught.value)
    assert "bob" not in str(caught.value)


def test_missing_driver_says_what_to_install(monkeypatch):
    """Without psycopg, a Postgres URL says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lolpop\[postgres\]'"):
        SQLStore("postgresql+psycopg://db/x").runs()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_scheme_of_postgres_is_that_of_the_driver(scheme):
    """``postgres://``, which Airflow and psql use, works, too."""
    place = DatabasePlace(f"{scheme}://ada:key@host:5432/lolpop")
    assert place.driver_url == "postgresql+psycopg://ada:key@host:5432/lolpop"
