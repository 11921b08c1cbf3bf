"""`lolpop new project`, and the project that it makes."""

import re
import subprocess
import sys
import tomllib

import pytest


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {path.relative_to(folder): path.read_bytes() for path in files}


@pytest.mark.numerical
def test_a_new_project_with_every_part_passes_its_tests_and_runs(churn, lolpop, make):
    """`new project` and each `new …` after it leave a project whose tests pass and whose workflow runs."""
    for words in (
        ("component", "notifier", "pager"),
        ("component", "model_trainer", "own"),
        ("component", "model_trainer", "boosted", "--base", "sklearn"),
        ("component", "geocoder", "offline", "--new-type"),
        ("component", "geocoder", "online"),
        ("pipeline", "report"),
        ("runner", "nightly"),
        ("container", "strict"),
        ("command", "publish"),
    ):
        done = lolpop("new", *words)
        assert (done.code, done.err) == (0, ""), words
    # The whole contract takes long: a part of it shows that it is run, and passes.
    done = make("test", "ARGS=-k 'not ModelTrainer or implements or wired or search_space'")
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 8
    assert " failed" not in done.stdout
    done = make("verify")
    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout
    done = make("run", "ARGS=--json")
    assert done.returncode == 0, done.stderr
    assert '"status": "completed"' in done.stdout


@pytest.mark.parametrize("task", ["regression", "forecasting"])
def test_the_other_templates_are_wired(folder, task, make, monkeypatch):
    """A project for regression, and one for forecasting, has data and is verified without a finding."""
    if task == "forecasting":
        pytest.importorskip("statsmodels", reason="statsmodels is not installed")
    from lolpop.cli.scaffolding.project import project_values
    from lolpop.cli.scaffolding.templates import render
    from lolpop.cli.scaffolding.writing import write_files

    rendered = render("project", {**project_values("sales", "sales"), "task": task, "ci": "none"})
    write_files(rendered.files, folder, dry_run=False)
    done = make("verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout
    done = make("test", "ARGS=-q -k wired")
    assert "1 passed" in done.stdout, done.stdout


def test_entry_points_and_requirement_are_declared(churn):
    """The pyproject.toml registers the container, and requires lolpop with a floor."""
    project = tomllib.loads((churn / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["lolpop.runners"] == {"churn": "churn.containers:ChurnContainer"}
    assert project["dependencies"][0].startswith("lolpop>=")


def test_a_dry_run_writes_nothing(folder, lolpop):
    """--dry-run names the files and leaves the folder empty."""
    done = lolpop("new", "project", "churn", "--yes", "--dry-run")
    assert done.code == 0
    assert "would create  churn/pyproject.toml" in done.out
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused(folder, lolpop):
    """Nothing is written into a folder that holds anything."""
    (folder / "churn").mkdir()
    (folder / "churn" / "notes.txt").write_text("mine")
    done = lolpop("new", "project", "churn", "--yes")
    assert done.code == 2
    assert "not an empty folder" in done.err
    assert contents(folder / "churn") == {(folder / "churn/notes.txt").relative_to(folder / "churn"): b"mine"}


@pytest.mark.parametrize("name", ["9lives", "a b", "class", "über", "json", "pandas", "lolpop", "a.b", "-"])
def test_names_that_cannot_be_packages_are_refused(folder, lolpop, name):
    """A name that is no identifier, or that another package has, is an error, and nothing is written."""
    done = lolpop("new", "project", "--yes", "--", name)
    assert done.code == 2
    assert repr(name) in done.err
    assert list(folder.iterdir()) == []


def test_the_current_folder_becomes_a_project(folder, lolpop, monkeypatch):
    """A dot means the current folder, whose name becomes the name of the project."""
    (folder / "pears").mkdir()
    monkeypatch.chdir(folder / "pears")
    done = lolpop("new", "project", ".", "--yes")
    assert done.code == 0, done.err
    assert (folder / "pears/src/pears/containers.py").exists()
    assert "cd " not in done.out


def test_dashes_become_underscores_in_the_package(folder, lolpop):
    """The folder keeps its name, the package is an identifier."""
    assert lolpop("new", "project", "my-churn", "--yes").code == 0
    text = (folder / "my-churn/src/my_churn/containers.py").read_text()
    assert "class MyChurnContainer(ClassificationContainer)" in text


def test_without_copier_the_extra_is_named(folder):
    """In an environment without copier, the error says what to install."""
    code = (
        "import sys; sys.modules['copier'] = None; from lolpop.cli import main; "
        "raise SystemExit(main(['new', 'project', 'churn', '--yes']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install 'lolpop[new]'" in done.stderr


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ({"dir_info": {"editable": True}, "url": "file:///src/lolpop"}, "-e file:///src/lolpop"),
        ({"dir_info": {}, "url": "file:///src/lolpop"}, "lolpop @ file:///src/lolpop"),
        ({"archive_info": {}, "url": "file:///tmp/lolpop-1.whl"}, "lolpop @ file:///tmp/lolpop-1.whl"),
        (
            {"vcs_info": {"vcs": "git", "commit_id": "abc"}, "url": "https://example.org/lolpop"},
            "lolpop @ git+https://example.org/lolpop@abc",
        ),
        (None, None),
    ],
    ids=["editable", "folder", "wheel", "repository", "index"],
)
def test_a_project_gets_the_lolpop_that_made_it(folder, lolpop, monkeypatch, source, line):
    """One that is installed from no index is written into a file of its own, which make installs from."""
    monkeypatch.setattr("lolpop.cli.scaffolding.installation.origin_of", lambda name: source)
    assert lolpop("new", "project", "churn", "--yes").code == 0
    file = folder / "churn/local-requirements.txt"
    assert (file.read_text().splitlines()[-1] if file.exists() else None) == line
    assert "local-requirements.txt" in (folder / "churn/.gitignore").read_text()
    done = subprocess.run(
        ["make", "-n", ".venv/ready"], cwd=folder / "churn", capture_output=True, text=True, timeout=60
    )
    expected = "--quiet -r local-requirements.txt --editable ." if line else "--quiet  --editable ."
    assert expected in done.stdout
