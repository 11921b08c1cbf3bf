"""Asset bundles of Databricks: what their own package takes, and what the tasks do."""

import json
import os
import re
import subprocess
import sys

import pytest
from orchestrator_flags import orchestrator_flags
from ruamel.yaml import YAML

from lolpop.components.orchestrator._schedules import quartz

APP = '''
import os
from pathlib import Path

from lolpop import Runner, RunnerContainer, providers, workflow
from lolpop.flows import flow
from lolpop.resources import DatasetVersion


class Mill(Runner):
    @workflow
    def grind(self, grain: str = "rye") -> DatasetVersion:
        """Grind."""
        return DatasetVersion(name=grain, number=1)

    @workflow
    def pack(self, flour: DatasetVersion, note: str = "") -> str:
        """Pack."""
        if Path("broken").exists():
            raise ValueError("no bag")
        Path("bags.txt").write_text(f"{flour} {note} {os.environ.get('BAG_TOKEN')}")
        return "a bag"


class MillContainer(RunnerContainer):
    runner = providers.Runner(Mill)


@flow
def daily(w):
    w.pack(w.grind(grain="oats"), note="it's $HOME", after=w.grind())
'''
PLATFORM = '''
"""Stands for what Databricks gives a task: values of tasks and secrets."""

import json
from pathlib import Path
from types import SimpleNamespace


def put(key, value):
    Path("values.json").write_text(json.dumps({key: value}))


dbutils = SimpleNamespace(
    jobs=SimpleNamespace(taskValues=SimpleNamespace(set=put)),
    secrets=SimpleNamespace(get=lambda scope, key: f"secret {key} of {scope}"),
)
'''


@pytest.fixture
def mill(folder):
    (folder / "app.py").write_text(APP)
    return folder


@pytest.fixture
def build(lolpop, mill):
    """Build the bundle into the project's folder; return its document."""

    def call(**settings):
        words = ["flow", "build", "databricks", "app.py", "daily", *orchestrator_flags(settings)]
        done = lolpop(*words)
        assert done.code == 0, done.err
        return YAML(typ="safe").load((mill / "databricks.yml").read_text())

    return call


@pytest.fixture
def perform(mill):
    """Run a task of a job as Databricks does, with the values of earlier tasks; return its own."""
    (mill / "platform" / "databricks" / "sdk").mkdir(parents=True)
    (mill / "platform" / "databricks" / "sdk" / "runtime.py").write_text(PLATFORM)

    def call(task, values):
        replaced = {"${workspace.file_path}": str(mill), "{{job.run_id}}": "42"}
        replaced |= {f"{{{{tasks.{name}.values.result}}}}": value for name, value in values.items()}
        program = task["spark_python_task"]
        words = [replaced.get(word, word) for word in program["parameters"]]
        done = subprocess.run(
            [sys.executable, program["python_file"], *words],
            cwd=mill,
            env={**os.environ, "PYTHONPATH": str(mill / "platform")},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return json.loads((mill / "values.json").read_text())["result"]

    return call


@pytest.mark.parametrize("settings", [{}, {"cluster": "0923-164208-meows279", "timeout": 60}])
def test_a_bundle_is_what_databricks_takes(build, settings):
    """The models of Databricks' own package read the job and refuse unknown fields."""
    jobs = pytest.importorskip("databricks.bundles.jobs", reason="databricks-bundles is not installed")
    document = build(**settings)
    assert set(document) == {"bundle", "sync", "targets", "resources"}
    [(name, description)] = document["resources"]["jobs"].items()
    job = jobs.Job.from_dict(description)
    assert (name, job.name) == ("app_daily", "app_daily")
    assert [task.task_key for task in job.tasks] == ["grind", "grind_2", "pack"]
    assert [earlier.task_key for earlier in job.tasks[2].depends_on] == ["grind", "grind_2"]
    assert job.schedule.quartz_cron_expression == "0 0 6 * * ?"
    assert {task.existing_cluster_id for task in job.tasks} == {settings.get("cluster")}
    with pytest.raises(ValueError, match="Unexpected field"):
        jobs.Job.from_dict({**description, "shedule": {}})


def test_the_tasks_hand_on_their_results(build, perform, lolpop, mill):
    """Run one after the other they make what the flow makes, with secrets, in one group."""
    document = build(secrets={"BAG_TOKEN": "mill/token"})
    values = {}
    for task in document["resources"]["jobs"]["app_daily"]["tasks"]:
        values[task["task_key"]] = perform(task, values)
    assert sorted(values.values()) == ["a bag", "dataset_version:oats@1", "dataset_version:rye@1"]
    assert (mill / "bags.txt").read_text() == "dataset_version:oats@1 it's $HOME secret token of mill"
    assert {run["group"] for run in lolpop("runs", "ls", "--json").json} == {"databricks-42"}


def test_a_task_that_fails_says_why(build, perform, mill):
    """The error of the workflow is the error of the task."""
    tasks = build()["resources"]["jobs"]["app_daily"]["tasks"]
    (mill / "broken").touch()
    with pytest.raises(
        AssertionError, match="RuntimeError: pack failed with exit code 1: ValueError: no bag"
    ):
        perform(tasks[2], {"grind": "dataset_version:oats@1", "grind_2": "dataset_version:oats@1"})


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 6 * * *", "0 0 6 * * ?"),
        ("@weekly", "0 0 0 ? * 1"),
        ("30 5 * * 1-5", "0 30 5 ? * 2-6"),
        ("0 0 * * 0,7", "0 0 0 ? * 1,1"),
        ("0 0 * * MON-FRI", "0 0 0 ? * MON-FRI"),
        ("0 0 1 */3 *", "0 0 0 1 */3 ?"),
        ("0 0 * * 1-5/2", "0 0 0 ? * 2-6/2"),
    ],
)
def test_a_schedule_of_cron_is_one_of_quartz(cron, expected):
    """Days of the week are counted from Sunday as 1, and steps such as */2 stay the same."""
    assert quartz(cron) == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("schedule=0 6 1 * 1", "days of the month or days of the week, not both"),
        ('secrets={"TOKEN": "mill"}', "secrets.TOKEN must be SCOPE/KEY, but got 'mill'"),
    ],
)
def test_what_databricks_refuses_is_refused_before(mill, lolpop, setting, message):
    """Nothing is written."""
    done = lolpop("flow", "build", "databricks", "app.py", "daily", "--set", f"orchestrator.{setting}")
    assert done.code == 2
    assert re.search(re.escape(message), done.err)
    assert not (mill / "databricks.yml").exists()
