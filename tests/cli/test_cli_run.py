import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lolpop.cli._workflows import Workflow
from lolpop.signatures import Parameter

WORKER = """
import sys, time
from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.errors import DataError, ReferenceNotFoundError
from lolpop.resources import DatasetVersion, ModelVersion

class Worker(Component):
    def close(self):
        print("closed", file=sys.stderr)

class Picky(Worker):
    def __init__(self):
        raise ValueError("no")

class Steps(Pipeline):
    def __init__(self, *, worker: Worker):
        self.worker = worker
    @task
    def work(self, how):
        if how == "bug":
            return {}["nowhere"]
        if how == "bad data":
            raise DataError("row 7 has no target")
        if how == "missing model":
            raise ReferenceNotFoundError("There is no model_version:x@1.")
        if how == "sleep":
            print("asleep", flush=True)
            time.sleep(90)
        return how

class Work(Runner):
    def __init__(self, *, steps: Steps):
        self.steps = steps
    @workflow
    def run(self, how: str = "well") -> str:
        return self.steps.work(how)
    @workflow
    def typed(
        self,
        dataset_version: DatasetVersion,
        model_version: ModelVersion | None = None,
        count: int = 1,
        loud: bool = False,
        names: list[str] | None = None,
    ) -> dict:
        return {"data": dataset_version, "model": model_version, "count": count, "loud": loud, "names": names}

class StepsContainer(PipelineContainer):
    worker = providers.Component(Worker, default=Worker)
    pipeline = providers.Pipeline(Steps)

class WorkContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(Work)
"""


@pytest.fixture
def work(folder):
    (folder / "work.py").write_text(WORKER)
    return folder


def test_a_workflow_of_ones_own_file_prints_its_result_and_nothing_else(project, lolpop):
    """In an empty folder with app.py, `lolpop run app.py:AppContainer` prints what the workflow returns."""
    done = lolpop("run", "app.py:AppContainer", "--set", "greet.greeter.greeting=ahoy")
    assert (done.code, done.out, done.err) == (0, "ahoy world, it is noon\n", "")


@pytest.mark.parametrize("runner", ["app.py", "app:AppContainer", "./app.py:AppContainer"])
def test_a_runner_may_be_named_by_file_or_module(project, lolpop, runner):
    """The class may be left out if a file declares one container, and the current directory is importable."""
    assert lolpop("run", runner).out == "hello world, it is noon\n"


def test_a_file_in_a_package_is_imported_as_part_of_it(project, lolpop):
    """A file beside an __init__.py may import relatively, as it does in its package."""
    package = project / "flows"
    package.mkdir()
    (project / "app.py").rename(package / "greeter.py")
    (package / "__init__.py").touch()
    (package / "app.py").write_text("from .greeter import AppContainer as Base\nclass Mine(Base): ...\n")
    assert lolpop("run", "flows/app.py").out == "hello world, it is noon\n"


def test_the_strongest_source_counts(project, lolpop, monkeypatch):
    """A flag is stronger than a variable, and a variable is stronger than lolpop.yaml."""
    (project / "lolpop.yaml").write_text("greet: {greeter: {greeting: hi}}\n")
    assert lolpop("run", "app.py").out.startswith("hi world")
    monkeypatch.setenv("LOLPOP_GREET__GREETER__GREETING", "hey")
    assert lolpop("run", "app.py").out.startswith("hey world")
    assert lolpop("run", "app.py", "--set", "greet.greeter.greeting=ahoy").out.startswith("ahoy world")


def test_a_profile_is_chosen_by_flag_or_variable(project, lolpop, monkeypatch):
    """lolpop.prod.yaml has precedence over lolpop.yaml with --profile prod, and with LOLPOP_PROFILE=prod."""
    (project / "lolpop.yaml").write_text("greet: {greeter: {greeting: hi}}\n")
    (project / "lolpop.prod.yaml").write_text("greet: {greeter: {greeting: good day}}\n")
    assert lolpop("run", "app.py", "--profile", "prod").out.startswith("good day world")
    monkeypatch.setenv("LOLPOP_PROFILE", "prod")
    assert lolpop("run", "app.py").out.startswith("good day world")


def test_a_missing_profile_is_reported_with_the_existing_ones(project, lolpop):
    """An unknown profile exits with 2 and lists the existing ones."""
    (project / "lolpop.yaml").write_text("seed: 1\n")
    (project / "lolpop.prod.yaml").write_text("seed: 2\n")
    (project / "lolpop.test.yaml").write_text("seed: 3\n")
    done = lolpop("run", "app.py", "--profile", "staging")
    assert done.code == 2
    assert "staging" in done.err
    assert "prod, test" in done.err


def test_json_is_one_object_on_the_last_line(project, shell):
    """With --json the last line of standard output is one object that says how the run ended."""
    done = shell("lolpop run app.py --name Ada --json")
    document = done.json
    assert done.out.count("\n") == 1
    assert document.pop("run_id")
    assert document == {
        "status": "completed",
        "workflow": "run",
        "resources": {},
        "metrics": {},
        "checks": [],
        "comparison": None,
        "deployment": None,
        "prediction_job": None,
        "result": "hello Ada, it is noon",
    }


def test_parameters_of_workflows_are_options(work, lolpop):
    """References, numbers, flags and lists are read as the workflow annotates them."""
    words = [
        "--dataset_version",
        "dataset_version:t@3",
        "--count",
        "-2",
        "--loud",
        "--names",
        '["a"]',
        "--json",
    ]
    document = lolpop("run", "work.py", "typed", *words).json
    assert document["result"] == {
        "data": "dataset_version:t@3",
        "model": None,
        "count": -2,
        "loud": True,
        "names": ["a"],
    }
    assert document["resources"] == {"dataset_version": ["dataset_version:t@3"]}


@given(st.text())
def test_any_text_reaches_a_parameter_as_it_stands(text):
    """Text that looks like a number, a flag or an option arrives as text."""
    workflow = Workflow("greet", "", (Parameter("name", str),))
    assert workflow.arguments(["--name", text]) == {"name": text}
    assert workflow.arguments([f"--name={text}"]) == {"name": text}


@given(st.integers(), st.booleans())
def test_numbers_and_flags_come_back(number, flag):
    """What is written for a number or a flag is what the workflow gets."""
    workflow = Workflow("count", "", (Parameter("number", int), Parameter("flag", bool)))
    words = ["--number", str(number), "--flag" if flag else "--no-flag"]
    assert workflow.arguments(words) == {"number": number, "flag": flag}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["clasification"], "Did you mean classification?"),
        (["wrk.py"], "Did you mean work.py?"),
        (["work.py:WorkContaner"], "Did you mean WorkContainer?"),
        (["work.py:Work"], "is not a RunnerContainer"),
        (["wrok:WorkContainer"], "there is no module 'wrok'"),
        (["work.py", "rnu"], "Did you mean run?"),
        (["work.py", "--hwo", "well"], "Did you mean --how?"),
        (["work.py", "typed"], "typed needs --dataset-version: dataset_version:NAME@NUMBER"),
        (["work.py", "typed"], "lolpop datasets ls lists them"),
        (["work.py", "--seed", "3"], "A setting is changed by --set PATH=VALUE."),
        (["work.py", "typed", "--dataset-version", "model:t"], "not a reference of the form dataset_version"),
        (["work.py", "typed", "--dataset-version", "dataset_version:t@1", "--count", "x"], "--count:"),
        (["work.py", "run", "extra"], "unexpected argument 'extra'"),
        (["work.py", "--how"], "--how: a value is missing"),
        (["work.py", "--set", "steps.wroker=Picky"], "Did you mean worker?"),
        (["work.py", "--set", "steps"], "gives no value"),
        (["work.py", "--config", "nowhere.yaml"], "there is no such file"),
        (["work.py", "--set", "steps.worker=work:Picky"], "could not be built: ValueError: no"),
        ([], "name a runner"),
    ],
)
def test_a_misspelt_word_is_reported_in_a_line(work, lolpop, words, message):
    """Wrong usage, settings and wiring exit with 2 and a near name, without a traceback; nothing runs."""
    done = lolpop("run", *words)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert not (work / ".lolpop").exists()


def test_several_mistakes_are_reported_at_once(work, lolpop):
    """All mistakes in the options of a workflow are one error."""
    done = lolpop("run", "work.py", "typed", "--dataset-version", "x", "--count", "y")
    assert "--dataset-version:" in done.err
    assert "--count:" in done.err


def test_an_unknown_command_or_option_exits_2(folder, lolpop):
    """Misspelt commands and options get near names."""
    done = lolpop("rnu")
    assert (done.code, "run" in done.err) == (2, True)
    done = lolpop("verify", "app.py", "--conifg", "x")
    assert (done.code, "--config" in done.err) == (2, True)


def test_an_expected_error_has_no_traceback(work, lolpop):
    """A workflow that refuses its data exits with 1 and says why and where."""
    done = lolpop("run", "work.py", "--how", "bad data")
    assert done.code == 1
    assert "workflow run failed: row 7 has no target" in done.err
    assert "lolpop runs show " in done.err
    assert "Traceback" not in done.err
    assert "closed" in done.err


def test_a_bug_is_reported_with_its_line(work, lolpop):
    """An unexpected error exits with 1 and names its type and the innermost line of the user's code."""
    done = lolpop("run", "work.py", "--how", "bug")
    assert done.code == 1
    line = 1 + WORKER.split("\n").index('            return {}["nowhere"]')
    assert "workflow run failed: KeyError: 'nowhere'" in done.err
    assert f"work.py:{line} in work" in done.err
    assert "Traceback" not in done.err
    assert "--traceback" in done.err


def test_a_failed_run_is_shown_with_the_step_that_failed(work, lolpop):
    """`runs show` has the status of each step, the arguments, and the traceback."""
    lolpop("run", "work.py", "--how", "bug")
    out = lolpop("runs", "show", "last").out
    assert re.search(r"^  steps.work +\d+ ms +failed$", out, re.MULTILINE)
    assert re.search(r'^  arguments +how="bug"$', out, re.MULTILINE)
    assert out.rstrip().endswith("KeyError: 'nowhere'")
    document = lolpop("runs", "show", "last", "--json").json
    assert [(task["status"], "KeyError" in task["error"]) for task in document["tasks"]] == [("failed", True)]


def test_traceback_shows_all_of_it(work, lolpop):
    """With --traceback the whole traceback is on standard error."""
    done = lolpop("run", "work.py", "--how", "bug", "--traceback")
    assert done.code == 1
    assert "Traceback (most recent call last)" in done.err


PRINTING = """
import os, subprocess
from lolpop import Runner, RunnerContainer, providers, workflow

class Loud(Runner):
    @workflow
    def run(self) -> str:
        print("by a function")
        os.write(1, b"by a library\\n")
        subprocess.run(["echo", "by another process"], check=True)
        return "done"

class LoudContainer(RunnerContainer):
    runner = providers.Runner(Loud)
"""


def test_nothing_but_json_is_printed(folder, shell):
    """With --json, standard output is one object; all other output goes to standard error."""
    (folder / "loud.py").write_text(PRINTING)
    done = shell("lolpop run loud.py --json")
    assert json.loads(done.out)["result"] == "done"
    for who in ("a function", "a library", "another process"):
        assert f"by {who}\n" in done.err
    # Without it all of them print where they did, in the order in which their buffers are emptied.
    *printed, result = shell("lolpop run loud.py").out.splitlines()
    assert (sorted(printed), result) == (["by a function", "by a library", "by another process"], "done")


def test_failures_are_reported_in_json_too(work, lolpop):
    """With --json, a failed run has its id and its error; wrong usage has no run."""
    document = lolpop("run", "work.py", "--how", "bug", "--json").json
    assert document["status"] == "failed"
    assert document["run_id"]
    assert document["error"]["type"] == "KeyError"
    document = lolpop("run", "work.py", "--set", "sede=1", "--json").json
    assert (document["status"], document["run_id"]) == ("failed", None)
    assert document["error"]["findings"][0]["path"] == "sede"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_closes_and_marks_the_run(work, lolpop, number, code):
    """Ctrl-C or SIGTERM closes the components, marks the run as interrupted, and says so."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lolpop", "run", "work.py", "--how", "sleep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "asleep\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    closed, notice, how_to_go_on = err.splitlines()
    assert closed == "closed"
    assert notice.startswith("Interrupted.")
    assert how_to_go_on.startswith("To resume it: lolpop run --resume ")
    assert lolpop("runs", "ls", "--json").json[0]["status"] == "interrupted"


def test_an_interruption_in_json_is_no_place_in_code(work):
    """With --json, an interrupted run has its status and id, and no line of code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lolpop", "run", "work.py", "--how", "sleep", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr.readline() == "asleep\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    document = json.loads(out)
    assert document["status"] == "interrupted"
    assert document["run_id"]
    assert document["error"] == {"type": "KeyboardInterrupt", "message": "interrupted"}


def test_without_settings_the_message_says_what_to_write(folder, lolpop):
    """In an empty folder, run and verify say that there are no settings, and what to write."""
    for command in ("run", "verify"):
        done = lolpop(command, "classification")
        assert done.code == 2
        assert f"There is no lolpop.yaml in {folder}." in done.out + done.err
        assert "Or write one: problem: {name: …, target: …}" in done.out + done.err


def test_errors_that_no_settings_file_solves_do_not_mention_one(project, lolpop):
    """Errors in wiring or flags do not mention a missing settings file."""
    (project / "wrong.py").write_text(
        "from lolpop import Component, RunnerContainer, providers\n"
        "class Asking(Component):\n"
        "    def __init__(self, size: int = 1, *, nothing: int): ...\n"
        "class Wrong(RunnerContainer):\n"
        "    asking = providers.Component(Asking, default=Asking)\n"
    )
    done = lolpop("verify", "wrong.py:Wrong", "--set", "asking.size=large")
    assert done.code == 2
    assert "'nothing'" in done.out
    assert "lolpop.yaml" not in done.out


def test_a_closed_pipe_is_no_error(project, shell):
    """If the reader closes the pipe, the command ends without an error."""
    done = shell("lolpop config show app.py | true; exit ${PIPESTATUS[0]}")
    assert (done.code, done.err) == (141, "")


def test_a_full_disk_under_the_output_is_reported(project, shell):
    """Output that cannot be written exits 1 with a line that says so."""
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    done = shell("lolpop verify app.py > /dev/full")
    assert done.code == 1
    assert "No space left" in done.err
    assert "Traceback" not in done.err


def test_a_runner_that_fails_to_import_is_reported(folder, lolpop):
    """An error in the user's module names the module and what it raised, and exits 2."""
    (folder / "broken.py").write_text("1 / 0\n")
    done = lolpop("run", "broken.py")
    assert done.code == 2
    assert "ZeroDivisionError" in done.err


def test_help_after_a_runner_shows_its_workflows(work, lolpop):
    """`lolpop run RUNNER --help` lists workflows with their options."""
    done = lolpop("run", "work.py", "--help")
    assert done.code == 0
    assert "typed" in done.out
    assert "dataset_version:NAME@NUMBER (required)" in done.out


def test_help_after_a_workflow_shows_its_options(work, lolpop):
    """`lolpop run RUNNER WORKFLOW --help` lists the one workflow; the project's runner may be left out."""
    done = lolpop("run", "work.py", "typed", "--help")
    assert done.code == 0
    assert "dataset_version:NAME@NUMBER (required)" in done.out
    assert "--how" not in done.out
    (work / "lolpop.yaml").write_text("lolpop: {runner: work.py}\n")
    assert lolpop("run", "typed", "--help").out == done.out
    done = lolpop("run", "work.py", "tpyed", "--help")
    assert done.code == 2
    assert "Did you mean typed?" in done.err


def test_a_run_with_an_unknown_reference_is_not_proposed_to_be_resumed(work, lolpop):
    """The reference would be missing again, so only `runs show` is proposed, not --resume."""
    done = lolpop("run", "work.py", "--how", "missing model")
    assert done.code == 1
    assert "There is no model_version:x@1." in done.err
    assert "Inspect: lolpop runs show" in done.err
    assert "--resume" not in done.err
    assert "--resume" in lolpop("run", "work.py", "--how", "bug").err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("runs", "ls", "-n", "many"), "--number must be a whole number, but got 'many'."),
        (("runs", "ls", "-n", "-3"), "--number must be at least 1, but got '-3'."),
        (("graph", "--format", "tre"), "--format: 'tre' is not one of 'tree', 'mermaid', 'dot', 'svg'. Did you mean tree?"),
        (("test", "--on-failure", "x"), "--on-failure: 'x' is not one of 'stop', 'continue', 'warn'."),
    ],
)  # fmt: skip
def test_values_of_options_are_refused_in_plain_words(folder, lolpop, words, message):
    """The message has the option, the expected and the given value, without words of the parsing library."""
    done = lolpop(*words)
    assert done.code == 2
    assert done.err.splitlines()[0] == f"error: {message}"


@pytest.mark.parametrize(
    "words", [("runs", "show", "lastt"), ("run", "--resume", "lastt"), ("runs", "show", "latst")]
)
def test_a_misspelt_run_gets_a_near_name(project, lolpop, words):
    """`last` and the ids of the newest runs are proposed."""
    assert lolpop("run", "app.py").code == 0
    done = lolpop(*words)
    assert done.code == 1
    assert done.err.rstrip().endswith("Did you mean last?")


LEAKING = """
from pydantic import SecretStr
from lolpop import Component, Runner, RunnerContainer, providers, workflow

class Client(Component):
    def __init__(self, token: SecretStr, proxy: str = "") -> None:
        self.token, self.proxy = token, proxy

class Leaking(Runner):
    def __init__(self, *, client: Client) -> None:
        self.client = client

    @workflow
    def run(self) -> None:
        raise ConnectionError(f"refused {self.client.token.get_secret_value()} by {self.client.proxy}")

class LeakingContainer(RunnerContainer):
    client = providers.Component(Client, default=Client)
    runner = providers.Runner(Leaking)
"""


@pytest.mark.parametrize("how", [[], ["--json"], ["--traceback"]])
def test_secrets_that_an_error_quotes_are_masked(folder, lolpop, monkeypatch, how):
    """No message, JSON or traceback shows a secret that user code put into its error."""
    (folder / "leaking.py").write_text(LEAKING)
    (folder / "lolpop.yaml").write_text("client: {token: hush-hush, proxy: '${env:PROXY}'}\n")
    monkeypatch.setenv("PROXY", "http://ada:pass@proxy")
    done = lolpop("run", "leaking.py", *how)
    assert done.code == 1
    output = done.out + done.err
    assert "refused" in output
    assert "hush-hush" not in output
    assert "ada:pass" not in output
