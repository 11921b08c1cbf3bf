"""Files of Python that are built for orchestrators: what they are made of, and what they do where one is installed."""

import ast
import json
import os
import re
import subprocess
import sys
import types

import pytest
from orchestrator_flags import orchestrator_flags

APP = '''
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
        with Path("bags.txt").open("a") as bags:
            bags.write(f"{flour} {note}\\n")
        return f"a bag of {flour.name}"


class MillContainer(RunnerContainer):
    runner = providers.Runner(Mill)


@flow
def daily(w):
    rye = w.grind()
    w.pack(w.grind(grain="oats", after=rye), note="it's \\"mild\\"")
'''
ORCHESTRATORS = ["airflow", "prefect", "dagster", "metaflow"]


@pytest.fixture
def mill(folder):
    (folder / "app.py").write_text(APP)
    return folder


@pytest.fixture
def build(lolpop, mill):
    def call(orchestrator, *words):
        done = lolpop("flow", "build", orchestrator, "app.py", "daily", "-o", "built.py", *words)
        assert done.code == 0, done.err
        return (mill / "built.py").read_text()

    return call


@pytest.mark.parametrize("orchestrator", ORCHESTRATORS)
def test_a_built_file_needs_the_orchestrator_and_the_standard_library_only(build, orchestrator):
    """It compiles, and nothing else is imported."""
    tree = ast.parse(build(orchestrator))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {module.partition(".")[0] for module in modules} - sys.stdlib_module_names == {orchestrator}


@pytest.mark.parametrize("orchestrator", ORCHESTRATORS)
def test_a_built_file_calls_the_workflows_of_the_flow(build, mill, orchestrator):
    """The function that runs a workflow, taken from the file, makes what the flow makes, in a group."""
    tree = ast.parse(build(orchestrator))
    nodes = [node for node in tree.body if isinstance(node, ast.Assign)][:4]
    nodes += [node for node in tree.body if getattr(node, "name", "") == "run_lolpop"]
    module = types.ModuleType("built")
    module.__dict__.update(json=json, os=os, subprocess=subprocess)
    exec(compile(ast.Module(nodes, []), "built.py", "exec"), module.__dict__)
    document = module.run_lolpop("friday/7", "grind", "grind", {"grain": "oats"}, NAME="value")
    assert document["result"] == "dataset_version:oats@1"
    with pytest.raises(RuntimeError, match="pack failed with exit code 2: pack needs --flour"):
        module.run_lolpop("friday/7", "pack", "pack", {})


@pytest.mark.parametrize("orchestrator", ORCHESTRATORS)
def test_a_built_file_that_was_edited_stays(build, lolpop, mill, orchestrator):
    """An unedited file is built again, and an edited one is not overwritten."""
    text = build(orchestrator)
    assert build(orchestrator) == text
    (mill / "built.py").write_text(text.replace("0 6", "0 7") + "# mine\n")
    done = lolpop("flow", "build", orchestrator, "app.py", "daily", "-o", "built.py")
    assert done.code == 2
    assert "was edited by hand" in done.err


def test_settings_of_airflow_are_those_of_the_dag(build):
    """Schedule, retries, timeout, pool, queue, and variables that hold secrets."""
    asked = {
        "schedule": "@daily", "dag_id": "mill.daily", "retries": 3, "timeout": 60, "pool": "small",
        "queue": "cpu", "variables": '{"TOKEN": "mill_token"}',
    }  # fmt: skip
    text = build(
        "airflow", *(word for item in asked.items() for word in ("--set", "orchestrator.{}={}".format(*item)))
    )
    for line in (
        'dag_id="mill.daily",', 'schedule="@daily",', '"retries": 3,',
        '"execution_timeout": timedelta(seconds=60),', '"pool": "small",', '"queue": "cpu",',
    ):  # fmt: skip
        assert line in text
    assert 'TOKEN=Variable.get("mill_token")' in text
    assert re.search(r"^    grind >> grind_2$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["airflow", "--set", "orchestrator.dag_id=my dag"], "dag_id must have at most 250 letters"),
        (["airflow", "--set", "orchestrator.schedule=daily"], "schedule must have five fields"),
        (
            ["airflow", "--set", "orchestrator.schedule=5 25 * * *"],
            "hour of schedule must have numbers from 0 to 23 (such as *, */2 or 1-3), but got '25'",
        ),
        (["dagster", "--set", "orchestrator.schedule=*/0 * * * *"], "but got '*/0'"),
        (
            ["prefect", "--set", "orchestrator.schedule=0 6 * * mo-fr"],
            "numbers from 0 to 7, or sun to sat (such as *, */2 or 1-3), but got 'mo-fr'",
        ),
        (
            ["airflow", "--set", 'orchestrator.tasks={"grnd": {"pool": "a"}}'],
            "no task 'grnd'. Did you mean grind?",
        ),
        (["airflow", "--set", 'orchestrator.tasks={"grind": {"pol": "a"}}'], "orchestrator.tasks.grind.pol"),
        (["airflow", "--set", 'orchestrator.variables={"A-B": "c"}'], "named as environment variables are"),
        (["prefect", "--set", 'orchestrator.secrets={"A-B": "c"}'], "named as environment variables are"),
        (["prefect", "-o", "prefect.py"], "prefect.py would hide the package 'prefect'"),
    ],
)
def test_what_an_orchestrator_refuses_is_refused_before(mill, lolpop, words, message):
    """Nothing is written."""
    done = lolpop("flow", "build", words[0], "app.py", "daily", *words[1:])
    assert done.code == 2
    assert message in done.err
    assert list(mill.glob("*.py")) == [mill / "app.py"]


@pytest.mark.parametrize("orchestrator", ORCHESTRATORS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    w.pack(w.grnd())", "others.py:2:12  Mill has no workflow 'grnd'. Did you mean grind?"),
        ("    w.grind() == 1 / 0", "others.py:2  nightly: ZeroDivisionError: division by zero."),
        ("    pass", "others.py:1  nightly: the flow calls no workflow."),
        (
            "    a = w.grind()\n    b = w.grind(after=a)\n    a.after(b)",
            "others.py:2:9  the calls wait for each other: grind -> grind_2 -> grind.",
        ),
    ],
)
def test_a_flow_that_cannot_be_followed_is_not_built(mill, lolpop, orchestrator, body, message):
    """Mistakes are reported with their places, from the current folder on, and no file is written."""
    (mill / "others.py").write_text(f"def nightly(w):\n{body}\n")
    done = lolpop("flow", "build", orchestrator, "app.py", "others.py:nightly", "-o", "dags/built.py")
    assert done.code == 2
    assert f"error: {message}" in done.err
    assert not (mill / "dags").exists()


def test_a_folder_that_cannot_be_written_is_an_error(mill, lolpop):
    """If a file is in the way of the folder of DAGs, nothing is written."""
    (mill / "dags").write_text("no folder")
    done = lolpop("flow", "build", "airflow", "app.py", "daily", "-o", "dags/daily.py")
    assert done.code == 1
    assert "dags/daily.py cannot be written: dags is no folder." in done.err
    assert (mill / "dags").read_text() == "no folder"


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_no_file_is_not_overwritten(mill, lolpop, force):
    """A folder and a device are neither read nor written, and no other file is, either."""
    (mill / "image" / "Dockerfile").mkdir(parents=True)
    done = lolpop("flow", "build", "container-image", "app.py", "daily", "-o", "image", *force)
    assert done.code == 2
    assert "image/Dockerfile is a folder, where a file should be. Move it, or name another place" in done.err
    assert [path.name for path in (mill / "image").iterdir()] == ["Dockerfile"]
    done = lolpop("flow", "build", "airflow", "app.py", "daily", "-o", "/dev/full", *force)
    assert done.code == 2
    assert "/dev/full is no file" in done.err


def test_a_folder_that_is_not_there_yet_is_made(mill, lolpop):
    """A name without a suffix is that of a folder."""
    done = lolpop("flow", "build", "airflow", "app.py", "daily", "-o", "dags/mill")
    assert done.code == 0, done.err
    assert [path.name for path in (mill / "dags" / "mill").iterdir()] == ["app_daily.py"]


def test_secrets_and_resources_are_those_of_the_orchestrator(build):
    """Connections, variables and tasks of Airflow; blocks and tags of Prefect; pools; Metaflow's decorators."""

    def built(orchestrator, **settings):
        return build(orchestrator, "--force", *orchestrator_flags(settings))

    text = built("airflow", connections={"STORE": "db"}, tasks={"pack": {"pool": "big", "timeout": 60}})
    assert 'STORE=Connection.get("db").get_uri()' in text
    assert 'task_id="pack", pool="big", execution_timeout=timedelta(seconds=60)' in text
    text = built("prefect", secrets={"STORE": "db-url"}, tags=["big"], timeout=60)
    assert 'STORE=Secret.load("db-url").get()' in text
    assert 'tags=["big"]' in text
    assert "text=True, timeout=60" in text
    assert '"pool": "big"' in built("dagster", pool="big")
    text = built("metaflow", schedule="@daily", cpu=2, memory=4096, secrets=["db"], timeout=60)
    assert '@schedule(cron="@daily")' in text
    for decorator in ("@resources(cpu=2, memory=4096)", '@secrets(sources=["db"])', "@timeout(seconds=60)"):
        assert text.count(decorator) == 3


NAMES = {"airflow": "task", "prefect": "futures", "dagster": "job", "metaflow": "next"}


@pytest.mark.parametrize("orchestrator", ORCHESTRATORS)
def test_a_workflow_may_have_any_name(mill, lolpop, orchestrator):
    """A name that the file or the orchestrator uses itself gets an underscore."""
    name = NAMES[orchestrator]
    app = (mill / "app.py").read_text().replace("def grind", f"def {name}").replace("w.grind", f"w.{name}")
    (mill / "app.py").write_text(app.replace("def daily", "def json").replace("w.pack(", "w.pack("))
    done = lolpop("flow", "build", orchestrator, "app.py", "json", "-o", "built.py")
    assert done.code == 0, done.err
    text = (mill / "built.py").read_text()
    ast.parse(text)
    assert re.search(rf"\b{name}_ = |def {name}_\(|\.{name}_\(", text) or f"self.{name}_)" in text
    assert f'"{name}", {{"grain": "oats"}}' in text
    assert not re.search(r"^def json\(", text, re.MULTILINE)
