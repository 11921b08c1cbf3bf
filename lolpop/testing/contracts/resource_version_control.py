"""The contract of version control of data and models."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeAlias

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data.batches import joined
from lolpop.errors import DataError, LolpopError, ReferenceNotFoundError
from lolpop.resources import DatasetVersion, Experiment
from lolpop.testing.contracts._expected import raised, require, require_same
from lolpop.testing.contracts._samples import ScoreTrainer, frame_kinds, rows_of, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ResourceVersionControlContract"]

Make: TypeAlias = Callable[[], ResourceVersionControl]


class ResourceVersionControlContract(ComponentContract):
    """The checks that every version control of data and models must pass.

    Fixtures: ``make()`` makes one. Within a test, every call returns a new one for the same location, which
    is empty at first. ``metadata_tracker`` tracks the resources there.
    """

    interface: ClassVar[type[Any]] = ResourceVersionControl

    def test_data_comes_back(self, make: Make) -> None:
        """Rows, columns and dtypes are restored, for every kind of frame."""
        import pandas as pd

        frame = sample().frame.assign(
            number=lambda rows: rows["number"].where(rows["number"] > -1),
            when=pd.date_range("2024-01-31", periods=160, freq="h"),
            flag=lambda rows: rows["noise"] > 0,
            whole=range(2**53, 2**53 + 160),
        )
        for kind, convert in frame_kinds():
            version = make().save_data(kind, convert(frame))
            loaded: Any = make().load_data(version.reference)
            require(rows_of(loaded) == rows_of(frame), f"the rows of a {kind} frame", "others")
            require(list(loaded.columns) == list(frame.columns), "its columns", list(loaded.columns))
            dtypes = [str(dtype) for dtype in getattr(loaded, "dtypes", [])]
            expected = [str(dtype) for dtype in convert(frame).dtypes]
            if type(loaded) is type(convert(frame)):
                require(dtypes == expected, f"the dtypes {expected}", dtypes)

    def test_same_content_is_the_same_version(self, make: Make) -> None:
        """The content of the latest version creates no new one. Other or earlier content does."""
        one, other = sample().frame, sample(seed=1).frame
        numbers = [make().save_data("rows", frame).number for frame in (one, one.copy(), other, one)]
        require(numbers == [1, 1, 2, 3], "[1, 1, 2, 3]", numbers)

    def test_older_versions_stay(self, make: Make) -> None:
        """A version does not change when later ones are saved."""
        frames = [sample(seed=seed).frame for seed in range(3)]
        versions = [make().save_data("rows", frame) for frame in frames]
        for version, frame in zip(versions, frames, strict=True):
            require(rows_of(make().load_data(version)) == rows_of(frame), f"the rows of {version}", "others")

    def test_records_parents(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """The parents of a version are recorded."""
        source = make().save_data("source", sample().frame)
        version = make().save_data("made", sample(seed=1).frame, parents=[source])
        parents = metadata_tracker.parents(version)
        require(source in parents, f"{source} among the parents", parents)

    def test_batches_come_back(self, make: Make) -> None:
        """Saved batches are one version. It can be loaded at once or in batches."""
        frame = sample().frame
        version = make().save_batches("rows", iter([frame[:100], frame[100:]]))
        require(rows_of(make().load_data(version)) == rows_of(frame), "the rows of both batches", "others")
        batches = joined(make().load_batches(version))
        require(rows_of(batches) == rows_of(frame), "the rows of both batches, in batches", "others")
        sizes, rows = list(make().batch_sizes(version)), [len(rows) for rows in make().load_batches(version)]
        require(sizes == rows, f"batches of {rows} rows", sizes)
        first, second = (joined(make().load_part(version, at, at + 1)) for at in (0, len(sizes) - 1))
        require(rows_of(first) == rows_of(frame[: sizes[0]]), "the rows of the first batch", "others")
        require(rows_of(second) == rows_of(frame[-sizes[-1] :]), "the rows of the last batch", "others")

    def test_batches_have_the_same_columns(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Batches with different columns raise a DataError, and create no version."""
        frame = sample().frame
        batches = [frame[:100], frame[100:].drop(columns="noise")]
        raised(DataError, lambda: make().save_batches("rows", batches))
        versions = metadata_tracker.find(DatasetVersion)
        require(not versions, "no version", versions)

    def test_models_come_back(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """A loaded model makes the same predictions, by experiment and by reference."""
        rows, trainer = sample(), ScoreTrainer()
        for number in range(2):
            experiment = metadata_tracker.create(Experiment, "model")
            model = trainer.fit(rows.features, rows.target, {"sign": 1.0 - 2 * number})
            make().save_model(experiment, model, trainer)
            for resource in (experiment, experiment.reference):
                loaded = make().load_model(resource).predict(rows.features)
                require_same(model.predict(rows.features), loaded, f"the model of {experiment}")
                opened = make().open_model(resource).predict(rows.features)
                require_same(model.predict(rows.features), opened, f"the model of {experiment}, opened")
                make().require(resource)

    def test_lost_versions_are_reported(self, make: Make) -> None:
        """``require`` raises a LolpopError for a missing version."""
        version = make().save_data("rows", sample().frame)
        make().require(version)
        for missing in ("dataset_version:rows@7", "experiment:model@7", "model_version:model@7"):
            raised(LolpopError, partial(make().require, missing))

    def test_unknown_version_is_named(self, make: Make) -> None:
        """An unknown version raises a ReferenceNotFoundError that names it."""
        error = raised(ReferenceNotFoundError, lambda: make().load_data("dataset_version:rows@7"))
        require("rows" in str(error), "the version named", error)
        raised(ReferenceNotFoundError, lambda: make().load_model("experiment:model@7"))
