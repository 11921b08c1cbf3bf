import pytest

SETTINGS = """
problem: {name: tumours, target: diagnosis, index: patient}
data: {train: known.csv, predict: new.csv, predictions: out/predictions.csv}
seed: 7
train: {model_trainer: {estimator: logistic_regression}}
"""


@pytest.fixture(scope="session")
def rows():
    from sklearn.datasets import load_breast_cancer

    frame = load_breast_cancer(as_frame=True).frame
    frame["diagnosis"] = frame.pop("target").map({0: "malignant", 1: "benign"})
    return frame.rename_axis("patient").reset_index()


@pytest.fixture
def tumours(folder, rows):
    """Real data, of which the last 100 rows are to be predicted."""
    rows[:-100].to_csv(folder / "known.csv", index=False)
    rows[-100:].drop(columns="diagnosis").to_csv(folder / "new.csv", index=False)
    (folder / "lolpop.yaml").write_text(SETTINGS)
    return folder


def test_a_run_tells_a_newcomer_what_happened(tumours, lolpop):
    """It shows the wired tree, steps with durations, metrics and baseline, places, and the next commands."""
    done = lolpop("run", "classification")
    assert done.code == 0, done.err
    headings = [line.split()[0] for line in done.out.splitlines() if line[:1].isalpha()]
    assert headings == ["classification", "Run", "Steps", "Metrics", "Made", "Result", "Where", "Next"]
    lines = [line.split() for line in done.out.splitlines()]
    metrics = next(line for line in lines if line[:1] == ["Metrics"])
    assert metrics[1:4] == ["test", "baseline", "train"]
    assert ["predictions", "out/predictions.csv"] in lines
    assert ["store", ".lolpop"] in lines
    assert any(line[:3] == ["lolpop", "runs", "show"] for line in lines)
    assert any(line[:1] == ["train_model"] and "s" in line[2] for line in lines)
    assert "model_trainer         sklearn  estimator=logistic_regression" in done.out


def test_a_search_does_not_fill_the_terminal_with_experiments(tumours, lolpop):
    """Of many experiments, the first, the last and their number are shown; JSON has all of them."""
    searching = ["run", "classification", "train_model", "--set", "train.hyperparameter_tuner.n_trials=10"]
    version = lolpop("run", "classification", "process_data", "--json").json["result"]
    searching += ["--dataset-version", version]
    shown = lolpop(*searching)
    assert shown.code == 0, shown.err
    assert "experiment:tumours@1, experiment:tumours@2, …, experiment:tumours@11  (11 in all)" in shown.out
    assert len(lolpop(*searching, "--json").json["resources"]["experiment"]) == 11


def test_references_cross_processes(tumours, lolpop, shell):
    """Workflows in several processes pass references, and their group shows the whole lineage."""
    group = ["--group", "nightly-7", "--json"]
    train = lolpop("run", "classification", "process_data", *group).json["result"]
    predict = lolpop("run", "classification", "process_data", "--dataset", "predict", *group).json["result"]
    trained = shell(
        f"lolpop run classification train_model --dataset-version {train} --group nightly-7 --json"
    )
    assert trained.code == 0, trained.err
    document = trained.json
    assert train in document["resources"]["dataset_version"]
    assert document["metrics"]["test"]["accuracy"] > 0.9
    [model_version] = document["resources"]["model_version"]
    words = ["--model-version", model_version, "--dataset-version", predict]
    job = lolpop("run", "classification", "predict_data", *words, *group).json["result"]

    runs = lolpop("runs", "ls", "--group", "nightly-7", "--json").json
    assert [run["workflow"] for run in runs] == [
        "predict_data",
        "train_model",
        "process_data",
        "process_data",
    ]
    parents = {resource["resource"]: resource["parents"] for run in runs for resource in run["lineage"]}
    assert parents[job] == [model_version, predict]
    assert parents[model_version] == [train]
    shown = lolpop("runs", "ls", "--group", "nightly-7").out
    assert f"from {model_version}, {predict}" in shown


def test_a_failed_run_shows_the_steps_so_far(tumours, lolpop):
    """The output shows the steps so far and the failed one, and the error says why."""
    done = lolpop("run", "classification", "--set", "data.train=nowhere.csv")
    assert done.code == 1
    assert "process_data" in done.out
    assert "failed" in done.out
    assert "nowhere.csv" in done.err


def test_a_reference_that_names_nothing_is_reported(tumours, lolpop):
    """A well-formed reference to nothing fails the workflow, with exit code 1 and no traceback."""
    done = lolpop("run", "classification", "train_model", "--dataset-version", "dataset_version:nothing@1")
    assert done.code == 1
    assert "dataset_version:nothing@1" in done.err
    assert "Traceback" not in done.err


def test_config_explain_of_an_estimators_parameter(tumours, lolpop, monkeypatch):
    """`config explain classification train.model_trainer.params.max_iter` shows every source, the winner first."""
    key = "train.model_trainer.params.max_iter"
    monkeypatch.setenv("LOLPOP_TRAIN__MODEL_TRAINER__PARAMS__MAX_ITER", "150")
    done = lolpop("config", "explain", "classification", key, "--set", f"{key}=200")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()[2:]] == ["200", "150"]
