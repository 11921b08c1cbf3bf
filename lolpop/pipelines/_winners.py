"""The winning experiment of a model version, and the experiment of its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lolpop.errors import LolpopError
from lolpop.resources import Experiment

if TYPE_CHECKING:
    from lolpop.components.metadata_tracker import MetadataTracker
    from lolpop.resources import ModelVersion


def set_winner(
    experiment: Experiment,
    model_version: ModelVersion,
    metadata_tracker: MetadataTracker,
    fields: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Set the winning experiment, and record ``fields`` with ``model_version``, which is usable from then
    on.
    """
    metadata_tracker.update(experiment, {"winner": True})
    metadata_tracker.update(model_version, {**fields, "winning_experiment": experiment.reference})


def evaluated_experiment(model_version: ModelVersion, metadata_tracker: MetadataTracker) -> Experiment:
    """The experiment that ``model_version`` is evaluated by: its winner before the fit on all rows.

    Raises LolpopError if there is none.
    """
    winner = metadata_tracker.get(model_version).fields.get("winning_experiment")
    if winner is None:
        raise LolpopError(
            f"{model_version} has no winning experiment: its training did not complete. Train again."
        )
    experiment = Experiment.parse(winner)
    origin = metadata_tracker.get(experiment).fields.get("retrained_from")
    return experiment if origin is None else Experiment.parse(origin)
