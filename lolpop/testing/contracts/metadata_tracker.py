"""The contract of metadata trackers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.errors import ReferenceNotFoundError
from lolpop.resources import Dataset, DatasetVersion, Model, ModelVersion
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["MetadataTrackerContract"]

Make: TypeAlias = Callable[[], MetadataTracker]


class MetadataTrackerContract(ComponentContract):
    """The checks that every metadata tracker must pass.

    Fixtures: ``make()`` makes a tracker. Within a test, every call returns a new one for the same location,
    which is empty at first.
    """

    interface: ClassVar[type[Any]] = MetadataTracker

    def test_numbers_resources_of_a_name(self, make: Make) -> None:
        """Versions of a name are numbered from 1. A dataset or model exists once per name."""
        numbers = [make().create(DatasetVersion, "titanic").number for _ in range(3)]
        require(numbers == [1, 2, 3], "[1, 2, 3]", numbers)
        require(make().create(DatasetVersion, "other").number == 1, "1 for another name", "another number")
        require(make().create(Dataset, "titanic") == make().create(Dataset, "titanic"), "one dataset", "two")
        require(make().find(Dataset) == [Dataset(name="titanic")], "one dataset", make().find(Dataset))

    def test_keeps_fields_and_tags(self, make: Make) -> None:
        """Fields and tags are stored, by resource and by reference. Setting some does not change others."""
        fields = {"rows": 3, "names": ["é", None], "nested": {"share": 0.5}}
        version = make().create(ModelVersion, "titanic", fields=fields)
        make().update(version, {"rows": 4})
        make().tag(version.reference, {"team": "ads"})
        make().tag(version, {"stage": "test"})
        for reference in (version, version.reference):
            record = make().get(reference)
            require(record.resource == version, f"{version}", record.resource)
            require(dict(record.fields) == {**fields, "rows": 4}, "the fields, rows updated", record.fields)
            require(dict(record.tags) == {"team": "ads", "stage": "test"}, "both tags", record.tags)
            require(record.created_at.tzinfo is not None, "a time with a zone", record.created_at)
            require(record.run_id is None, "no run outside a run", record.run_id)

    def test_finds_by_type_and_name(self, make: Make) -> None:
        """Resources are found by their type, and by name, oldest first."""
        tracker = make()
        created = [tracker.create(ModelVersion, name) for name in ("b", "a", "b")]
        tracker.create(DatasetVersion, "b")
        require(make().find(ModelVersion) == created, f"{created}", make().find(ModelVersion))
        expected = [created[0], created[2]]
        require(make().find(ModelVersion, "b") == expected, f"{expected}", make().find(ModelVersion, "b"))
        require(make().find(Model) == [], "no models", make().find(Model))

    def test_keeps_lineage(self, make: Make) -> None:
        """Parents and children are found in the order of recording, each once."""
        tracker = make()
        one, other = (tracker.create(DatasetVersion, name) for name in ("one", "other"))
        child = tracker.create(ModelVersion, "model", parents=[one])
        tracker.link(child.reference, [other.reference])
        tracker.link(child, [one])
        require(make().parents(child) == [one, other], f"{[one, other]}", make().parents(child))
        require(make().children(one) == [child], f"{[child]}", make().children(one))
        require(make().parents(one) == [], "no parents", make().parents(one))

    def test_keeps_artifacts(self, make: Make, tmp_path: Path) -> None:
        """Files and folders are restored, even if the originals have changed."""
        file, folder = tmp_path / "file.txt", tmp_path / "folder"
        file.write_bytes(b"content \x00")
        (folder / "inner").mkdir(parents=True)
        (folder / "inner" / "deep.txt").write_text("deep")
        version = make().create(ModelVersion, "model", artifacts={"file": file})
        make().save_artifact(version.reference, "folder", folder)
        file.write_bytes(b"changed meanwhile")
        require(make().artifacts(version) == ["file", "folder"], "file and folder", make().artifacts(version))
        make().load_artifact(version, "file", tmp_path / "loaded")
        require((tmp_path / "loaded").read_bytes() == b"content \x00", "the content", "another")
        make().load_artifact(version, "folder", tmp_path / "loaded folder")
        deep = tmp_path / "loaded folder" / "inner" / "deep.txt"
        require(deep.read_text() == "deep", "the file in the folder", "another")
        with make().reading_artifact(version, "file") as path:
            require(path.read_bytes() == b"content \x00", "the content", "another")
        require(make().has_artifact(version, "file"), "the artifact", "none")

    def test_unknown_is_named(self, make: Make, tmp_path: Path) -> None:
        """A missing resource or artifact raises a ReferenceNotFoundError that names it."""
        tracker, unknown = make(), "model_version:titanic@7"
        version = tracker.create(ModelVersion, "titanic")
        for call in (
            lambda: tracker.get(unknown),
            lambda: tracker.update(unknown, {"rows": 1}),
            lambda: tracker.tag(unknown, {"team": "ads"}),
        ):
            error = raised(ReferenceNotFoundError, call)
            require("titanic@7" in str(error), f"{unknown} named", error)
        raised(ReferenceNotFoundError, lambda: tracker.load_artifact(version, "nothing", tmp_path / "to"))
        require(not tracker.has_artifact(version, "nothing"), "no artifact", "one")

    def test_creates_whole_or_not_at_all(self, make: Make, tmp_path: Path) -> None:
        """A resource with a missing artifact or parent is not created."""
        tracker = make()
        for arguments in ({"artifacts": {"file": tmp_path / "nowhere"}}, {"parents": ["model_version:no@1"]}):
            try:
                tracker.create(ModelVersion, "titanic", **arguments)
            except Exception:  # noqa: BLE001, S110  (the tracker may raise any error)
                pass
            else:
                raise AssertionError(f"Expected an error for {arguments}, but nothing was raised.")
        require(make().find(ModelVersion) == [], "no model version", make().find(ModelVersion))

    def test_numbers_from_threads(self, make: Make) -> None:
        """Several threads, each with its own tracker, get different numbers."""
        with ThreadPoolExecutor(4) as pool:
            created = list(pool.map(lambda _: make().create(ModelVersion, "titanic").number, range(8)))
        require(sorted(created) == list(range(1, 9)), "the numbers 1 to 8", sorted(created))
