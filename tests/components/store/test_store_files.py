"""Files by their content."""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import time
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop._advisory_locks import locked
from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.store._files import LocalFiles
from lolpop.components.store.sql import SQLStore
from lolpop.data.tables import write_batches
from lolpop.errors import DataError, MissingExtraError, StoreError
from lolpop.resources import Experiment


@pytest.fixture(params=["local", "remote"])
def files(request, tmp_path):
    """A store whose files are in a folder, or behind fsspec."""
    artifacts = None if request.param == "local" else f"memory://{tmp_path.name}"
    store = SQLStore(artifacts=artifacts, folder=tmp_path)
    yield store
    store.close()


@given(content=st.binary(max_size=3000))
@settings(max_examples=25, deadline=None)
def test_content_comes_back(tmp_path_factory, content):
    """Any content is read back by its SHA-256."""
    folder = tmp_path_factory.mktemp("files")
    files = LocalFiles(folder / "root")
    (folder / "source").write_bytes(content)
    digest = files.put(folder / "source")
    files.get(digest, folder / "copy")
    assert digest == hashlib.sha256(content).hexdigest()
    assert (folder / "copy").read_bytes() == content


def test_same_content_is_kept_once(files, tmp_path):
    """Equal content has one digest and one file."""
    (tmp_path / "a").write_bytes(b"same")
    (tmp_path / "b").write_bytes(b"same")
    assert files.put_file(tmp_path / "a") == files.put_file(tmp_path / "b")
    root = tmp_path / ".lolpop" / "artifacts"
    assert len([path for path in root.rglob("*") if path.is_file()]) in (0, 1)  # none: it is elsewhere


def test_missing_file_is_named(files, tmp_path):
    """The error names the missing file, and nothing is written."""
    with pytest.raises(StoreError, match="is missing"):
        files.get_file("0" * 64, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_source_that_is_missing_is_named(files, tmp_path):
    """Storing a file that does not exist is an error with its name."""
    with pytest.raises(StoreError, match=r"nothing cannot be read: there is no such file"):
        files.put_file(tmp_path / "nothing")


def test_digest_cannot_leave_the_root(files, tmp_path):
    """Text that is no digest is refused, so no path outside the root can be read."""
    for digest in ("../../etc/passwd", "0" * 63, "A" * 64):
        with pytest.raises(StoreError, match="not a digest"):
            files.get_file(digest, tmp_path / "copy")


def test_changed_content_is_found_out(file_store, tmp_path):
    """Changed content is refused with its name; storing it again repairs it."""
    (tmp_path / "a").write_bytes(b"content")
    digest = file_store.put_file(tmp_path / "a")
    file = next(path for path in (tmp_path / ".lolpop" / "artifacts").rglob("*") if path.is_file())
    file.write_bytes(b"c0ntent")
    with pytest.raises(StoreError, match=f"{file} has changed since it was stored"):
        file_store.get_file(digest, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a"]
    assert file_store.put_file(tmp_path / "a") == digest
    file_store.get_file(digest, tmp_path / "copy")


def test_a_staged_file_is_moved(file_store, tmp_path):
    """What was written to be stored is not copied; equal content is stored once, and nothing else is left."""
    root = tmp_path / ".lolpop" / "artifacts"
    inodes = set()
    for _ in range(2):
        with file_store.staged_file("rows") as file:
            file.write(b"rows")
            file.close()
            inodes.add(file.path.stat().st_ino)
            digest = file_store.put_file(file.path)
    [stored] = [path for path in root.rglob("*") if path.is_file()]
    assert stored == root / digest[:2] / digest[2:]
    assert stored.stat().st_ino in inodes
    assert stored.stat().st_mode == (root.parent / "store.db").stat().st_mode
    assert [path.name for path in root.iterdir()] == [digest[:2]]


def test_an_error_in_a_later_batch_leaves_nothing(file_store, tmp_path, capfd):
    """The file is removed, and Arrow does not complain that it is closed."""
    frame = pd.DataFrame({"x": [1, 2]})
    with pytest.raises(DataError, match="lack the columns 'x'"), file_store.staged_file("rows") as file:
        write_batches([frame, frame.rename(columns={"x": "y"})], file)
    gc.collect()
    assert capfd.readouterr().err == ""
    assert not any((tmp_path / ".lolpop" / "artifacts").iterdir())


def test_other_files_are_copied(files, tmp_path):
    """A file that was not staged stays where it is, and is not the stored one."""
    source = tmp_path / "source"
    source.write_bytes(b"before")
    digest = files.put_file(source)
    source.write_bytes(b"after!")
    with files.reading_file(digest) as path:
        assert path.read_bytes() == b"before"


@pytest.mark.parametrize("change", ["open", "appended", "overwritten", "link", "hard link"])
def test_a_staged_file_that_is_not_as_it_was_written_is_copied(file_store, tmp_path, change):
    """The digest is that of the content, and no file of somebody else is moved."""
    other = tmp_path / "other"
    other.write_bytes(b"other")
    with file_store.staged_file("rows") as file:
        file.write(b"rows!")
        if change == "open":
            file._file.flush()
        else:
            file.close()
        if change == "appended":
            with file.path.open("ab") as appended:
                appended.write(b"more")
        elif change == "overwritten":
            os.utime(file.path, (1, 1))
            file.path.write_bytes(b"later")
        elif "link" in change:
            file.path.unlink()
            file.path.symlink_to(other) if change == "link" else file.path.hardlink_to(other)
        content = file.path.read_bytes()
        digest = file_store.put_file(file.path)
        assert file.path.read_bytes() == content
    assert digest == hashlib.sha256(content).hexdigest()
    assert file_store.has_file(digest)
    assert other.read_bytes() == b"other"


def test_a_moved_file_is_on_the_disk_before_anything_refers_to_it(file_store, tmp_path, monkeypatch):
    """A staged file is synced when the transaction begins, like a copied one."""
    synced = []
    monkeypatch.setattr("lolpop.components.store._files.sync", synced.append)
    with file_store.staged_file("rows") as file:
        file.write(b"rows")
        file.close()
        digest = file_store.put_file(file.path)
    with file_store.transaction():
        root = tmp_path / ".lolpop" / "artifacts"
        assert set(synced) == {root / digest[:2] / digest[2:], root / digest[:2], root}


def test_half_written_artifacts_of_killed_processes_are_removed(file_store, tmp_path):
    """Abandoned files are removed, unless they are too new to be locked already."""
    root = tmp_path / ".lolpop" / "artifacts"
    root.mkdir(parents=True)
    for name, age in ((".incoming-left", 100), (".incoming-new", 0), (".incoming-written", 100)):
        (root / name).write_bytes(b"half")
        os.utime(root / name, (time.time() - age,) * 2)
    (root / ".incoming-folder").mkdir()
    (root / ".incoming-folder" / "rows").write_bytes(b"half")
    os.utime(root / ".incoming-folder", (time.time() - 100,) * 2)
    with locked(root / ".incoming-written"):
        file_store.runs()
    assert {path.name for path in root.iterdir()} == {".incoming-new", ".incoming-written"}


def test_url_of_a_file_system_is_a_folder(tmp_path):
    """A file:// URL means its folder."""
    store = SQLStore(artifacts=f"file://{tmp_path}/there", folder=tmp_path)
    (tmp_path / "a").write_bytes(b"a")
    store.put_file(tmp_path / "a")
    assert any((tmp_path / "there").iterdir())
    store.close()


def test_unknown_protocol_is_named(tmp_path):
    """The error names an unknown protocol, with the URL but without its secrets."""
    store = SQLStore(artifacts="nosuch://user:hunter2@place/x?key=hunter3", folder=tmp_path)
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(StoreError, match=r"nosuch://\*{10}@place/x: fsspec knows no protocol") as caught:
        store.put_file(tmp_path / "a")
    assert "hunter" not in str(caught.value)
    store.close()


@pytest.mark.usefixtures("no_credentials")
def test_a_bucket_without_credentials_is_named(tmp_path):
    """The error of the driver is reported with the place of the artifacts."""
    store = SQLStore(artifacts="s3://bucket/x", folder=tmp_path)
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(StoreError, match=r"^s3://bucket/x cannot be written: .*credentials\.$"):
        store.put_file(tmp_path / "a")
    store.close()


def test_missing_library_of_a_protocol_is_named(tmp_path, monkeypatch):
    """Without s3fs, the error for an S3 URL says what to install."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(
        import_module("fsspec.registry")._registry, "s3", raising=False
    )  # where it was needed before
    store = SQLStore(artifacts="s3://bucket/x", folder=tmp_path)
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(MissingExtraError, match=r"lolpop\[s3\]"):
        store.put_file(tmp_path / "a")
    store.close()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are told by name on Linux only")
def test_files_are_on_the_disk_before_anything_refers_to_them(file_store, tmp_path, monkeypatch):
    """Content and names are synced together, when a transaction is committed."""
    synced, sync = [], os.fsync

    def watched(descriptor):
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    tracker = SQLMetadataTracker(store=file_store)
    source = tmp_path / "model"
    source.mkdir()
    for name in ("a", "b", "c"):
        (source / name).write_text(name)
    digests = [file_store.put_file(source / name) for name in ("a", "b", "c")]
    assert synced == []
    experiment = tracker.create(Experiment, "x", artifacts={"model": source})
    root = tmp_path / ".lolpop" / "artifacts"
    files = [root / digest[:2] / digest[2:] for digest in digests]
    assert sorted(synced) == sorted({*files, *(file.parent for file in files), root})
    synced.clear()
    tracker.update(experiment, {"score": 1})
    assert synced == []
    before = [file.stat().st_ino for file in files]
    file_store.put_file(source / "a")
    assert [file.stat().st_ino for file in files] == before
    with file_store.transaction():
        file_store.put_file(source / "b")
        synced.clear()
    assert set(synced) == {files[1], files[1].parent, root}
