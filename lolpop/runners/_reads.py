"""Inputs of workflows besides their arguments, for fingerprints: sources, and rows of earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lolpop.integrations import StoreState
from lolpop.pipelines.drift import trained_on
from lolpop.resources import DatasetVersion, Model, ModelVersion, PredictionJob, Resource
from lolpop.runners.origins import Purpose, origin_of
from lolpop.settings.secrets import mask

if TYPE_CHECKING:
    from lolpop.components.data_connector import DataConnector
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.components.model_deployer import ModelDeployer
    from lolpop.data.sources import Data, Source
    from lolpop.problem import Problem


class SourceRunner(Protocol):
    """A runner whose workflows read sources."""

    problem: Problem
    data: Data
    data_connector: DataConnector
    metadata_tracker: MetadataTracker
    model_deployer: ModelDeployer


def versions_to_process(
    runner: SourceRunner, source: Source | None, dataset: Purpose
) -> dict[str, str | None]:
    """The content of the sources that ``process_data`` reads, and the earlier rows that it compares them
    with.
    """
    origin = origin_of(source, dataset, runner.data, runner.problem.name)
    version = runner.data_connector.version
    versions = {
        f"{name}: {mask(table.source)} as {table.dataset}": version(table.source)
        for name, table in origin.tables.items()
    } or {str(mask(origin.source)): version(origin.source)}
    if dataset == "predict" and runner.data.batch_rows is not None:
        versions["data.batch_rows"] = str(runner.data.batch_rows)
        versions["data.in_place"] = str(runner.data.in_place)
    return {**versions, "earlier rows": StoreState(_earlier_rows(runner, dataset))}


def versions_to_predict(
    runner: SourceRunner, model_version: ModelVersion | None, dataset_version: DatasetVersion | None
) -> dict[str, str | None]:
    """What ``predict_data`` reads where its arguments do not say it: the deployed model, and its sources."""
    versions: dict[str, str | None] = {}
    if model_version is None:
        deployed = runner.model_deployer.deployed(Model(name=runner.problem.name))
        versions["deployed model"] = StoreState("none" if deployed is None else deployed.reference)
    if dataset_version is None and runner.data.predict is not None:
        versions |= versions_to_process(runner, None, "predict")
    return versions


def _earlier_rows(runner: SourceRunner, dataset: Purpose) -> str:
    """The training rows of the deployed model, and the latest training rows where they count too."""
    deployed = runner.model_deployer.deployed(Model(name=runner.problem.name))
    earlier: list[Resource | None] = []
    if deployed is not None:
        earlier.append(trained_on(deployed, runner.metadata_tracker) or deployed)
    if deployed is not None or dataset == "predict":
        versions = runner.metadata_tracker.find(DatasetVersion, f"{runner.problem.name}_train")
        earlier.append(versions[-1] if versions else None)
    references = dict.fromkeys(rows.reference for rows in earlier if rows is not None)
    return ", ".join(references) or "none"


def versions_of_truth(
    runner: SourceRunner, prediction_job: PredictionJob, truth: Source | None
) -> dict[str, str | None]:
    """The content of the source that ``evaluate_ground_truth`` reads."""
    del prediction_job
    source = runner.data.truth if truth is None else truth
    return {} if source is None else {str(mask(source)): runner.data_connector.version(source)}
