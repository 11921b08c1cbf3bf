"""Checks around tasks: how they are called, and what they find."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.test_recorder import CheckOutcome
from lolpop.components.test_recorder.console import ConsoleTestRecorder
from lolpop.components.test_recorder.junit import JUnitTestRecorder
from lolpop.containers import scope_of
from lolpop.errors import LolpopError, VerificationError
from lolpop.testing import after, before
from lolpop.testing.checks import attached_checks
from lolpop.testing.intercepting import CheckInterceptor, CheckStoppedError


class Clock(Component):
    pass


class GreetPipeline(Pipeline):
    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    @task
    def greet(self, name: str, times: int = 1, *, loud: bool = False) -> str:
        return f"Hello {name}" * times

    @task
    def leave(self) -> None:
        raise AssertionError("nobody calls it")


class GreetContainer(PipelineContainer):
    clock = providers.Component(Clock, default=Clock)
    pipeline = providers.Pipeline(GreetPipeline)


class GreetRunner(Runner):
    def __init__(self, *, greet: GreetPipeline) -> None:
        self._greet = greet

    @workflow
    def run(self, name: str = "Ada") -> str:
        return self._greet.greet(name, loud=True)


class AppContainer(RunnerContainer):
    greet = providers.nested(GreetContainer)
    runner = providers.Runner(GreetRunner)


class Remembering:
    def __init__(self) -> None:
        self.recorded: list[CheckOutcome] = []

    def record(self, outcome: CheckOutcome) -> None:
        self.recorded.append(outcome)


def outcomes_of(*functions: Callable[..., object], on_failure: str = "continue") -> list[CheckOutcome]:
    """What checks find around one run of the workflow."""
    container, recorder = AppContainer(), Remembering()
    checks = list(attached_checks({function.__name__: function for function in functions}))
    interceptor = CheckInterceptor(
        scope_of(container), checks, [recorder], on_failure, lambda text: text.replace("s3cr3t", "***")
    )
    with container, container.override({"interceptors": [interceptor]}):
        assert container.runner().run() == "Hello Ada"
    outcomes = interceptor.outcomes()
    assert recorder.recorded == [outcome for outcome in outcomes if outcome.status != "not run"]
    return outcomes


def returning(value: object) -> Callable[..., object]:
    @after("run")
    def check(runner: object) -> object:
        return value

    return check


@pytest.mark.parametrize(
    ("value", "status", "message"),
    [
        (None, "passed", ""),
        (True, "passed", ""),
        (np.True_, "passed", ""),
        ((True, "well done"), "passed", "well done"),
        (False, "failed", "it returned False"),
        (np.False_, "failed", "it returned False"),
        ((False, "why"), "failed", "why"),
        (3, "error", "it returned 3, but should return None, True, False or (False, 'why')"),
        (0.9, "error", "it returned 0.9, but should return None, True, False or (False, 'why')"),
    ],
    ids=repr,
)
def test_what_a_check_returns_is_its_outcome(value, status, message):
    """None and True pass, False fails with or without a reason, everything else is an error."""
    (outcome,) = outcomes_of(returning(value))
    assert (outcome.status, outcome.message) == (status, message)
    assert (outcome.check, outcome.path, outcome.when) == ("check", "run", "after")
    assert "test_workflow_checks.py:" in outcome.place


def test_assertions_fail_and_other_exceptions_are_errors():
    """An assertion fails with its text, any other exception is an error, each with its line."""

    @after("run")
    def asserts(runner):
        raise AssertionError("1 is not 2")

    @after("run")
    def raises(runner):
        raise KeyError("column")

    @after("run")
    def needs_more(runner, result, name, more):
        raise AssertionError("it cannot be called")

    failed, error, uncallable = outcomes_of(asserts, raises, needs_more)
    assert (failed.status, failed.message) == ("failed", "1 is not 2")
    assert (error.status, error.message) == ("error", "KeyError: 'column'")
    assert (uncallable.status, uncallable.message.partition(":")[0]) == ("error", "TypeError")
    assert "'more'" in uncallable.message


def test_checks_get_the_integration_the_result_and_the_arguments():
    """A check before a call gets its arguments, one after it also the result."""
    seen = {}

    @before("greet.greet")
    def everything_before(pipeline, *args, **kwargs):
        seen["before"] = (type(pipeline), args, kwargs)

    @after("greet.greet")
    def everything_after(pipeline, result, *args, **kwargs):
        seen["after"] = (type(pipeline), result, args, kwargs)

    @after("greet.greet")
    def some(pipeline, result, name, *, loud):
        seen["some"] = (result, name, loud)

    @before("run")
    def least(runner):
        seen["least"] = type(runner)

    outcomes = outcomes_of(everything_before, everything_after, some, least)
    assert {outcome.status for outcome in outcomes} == {"passed"}
    assert seen == {
        "before": (GreetPipeline, ("Ada", 1), {"loud": True}),
        "after": (GreetPipeline, "Hello Ada", ("Ada", 1), {"loud": True}),
        "some": ("Hello Ada", "Ada", True),
        "least": GreetRunner,
    }


def test_patterns_attach_to_many_tasks_and_what_is_not_called_is_reported():
    """A pattern attaches to all matching tasks; a check whose task was not called did not run."""

    @before("*")
    def everywhere(integration):
        return None

    @after("greet.leave")
    def never(pipeline):
        return False

    outcomes = outcomes_of(everywhere, never)
    assert [(outcome.path, outcome.status) for outcome in outcomes] == [
        ("run", "passed"), ("greet.greet", "passed"), ("greet.leave", "not run"),
    ]  # fmt: skip


def test_failures_can_be_warnings():
    """A failure of a check can be a warning, which does not count; an error cannot."""

    @after("run", on_failure="warn")
    def own(runner):
        return False

    @after("run")
    def error(runner):
        raise KeyError("column")

    assert [outcome.status for outcome in outcomes_of(own, error)] == ["warning", "error"]
    assert [outcome.status for outcome in outcomes_of(returning(False), on_failure="warn")] == ["warning"]


def test_failures_can_stop_the_workflow():
    """After such a failure nothing is called, and the error names the check."""

    @before("greet.greet", on_failure="stop")
    def gate(pipeline):
        return False, "closed"

    @after("run")
    def later(runner):
        raise AssertionError("the workflow was to stop")

    with pytest.raises(CheckStoppedError, match=r"gate \(before greet.greet\) failed"):
        outcomes_of(gate, later)


def test_secrets_are_masked_in_what_a_check_says():
    """Secrets of the container are masked in messages of checks."""

    @after("run")
    def tells(runner):
        return False, "the password is s3cr3t"

    (outcome,) = outcomes_of(tells)
    assert outcome.message == "the password is ***"


def test_check_that_is_attached_without_a_path_is_refused():
    """The error says what the decorator takes."""
    with pytest.raises(TypeError, match=r"@after\('train.train_model'\)"):

        @after
        def check(runner):
            return None


@pytest.mark.parametrize(
    ("tests", "path", "message"),
    [
        ({"greet.gret": {"after": ["os:getcwd"]}}, "lolpop.tests.greet.gret", "Did you mean greet.greet?"),
        (
            {"greet.greet": {"after": ["getcwd"]}},
            "lolpop.tests.greet.greet.after.0",
            "does not name a function",
        ),
        ({"run": {"before": ["no.py:check"]}}, "lolpop.tests.run.before.0", "there is no file 'no.py'"),
        ({"run": {"afterr": ["os:getcwd"]}}, "lolpop.tests.run.afterr", "unknown setting"),
        ({"run": {"on_failure": "explode"}}, "lolpop.tests.run.on_failure", "explode"),
    ],
)
def test_settings_of_checks_are_verified(tests, path, message, tmp_path):
    """Unknown tasks and functions are findings at their place."""
    (tmp_path / "lolpop.yaml").write_text(json.dumps({"lolpop": {"tests": tests}}))
    container = AppContainer.load(tmp_path / "lolpop.yaml", environ={})
    with pytest.raises(VerificationError) as failure:
        container.verify()
    (finding,) = failure.value.findings
    assert finding.path == path
    assert message in str(finding)
    assert finding.origin is not None
    assert finding.origin.source.endswith("lolpop.yaml")


def test_files_of_checks_that_settings_name_must_exist(tmp_path):
    """A missing file of checks is a finding."""
    (tmp_path / "lolpop.yaml").write_text("lolpop: {check_files: [tests/no.py]}")
    container = AppContainer.load(tmp_path / "lolpop.yaml", environ={})
    with pytest.raises(VerificationError, match=r"lolpop.check_files.0: there is no file 'tests/no.py'"):
        container.verify()


OUTCOMES = [
    CheckOutcome("good", "train.train_model", "after", "passed", place="checks.py:1", seconds=0.5),
    CheckOutcome("bad", "train.train_model", "after", "failed", "0.5 < 0.9 & \x1b[31m\x00", "checks.py:2"),
    CheckOutcome("broken", "run", "before", "error", "KeyError: 'x'", "checks.py:3"),
    CheckOutcome("lax", "run", "after", "warning", "so so"),
    CheckOutcome("idle", "deploy.deploy_model", "after", "not run", "its task was not called"),
]


def test_junit_file_has_every_outcome(tmp_path):
    """The file is valid XML with a case for each outcome and the right counts."""
    path = tmp_path / "new" / "junit.xml"
    recorder = JUnitTestRecorder(path)
    for outcome in OUTCOMES:
        recorder.record(outcome)
    recorder.report("run", OUTCOMES)
    (suite,) = ET.parse(path).getroot()
    counts = {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped", "time")}
    assert counts == {
        "name": "run",
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
        "time": "0.500",
    }
    cases = [
        (case.get("classname"), case.get("name"), [kind.tag for kind in case])
        for case in suite.iter("testcase")
    ]
    assert cases == [
        ("train.train_model", "good (after)", []),
        ("train.train_model", "bad (after)", ["failure"]),
        ("run", "broken (before)", ["error"]),
        ("run", "lax (after)", ["skipped"]),
        ("deploy.deploy_model", "idle (after)", ["skipped"]),
    ]
    failure = suite.find("testcase/failure")
    assert "0.5 < 0.9 &" in failure.get("message")
    assert "checks.py:2" in failure.text
    assert list(path.parent.iterdir()) == [path]


def test_junit_file_that_cannot_be_written_is_an_error(tmp_path):
    """The error names the file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LolpopError, match=r"The test report .*junit.xml cannot be written"):
        JUnitTestRecorder(tmp_path / "file" / "junit.xml").report("run", OUTCOMES)


def test_console_shows_what_failed(capsys):
    """Outcomes are shown at once, from several threads too, and failures at the end."""
    recorder = ConsoleTestRecorder()
    threads = [threading.Thread(target=recorder.record, args=(outcome,)) for outcome in OUTCOMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    live = capsys.readouterr().err
    assert len(live.splitlines()) == len(OUTCOMES)
    assert "✓ train.train_model after good  passed" in live
    recorder.report("run", OUTCOMES)
    report = capsys.readouterr().err
    assert "failed: bad (after train.train_model)\n  at checks.py:2\n  0.5 < 0.9" in report
    assert "\x1b" not in report
    assert report.endswith("run: 1 passed, 1 failed, 1 error, 1 warning, 1 not run.\n")
