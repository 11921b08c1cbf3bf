"""The greeter: a container from declaration to a run."""

import subprocess
import sys

import pytest
from greeter_app import App, AppContainer, Clock, FakeClock, Greet, Greeter

from lolpop.errors import VerificationError


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_overrides_set_a_setting_by_its_dotted_path():
    """A setting given to load by its path reaches the component, and the workflow runs."""
    c = AppContainer.load(overrides={"greet.greeter.greeting": "ahoy"})
    assert c.verify() == []
    assert c.runner().run() == "ahoy world, it is noon"


def test_a_settings_file_of_the_current_directory_is_read(tmp_path):
    """Without files, load reads the lolpop.yaml of the current directory."""
    (tmp_path / "lolpop.yaml").write_text("greet: {greeter: {greeting: ahoy}}\n")
    assert AppContainer.load(environ={}).runner().run() == "ahoy world, it is noon"


def test_a_settings_file_that_is_named_is_read(tmp_path):
    """A file that is named is read in place of the current directory's."""
    (tmp_path / "lolpop.yaml").write_text("greet: {greeter: {greeting: moin}}\n")
    (tmp_path / "other.yaml").write_text("greet: {greeter: {greeting: ahoy}}\n")
    assert AppContainer.load("other.yaml", environ={}).runner().run() == "ahoy world, it is noon"


def test_a_variable_sets_a_setting():
    """A variable of the environment names a setting by its path."""
    c = AppContainer.load(environ={"LOLPOP_GREET__GREETER__GREETING": "ahoy"})
    assert c.runner().run() == "ahoy world, it is noon"


def test_the_process_environment_is_read_when_no_other_is_given(monkeypatch):
    """Load reads the environment of the process as it is at the call."""
    monkeypatch.setenv("LOLPOP_GREET__GREETER__GREETING", "ahoy")
    assert AppContainer.load().runner().run() == "ahoy world, it is noon"


def test_a_container_without_settings_has_defaults():
    """Container() reads no source at all."""
    assert AppContainer().runner().run() == "hello world, it is noon"


def test_every_source_is_stronger_than_the_one_before_it(tmp_path):
    """The order is pyproject, settings file, profile, .env, environment, overrides."""

    def greeting(**options):
        return AppContainer.load(**{"environ": {}} | options).greet.greeter().greeting

    assert greeting() == "hello"
    (tmp_path / "pyproject.toml").write_text("[tool.lolpop.greet.greeter]\ngreeting = 'pyproject'\n")
    assert greeting() == "pyproject"
    (tmp_path / "lolpop.yaml").write_text("greet: {greeter: {greeting: file}}\n")
    assert greeting() == "file"
    (tmp_path / "lolpop.prod.yaml").write_text("greet: {greeter: {greeting: profile}}\n")
    assert greeting() == "file"
    assert greeting(profile="prod") == "profile"
    assert greeting(environ={"LOLPOP_PROFILE": "prod"}) == "profile"
    (tmp_path / ".env").write_text("LOLPOP_GREET__GREETER__GREETING=dotenv\n")
    assert greeting(profile="prod") == "dotenv"
    environ = {"LOLPOP_GREET__GREETER__GREETING": "environment"}
    assert greeting(profile="prod", environ=environ) == "environment"
    overrides = {"greet.greeter.greeting": "override"}
    assert greeting(profile="prod", environ=environ, overrides=overrides) == "override"


def test_an_unknown_profile_lists_those_there_are(tmp_path):
    """A profile that does not exist is an error that names the ones that do."""
    (tmp_path / "lolpop.yaml").write_text("{}\n")
    (tmp_path / "lolpop.prod.yaml").write_text("{}\n")
    (tmp_path / "lolpop.dev.yaml").write_text("{}\n")
    with pytest.raises(Exception, match=r"no profile 'prd' for lolpop.yaml.*prod.*dev, prod"):
        AppContainer.load(profile="prd", environ={})


def test_everything_is_built_once():
    """Each provider gives one shared instance."""
    c = AppContainer()
    runner = c.runner()
    assert runner is c.runner()
    assert runner.greet is c.greet.pipeline()
    assert runner.greet.greeter is c.greet.greeter()
    assert runner.greet.greeter.clock is c.clock()


def test_two_instances_share_nothing():
    """Two instances of a container class are isolated: objects, settings and overrides."""
    one = AppContainer.load(overrides={"greet.greeter.greeting": "ahoy"}, environ={})
    two = AppContainer()
    assert one.clock() is not two.clock()
    with one.clock.override(FakeClock()):
        assert one.runner().run() == "ahoy world, it is midnight"
        assert two.runner().run() == "hello world, it is noon"


def test_the_first_runner_proves_the_container():
    """The first call of the runner verifies the tree before anything is built."""
    built = []

    class Loud(Clock):
        def __init__(self):
            built.append(self)

    c = AppContainer.load(overrides={"greet.greeter.greting": "ahoy"}, environ={})
    with c.clock.override(type(c.clock)(Clock, default=Loud)), pytest.raises(VerificationError) as error:
        c.runner()
    assert "Did you mean greeting?" in str(error.value)
    assert built == []


def test_by_hand_everything_is_a_plain_call():
    """Without a container, workflows and tasks are plain method calls."""
    app = App(greet=Greet(greeter=Greeter("ahoy", clock=FakeClock())))
    assert app.run(name="you") == "ahoy you, it is midnight"


def test_nothing_is_written_where_nothing_asks_for_a_store(tmp_path):
    """A container that injects the store nowhere writes no file."""
    AppContainer.load(environ={}).runner().run()
    assert list(tmp_path.iterdir()) == []


def test_verify_imports_only_what_the_container_uses(tmp_path):
    """Verifying and running imports neither scikit-learn, pandas nor SQLAlchemy."""
    script = (
        "import sys; from greeter_app import AppContainer; c = AppContainer.load(); c.verify(); c.runner().run();"
        "print(sorted({'sklearn', 'pandas', 'numpy', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(__import__("pathlib").Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
