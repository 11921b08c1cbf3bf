"""``lolpop test``: the checks of a workflow, from the command line."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

TEN = """
from lolpop.testing import after, before

LIMIT = 5


@before("run")
def named(runner, name):
    assert name


@before("greet.greet")
def short(pipeline, name):
    assert len(name) <= LIMIT


@before("greet.greet")
def lower_case(pipeline, name):
    assert name.islower(), "names are written in lower case"


@after("greet.greet")
def greets(pipeline, result, name):
    return name in result


@after("greet.greet")
def raises(pipeline, result):
    return {}["missing"]


@after("greet.*")
def tells_the_time(pipeline, result):
    return "noon" in result, f"no time in {result!r}"


@after("run")
def polite(runner, result):
    return "please" in result, f"{result!r} is not polite"


@after("run")
def is_text(runner, result):
    assert isinstance(result, str)


@after("run")
@before("run")
def twice(runner):
    return True
"""


@pytest.fixture
def checked(project):
    """A project with ten checks, of which two fail and one raises for a long name."""
    (project / "tests").mkdir()
    (project / "tests" / "checks.py").write_text(TEN)
    return project


def test_failing_checks_are_shown_with_their_values(checked, shell):
    """Two fail and one raises: each has place, reason and values; exit code 3, and JUnit XML of all."""
    done = shell("lolpop test app.py:AppContainer run --name everybody --junit out/junit.xml")
    assert done.code == 3
    assert "failed: short (before greet.greet)\n  at tests/checks.py:14\n" in done.err
    assert "assert 9 <= 5" in done.err
    assert "where 9 = len('everybody')" in done.err
    assert "failed: polite (after run)" in done.err
    assert "'hello everybody, it is noon' is not polite" in done.err
    assert "error: raises (after greet.greet)\n  at tests/checks.py:29\n  KeyError: 'missing'" in done.err
    assert done.err.endswith("run: 7 passed, 2 failed, 1 error.\n")
    assert "\x1b" not in done.err + done.out
    (suite,) = ET.parse(checked / "out" / "junit.xml").getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["10", "2", "1", "0"]
    failed = {case.get("name"): [kind.tag for kind in case] for case in suite.iter("testcase") if len(case)}
    assert failed == {
        "short (before)": ["failure"], "polite (after)": ["failure"], "raises (after)": ["error"],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["everybody", "Ada", "\x1b[31m<&\"'\u2028\udc80\U0001f600"])
def test_junit_file_is_valid(checked, lolpop, name):
    """The file satisfies the schema of JUnit XML, with failures, errors and characters that XML escapes."""
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed: it validates XML")
    schema = etree.XMLSchema(file=str(Path(__file__).parent / "junit.xsd"))
    done = lolpop("test", "app.py:AppContainer", "run", "--name", name, "--junit", "junit.xml")
    assert done.code == 3
    document = etree.parse(checked / "junit.xml")
    schema.assertValid(document)
    document.find(".//testcase").attrib.pop("classname")
    assert not schema.validate(document)


def test_checks_that_pass_end_with_zero(project, lolpop):
    """With none failing, the exit code is 0, and the run is recorded as any other."""
    (project / "checks.py").write_text(
        "from lolpop.testing import after\n\n\n@after('run')\ndef greets(app, result):\n    assert 'hello' in result\n"
    )
    done = lolpop("test", "app.py:AppContainer")
    assert (done.code, done.err.splitlines()[-1]) == (0, "run: 1 passed."), done.err
    assert "greets" in done.out
    assert [run["status"] for run in lolpop("runs", "ls", "--json").json] == ["completed"]


def test_settings_attach_checks(checked, lolpop):
    """Functions and files that the settings name are run as checks, by the project's own runner."""
    (checked / "lolpop.yaml").write_text(
        "lolpop:\n"
        "  runner: app.py:AppContainer\n"
        "  check_files: [other/more.py]\n"
        "  tests:\n"
        "    greet.greet: {after: [other/plain.py:shouts], on_failure: warn}\n"
    )
    (checked / "other").mkdir()
    (checked / "other" / "plain.py").write_text(
        "def shouts(pipeline, result):\n    return result.isupper()\n"
    )
    (checked / "other" / "more.py").write_text(
        "from lolpop.testing import after\n\n\n@after('run')\ndef more(app):\n    return None\n"
    )
    (checked / "tests" / "checks.py").unlink()
    done = lolpop("test", "run", "--name", "Ada")
    assert (done.code, done.err.splitlines()[-1]) == (0, "run: 1 passed, 1 warning.")
    assert lolpop("verify").code == 0


def test_settings_name_recorders(checked, lolpop):
    """Outcomes go to the recorders that the settings name, in place of the console."""
    (checked / "lolpop.yaml").write_text("test_recorders: [{use: junit, path: out/checks.xml}]\n")
    done = lolpop("test", "app.py:AppContainer", "--name", "Ada")
    assert done.code == 3
    assert "error: raises" not in done.err
    assert ET.parse(checked / "out" / "checks.xml").getroot()[0].get("tests") == "10"


def test_check_of_a_task_that_does_not_exist_is_a_finding(checked, lolpop):
    """`verify` finds it in settings, with its place; `test` finds it in files. Both propose a near name."""
    (checked / "lolpop.yaml").write_text("lolpop: {tests: {greet.gret: {after: [tests/checks.py:greets]}}}\n")
    for command in ("verify", "test"):
        done = lolpop(command, "app.py:AppContainer")
        assert done.code == 2
        assert "lolpop.yaml:1:" in done.err + done.out
        assert "Did you mean greet.greet?" in done.err + done.out
    (checked / "lolpop.yaml").unlink()
    path = checked / "tests" / "checks.py"
    path.write_text(path.read_text().replace('"greet.*"', '"gret.*"'))
    done = lolpop("test", "app.py:AppContainer")
    assert done.code == 2
    assert (
        "tells_the_time (tests/checks.py:32) is attached to a task or workflow that does not exist"
        in done.err
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def check(:\n    pass\n", "broken.py:1:11: "),
        ("import lolpop.nowhere\n", "broken.py cannot be imported: ModuleNotFoundError"),
        ("x = '\0'", "broken.py"),
    ],
    ids=["syntax", "import", "null byte"],
)
def test_broken_file_of_checks_is_located(checked, lolpop, source, message):
    """A file that is no Python, or cannot be imported, is an error with its place, and nothing runs."""
    (checked / "broken.py").write_text(source)
    done = lolpop("test", "app.py:AppContainer", "--checks", "broken.py")
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
    assert not (checked / ".lolpop").exists()


def test_missing_checks_are_reported(project, lolpop):
    """Without any check, and with a file that is not there, the message says what to do."""
    done = lolpop("test", "app.py:AppContainer")
    assert (done.code, "there are no checks in" in done.err) == (2, True)
    (project / "checks.py").write_text("")
    done = lolpop("test", "app.py:AppContainer", "--checks", "chekcs.py")
    assert done.code == 2
    assert "there is no file" in done.err
    assert "Did you mean checks.py?" in done.err
    done = lolpop("test", "app.py:AppContainer", "--checks", "checks.py")
    assert (done.code, "there are no checks in checks.py" in done.err) == (2, True)


def test_failure_may_stop_the_workflow_or_only_warn(checked, lolpop):
    """With --on-failure stop, later checks do not run; with warn, the exit code is 0."""
    (checked / "tests" / "checks.py").write_text(
        "from lolpop.testing import after, before\n\n\n"
        "@before('greet.greet')\ndef gate(greet):\n    return False\n\n\n"
        "@after('run')\ndef later(app):\n    return True\n"
    )
    done = lolpop("test", "app.py:AppContainer", "--on-failure", "stop")
    assert (done.code, done.err.splitlines()[-1]) == (3, "run: 1 failed, 1 not run.")
    done = lolpop("test", "app.py:AppContainer", "--on-failure", "warn")
    assert (done.code, done.err.splitlines()[-1]) == (0, "run: 1 passed, 1 warning.")


def test_report_that_cannot_be_written_is_refused_before_the_workflow(checked, lolpop):
    """A path below a file, or of a folder, is wrong usage, and nothing runs."""
    for place in ("app.py/junit.xml", "tests"):
        done = lolpop("test", "app.py:AppContainer", "--junit", place)
        assert done.code == 2
        assert f"--junit {place}" in done.err
    assert not (checked / ".lolpop").exists()


def test_workflow_that_fails_itself_is_a_failed_run(checked, lolpop):
    """An error of the workflow is shown as that of a run, after the outcomes of the checks so far."""
    source = (checked / "app.py").read_text()
    (checked / "app.py").write_text(source.replace('return "noon"', 'raise OSError("no clock")'))
    done = lolpop("test", "app.py:AppContainer")
    assert done.code == 1
    assert "workflow run failed: OSError: no clock" in done.err
    assert "passed" in done.err


def test_without_pytest_assertions_are_plain(checked, shell):
    """Without pytest, a failed assertion is shown with its message and place."""
    (checked / "pytest_is_missing.py").write_text("import sys\nsys.modules['_pytest'] = None\n")
    (checked / "app.py").write_text("import pytest_is_missing\n" + (checked / "app.py").read_text())
    done = shell("lolpop test app.py:AppContainer --name Everybody")
    assert done.code == 3
    assert "failed: short (before greet.greet)\n  at tests/checks.py:14\n  an assertion failed" in done.err
    assert "names are written in lower case" in done.err
