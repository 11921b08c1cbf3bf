"""`lolpop new update`: changes of the template in an old project."""

import hashlib
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lolpop.cli.scaffolding.merging import merge

OLD = "what an earlier template had\n"


@pytest.fixture
def older(churn):
    """Let a file of the project be from an earlier template, with what somebody made of it since."""

    def make(path, text, base=None):
        record = json.loads((churn / ".lolpop-template.json").read_text())
        record["files"][path] = hashlib.sha256((base or OLD).encode()).hexdigest()
        record["texts"].pop(path)  # as earlier versions recorded it
        if base is not None:
            record["texts"][path] = base
        (churn / ".lolpop-template.json").write_text(json.dumps(record))
        today = (churn / path).read_text()
        if text is None:
            (churn / path).unlink()
        else:
            (churn / path).write_text(text)
        return today

    return make


def test_a_file_that_nobody_edited_is_brought_up_to_date(churn, older, lolpop):
    """An unedited file becomes that of the current template."""
    today = older("README.md", OLD)
    done = lolpop("new", "update")
    assert (done.code, done.out) == (0, "updated  README.md\n")
    assert (churn / "README.md").read_text() == today


def test_a_conflict_is_shown_and_loses_nothing(churn, older, lolpop):
    """The edited file stays, the template's is written next to it, and the exit code is 3."""
    today = older("Makefile", "mine\n")
    done = lolpop("new", "update")
    assert done.code == 3
    assert "conflict  Makefile" in done.out
    assert "  -mine" in done.out
    assert (churn / "Makefile").read_text() == "mine\n"
    assert (churn / "Makefile.new").read_text() == today
    assert lolpop("new", "update").code == 0  # it is told once


def test_changes_in_different_places_are_merged(churn, older, lolpop):
    """The file has the changes of both, and there is no conflict."""
    today = (churn / "Makefile").read_text()
    earlier = today.replace("ARGS ?=\n", "ARGUMENTS ?=\n")
    older("Makefile", f"{earlier}\nmine:\n\t@echo mine\n", earlier)
    done = lolpop("new", "update", "--dry-run")
    assert (done.code, done.out) == (0, "would be merged  Makefile\n")
    done = lolpop("new", "update")
    assert (done.code, done.out) == (0, "merged  Makefile\n")
    assert (churn / "Makefile").read_text() == f"{today}\nmine:\n\t@echo mine\n"


def test_changes_of_one_line_are_a_conflict_with_all_three_of_it(churn, older, lolpop):
    """A file next to yours shows your line, the earlier template's and the current one's."""
    today = (churn / "Makefile").read_text()
    earlier, own = (today.replace("ARGS ?=\n", text) for text in ("ARGUMENTS ?=\n", "WORDS ?=\n"))
    older("Makefile", own, earlier)
    done = lolpop("new", "update")
    assert done.code == 3
    conflict = [
        "<<<<<<< yours", "WORDS ?=", "||||||| the earlier template", "ARGUMENTS ?=", "=======", "ARGS ?=",
        ">>>>>>> today's template",
    ]  # fmt: skip
    assert done.out.splitlines() == [
        "conflict  Makefile: you and the template changed it. Both are in Makefile.new:",
        *(f"  {line}" for line in conflict),
    ]
    assert (churn / "Makefile").read_text() == own
    text = "\n".join(conflict)
    assert (churn / "Makefile.new").read_text() == today.replace("ARGS ?=\n", f"{text}\n")


LINES = st.lists(st.sampled_from("abcdef"), max_size=12).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


@given(LINES, LINES, LINES)
def test_merging_loses_nothing(base, yours, theirs):
    """One change alone is taken, equal changes are taken once, and every added line is in the result."""
    assert merge(base, yours, base).text == yours
    assert merge(base, base, theirs).text == theirs
    assert merge(base, yours, yours).text == yours
    merged = Counter(merge(base, yours, theirs).text.splitlines())
    for text in (yours, theirs):
        added = Counter(text.splitlines()) - Counter(base.splitlines())
        assert added <= merged


def test_an_earlier_conflict_that_is_left_is_not_written_over(churn, older, lolpop):
    """While FILE.new exists, nothing is written."""
    older("Makefile", "mine\n")
    (churn / "Makefile.new").write_text("half merged\n")
    done = lolpop("new", "update")
    assert done.code == 2
    assert "Makefile.new" in done.err
    assert (churn / "Makefile.new").read_text() == "half merged\n"


def test_an_edited_file_whose_template_is_the_same_is_left_alone(churn, lolpop):
    """An edit is no conflict if the template did not change."""
    (churn / "README.md").write_text("mine\n")
    done = lolpop("new", "update")
    assert (done.code, done.out) == (0, "The project matches the current template.\n")
    assert (churn / "README.md").read_text() == "mine\n"


def test_a_file_that_was_removed_stays_away(churn, older, lolpop):
    """A deleted file is not created again."""
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
