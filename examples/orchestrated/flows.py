"""The flow that every orchestrator runs: train, predict, and measure what is known by then."""

from lolpop.flows import Handle, Workflows, flow, train_and_predict


@flow
def nightly(workflows: Workflows) -> Handle[object]:
    """Train and predict as usual, and evaluate the predictions whose truth is known."""
    prediction_job = train_and_predict(workflows)
    return workflows.evaluate_ground_truth(prediction_job)
