import re
import shutil

import pytest

SETTINGS = """
problem: {name: tumours, target: diagnosis, index: patient}
data: {train: known.csv, predict: new.csv}
seed: 7
skip: [profile_data, compare_data, analyze_model]
model_repository: {require_approval: true}
train: {model_trainer: {estimator: logistic_regression}}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a project whose model was trained, and waits for approval."""
    from sklearn.datasets import load_breast_cancer

    from lolpop.cli import main

    folder = tmp_path_factory.mktemp("trained")
    rows = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "diagnosis"})
    rows = rows.rename_axis("patient").reset_index()
    rows[:-100].to_csv(folder / "known.csv", index=False)
    rows[-100:].drop(columns="diagnosis").to_csv(folder / "new.csv", index=False)
    (folder / "lolpop.yaml").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["run", "classification"]) == 0
    return folder


@pytest.fixture
def project(trained, monkeypatch):
    monkeypatch.chdir(trained)
    return trained


def test_a_promoted_model_is_approved_and_deployed_next(project, lolpop):
    """A version that waits for approval is listed as promoted; after its approval it is deployed."""
    [waiting] = lolpop("models", "ls", "--json").json
    assert (waiting["status"], waiting["deployed"], waiting["trainer"]) == ("promoted", False, "sklearn")
    approved = lolpop("models", "approve", "tumours@1", "--by", "Ada")
    assert approved.code == 0, approved.err
    command = "lolpop run classification deploy_model --model-version model_version:tumours@1"
    assert command in approved.out
    assert "promoted" not in lolpop("models", "ls").out
    done = lolpop(*command.split()[1:], "--json")
    assert done.json["deployment"] == "deployment:tumours@1"
    document = lolpop("models", "show", "tumours", "--json").json
    assert (document["status"], document["registration"]["approved_by"]) == ("deployed", "Ada")
    assert [deployment["active"] for deployment in document["deployments"]] == [True]
    assert "deployed, approved by Ada" in lolpop("models", "ls", "tumours").out


def test_a_model_version_is_shown_with_what_it_is_worth_and_where_it_came_from(project, lolpop):
    """It shows metrics by split, checks, experiments with parameters, lineage, and the run."""
    document = lolpop("models", "show", "model_version:tumours@1", "--json").json
    [run] = [run for run in lolpop("runs", "ls", "--json").json if run["workflow"] == "run"]
    assert document["run_id"] == run["run_id"]
    assert document["metrics"]["test"]["accuracy"] > 0.9
    assert document["metrics"]["baseline"].keys() == {document["metric"]}
    assert {check["status"] for check in document["checks"]} <= {"ok", "warn"}
    experiments = document["experiments"]  # what was judged, and what was fitted on all rows after it
    assert [experiment["winner"] for experiment in experiments] == [False, True]
    assert {experiment["trainer"] for experiment in experiments} == {"sklearn"}
    assert document["parents"] == ["dataset_version:tumours_train@1"]
    out = lolpop("models", "show", "tumours@1").out
    for text in ("Metrics", "baseline", "Experiments", "dataset_version:tumours_train@1", run["run_id"]):
        assert text in out


def test_a_run_is_shown_with_checks_and_what_was_set(project, lolpop):
    """Passed checks are counted, the others are shown, and of the settings only the explicit ones."""
    run = [run for run in lolpop("runs", "ls", "--json").json if run["workflow"] == "run"][-1]
    checks = lolpop("runs", "show", run["run_id"], "--json").json["checks"]
    out = lolpop("runs", "show", run["run_id"]).out
    fine = sum(check["status"] == "ok" for check in checks)
    assert re.search(rf"^  ok +{fine} checks$", out, re.MULTILINE)
    for check in checks:
        assert check["status"] == "ok" or check["message"] in out
    assert re.search(r"^  model_repository +sql +require_approval=true$", out, re.MULTILINE)
    assert re.search(r"^  train.data_splitter +sklearn$", out, re.MULTILINE)


def test_dataset_versions_are_listed_and_shown(project, lolpop):
    """Each version has its rows, its source, its run, and what was made of it."""
    listed = lolpop("datasets", "ls", "tumours_train", "--json").json
    assert [(version["rows"], version["source"]) for version in listed] == [(469, "known.csv")]
    names = [version["dataset_version"].split(":")[1] for version in lolpop("datasets", "ls", "--json").json]
    assert names[-2:] == ["tumours_predict@1", "tumours_train@1"]
    assert len(lolpop("datasets", "ls", "-n", "1", "--json").json) == 1
    document = lolpop("datasets", "show", "tumours_train", "--json").json
    assert document["dtypes"]["diagnosis"] == "int64"
    assert "model_version:tumours@1" in document["children"]
    assert document["artifacts"] == ["data"]
    out = lolpop("datasets", "show", "dataset_version:tumours_train@1").out
    for text in ("469 rows", "known.csv", "mean radius", "model_version:tumours@1"):
        assert text in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["models", "show", "tumors"], 1, "Did you mean tumours?"),
        (["models", "show", "tumours@7"], 1, "tumours has version 1."),
        (
            ["models", "show", "dataset_version:tumours_train@1"],
            2,
            "is not a reference of the form model_version",
        ),
        (["models", "approve", "tumours@1"], 2, "Missing option '--by'"),
        (["models", "approve", "tumours", "--by", "Ada"], 2, "does not say which version to approve"),
        (["models", "approve", "tumours@1", "--by", " "], 1, "name the person who approves it"),
        (["datasets", "show", "tumours_tran"], 1, "Did you mean tumours_train?"),
        (["datasets", "show", "tumours train"], 2, "is not a reference of the form dataset_version"),
    ],
)
def test_what_is_not_there_is_reported(project, lolpop, words, code, message):
    """A misspelt name gets a near one; a wrong kind of reference and a missing name are wrong usage."""
    done = lolpop(*words)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("kind", ["datasets", "models"])
def test_looking_for_records_makes_no_store(folder, lolpop, kind):
    """In a folder without runs, commands list nothing and create no folder."""
    assert lolpop(kind, "ls").out == f"No {kind[:-1]} versions in .lolpop.\n"
    assert lolpop(kind, "ls", "--json").json == []
    assert lolpop(kind, "show", "tumours").code == 1
    assert list(folder.iterdir()) == []


def test_a_source_that_came_by_a_variable_is_recorded_as_the_link(folder, trained, lolpop, monkeypatch):
    """No store, record or error has the path of rows that comes from a variable."""
    rows = folder / "planted-secret"
    rows.mkdir()
    (rows / "known.csv").write_text((trained / "known.csv").read_text())
    (folder / "lolpop.yaml").write_text(SETTINGS)
    for variable, value in {
        "ROWS": "planted-secret", "FILE": "planted-secret/gone.csv", "AWAY": "planted-secret-too/gone.csv",
    }.items():  # fmt: skip
        monkeypatch.setenv(variable, value)
    outputs = []
    for words in (
        ["run", "classification", "process_data", "--set", "data.train=${env:ROWS}/known.csv"],
        ["run", "classification", "process_data", "--set", "data.train=${env:ROWS}/gone.csv", "--json"],
        ["datasets", "show", "tumours_train", "--json"],
        ["runs", "show", "@2", "--json"],
        ["run", "classification", "process_data", "--set", "data.train=${env:FILE}"],
        ["run", "classification", "process_data", "--set", "data.train=${env:AWAY}"],
    ):
        done = lolpop(*words)
        outputs.append(done.out + done.err)
    assert '"source": "${env:ROWS}/known.csv"' in outputs[2]
    assert [
        "${env:FILE}: there is no such file." in outputs[4],
        "${env:AWAY}: there is no" in outputs[5],
    ] == [True] * 2
    files = [path for path in (folder / ".lolpop").rglob("*") if path.is_file()]
    outputs += [path.read_bytes().decode(errors="replace") for path in files]
    assert not [text for text in outputs if "planted-secret" in text]


def test_a_replay_of_training_is_the_same_to_the_last_digit(folder, trained, lolpop):
    """The replay has the metrics of the first run, whatever the settings are now, and the diff is empty."""
    shutil.copytree(trained, folder, dirs_exist_ok=True)
    first = next(run for run in lolpop("runs", "ls", "--json").json if run["workflow"] == "run")
    (folder / "lolpop.yaml").write_text("seed: 8\nproblem: {name: other}\n")
    done = lolpop("runs", "replay", first["run_id"], "--json")
    assert done.code == 0, done.err
    document = lolpop("runs", "diff", first["run_id"], "last", "--json").json
    assert (
        document["settings"]
        == document["implementations"]
        == document["arguments"]
        == document["libraries"]
        == []
    )
    assert document["metrics"]["test"]["log_loss"]["difference"] == 0
    assert {difference["path"] for difference in document["about"]} <= {"replays", "git_dirty"}
    out = lolpop("runs", "diff", first["run_id"], "last").out
    assert re.search(r"test +log_loss +[\d.]+ +[\d.]+ +same", out)
