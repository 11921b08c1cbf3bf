"""What is deployed, and what is not."""

import pytest

from lolpop.checks import Check, CheckReport
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.errors import LolpopError
from lolpop.resources import Deployment, Model, ModelVersion

FIRST = ModelVersion(name="tumors", number=1)


@pytest.fixture
def trained(load):
    runner = load().runner()
    return runner.train_model(runner.process_data())


def test_a_model_that_needs_approval_waits_for_it(load, tracker, capsys):
    """Without approval nothing is deployed or predicted; with it, the same version is deployed."""
    container = load(model_repository__require_approval=True)
    assert container.runner().run() is None
    output = capsys.readouterr().err
    assert "model_version:tumors@1 is promoted but not deployed: it waits for approval" in output
    assert "No predictions: no model version is deployed" in output
    container.deploy.pipeline().approve_model(FIRST, by="Ada")
    assert container.runner().deploy_model(FIRST) == Deployment(name="tumors", number=1)


def test_what_is_deployed_already_is_not_deployed_again(load, trained, capsys):
    """Deploying twice changes nothing, and says so."""
    runner = load().runner()
    assert runner.deploy_model(trained) is not None
    assert runner.deploy_model(trained) is None
    assert "model_version:tumors@1 is deployed already" in capsys.readouterr().err


def test_a_model_that_failed_its_checks_is_not_deployed(load, tracker, capsys):
    """An error of the model checker prevents a deployment, even the first one."""

    class Strict(BuiltinModelChecker):
        def check(self, model, frame, target, learned=None):
            return CheckReport(checks=(Check(check="strict", status="error", message="it knows too much"),))

    container = load(model_checker=Strict)
    assert container.runner().run() is None
    output = capsys.readouterr().err
    assert "error: model_version:tumors@1: it knows too much" in output
    assert "model_version:tumors@1 is not deployed: it knows too much" in output
    assert tracker.find(Deployment) == []


def test_a_deployed_model_that_cannot_predict_todays_rows_is_replaced(load, patients, project, capsys):
    """There is nothing to compare with, and the message says why."""
    load().runner().run()
    for name in ("known.csv", "new.csv"):
        rows = patients if name == "known.csv" else patients.drop(columns="diagnosis")
        rows.drop(columns="mean_radius").to_csv(project / name, index=False)
    capsys.readouterr()
    load().runner().run()
    assert load().model_deployer().deployed(Model(name="tumors")) == ModelVersion(name="tumors", number=2)
    output = capsys.readouterr().err
    assert "model_version:tumors@1 cannot predict the current rows" in output
    assert "mean_radius" in output


def test_models_fitted_on_all_rows_are_compared_by_what_they_were_before(load, tracker, capsys):
    """The comparison uses the models that were not fitted on test rows."""
    retrained = load(train__retrain_on_all_data=True)
    retrained.runner().run()
    fields = tracker.get(FIRST).fields
    winner = tracker.get(fields["winning_experiment"]).fields
    judged = tracker.get(winner["retrained_from"]).fields
    assert (winner["winner"], judged["winner"]) == (True, False)
    assert winner["params"] == judged["params"]
    capsys.readouterr()
    load().runner().run()
    output = capsys.readouterr().err
    score = format(fields["baseline"]["score"], ".4g")
    assert (
        f"is no better than model_version:tumors@1: {fields['baseline']['metric']} is {score} against {score}"
        in output
    )


def test_a_model_version_whose_training_did_not_end_is_refused(load, tracker):
    """An incomplete model version cannot be deployed, with another one deployed or without."""
    rows = load().runner().process_data()
    broken = tracker.create(ModelVersion, "tumors", parents=[rows])
    with pytest.raises(LolpopError, match="model_version:tumors@1 has no winning experiment"):
        load().runner().deploy_model(broken)
    assert load().model_deployer().deployed(Model(name="tumors")) is None
    load().runner().run()
    with pytest.raises(LolpopError, match="model_version:tumors@1 has no winning experiment"):
        load().runner().deploy_model(broken)
