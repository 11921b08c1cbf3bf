"""A task is killed once: the orchestrator runs it again, it goes on, and its own record says so."""

import json
import sys
from pathlib import Path

import pytest

APP = '''
import os
import signal
from pathlib import Path

from lolpop import Runner, RunnerContainer, providers, workflow
from lolpop.flows import flow
from lolpop.resources import DatasetVersion


def note(line):
    with Path("notes.txt").open("a") as notes:
        notes.write(line + "\\n")


class Mill(Runner):
    @workflow
    def grind(self, grain: str = "rye") -> DatasetVersion:
        """Grind."""
        note(f"ground {grain}")
        return DatasetVersion(name=grain, number=1)

    @workflow
    def mix(self, grain: str) -> DatasetVersion:
        """Grind, and mix with what is there."""
        self.grind(grain=grain)
        if Path("unlucky").exists():
            Path("unlucky").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        note("mixed")
        return DatasetVersion(name="mixture", number=1)

    @workflow
    def pack(self, flour: DatasetVersion, note_on_bag: str = "") -> str:
        """Pack."""
        note(f"packed {flour} {note_on_bag}")
        return "a bag"


class MillContainer(RunnerContainer):
    runner = providers.Runner(Mill)


@flow
def daily(w):
    w.pack(w.mix(grain="oats", after=w.grind()), note_on_bag="it's \\"mild\\"")
'''
NOTES = ["ground rye", "ground oats", "mixed", 'packed dataset_version:mixture@1 it\'s "mild"']


def airflow(environment):
    environment.run("airflow", "db", "migrate")
    environment.run("airflow", "dags", "test", "app_daily", "2026-01-02")
    program = """
import json
import sys
from pathlib import Path
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select
with create_session() as session:
    rows = session.execute(select(TaskInstance.task_id, TaskInstance.state, TaskInstance.try_number)).all()
print(json.dumps({task: [str(state), tries] for task, state, tries in rows}))
"""
    assert environment.python(program) == {
        "grind": ["success", 1],
        "mix": ["success", 2],
        "pack": ["success", 1],
    }


def prefect(environment):
    environment.run("python", environment.home / "dags" / "built.py")
    program = """
import asyncio, json
from prefect.client.orchestration import get_client
async def main():
    async with get_client() as client:
        runs = await client.read_task_runs()
        print(json.dumps({run.name.rpartition("-")[0]: [run.state_name, run.run_count] for run in runs}))
asyncio.run(main())
"""
    assert environment.python(program) == {
        "grind": ["Completed", 1],
        "mix": ["Completed", 2],
        "pack": ["Completed", 1],
    }


def dagster(environment):
    (environment.home / "dagster.yaml").touch()
    environment.run(
        "dagster", "job", "execute", "-f", str(environment.home / "dags/built.py"), "-j", "app_daily"
    )
    program = """
import json
import sys
from pathlib import Path
import dagster as dg
instance = dg.DagsterInstance.get()
[run] = instance.get_runs()
entries = instance.all_logs(run.run_id)
kinds = (dg.DagsterEventType.STEP_RESTARTED, dg.DagsterEventType.STEP_SUCCESS)
events = [entry.dagster_event for entry in entries if entry.is_dagster_event]
print(json.dumps({
    "status": run.status.value,
    "events": [[e.step_key, e.event_type_value] for e in events if e.event_type in kinds],
}))
"""
    record = environment.python(program)
    assert record["status"] == "SUCCESS"
    assert record["events"] == [
        ["grind", "STEP_SUCCESS"],
        ["mix", "STEP_RESTARTED"],
        ["mix", "STEP_SUCCESS"],
        ["pack", "STEP_SUCCESS"],
    ]


def metaflow(environment):
    environment.run("python", environment.home / "dags" / "built.py", "run")
    program = """
import json
import sys
from pathlib import Path
from metaflow import Flow, namespace
namespace(None)
run = Flow("AppDaily").latest_run
print(json.dumps({step.id: [step.task.successful, step.task.current_attempt + 1] for step in run}))
"""
    steps = environment.python(program)
    assert [steps[name] for name in ("grind", "mix", "pack")] == [[True, 1], [True, 2], [True, 1]]


@pytest.mark.parametrize("run", [airflow, prefect, dagster, metaflow])
def test_a_task_that_was_killed_goes_on(project, environment, lolpop, run):
    """Completed work is not repeated, nothing is recorded twice, and the runs have one group."""
    place = environment(run.__name__)
    (project / "app.py").write_text(APP)
    (project / "unlucky").touch()
    lolpop(
        "flow", "build", run.__name__, "app.py", "daily", "-o", place.home / "dags" / "built.py",
        "--set", "orchestrator.retry_delay=0",
    )  # fmt: skip
    run(place)
    assert (project / "notes.txt").read_text().splitlines() == NOTES
    runs = lolpop("runs", "ls", "--json")
    assert [(run["workflow"], run["status"]) for run in reversed(runs)] == [
        ("grind", "completed"),
        ("mix", "interrupted"),
        ("mix", "completed"),
        ("pack", "completed"),
    ]
    assert len({run["group"] for run in runs}) == 1
    shown = lolpop("runs", "show", runs[1]["run_id"], "--json")
    assert shown["resumes"] == runs[2]["run_id"], json.dumps(shown)


HAND_WRITTEN = {
    "prefect": """
from prefect import flow
from lolpop.components.orchestrator.prefect import workflows

mill = workflows("app.py", FOLDER, python=PYTHON, retries=1)

@flow
def by_hand():
    mill.grind()
    mill.pack(flour=mill.mix(grain="oats"), note_on_bag="it's \\"mild\\"")

if __name__ == "__main__":
    by_hand()
""",
    "airflow": """
from airflow.sdk import dag
from lolpop.components.orchestrator.airflow import workflows

mill = workflows("app.py", FOLDER, python=PYTHON, retries=1, retry_delay=0.1)

@dag(schedule=None)
def by_hand():
    mixed = mill.mix(grain="oats")
    mill.grind() >> mixed
    mill.pack(flour=mixed, note_on_bag="it's \\"mild\\"")

by_hand()
""",
    "dagster": """
import dagster as dg
from lolpop.components.orchestrator.dagster import workflows

mill = workflows("app.py", FOLDER, python=PYTHON, retries=1)

@dg.job
def by_hand():
    mixed = mill.mix(grain="oats", after=mill.grind())
    mill.pack(flour=mixed, note_on_bag="it's \\"mild\\"")
""",
    "metaflow": """
from metaflow import FlowSpec, retry, step
from lolpop.components.orchestrator.metaflow import workflows

mill = workflows("app.py", FOLDER, python=PYTHON)

class ByHand(FlowSpec):
    @step
    def start(self):
        mill.grind()
        self.next(self.mix)

    @retry(times=1, minutes_between_retries=0)
    @step
    def mix(self):
        self.mixed = mill.mix(grain="oats")
        self.next(self.end)

    @step
    def end(self):
        mill.pack(flour=self.mixed, note_on_bag="it's \\"mild\\"")

if __name__ == "__main__":
    ByHand()
""",
}
COMMANDS = {
    "prefect": "python {file}",
    "airflow": "airflow db migrate && airflow dags test by_hand",
    "dagster": "touch $DAGSTER_HOME/dagster.yaml && dagster job execute -f {file} -j by_hand",
    "metaflow": "python {file} run",
}


@pytest.mark.parametrize("orchestrator", HAND_WRITTEN)
def test_a_flow_written_by_hand_has_tasks_named_as_the_workflows(project, environment, lolpop, orchestrator):
    """They are retried like those of built flows."""
    place = environment(orchestrator)
    (project / "app.py").write_text(APP)
    (project / "unlucky").touch()
    file = place.home / "dags" / "hand.py"
    text = HAND_WRITTEN[orchestrator].replace("FOLDER", repr(str(project)))
    file.write_text(text.replace("PYTHON", repr(sys.executable)))
    command = COMMANDS[orchestrator].format(file=file)
    place.run("bash", "-c", command, PYTHONPATH=str(Path(__file__).parents[2]))
    assert (project / "notes.txt").read_text().splitlines() == NOTES
    runs = lolpop("runs", "ls", "--json")
    assert [run["workflow"] for run in reversed(runs)] == ["grind", "mix", "mix", "pack"]
    assert len({run["group"] for run in runs}) == 1
