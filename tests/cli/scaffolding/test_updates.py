"""`lolpop new update`: changes of the template in an old project."""

import hashlib
import json

import pytest

OLD = "what an earlier template had\n"


@pytest.fixture
def older(churn):
    """Let a file of the project be from an earlier template, with what somebody made of it since."""

    def make(path, text):
        record = json.loads((churn / ".lolpop-template.json").read_text())
        record["files"][path] = hashlib.sha256(OLD.encode()).hexdigest()
        (churn / ".lolpop-template.json").write_text(json.dumps(record))
        today = (churn / path).read_text()
        if text is None:
            (churn / path).unlink()
        else:
            (churn / path).write_text(text)
        return today

    return make


def test_a_file_that_nobody_edited_is_brought_up_to_date(churn, older, lolpop):
    """It becomes what today's template has."""
    today = older("README.md", OLD)
    done = lolpop("new", "update")
    assert (done.code, done.out) == (0, "updated  README.md\n")
    assert (churn / "README.md").read_text() == today


def test_a_conflict_is_shown_and_loses_nothing(churn, older, lolpop):
    """The edited file stays, the template's stands beside it, and the exit code is 3."""
    today = older("Makefile", "mine\n")
    done = lolpop("new", "update")
    assert done.code == 3
    assert "conflict  Makefile" in done.out
    assert "  -mine" in done.out
    assert (churn / "Makefile").read_text() == "mine\n"
    assert (churn / "Makefile.new").read_text() == today
    assert lolpop("new", "update").code == 0  # it is told once


def test_an_earlier_conflict_that_is_left_is_not_written_over(churn, older, lolpop):
    """With FILE.new still there, nothing is written."""
    older("Makefile", "mine\n")
    (churn / "Makefile.new").write_text("half merged\n")
    done = lolpop("new", "update")
    assert done.code == 2
    assert "Makefile.new" in done.err
    assert (churn / "Makefile.new").read_text() == "half merged\n"


def test_an_edited_file_whose_template_is_the_same_is_left_alone(churn, lolpop):
    """What the user wrote is no difference to the template's."""
    (churn / "README.md").write_text("mine\n")
    done = lolpop("new", "update")
    assert (done.code, done.out) == (0, "The project is as today's template has it.\n")
    assert (churn / "README.md").read_text() == "mine\n"


def test_a_file_that_was_removed_stays_away(churn, older, lolpop):
    """What somebody deleted is not brought back."""
    older("README.md", None)
    assert lolpop("new", "update").code == 0
    assert not (churn / "README.md").exists()


def test_another_folder_is_no_project_to_update(folder, lolpop):
    """Without a record of the template the error says what can be updated."""
    (folder / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    (folder / "src/other").mkdir(parents=True)
    (folder / "src/other/__init__.py").write_text("")
    done = lolpop("new", "update")
    assert done.code == 2
    assert "lolpop new project" in done.err
