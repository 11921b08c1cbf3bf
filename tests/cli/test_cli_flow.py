import xml.etree.ElementTree as ET

import pytest

APP = '''
from lolpop import Runner, RunnerContainer, providers, workflow
from lolpop.flows import flow
from lolpop.resources import DatasetVersion


class Mill(Runner):
    @workflow
    def grind(self, fail: bool = False, grain: str = "rye") -> DatasetVersion:
        """Grind."""
        if fail:
            raise ValueError("the stone is broken")
        return DatasetVersion(name=grain, number=1)

    @workflow
    def pack(self, flour: DatasetVersion) -> str:
        """Pack."""
        return f"a bag of {flour.name}"


class MillContainer(RunnerContainer):
    runner = providers.Runner(Mill)


@flow
def daily(w):
    return w.pack(w.grind(grain="oats"))


@flow
def broken(w):
    w.pack(w.grind(fail=True, after=w.grind()))
'''


@pytest.fixture
def mill(folder):
    (folder / "app.py").write_text(APP)
    return folder


def test_a_flow_is_drawn_as_a_tree_as_mermaid_and_as_svg(mill, lolpop):
    """Each format names the steps, their arguments and their results."""
    assert lolpop("flow", "show", "app.py", "daily").out == (
        "daily\n└── grind  grain=oats\n    └── pack  flour <- grind\n"
    )
    assert lolpop("flow", "show", "app.py", "broken", "--format", "mermaid").out.splitlines() == [
        "flowchart LR",
        '    grind["grind"]',
        '    grind_2["grind_2<br/>fail=true"]',
        '    pack["pack"]',
        "    grind -.-> grind_2",
        "    grind_2 -->|flour| pack",
    ]
    image = ET.fromstring(lolpop("flow", "show", "app.py", "daily", "--format", "svg").out)
    texts = [element.text for element in image.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["grind", "grain=oats", "pack"]


def test_a_flow_runs_in_one_process_and_its_runs_have_a_group(mill, lolpop):
    """Results, run ids and the group are JSON, and the runs are recorded in the group."""
    done = lolpop("flow", "run", "app.py", "daily", "--group", "monday", "--json")
    assert done.code == 0, done.err
    document = done.json
    assert (document["flow"], document["group"], document["status"]) == ("daily", "monday", "completed")
    assert [step["result"] for step in document["steps"]] == ["dataset_version:oats@1", "a bag of oats"]
    listed = lolpop("runs", "ls", "--group", "monday", "--json").json
    assert {run["run_id"] for run in listed} == {step["run_id"] for step in document["steps"]}


def test_a_flow_without_a_group_gets_one_of_its_own(mill, lolpop):
    """Two runs of a flow are never of one group."""
    groups = [lolpop("flow", "run", "app.py", "daily", "--json").json["group"] for _ in range(2)]
    assert len(set(groups)) == 2
    assert all(group.startswith("daily-") for group in groups)


def test_a_failed_step_ends_the_flow(mill, lolpop):
    """The failed step is shown with its run; earlier steps are completed, later ones are not called."""
    done = lolpop("flow", "run", "app.py", "broken", "--json")
    assert done.code == 1
    document = done.json
    assert document["status"] == "failed"
    assert [(step["step"], step["status"]) for step in document["steps"]] == [
        ("grind", "completed"),
        ("grind_2", "failed"),
    ]
    assert document["error"]["message"] == "ValueError: the stone is broken"
    assert f"lolpop runs show {document['steps'][-1]['run_id']}" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["app.py", "dayly"], "app.py has no flow 'dayly'. Did you mean daily?"),
        (["app.py", "app.py"], "app.py declares 2 flows (daily, broken). Name one: app.py:NAME."),
        (["app.py", "flows.py:x"], "there is no file flows.py"),
        (["app.py", "app:daly"], "Did you mean daily?"),
        (["app.py", "app:Mill"], "app:Mill is not a flow: expected a function"),
        (["app.py", "daily", "more"], "unexpected argument 'more'"),
        ([], "name a runner"),
    ],
)
def test_a_flow_that_is_not_there_is_wrong_usage(mill, lolpop, words, message):
    """The message has a near name, or says what to write."""
    done = lolpop("flow", "show", *words)
    assert done.code == 2
    assert message in done.err


def test_a_flow_is_run_now_by_an_orchestrator(mill, lolpop):
    """Each workflow is a process, and the runs have one group; the files that were built are gone."""
    done = lolpop("flow", "run", "cron", "app.py", "daily")
    assert done.code == 0, done.err
    assert "All runs: lolpop runs ls" in done.out
    runs = lolpop("runs", "ls", "--json").json
    assert [run["workflow"] for run in runs] == ["pack", "grind"]
    assert len({run["group"] for run in runs}) == 1
    assert not list(mill.glob("*.sh"))


def test_a_flow_that_fails_in_an_orchestrator_is_a_failure(mill, lolpop):
    """The error names the exit code of the orchestrator, and the command exits with 1."""
    done = lolpop("flow", "run", "cron", "app.py", "broken")
    assert done.code == 1
    assert "cron ended with exit code 1: its output says why. Runs so far: lolpop runs ls" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["kubernetes", "app.py", "daily"],
            "cannot run a flow on this machine\nRun it in this process: lolpop flow run app.py daily",
        ),
        (["cron", "app.py", "daily", "--group", "monday"], "leave --group and --json out"),
        (["cron", "app.py", "dayly"], "Did you mean daily?"),
        (
            ["dagster", "app.py", "daily", "--set", "orchestrator.environment=nowhere"],
            "dagster is not installed in nowhere/bin. Set 'environment' of the orchestrator",
        ),
    ],
)
def test_what_an_orchestrator_cannot_run_says_why(mill, lolpop, words, message):
    """Nothing runs."""
    done = lolpop("flow", "run", *words)
    assert done.code == 2, done.err
    assert message in done.err
    assert lolpop("runs", "ls", "--json").json == []


def test_flows_of_other_files_and_modules_are_named_by_path(mill, lolpop):
    """A plain function is a flow too, and the settings may name the runner."""
    (mill / "others.py").write_text("def nightly(w):\n    w.grind()\n")
    (mill / "lolpop.yaml").write_text("lolpop: {runner: app.py}\n")
    drawn = {lolpop("flow", "show", "app.py", name).out for name in ("others.py:nightly", "others:nightly")}
    assert drawn == {"nightly\n└── grind\n"}
    assert lolpop("flow", "show", "daily").out.startswith("daily\n")


def test_an_error_in_a_flow_has_line_and_column(mill, lolpop):
    """Nothing runs, and the exit code is 2."""
    (mill / "others.py").write_text("def nightly(w):\n    w.grind()\n    flour = w.pakc()\n")
    done = lolpop("flow", "run", "app.py", "others.py:nightly")
    assert done.code == 2
    assert "others.py:3:13  Mill has no workflow 'pakc'. Did you mean pack?" in done.err
    assert lolpop("runs", "ls", "--json").json == []
