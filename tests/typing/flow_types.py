"""What type checkers know of flows. Checked by mypy and pyright."""

from __future__ import annotations

from typing import Any, Protocol, assert_type

from lolpop.flows import After, Handle, Workflows, flow, train_and_predict
from lolpop.integrations import Runner
from lolpop.resources import DatasetVersion, Deployment, ModelVersion, PredictionJob


@flow
def nightly(w: Workflows) -> Handle[PredictionJob]:
    """Handles are typed by what workflows return."""
    labelled = w.process_data()
    assert_type(labelled, Handle[DatasetVersion])
    model_version = w.train_model(labelled)
    assert_type(model_version, Handle[ModelVersion])
    assert_type(w.deploy_model(model_version, after=labelled), Handle[Deployment | None])
    w.train_model(model_version)  # type: ignore[arg-type]  # a handle of another type
    w.train_modle(labelled)  # type: ignore[attr-defined]  # no such workflow
    w.process_data(data="predict")  # type: ignore[call-arg]  # no such parameter
    return w.predict_data(dataset_version="churn_predict@1", after=[model_version])


class ShopWorkflows(Workflows, Protocol):
    """The workflows of a runner of one's own."""

    def report(self, prediction_job: Handle[PredictionJob], *, after: After = ()) -> Handle[str]:
        """Write a report."""
        ...


@flow
def extended(w: ShopWorkflows) -> Handle[str]:
    """A flow that goes on from another one."""
    job = train_and_predict(w)
    assert_type(job, Handle[PredictionJob])
    return w.report(job)


def run(runner: Runner) -> None:
    """A flow called with a runner returns results."""
    assert_type(nightly(runner), Any)
