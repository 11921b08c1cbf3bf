"""What messages propose to who misspells, misplaces or mistakes something for the first time."""

import subprocess
import sys

import pytest
from greeter_app import AppContainer, Clock, Greet, GreetContainer, Greeter

from lolpop import PipelineContainer, providers
from lolpop.components.interceptor import Interceptor
from lolpop.errors import VerificationError, WiringError


def findings(overrides=None, environ=None):
    with pytest.raises(VerificationError) as error:
        AppContainer.load(overrides=overrides or {}, environ=environ or {}).verify()
    return [str(finding) for finding in error.value.findings]


def test_a_name_that_stands_elsewhere_in_the_tree_is_proposed_with_its_path():
    """A component at another level, or a setting in the section of the pipeline, is proposed."""
    assert findings({"greeter.greeting": "x"}) == [
        "overrides  greeter: unknown setting. Did you mean greet.greeter?"
    ]
    assert findings({"greet.greeting": "x"}) == [
        "overrides  greet.greeting: unknown setting. Did you mean greet.greeter.greeting?"
    ]
    assert findings({"greet.greter": "x"}) == [
        "overrides  greet.greter: unknown setting. Did you mean greeter?"
    ]


def test_a_variable_with_one_underscore_where_two_belong_gets_the_right_one():
    """The hint has the right variable and the path."""
    [finding] = findings(environ={"LOLPOP_GREET_GREETER": "x"})
    assert finding.startswith("$LOLPOP_GREET_GREETER  greet_greeter: unknown setting.")
    assert finding.endswith("Did you mean LOLPOP_GREET__GREETER (greet.greeter)?")


def test_a_provider_is_looked_for_in_the_whole_tree():
    """An unknown attribute of a container gets a near name with its path."""
    container = AppContainer()
    for owner, name, meant in (
        (container, "greeter", "greet.greeter"),
        (container, "clok", "clock"),
        (container.greet, "clock", "clock"),
        (container.greet, "gretr", "greeter"),
    ):
        with pytest.raises(AttributeError, match=rf"has no provider '{name}'\. Did you mean {meant}\?"):
            getattr(owner, name)


def test_a_misspelt_kind_of_provider_gets_a_near_name():
    """lolpop.providers proposes a near name."""
    with pytest.raises(
        AttributeError, match=r"lolpop\.providers has no 'Componet'\. Did you mean Component\?"
    ):
        _ = providers.Componet


@pytest.mark.parametrize(
    ("value", "what", "instead"),
    [
        (GreetContainer(), "an instance of GreetContainer", "providers.nested(GreetContainer)"),
        (GreetContainer, "the class GreetContainer", "providers.nested(GreetContainer)"),
        (Clock, "the class Clock", "providers.Component(Clock, default=Clock)"),
        (Clock(), "an instance of Clock", "providers.Component(Clock, default=Clock)"),
        (Greet, "the class Greet", "providers.Pipeline(Greet)"),
        (3, "a int", "providers.Object(…)"),
    ],
)
def test_what_is_no_provider_says_what_to_write(value, what, instead):
    """The message names the value, and the declaration to write instead."""
    with pytest.raises(WiringError) as error:
        type("C", (PipelineContainer,), {"thing": value})
    assert error.value.message == f"C.thing is {what}, but a container holds providers only"
    assert f"Write thing = {instead}" in error.value.hint


def test_a_file_beside_the_settings_is_imported_from_any_folder(tmp_path, monkeypatch):
    """`use: clocks.py:Late` and `use: clocks:Late` name a class next to the settings file."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "late_clocks.py").write_text(
        "from greeter_app import Clock\n\nclass Late(Clock):\n    def now(self):\n        return 'late'\n"
    )
    (project / "lolpop.yaml").write_text('clock: "late_clocks.py:Late"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    container = AppContainer.load("project/lolpop.yaml", environ={})
    assert container.runner().run() == "hello world, it is late"
    (project / "lolpop.yaml").write_text('clock: "late_clocks:Late"\n')
    assert AppContainer.load("project/lolpop.yaml", environ={}).clock().now() == "late"
    (project / "lolpop.yaml").write_text('clock: "missing_clocks.py:Late"\n')
    with pytest.raises(
        VerificationError, match=r"lolpop\.yaml:1:8  clock: there is no file missing_clocks\.py"
    ):
        AppContainer.load("project/lolpop.yaml", environ={}).verify()


def test_a_file_that_fails_to_import_names_its_line(tmp_path, monkeypatch):
    """The error of a user's module has its file and line; a syntax error, too."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "broken_clocks.py").write_text("\n\nimport no_such_module_anywhere\n")
    (tmp_path / "unparsable_clocks.py").write_text("class Late:\n    def\n")
    for module, line in (("broken_clocks", 3), ("unparsable_clocks", 2)):
        [finding] = findings({"clock": f"{module}:Late"})
        assert f"{module}.py:{line})" in finding


def test_retrying_needs_no_logger():
    """The retry interceptor works in a container that declares nothing but a runner."""

    class Failing(Greeter):
        attempts = 0

        def __init__(self, *, clock: Clock):
            super().__init__(clock=clock)

        @property
        def greeting(self):
            type(self).attempts += 1
            if self.attempts < 3:
                raise OSError("not yet")
            return "hello"

        @greeting.setter
        def greeting(self, _):
            pass

    settings = {"interceptors": [{"use": "retry", "wait": 0}], "greet.greeter": Failing}
    container = AppContainer.load(overrides=settings, environ={})
    assert container.runner().run() == "hello world, it is noon"
    assert Failing.attempts == 3


def test_interceptors_of_the_user_stand_in_the_order_of_the_list():
    """A user's class is attached by a pattern; the first of the list is the outermost."""
    calls = []

    class Noting(Interceptor):
        def __init__(self, name: str, on: str = "*"):
            self.name, self.on = name, on

        def around(self, call):
            calls.append(f"{self.name} {call.path}")
            return call.proceed()

    settings = {
        "interceptors": [
            {"use": Noting, "name": "outer"},
            {"use": Noting, "name": "inner", "on": "greet.*"},
        ]
    }
    AppContainer.load(overrides=settings, environ={}).runner().run()
    assert calls == ["outer run", "outer greet.greet", "inner greet.greet"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_temporary_store_leaves_nothing(tmp_path, monkeypatch, url):
    """Runs are stored while the container is open, for its workers too, and no file stays."""
    from lolpop.containers import scope_of
    from lolpop.kernel.specs import spec_of

    monkeypatch.chdir(tmp_path)
    with AppContainer.load(overrides={"store.url": url}, environ={}) as container:
        container.runner().run()
        assert [run.workflow for run in container.runs()] == ["run"]
        with spec_of(scope_of(container)).build() as worker:
            assert [run.workflow for run in worker.store().runs()] == ["run"]
        digest = container.store().put_file(_written(tmp_path))
        assert container.store().has_file(digest)
        [folder] = {file.parent for file in _opened(container)}
        assert folder.exists()
    assert not folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def _written(folder):
    file = folder / "file.txt"
    file.write_text("text")
    return file


def _opened(container):
    from pathlib import Path

    return [Path(container.store().settings_elsewhere()["artifacts"])]


def test_artifacts_are_beside_the_database(tmp_path):
    """A store with a URL only has its files next to the database."""
    with AppContainer.load(overrides={"store.url": f"sqlite:///{tmp_path}/data/store.db"}, environ={}) as c:
        c.store().put_file(_written(tmp_path))
    assert (tmp_path / "data" / "artifacts").is_dir()


def test_lolpop_verify_says_that_there_is_nothing_to_run(tmp_path):
    """A container without a runner, and a runner without workflows, are warnings of the command."""
    (tmp_path / "empty.py").write_text(
        "from lolpop import Runner, RunnerContainer, providers\n"
        "class Empty(RunnerContainer):\n    pass\n"
        "class Idle(Runner):\n    pass\n"
        "class IdleContainer(RunnerContainer):\n    runner = providers.Runner(Idle)\n"
    )
    for container, words in (("Empty", "Empty has no runner"), ("IdleContainer", "Idle has no workflow")):
        command = [sys.executable, "-m", "lolpop", "verify", f"empty.py:{container}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f"{words}, so there is nothing to run" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([{"seed": 1}], {}), r"a settings file must be a path, but got \{'seed': 1\} \(dict\).*overrides="),
        (
            ([["a.yaml"]], {}),
            r"a settings file must be a path, but got \['a.yaml'\] \(list\). Name each file",
        ),
        (([3], {}), r"a settings file must be a path, but got 3 \(int\)"),
        (([], {"overrides": ["seed=1"]}), r"overrides must be a mapping .* but got \['seed=1'\] \(list\)"),
        (([], {"overrides": "seed=1"}), r"overrides must be a mapping .* but got 'seed=1' \(str\)"),
        (([], {"overrides": {("seed",): 1}}), r"a path of overrides must be text, but got \('seed',\)"),
        (([], {"environ": ["A=1"]}), r"environ must be a mapping of variables, but got"),
        (([], {"profile": 3}), r"profile must be a name, or a list of names, but got 3"),
        (([], {"profile": [3]}), r"profile must be a name, or a list of names, but got \[3\]"),
    ],
)
def test_wrong_arguments_of_load_say_what_to_write(arguments, message):
    """An argument of the wrong type is named, with its value and what is expected in its place."""
    files, keywords = arguments
    with pytest.raises(WiringError, match=message):
        AppContainer.load(*files, **keywords)


@pytest.mark.parametrize("value", [3, "noon", [], object()])
def test_what_cannot_stand_in_is_a_finding(value):
    """An override that has nothing of the interface does not pass verification."""
    container = AppContainer()
    with container.override({"clock": value}):
        with pytest.raises(VerificationError, match=r"clock: is overridden by an object of type .*Clock"):
            container.verify()
        with pytest.raises(VerificationError, match=r"clock: is overridden"):
            container.runner()


@pytest.mark.parametrize("value", [None, 3])
def test_a_wrapper_that_returns_nothing_is_an_error_with_its_path(value):
    """A wrapper must return its object; if it does not, the error has the path."""
    container = AppContainer()
    with container.clock.wrap(lambda real: value), pytest.raises(WiringError, match=r"^clock: the wrapper"):
        container.runner().run()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "greeter_app:GreetContainer",
            r"got 'greeter_app:GreetContainer'. Write from greeter_app import Greet",
        ),
        ("nowhere", r"takes a container class, but got 'nowhere'. Import the class"),
        (Clock, r"takes a container class, but got <class 'greeter_app.Clock'>"),
        (None, r"takes a container class, but got None"),
    ],
)
def test_what_cannot_be_nested_says_what_to_write(value, message):
    """A name, a component or nothing instead of a container class is refused in the declaration."""
    with pytest.raises(WiringError, match=message):
        providers.nested(value)
