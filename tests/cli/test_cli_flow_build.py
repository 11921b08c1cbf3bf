import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ruamel.yaml import YAML

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
        if Path("broken").exists():
            Path("broken").unlink()
            raise ValueError("no bag")
        Path("bags.txt").write_text(f"{flour} {note}")
        return f"a bag of {flour.name}"


class MillContainer(RunnerContainer):
    runner = providers.Runner(Mill)


@flow
def daily(w):
    w.pack(w.grind(grain="oats"), note="it's $HOME \\"mild\\"")
'''
PACKED = 'dataset_version:oats@1 it\'s $HOME "mild"'
BUILDERS = ["cron", "systemd", "github-actions", "kubernetes", "argo", "databricks"]


@pytest.fixture
def mill(folder):
    (folder / "app.py").write_text(APP)
    return folder


@pytest.fixture
def build(lolpop, folder):
    """Build a flow, and return the text of each file by its name."""

    def call(*words):
        target = folder / "built"
        target.mkdir(exist_ok=True)
        done = lolpop("flow", "build", *words, "-o", target)
        assert done.code == 0, done.err
        return {path.name: path.read_text() for path in target.iterdir()}

    return call


def shell(script, interpreter="bash", **environ):
    """Run a script with this interpreter on the path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [interpreter, "-ec", script], capture_output=True, text=True, timeout=600,
        env={**os.environ, "PATH": path, **environ},
    )  # fmt: skip


def groups(lolpop):
    return {run["group"] for run in lolpop("runs", "ls", "--json").json}


def test_the_script_for_cron_runs_each_workflow_in_a_process(mill, lolpop, build):
    """References are passed on, quotes survive the shell, and the runs have one group."""
    script = build("cron", "app.py", "daily")["app_daily.sh"]
    assert re.search(r"^# 0 6 \* \* \* bash /path/to/app_daily.sh", script, re.MULTILINE)
    done = shell(script, LOLPOP_GROUP="tuesday")
    assert done.returncode == 0, done.stderr
    assert (mill / "bags.txt").read_text() == PACKED
    assert groups(lolpop) == {"tuesday"}


def test_a_workflow_that_fails_ends_the_script_or_is_run_again(mill, lolpop, build):
    """The exit code is that of the workflow, unless a later attempt succeeds."""
    (mill / "broken").touch()
    script = build("cron", "app.py", "daily")["app_daily.sh"]
    done = shell(script)
    assert done.returncode == 1
    assert "ValueError: no bag" in done.stderr
    (mill / "broken").touch()
    again = ["--set", "orchestrator.retries=1", "--set", "orchestrator.retry_delay=0"]
    assert shell(build("cron", "app.py", "daily", *again)["app_daily.sh"]).returncode == 0
    assert (mill / "bags.txt").read_text() == PACKED


def test_the_script_predicts_what_one_process_predicts(folder, iris_project, lolpop, build):
    """Byte by byte, with the real classification."""
    iris_project(folder)
    with (folder / "lolpop.yaml").open("a") as settings:
        settings.write("orchestrator: {schedule: '30 5 * * 1-5'}\n")
    script = build("cron")["classification_train_and_predict.sh"]
    assert "30 5 * * 1-5 bash" in script
    done = shell(script)
    assert done.returncode == 0, done.stderr
    predictions = (folder / "predictions.csv").read_bytes()
    (folder / "predictions.csv").unlink()
    assert lolpop("flow", "run").code == 0
    assert (folder / "predictions.csv").read_bytes() == predictions


def test_systemd_gets_a_service_a_timer_and_a_script(mill, build):
    """The units name each other, and the script is the one that cron would run."""
    built = build("systemd", "app.py", "daily", "--set", "orchestrator.schedule=hourly")
    assert set(built) == {"app_daily.service", "app_daily.timer", "app_daily.sh"}
    units = {}
    for name in ("service", "timer"):
        units[name] = configparser.ConfigParser(interpolation=None)
        units[name].read_string(built[f"app_daily.{name}"])
    assert units["timer"]["Timer"]["OnCalendar"] == "hourly"
    assert units["service"]["Service"]["WorkingDirectory"] == str(mill)
    assert units["service"]["Service"]["ExecStart"] == "/usr/bin/env bash app_daily.sh"
    script, cron = built["app_daily.sh"], build("cron", "app.py", "daily", "--force")["app_daily.sh"]
    assert script.partition("set -euo")[2] == cron.partition("set -euo")[2]
    if shutil.which("systemd-analyze"):
        done = shell("systemd-analyze verify --man=no built/app_daily.timer built/app_daily.service")
        assert (done.returncode, done.stderr) == (0, "")


def test_the_steps_of_github_hand_on_their_outputs(mill, lolpop, build):
    """Run as GitHub runs them, one after the other, they make what the flow makes."""
    built = build("github-actions", "app.py", "daily", "--set", 'orchestrator.secrets=["TOKEN"]')
    document = YAML(typ="safe").load(built["app_daily.yml"])
    assert document["on"] == {"schedule": [{"cron": "0 6 * * *"}], "workflow_dispatch": {}}
    job = document["jobs"]["daily"]
    assert job["env"]["TOKEN"] == "${{ secrets.TOKEN }}"
    outputs = mill / "outputs.txt"
    for step in [step for step in job["steps"] if "id" in step]:
        environ = {"GITHUB_OUTPUT": str(outputs), "LOLPOP_GROUP": "hub"}
        for name, expression in step.get("env", {}).items():
            assert expression == "${{ steps.grind.outputs.result }}"
            environ[name] = outputs.read_text().removeprefix("result=").strip()
        done = shell(step["run"], **environ)
        assert done.returncode == 0, done.stderr
    assert (mill / "bags.txt").read_text() == PACKED
    assert groups(lolpop) == {"hub"}


def test_what_github_gets_fits_its_schema(mill, build):
    """The file is valid by the schema that check-jsonschema ships."""
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    build("github-actions", "app.py", "daily")
    done = shell("python -m check_jsonschema --builtin-schema vendor.github-workflows built/app_daily.yml")
    assert done.returncode == 0, done.stdout


def test_the_containers_of_a_cron_job_hand_on_their_results(mill, lolpop, build):
    """Run as Kubernetes runs them, one after the other, they make what the flow makes."""
    asked = {"volume_claim": "store", "secret": "keys", "memory": "2Gi", "cpu": "500m", "folder": str(mill)}
    flags = [word for name, value in asked.items() for word in ("--set", f"orchestrator.{name}={value}")]
    built = build("kubernetes", "app.py", "daily", *flags)
    document = YAML(typ="safe").load(built["app-daily.yaml"])
    pod = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    containers = [*pod["initContainers"], *pod["containers"]]
    assert [container["name"] for container in containers] == ["grind", "pack"]
    results = mill / "results"
    results.mkdir()
    for container in containers:
        assert container["envFrom"] == [{"secretRef": {"name": "keys"}}]
        assert container["resources"]["limits"] == {"memory": "2Gi"}
        assert container["command"][:2] == ["/bin/sh", "-ec"]
        script = container["command"][2].replace("/lolpop-results", str(results))
        done = shell(script, "/bin/sh", LOLPOP_GROUP="job-7")
        assert done.returncode == 0, done.stderr
    assert (mill / "bags.txt").read_text() == PACKED
    assert groups(lolpop) == {"job-7"}


def test_the_pods_of_argo_hand_on_their_results(mill, lolpop, build):
    """Run as Argo runs them, they make what the flow makes, and Argo's own models have a field for all of it."""
    models = pytest.importorskip("hera.workflows.models", reason="hera is not installed")
    asked = {"volume_claim": "store", "secret": "keys", "retries": 2, "timeout": 60, "folder": str(mill)}
    flags = [word for name, value in asked.items() for word in ("--set", f"orchestrator.{name}={value}")]
    document = YAML(typ="safe").load(build("argo", "app.py", "daily", *flags)["app-daily.yaml"])
    read = models.CronWorkflow.model_validate(document)
    assert json.loads(read.model_dump_json(by_alias=True, exclude_none=True)) == document
    dag, *templates = document["spec"]["workflowSpec"]["templates"]
    templates = {template["name"]: template for template in templates}
    outputs = {}
    for task in dag["dag"]["tasks"]:
        template, result = templates[task["template"]], mill / f"{task['name']}.txt"
        values = {"{{workflow.name}}": "daily-7"}
        for parameter in task.get("arguments", {}).get("parameters", ()):
            values[f"{{{{inputs.parameters.{parameter['name']}}}}}"] = outputs[parameter["value"]]
        environ = {item["name"]: values[item["value"]] for item in template["container"]["env"]}
        script = template["container"]["command"][2].replace("/tmp/result", str(result))
        done = shell(script, "/bin/sh", **environ)
        assert done.returncode == 0, done.stderr
        assert set(task.get("depends", "").split(" && ")) - {""} <= {name.split(".")[1] for name in outputs}
        if "outputs" in template:
            outputs[f"{{{{tasks.{task['name']}.outputs.parameters.result}}}}"] = result.read_text().strip()
    assert (mill / "bags.txt").read_text() == PACKED
    assert groups(lolpop) == {"daily-7"}


def test_an_image_has_locked_requirements_and_runs_the_flow(mill, build):
    """Every version is that of an installed package, lolpop's among them, and secrets stay outside."""
    from importlib.metadata import version

    built = build("container-image", "app.py", "daily")
    assert built["Dockerfile"].endswith('CMD ["flow", "run", "app.py", "daily"]\n')
    locked = [line for line in built["requirements.lock"].splitlines() if not line.startswith("#")]
    assert all(version(line.partition("==")[0]) == line.partition("==")[2] for line in locked)
    assert {"lolpop", "pandas", "scikit-learn"} <= {line.partition("==")[0] for line in locked}
    assert {".lolpop", ".env"} <= set(built[".dockerignore"].splitlines())


def test_an_image_is_built_for_what_the_project_is(mill, build):
    """A project that is a package is installed, with the Debian packages that its requirements need."""
    words = ("container-image", "app.py", "daily", "--set", 'orchestrator.system_packages=["git"]')
    plain = build(*words)["Dockerfile"].splitlines()
    assert f"FROM python:{sys.version_info.major}.{sys.version_info.minor}-slim" in plain
    assert any(re.search(r"apt-get install .* git( |$)", line) for line in plain)
    (mill / "pyproject.toml").write_text('[project]\nname = "hypothesis"\nversion = "1"\n')
    built = build(*words, "--force")
    packaged = built["Dockerfile"].splitlines()
    [line] = [line for line in packaged if line not in plain and not line.startswith("#")]
    assert line == "RUN python -m pip install --no-cache-dir --no-deps ."
    assert "sortedcontainers==" in built["requirements.lock"]
    assert "hypothesis==" not in built["requirements.lock"]


def test_packages_from_folders_are_installed_from_wheels(mill, build):
    """This lolpop is installed from a folder, which is not in the image."""
    from importlib.metadata import distribution

    if "file:" not in json.loads(distribution("lolpop").read_text("direct_url.json") or "{}").get("url", ""):
        pytest.skip("lolpop is installed from an index here")
    built = build("container-image", "app.py", "daily")
    assert "--find-links wheels" in built["Dockerfile"]
    assert "# Installed from a folder here: lolpop." in built["requirements.lock"]


@pytest.mark.parametrize("orchestrator", BUILDERS)
def test_a_file_that_was_edited_is_not_overwritten(mill, lolpop, build, orchestrator):
    """An unedited file is built again; an edited one is kept, unless --force is given."""
    first = build(orchestrator, "app.py", "daily")
    assert build(orchestrator, "app.py", "daily") == first
    path = mill / "built" / next(iter(first))
    path.write_text(first[path.name] + "# mine\n")
    command = ("flow", "build", orchestrator, "app.py", "daily", "-o", mill / "built")
    done = lolpop(*command)
    assert done.code == 2
    assert f"{path} was edited by hand, and is not overwritten. Use --force" in done.err
    assert path.read_text().endswith("# mine\n")
    assert lolpop(*command, "--force").code == 0
    assert path.read_text() == first[path.name]


def test_a_file_of_somebody_else_is_not_overwritten(mill, lolpop):
    """Nothing is written."""
    target = mill / "notes.txt"
    target.write_text("mine")
    done = lolpop("flow", "build", "cron", "app.py", "daily", "-o", target)
    assert done.code == 2
    assert "exists and was not built by lolpop" in done.err
    assert target.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["crom", "app.py", "daily"], 2, "there is no orchestrator 'crom'. Did you mean cron?"),
        (["cron", "app.py", "daly"], 2, "Did you mean daily?"),
        (["cron", "app.py", "daily", "--set", "orchestrator.schedule=6 o'clock"], 2, "must have five fields"),
        (["cron", "app.py", "daily", "--set", "orchestrator.scedule=@daily"], 2, "Did you mean schedule?"),
        (["kubernetes", "app.py", "daily", "--set", "orchestrator.name=My_Job"], 2, "lower-case letters"),
        (["container-image", "app.py", "daily", "-o", "app.py"], 2, "app.py is a file, and 3 files"),
        (["cron", "app.py", "daily", "-o", "app.py/flow.sh"], 1, "app.py/flow.sh cannot be written"),
    ],
)
def test_what_cannot_be_built_says_why(mill, lolpop, words, code, message):
    """Misspelt names and settings, and places that cannot be written, are errors with a reason."""
    done = lolpop("flow", "build", *words)
    assert done.code == code, done.err
    assert message in done.err


def test_a_drawing_can_be_kept(mill, lolpop):
    """The drawing in SVG is well-formed although arguments hold any character."""
    image = ET.fromstring(lolpop("flow", "show", "app.py", "daily", "--format", "svg").out)
    assert image.tag.endswith("svg")
