"""Which version of a model is in use, by whose decision."""

import json

import pandas as pd
import pytest

from lolpop.errors import LolpopError
from lolpop.resources import (
    DatasetVersion,
    Deployment,
    Experiment,
    Model,
    ModelVersion,
    Resource,
    as_resource,
)
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """
problem: {name: churn, target: y, index: id}
data: {train: known.csv}
train: {model_trainer: {estimator: logistic_regression}, retrain_on_all_data: false}
skip: [analyze_model, check_model]
seed: 3
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A model with three versions, of which nothing is in use."""
    rows = pd.DataFrame({"id": range(60), "x": [at % 7 for at in range(60)]})
    rows["y"] = ["no" if x < 3 else "yes" for x in rows["x"]]
    rows.to_csv(tmp_path / "known.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    with ClassificationContainer.load(environ={}) as container:
        runner = container.runner()
        rows = runner.process_data()
        for _ in range(3):
            runner.train_model(rows)
    return tmp_path


def deployed():
    with ClassificationContainer.load(environ={}) as container:
        version = container.model_deployer().deployed(Model(name="churn"))
        return None if version is None else version.number


def test_a_chosen_version_is_put_to_use_and_back(lolpop, project):
    """Each rollback goes back to the version that was in use before, further each time."""
    for number in (1, 2, 3):
        done = lolpop("models", "deploy", f"churn@{number}", "--by", "ada")
        assert done.code == 0, done.err
        assert deployed() == number
    assert "in place of model_version:churn@2" in done.out
    for number in (2, 1):
        assert lolpop("models", "rollback", "churn").code == 0
        assert deployed() == number
    last = lolpop("models", "rollback", "churn")
    assert (last.code, deployed()) == (1, 1)
    assert "No other version of churn was in use" in last.err


def test_who_decided_and_why_is_recorded(lolpop, project):
    """Deployments show who decided and why, as text and as JSON."""
    decision = ("--by", "ada", "--reason", "the others drift")
    made = json.loads(lolpop("models", "deploy", "model_version:churn@2", *decision, "--json").out)
    assert (made["by"], made["reason"], made["replaced"]) == ("ada", "the others drift", None)
    assert lolpop("models", "undeploy", "churn", "--by", "bob", "--reason", "no more").code == 0
    assert deployed() is None
    (deployment,) = json.loads(lolpop("models", "show", "churn@2", "--json").out)["deployments"]
    assert (deployment["by"], deployment["ended_by"]) == ("ada", "bob")
    shown = lolpop("models", "show", "churn@2").out
    assert "by: ada; reason: the others drift; ended by: bob; ended reason: no more" in shown
    assert lolpop("models", "rollback", "churn").code == 0
    assert deployed() == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("deploy", "churn"), 2, "does not say which version"),
        (("deploy", "churn@9"), 1, "churn has versions 1 to 3"),
        (("rollback", "churn"), 1, "No version of churn was ever in use"),
        (("rollback", "churn@1"), 2, "is not the name of a model"),
        (("undeploy", "other"), 1, "No version of other was ever in use"),
    ],
)
def test_what_cannot_be_deployed_is_reported(lolpop, project, words, code, message):
    """The error says what was expected."""
    done = lolpop("models", *words)
    assert (done.code, deployed()) == (code, None)
    assert message in done.err


def test_a_version_that_waits_for_approval_is_not_deployed(lolpop, project):
    """The error has the command that approves the version, which can be deployed after it."""
    words = ("models", "deploy", "churn@1", "--set", "model_repository.require_approval=true")
    refused = lolpop(*words)
    assert refused.code == 1
    assert "lolpop models approve churn@1 --by NAME" in refused.err
    assert lolpop("models", "approve", "churn@1", "--by", "ada").code == 0
    assert lolpop(*words).code == 0


def test_lists_have_model_metric_and_estimator(lolpop, project):
    """Runs are listed with model version and metric, versions with their estimator."""
    ran = lolpop("run", "classification", "--set", "skip=[]", "--json")
    version = json.loads(ran.out)["resources"]["model_version"][-1].partition(":")[2]
    newest = lolpop("runs", "ls").out.splitlines()[1]
    assert version in newest
    assert "test log_loss" in newest
    (run, *_) = json.loads(lolpop("runs", "ls", "--json").out)
    assert (run["model_version"], run["metric"]["name"]) == (f"model_version:{version}", "test log_loss")
    assert "sklearn logistic_regression" in lolpop("models", "ls").out


def test_short_references_are_taken_where_one_kind_fits(lolpop, project):
    """The command line and methods accept churn@2 where only one kind of resource is expected."""
    trained = lolpop("run", "classification", "train_model", "--dataset-version", "churn_train@1", "--json")
    assert trained.code == 0, trained.err
    ran = lolpop("run", "classification", "deploy_model", "--model-version", "churn@2", "--json")
    assert json.loads(ran.out)["result"] == "deployment:churn@1"
    with ClassificationContainer.load(environ={}) as container:
        assert container.model_deployer().deployed("churn") == ModelVersion(name="churn", number=2)
        assert container.runner().train_model("churn_train@1").name == "churn"


@pytest.mark.parametrize(
    ("text", "kinds", "reference"),
    [
        ("churn@2", (ModelVersion,), "model_version:churn@2"),
        ("churn", (Model, ModelVersion), "model:churn"),
        ("churn@2", (Model, Deployment), "deployment:churn@2"),
        ("churn@2", (Experiment, ModelVersion), None),
        ("churn", (ModelVersion,), None),
        ("churn@2", (Resource,), None),
        ("dataset_version:churn@2", (ModelVersion,), None),
        ("dataset_version:churn@2", (DatasetVersion,), "dataset_version:churn@2"),
    ],
)
def test_a_reference_without_its_kind_is_refused(text, kinds, reference):
    """A reference that fits several kinds is an error that lists the forms."""
    if reference is None:
        with pytest.raises(LolpopError, match="is not a reference of the form"):
            as_resource(text, *kinds)
    else:
        assert as_resource(text, *kinds).reference == reference
