"""`lolpop new component` and its like, in a project."""

import tomllib

import pytest


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {path.relative_to(folder): path.read_bytes() for path in files}


def entry_points(project):
    return tomllib.loads((project / "pyproject.toml").read_text())["project"]["entry-points"]


def test_a_component_has_the_methods_of_its_interface(churn, lolpop):
    """The class has every abstract method with its signature and docstring, and is registered."""
    assert lolpop("new", "component", "model_trainer", "own").code == 0
    text = (churn / "src/churn/components/model_trainer/own.py").read_text()
    assert "def fit(self, frame: Frame, target: Series, params: Params | None = None) -> FittedModel:" in text
    assert "@classmethod\n    def load(cls, folder: Path" in text
    assert "TrainingError for parameters, that the estimator refuses." in text
    assert entry_points(churn)["lolpop.components.model_trainer"] == {
        "own": "churn.components.model_trainer.own:OwnModelTrainer"
    }


def test_a_component_is_used_by_its_import_path(churn, lolpop):
    """`new component` prints a setting that works at once, without installing the project."""
    (churn / "data/known.csv").write_text("a\n1\n")
    assert lolpop("new", "component", "model_trainer", "boosted", "--base", "sklearn").code == 0
    use = "churn.components.model_trainer.boosted:BoostedModelTrainer"
    done = lolpop("verify", "--set", f"train.model_trainer={use}")
    assert done.code == 0, done.out


def test_what_exists_is_never_written_over(churn, lolpop):
    """A second call writes nothing, and the error says why."""
    assert lolpop("new", "component", "notifier", "pager").code == 0
    before = contents(churn)
    assert lolpop("new", "component", "notifier", "pager").code == 2
    (churn / "pyproject.toml").write_text(
        (churn / "pyproject.toml").read_text().replace("pager = ", "beeper = ")
    )
    done = lolpop("new", "component", "notifier", "pager")
    assert done.code == 2
    assert "src/churn/components/notifier/pager.py" in done.err
    after = contents(churn)
    del (
        before[(churn / "pyproject.toml").relative_to(churn)],
        after[(churn / "pyproject.toml").relative_to(churn)],
    )
    assert before == after


@pytest.mark.parametrize(
    "words",
    [
        ("component", "notifier", "pager"),
        ("component", "geocoder", "offline", "--new-type"),
        ("pipeline", "report"),
        ("runner", "nightly"),
        ("container", "strict"),
        ("command", "publish"),
        ("update",),
    ],
)
def test_a_dry_run_of_a_part_writes_nothing(churn, lolpop, words):
    """--dry-run changes no file of the project."""
    before = contents(churn)
    assert lolpop("new", *words, "--dry-run").code == 0
    assert contents(churn) == before


def test_an_unknown_component_type_gets_a_near_name(churn, lolpop):
    """The error names the type that was meant, and the option for a new one."""
    done = lolpop("new", "component", "modle_trainer", "own")
    assert done.code == 2
    assert "Did you mean model_trainer?" in done.err
    assert "--new-type" in done.err


def test_a_type_that_exists_cannot_be_made_anew(churn, lolpop):
    """--new-type with a known type is an error."""
    assert "exists already" in lolpop("new", "component", "notifier", "pager", "--new-type").err


def test_an_unknown_base_gets_a_near_name(churn, lolpop):
    """--base takes implementations of the type only."""
    done = lolpop("new", "component", "model_trainer", "own", "--base", "sklern")
    assert done.code == 2
    assert "Did you mean sklearn?" in done.err


def test_a_command_of_lolpop_cannot_be_hidden(churn, lolpop):
    """A command of the project that would never be called is refused, and nothing is written."""
    before = contents(churn)
    done = lolpop("new", "command", "run")
    assert (done.code, "lolpop has a command 'run' of its own" in done.err) == (2, True)
    assert contents(churn) == before


def test_a_new_runner_is_run_as_it_was_told(churn, lolpop):
    """It has its own settings, because those of the project are for another runner."""
    done = lolpop("new", "runner", "nightly")
    command = done.out.partition("Run it: lolpop ")[2].split()
    assert command == ["run", "-c", "nightly.yaml"]
    assert lolpop(*command).out == "nightly: world\n"


@pytest.mark.parametrize("name", ["9", "two words", "def"])
def test_names_of_parts_are_identifiers(churn, lolpop, name):
    """What cannot be a module is refused."""
    done = lolpop("new", "pipeline", name)
    assert done.code == 2
    assert repr(name) in done.err


def test_outside_a_project_the_error_says_how_to_make_one(folder, lolpop):
    """Without a pyproject.toml, nothing can be added."""
    done = lolpop("new", "pipeline", "report")
    assert done.code == 2
    assert "lolpop new project NAME" in done.err


def test_what_is_in_the_pyproject_stays(churn, lolpop):
    """Comments and the order of tables stay as they are; only a line is added."""
    before = (churn / "pyproject.toml").read_text().splitlines()
    assert lolpop("new", "runner", "nightly").code == 0
    after = (churn / "pyproject.toml").read_text().splitlines()
    added = [line for line in after if line not in before]
    assert added == ['nightly = "churn.runners.nightly:NightlyContainer"']
    assert [line for line in after if line in before] == before


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (("component", "notifier", "pager"), ("verify", "--set", 'notifiers=["pager"]')),
        (("runner", "nightly"), ("verify", "nightly")),
        (("runner", "nightly"), ("run", "nightly")),
        (("command", "publish"), ("publish",)),
    ],
    ids=["component", "runner", "workflow or runner", "command"],
)
def test_a_new_part_is_known_by_name_once_the_project_is_installed(churn, lolpop, part, words):
    """A name that only pyproject.toml registers is an error that says how to install the project."""
    before = lolpop(*words)
    assert before.code == 2
    assert "pip install -e ." not in before.err + before.out
    assert lolpop("new", *part).code == 0
    done = lolpop(*words)
    assert done.code == 2
    assert "Install the project: pip install -e ." in done.err + done.out


@pytest.mark.parametrize(
    ("part", "setting"),
    [
        (("notifier", "pager"), "notifiers: [{use: 'churn.components.notifier.pager:PagerNotifier'}]"),
        (
            ("data_connector", "ftp"),
            "data_connector: {use: 'churn.components.data_connector.ftp:FtpDataConnector'}",
        ),
        (
            ("model_trainer", "own", "--base", "sklearn"),
            "train: {model_trainer: {use: 'churn.components.model_trainer.own:OwnModelTrainer'}}",
        ),
    ],
)
def test_the_proposed_setting_can_be_pasted(churn, lolpop, part, setting):
    """The setting that `new component` prints is accepted by the project's container."""
    done = lolpop("new", "component", *part)
    assert f"Use it in lolpop.yaml: {setting}\n" in done.out
    (churn / "data/known.csv").write_text("patient_id,diagnosis\n1,benign\n")
    for name in ("new", "truth"):
        (churn / f"data/{name}.csv").write_text("patient_id\n1\n")
    settings = churn / "lolpop.yaml"
    settings.write_text(f"{settings.read_text()}\n{setting}\n")
    done = lolpop("verify")
    assert done.code == 0, done.out
    assert "no errors." in done.out


def test_a_misspelt_component_type_gets_a_near_name(churn, lolpop):
    """Nothing is written for a type that does not exist; a near name is proposed."""
    before = contents(churn)
    done = lolpop("new", "component", "model_trianer", "own")
    assert done.code == 2
    assert "there is no component type 'model_trianer'. Did you mean model_trainer?" in done.err
    assert contents(churn) == before
