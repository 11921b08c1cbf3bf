"""Profiles of dataset versions, and what other rows are compared with by them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop.components.data_profiler import DriftReport, Profile
from lolpop.pipelines._reports import keep_checks
from lolpop.resources import DatasetVersion, ModelVersion

if TYPE_CHECKING:
    from lolpop.components.data_profiler import DataProfiler
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.components.resource_version_control import ResourceVersionControl
    from lolpop.frames import Frame

__all__ = ["compare_with_training", "keep_profile"]

_ARTIFACT = "profile"


def keep_profile(
    profile: Profile, dataset_version: DatasetVersion, metadata_tracker: MetadataTracker
) -> None:
    """Keep ``profile`` as an artifact of ``dataset_version``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.json"
        file.write_text(profile.model_dump_json(), encoding="utf-8")
        metadata_tracker.save_artifact(dataset_version, _ARTIFACT, file)


def compare_with_training(
    frame: Frame,
    dataset_version: DatasetVersion,
    model_version: ModelVersion,
    *,
    data_profiler: DataProfiler,
    metadata_tracker: MetadataTracker,
    resource_version_control: ResourceVersionControl,
) -> DriftReport:
    """Compare ``frame``, that of ``dataset_version``, with what ``model_version`` was trained on.

    What was found is recorded with the dataset version, and with the open run. A profile of the training
    rows is enough; where none was kept, they are read. Nothing is compared with itself.
    """
    reference = _trained_on(model_version, metadata_tracker)
    if reference is None or reference == dataset_version:
        return DriftReport()
    known = _profile(reference, metadata_tracker)
    found = data_profiler.compare(
        frame, resource_version_control.load_data(reference) if known is None else known
    )
    about = f"{dataset_version} against {reference}"
    checks = tuple(
        check.model_copy(update={"message": f"{about}: {check.message}"}) for check in found.checks
    )
    report = found.model_copy(update={"checks": checks})
    metadata_tracker.update(dataset_version, {f"drift.{reference}": report.model_dump(mode="json")})
    keep_checks(report, metadata_tracker)
    return report


def _trained_on(model_version: ModelVersion, metadata_tracker: MetadataTracker) -> DatasetVersion | None:
    parents = metadata_tracker.parents(model_version)
    return next((parent for parent in parents if isinstance(parent, DatasetVersion)), None)


def _profile(dataset_version: DatasetVersion, metadata_tracker: MetadataTracker) -> Profile | None:
    if _ARTIFACT not in metadata_tracker.artifacts(dataset_version):
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.json"
        metadata_tracker.load_artifact(dataset_version, _ARTIFACT, file)
        return Profile.model_validate_json(file.read_text(encoding="utf-8"))
