"""The workflows of the ready-made runners, as a flow calls them."""

from __future__ import annotations

from typing import Protocol

from lolpop.components.model_checker import Metrics
from lolpop.data.sources import Source
from lolpop.flows.handles import After, Handle
from lolpop.resources import DatasetVersion, Deployment, ModelVersion, PredictionJob
from lolpop.runners.origins import Purpose

__all__ = ["Workflows"]


class Workflows(Protocol):
    """The argument of a flow: the workflows of a runner, which take and return handles.

    References may stand in place of handles. A runner with further workflows has a protocol of its own that
    extends this one, so that type checkers and editors know them.
    """

    def process_data(
        self, source: Source | None = None, dataset: Purpose = "train", *, after: After = ()
    ) -> Handle[DatasetVersion]:
        """Read, transform, check and keep rows."""

    def train_model(
        self, dataset_version: Handle[DatasetVersion] | DatasetVersion | str, *, after: After = ()
    ) -> Handle[ModelVersion]:
        """Train a model version."""

    def deploy_model(
        self, model_version: Handle[ModelVersion] | ModelVersion | str, *, after: After = ()
    ) -> Handle[Deployment | None]:
        """Deploy a model version if it is sound, better than what is deployed, and approved."""

    def predict_data(
        self,
        model_version: Handle[ModelVersion] | ModelVersion | str | None = None,
        dataset_version: Handle[DatasetVersion] | DatasetVersion | str | None = None,
        *,
        after: After = (),
    ) -> Handle[PredictionJob]:
        """Predict rows; without a model version, by the deployed one."""

    def evaluate_ground_truth(
        self,
        prediction_job: Handle[PredictionJob] | PredictionJob | str,
        truth: Source | None = None,
        *,
        after: After = (),
    ) -> Handle[Metrics]:
        """Measure predictions on the rows whose true label is known."""

    def run(self, *, after: After = ()) -> Handle[PredictionJob | None]:
        """Do all of it in one workflow."""
