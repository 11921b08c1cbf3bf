"""The example of one flow for many orchestrators, run by each of them."""

import base64
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "orchestrated"
STEPS = [
    "process_data",
    "process_data_2",
    "train_model",
    "deploy_model",
    "predict_data",
    "evaluate_ground_truth",
]


def copied(folder):
    """A copy of the example, with its data."""
    made = shutil.ignore_patterns("data", "out", ".lolpop", "__pycache__")
    shutil.copytree(EXAMPLE, folder, ignore=made, dirs_exist_ok=True)
    subprocess.run([sys.executable, "make_data.py"], cwd=folder, check=True, capture_output=True)
    return folder


def as_the_readme_says(orchestrator, place):
    """The commands of the orchestrator's README, for the environment that is there."""
    text = (EXAMPLE / orchestrator / "README.md").read_text()
    commands = re.findall(r"^\$ (.*)", text, re.MULTILINE)
    commands = [command for command in commands if " -m venv " not in command]
    script = "\n".join(commands).replace(f"~/envs/{orchestrator}/bin", place.place)
    assert "~" not in script
    return script.replace("lolpop ", f"{sys.executable} -m lolpop ")


@pytest.fixture(scope="module")
def predictions(tmp_path_factory):
    """What the flow predicts in one process."""
    folder = copied(tmp_path_factory.mktemp("in_process"))
    command = [sys.executable, "-m", "lolpop", "flow", "run", "flows.py:nightly"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return (folder / "out" / "predictions.csv").read_bytes()


def airflow(environment, _runs):
    """Every task succeeded."""
    program = """
import json
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select
with create_session() as session:
    rows = session.execute(select(TaskInstance.task_id, TaskInstance.state)).all()
print(json.dumps({task: str(state) for task, state in rows}))
"""
    assert environment.python(program) == dict.fromkeys(STEPS, "success")


def prefect(environment, _runs):
    """Every task run completed, and belongs to the one flow run."""
    program = """
import asyncio, json
from prefect.client.orchestration import get_client
async def main():
    async with get_client() as client:
        [flow_run] = await client.read_flow_runs()
        runs = await client.read_task_runs()
        print(json.dumps([[run.name.rpartition("-")[0], run.state_name] for run in runs
                          if run.flow_run_id == flow_run.id]))
asyncio.run(main())
"""
    assert sorted(environment.python(program)) == sorted([name, "Completed"] for name in STEPS)


def dagster(environment, runs):
    """Assets are versioned by references, metrics are their metadata, and checks are asset checks."""
    program = """
import json
import dagster as dg
instance = dg.DagsterInstance.get()
assets = {}
for key in instance.all_asset_keys():
    event = instance.get_latest_materialization_event(key).asset_materialization
    assets[key.to_user_string()] = {
        "version": event.tags["dagster/data_version"],
        "metadata": {name: value.value for name, value in event.metadata.items()},
    }
[run] = instance.get_runs()
events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.is_dagster_event]
checks = [e.event_specific_data for e in events if e.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION]
checks = {c.asset_key.to_user_string(): [c.passed, {k: v.value for k, v in c.metadata.items()}] for c in checks}
print(json.dumps({"assets": assets, "checks": checks}))
"""
    record = environment.python(program)
    assets, checks = record["assets"], record["checks"]
    assert sorted(assets) == sorted(STEPS) == sorted(checks)
    assert assets["process_data"]["version"] == "dataset_version:breast_cancer_train@1"
    assert assets["train_model"]["version"] == "model_version:breast_cancer@1"
    trained = next(run for run in runs if run["workflow"] == "train_model")
    metadata = assets["train_model"]["metadata"]
    assert metadata["lolpop_run"] == trained["run_id"]
    name = trained["metric"]["name"].replace(" ", "_")
    assert metadata[name] == pytest.approx(trained["metric"]["value"])
    passed, document = checks["process_data"]
    assert passed
    assert document["checks"] > 0


def metaflow(environment, runs):
    """The result of each step is an artifact, and its card shows metrics and checks."""
    program = """
import json
from metaflow import Flow, namespace
from metaflow.cards import get_cards
namespace(None)
run = Flow("ClassificationNightly").latest_run
steps = [step.id for step in run if step.id not in ("start", "end")]
results = {name: getattr(run[name].task.data, f"result_of_{name}") for name in steps}
cards = {name: get_cards(run[name].task)[0].get() for name in steps}
print(json.dumps({"done": run.successful, "results": results, "cards": cards}))
"""
    record = environment.python(program)
    assert record["done"]
    assert record["results"]["train_model"] == "model_version:breast_cancer@1"
    assert sorted(record["cards"]) == sorted(STEPS)
    trained = next(run for run in runs if run["workflow"] == "train_model")
    # A card is a page with its content in base64.
    content = re.search(r'__MF_DATA__\["[^"]+"\]\s*=\s*"([^"]+)"', record["cards"]["train_model"])[1]
    card = base64.b64decode(content).decode()
    for text in ("model_version:breast_cancer@1", trained["metric"]["name"].split()[-1], "train.check_model"):
        assert text in card


@pytest.mark.parametrize("look", [airflow, prefect, dagster, metaflow])
def test_an_orchestrator_predicts_what_one_process_predicts(project, environment, lolpop, predictions, look):
    """Following its README: equal byte by byte, with one group, complete lineage, and its own record."""
    name = look.__name__
    place = replace(environment(name), home=project / f".{name}")
    copied(project)
    place.run("bash", "-ec", as_the_readme_says(name, place))
    assert (project / "out" / "predictions.csv").read_bytes() == predictions
    runs = lolpop("runs", "ls", "--json")
    assert len(runs) == len(STEPS)
    [group] = {run["group"] for run in runs}
    assert lolpop("runs", "ls", "--group", group, "--json") == runs
    predicted = next(run for run in runs if run["workflow"] == "predict_data")
    shown = json.dumps(lolpop("runs", "show", predicted["run_id"], "--json")["lineage"])
    assert "model_version:breast_cancer@1" in shown
    assert "dataset_version:breast_cancer_predict@1" in shown
    look(place, runs)
