"""The SQL metadata tracker: resources, lineage, artifacts, tags."""

from __future__ import annotations

import pytest
import sqlalchemy

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.store import schema
from lolpop.errors import LolpopError, ReferenceNotFoundError, StoreError
from lolpop.resources import Dataset, DatasetVersion, Experiment, Model, ModelVersion


def test_numbers_count_up_by_name_and_kind(tracker):
    """Each name, and each kind of a name, counts from 1."""
    made = [tracker.create(kind, name) for kind, name in [
        (ModelVersion, "a"), (ModelVersion, "a"), (ModelVersion, "b"), (Experiment, "a"),
    ]]  # fmt: skip
    assert [str(resource) for resource in made] == [
        "model_version:a@1", "model_version:a@2", "model_version:b@1", "experiment:a@1",
    ]  # fmt: skip


def test_unnumbered_resource_is_made_once(tracker):
    """Creating a dataset again returns the existing one, and sets the given fields."""
    first = tracker.create(Dataset, "titanic", fields={"a": 1, "b": 1})
    created_at = tracker.get(first).created_at
    assert tracker.create(Dataset, "titanic", fields={"b": 2}) == first
    assert tracker.get(first).fields == {"a": 1, "b": 2}
    assert tracker.get(first).created_at == created_at
    assert tracker.find(Dataset) == [first]


def test_get_takes_a_reference(tracker):
    """A reference may be a string; an invalid one is explained."""
    version = tracker.create(DatasetVersion, "a", fields={"rows": 3})
    assert tracker.get("dataset_version:a@1") == tracker.get(version)
    with pytest.raises(LolpopError, match=r"not a reference"):
        tracker.get("a@1")


def test_unknown_references_are_explained(tracker):
    """The error lists the versions, a near name, or all names."""
    with pytest.raises(ReferenceNotFoundError, match=r"This store holds no dataset version yet"):
        tracker.get("dataset_version:titanic@1")
    tracker.create(DatasetVersion, "titanic")
    with pytest.raises(
        ReferenceNotFoundError, match=r"no dataset_version:titanic@4\. titanic has version 1\."
    ):
        tracker.get("dataset_version:titanic@4")
    for _ in range(2):
        tracker.create(DatasetVersion, "titanic")
    with pytest.raises(ReferenceNotFoundError, match=r"titanic has versions 1 to 3"):
        tracker.get("dataset_version:titanic@4")
    with pytest.raises(ReferenceNotFoundError, match=r"Did you mean titanic?"):
        tracker.get("dataset_version:titanik@1")
    tracker.create(Experiment, "titanic")
    with pytest.raises(ReferenceNotFoundError, match=r"titanic has experiment 1"):
        tracker.update(Experiment(name="titanic", number=2), {})
    for number in range(11):
        tracker.create(Model, f"model{number:02}")
    with pytest.raises(ReferenceNotFoundError, match=r"There are: model00, .*model09, …\."):
        tracker.get("model:zzz")


def test_every_method_explains_an_unknown_resource(tracker, tmp_path):
    """Each method says that the resource does not exist."""
    ghost, real = Dataset(name="ghost"), tracker.create(Dataset, "real")
    (tmp_path / "file").write_text("x")
    calls = [
        lambda: tracker.get(ghost), lambda: tracker.update(ghost, {"a": 1}), lambda: tracker.tag(ghost, {"a": "b"}),
        lambda: tracker.link(ghost, [real]), lambda: tracker.link(real, [ghost]), lambda: tracker.parents(ghost),
        lambda: tracker.children(ghost), lambda: tracker.artifacts(ghost),
        lambda: tracker.save_artifact(ghost, "a", tmp_path / "file"),
        lambda: tracker.load_artifact(ghost, "a", tmp_path / "copy"),
        lambda: tracker.create(Model, "m", parents=[ghost]),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ReferenceNotFoundError, match=r"no dataset:ghost"):
            call()
    assert tracker.find(Model) == []


def test_external_ids_are_kept(tracker):
    """External ids of an update are added to the earlier ones, and are loaded again."""
    version = tracker.create(ModelVersion, "a")
    tracker.update(version.model_copy(update={"external_ids": {"mlflow": "run-1"}}), {"x": 1})
    tracker.update(version.model_copy(update={"external_ids": {"dvc": "abc"}}), {})
    tracker.update(version, {"y": 2})
    expected = {"mlflow": "run-1", "dvc": "abc"}
    child = tracker.create(Experiment, "a", parents=[version])
    assert tracker.get(version).resource.external_ids == expected
    assert tracker.find(ModelVersion)[0].external_ids == expected
    assert tracker.parents(child)[0].external_ids == expected


def test_names_that_make_no_reference_are_refused(tracker):
    """A name that would not parse as a reference is refused, and uses no number."""
    for name in ("", "a b", "a@1", "a:b", "\ud800"):
        with pytest.raises(LolpopError, match=r"cannot name a dataset version"):
            tracker.create(DatasetVersion, name)


def test_fields_that_are_not_json_are_named(tracker):
    """A field that is no JSON value is named, and nothing is created."""
    with pytest.raises(LolpopError, match=r"Field 'bad' of dataset is not a JSON value: .*set"):
        tracker.create(Dataset, "a", fields={"good": 1, "bad": {1, 2}})
    assert tracker.find(Dataset) == []


def test_nan_in_fields_comes_back(tracker):
    """NaN and infinities in fields, such as parameters of a trainer, are loaded again."""
    experiment = tracker.create(
        Experiment, "a", fields={"params": {"missing": float("nan"), "max": float("inf")}}
    )
    params = tracker.get(experiment).fields["params"]
    assert params["missing"] != params["missing"]
    assert params["max"] == float("inf")


def test_folder_comes_back_as_it_was(tracker, tmp_path):
    """A folder is loaded elsewhere with its subfolders and content."""
    folder = tmp_path / "model"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "sub" / "deep" / "wéights.bin").write_bytes(bytes(range(256)))
    model = tracker.create(Model, "m")
    tracker.save_artifact(model, "model", folder)
    tracker.load_artifact(model, "model", tmp_path / "new" / "place")
    files = {path.relative_to(tmp_path / "new" / "place").as_posix(): path.read_bytes()
             for path in (tmp_path / "new" / "place").rglob("*") if path.is_file()}  # fmt: skip
    assert files == {"a.json": b"{}", "sub/deep/wéights.bin": bytes(range(256))}
    assert tracker.artifacts(model) == ["model"]


def test_empty_folder_and_empty_file_come_back(tracker, tmp_path):
    """An empty folder comes back as a folder and an empty file as a file."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    model = tracker.create(Model, "m", artifacts={"folder": tmp_path / "folder", "file": tmp_path / "file"})
    for name in ("folder", "file"):
        tracker.load_artifact(model, name, tmp_path / f"new {name}")
    assert (tmp_path / "new folder").is_dir()
    assert (tmp_path / "new file").read_bytes() == b""


def test_artifact_is_replaced(tracker, tmp_path):
    """An artifact saved under an existing name replaces it."""
    model = tracker.create(Model, "m")
    for text in ("old", "new"):
        (tmp_path / "file").write_text(text)
        tracker.save_artifact(model, "report", tmp_path / "file")
    tracker.load_artifact(model, "report", tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "new"


def test_artifact_is_not_loaded_over_something(tracker, tmp_path):
    """Loading to an existing path is refused, and the path does not change."""
    (tmp_path / "file").write_text("x")
    model = tracker.create(Model, "m", artifacts={"report": tmp_path / "file"})
    with pytest.raises(StoreError, match=r"already exists"):
        tracker.load_artifact(model, "report", tmp_path / "file")


def test_unknown_artifact_is_explained(tracker, tmp_path):
    """The error about an unknown artifact lists those of the resource."""
    (tmp_path / "file").write_text("x")
    model = tracker.create(Model, "m")
    with pytest.raises(ReferenceNotFoundError, match=r"model:m has no artifact 'b'. It has none."):
        tracker.load_artifact(model, "b", tmp_path / "copy")
    tracker.save_artifact(model, "a", tmp_path / "file")
    with pytest.raises(ReferenceNotFoundError, match=r"It has a."):
        tracker.load_artifact(model, "b", tmp_path / "copy")


def test_only_files_and_folders_are_kept(tracker, tmp_path):
    """A broken link, a link to a folder, and a missing path are refused by name."""
    model = tracker.create(Model, "m")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(StoreError, match=r"missing cannot be saved: there is no such file or folder"):
        tracker.save_artifact(model, "a", tmp_path / "missing")
    (folder / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError, match=r"link cannot be saved: it is neither a file nor a folder"):
        tracker.save_artifact(model, "a", folder)
    assert tracker.artifacts(model) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:evil"])
def test_manifest_cannot_write_outside_its_folder(tracker, store, tmp_path, name):
    """A manipulated manifest cannot write outside the loaded folder."""
    (tmp_path / "file").write_text("x")
    model = tracker.create(Model, "m", artifacts={"a": tmp_path / "file"})
    with store.transaction() as connection:
        digest = store.put_file(tmp_path / "file")
        connection.execute(sqlalchemy.update(schema.artifacts).values(files={name: digest}, folder=True))
    with pytest.raises(StoreError, match=r"outside its folder"):
        tracker.load_artifact(model, "a", tmp_path / "target" / "copy")
    assert list((tmp_path / "target").iterdir()) == []


def test_damaged_artifact_is_refused_whole(tmp_path, file_store):
    """If one file of a folder is damaged, nothing is loaded, and no file is left."""
    tracker = SQLMetadataTracker(store=file_store)
    (tmp_path / "folder").mkdir()
    for name in ("a", "b"):
        (tmp_path / "folder" / name).write_text(name)
    model = tracker.create(Model, "m", artifacts={"model": tmp_path / "folder"})
    files = [path for path in (tmp_path / ".lolpop" / "artifacts").rglob("*") if path.is_file()]
    next(path for path in files if path.read_text() == "b").write_text("c")
    with pytest.raises(StoreError, match=r"changed since it was stored"):
        tracker.load_artifact(model, "model", tmp_path / "target" / "copy")
    assert list((tmp_path / "target").iterdir()) == []
