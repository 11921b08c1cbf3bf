"""The plugin of pytest, in sessions of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

APP = """
from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.store import Store


class Clock(Component):
    def __init__(self, zone: str = "UTC") -> None:
        self.zone = zone

    def now(self) -> str:
        return "now in " + self.zone


class GreetPipeline(Pipeline):
    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    @task
    def greet(self) -> str:
        return self._clock.now()


class GreetContainer(PipelineContainer):
    clock = providers.Component(Clock, default=Clock)
    pipeline = providers.Pipeline(GreetPipeline)


class GreetRunner(Runner):
    def __init__(self, *, greet: GreetPipeline, store: Store) -> None:
        self._greet = greet

    @workflow
    def run(self) -> str:
        return self._greet.greet()


class AppContainer(RunnerContainer):
    greet = providers.nested(GreetContainer)
    runner = providers.Runner(GreetRunner)
"""


class ModulesOfTheProject:
    """What a session inside this process forgets at its end: the project's own modules, and no libraries.

    A library that is imported twice would have two of each class, in the tests that follow too.
    """

    def __init__(self, preserve=None) -> None:
        del preserve

    def restore(self) -> None:
        for name in ("app", "test_app"):
            sys.modules.pop(name, None)


@pytest.fixture
def kept_libraries(monkeypatch):
    """Let pytester, which is to be asked for after this, forget nothing but the project."""
    monkeypatch.setattr("_pytest.pytester.SysModulesSnapshot", ModulesOfTheProject)


@pytest.fixture
def session(kept_libraries, pytester):
    """Run tests of a project with one container; pytest loads the plugin by its entry point."""
    pytester.makepyfile(app=APP)
    pytester.makeini("[pytest]\nlolpop_container = app:AppContainer\npythonpath = .\n")

    def run(source, *arguments):
        pytester.makepyfile(test_app=source)
        return pytester.runpytest_inprocess("-q", "-p", "no:hypothesispytest", *arguments)

    return run


def test_container_keeps_its_runs_in_memory(session, pytester):
    """The fixture has the settings of the project, but not its store."""
    session(
        """
        def test_greeting(container, tmp_path):
            assert container.runner().run() == "now in UTC"
            assert [run.status for run in container.runs()] == ["completed"]
            (tmp_path / "file").write_text("content")
            container.store().put_file(tmp_path / "file")
            files = [path for path in (tmp_path / "lolpop-artifacts").rglob("*") if path.is_file()]
            assert "content" in [path.read_text() for path in files]
            assert not list(tmp_path.rglob("*.db"))

        def test_other(container):
            assert container.runs() == []

        def test_settings(new_container):
            from app import AppContainer
            container = new_container(AppContainer, overrides={"greet.clock.zone": "CET"})
            assert container.runner().run() == "now in CET"
        """
    ).assert_outcomes(passed=3)
    assert not (pytester.path / ".lolpop").exists()


def test_override_ends_with_the_test(session):
    """An override applies to one test, in a container of the whole session too."""
    session(
        """
        import pytest
        from app import AppContainer, Clock
        from lolpop.testing import fake

        @pytest.fixture(scope="session")
        def container():
            with AppContainer() as container:
                yield container

        def test_before(container):
            assert container.greet.pipeline().greet() == "now in UTC"

        def test_overridden(container, override):
            override("greet.clock", fake(Clock, now="noon"))
            assert container.greet.pipeline().greet() == "noon"

        def test_twice(container, override):
            override({"greet.clock": fake(Clock, now="noon")})
            override("greet.clock", fake(Clock, now="midnight"))
            assert container.greet.pipeline().greet() == "midnight"

        def test_after(container):
            assert container.greet.pipeline().greet() == "now in UTC"
        """
    ).assert_outcomes(passed=4)


def test_misspelt_path_fails_with_near_names(session):
    """An unknown path fails the test with a near name."""
    result = session(
        """
        def test_misspelt(override):
            override("greet.clokc", object())
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no provider 'greet.clokc'. Did you mean greet.clock?*"])


def test_override_that_leaks_fails_the_test(session):
    """A test that does not end its override fails with its path, and later tests are not affected."""
    result = session(
        """
        import pytest
        from app import AppContainer, Clock
        from lolpop.testing import fake

        @pytest.fixture(scope="module")
        def container():
            with AppContainer() as container:
                yield container

        def test_leaks(container):
            container.greet.clock.override(fake(Clock, now="noon"))

        def test_after(container):
            assert container.greet.pipeline().greet() == "now in UTC"

        def test_does_not_leak(container):
            with container.greet.clock.override(fake(Clock, now="noon")):
                pass
        """
    )
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(["*The test did not end its override of greet.clock.*"])


def test_container_that_is_not_named_is_asked_for(session, pytester):
    """Without the setting and a fixture, the error says what to set."""
    pytester.makeini("[pytest]\npythonpath = .\n")
    result = session("def test_container(container): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Set lolpop_container in pytest's settings*"])


def test_no_network_forbids_connections(session):
    """A connection fails the test, even if its error is caught; allowed hosts and pipes work."""
    result = session(
        """
        import socket, threading, urllib.request
        import pytest

        @pytest.mark.no_network
        def test_connects():
            urllib.request.urlopen("http://127.0.0.1:9/")

        @pytest.mark.no_network
        def test_swallows():
            try:
                socket.create_connection(("127.0.0.1", 9))
            except BaseException:
                pass

        @pytest.mark.no_network
        def test_looks_up():
            socket.getaddrinfo("example.org", 80)

        @pytest.mark.no_network
        def test_pipes():
            one, other = socket.socketpair()
            one.sendall(b"hello")
            assert other.recv(5) == b"hello"
            one.close(), other.close()

        @pytest.mark.no_network(allow=["127.0.0.1"])
        def test_allowed():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", 9))

        def test_unmarked():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", 9))
        """
    )
    result.assert_outcomes(failed=3, passed=3)
    result.stdout.fnmatch_lines(["*The test is marked no_network and connect* 127.0.0.1*"])


def test_wiring_snapshot_shows_what_changed(session, pytester):
    """The first comparison asks for the file, an update writes it, and a change is shown as a diff."""
    source = """
        def test_wiring(container, wiring_snapshot):
            wiring_snapshot(container)
        """
    result = session(source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*There is no wiring snapshot *test_wiring.txt*--lolpop-update*"])
    session(source, "--lolpop-update").assert_outcomes(passed=1)
    path = pytester.path / "__wiring__" / "test_app" / "test_wiring.txt"
    assert "greet.clock.zone = UTC" in path.read_text()
    session(source).assert_outcomes(passed=1)
    (pytester.path / "lolpop.yaml").write_text("greet: {clock: {zone: CET}}\n")
    result = session(source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*-greet.clock.zone = UTC*", "*+greet.clock.zone = CET*"])


def test_plugin_is_light():
    """The plugin imports no library that a session without lolpop does not need."""
    script = (
        "import sys, pytest; before = set(sys.modules); import lolpop.testing.plugin; "
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['lazy_loader', 'lolpop']"


def test_plugin_is_registered():
    """Pytest finds the plugin by its entry point."""
    from importlib.metadata import entry_points

    assert [entry.value for entry in entry_points(group="pytest11", name="lolpop")] == [
        "lolpop.testing.plugin"
    ]


def test_fixtures_of_contracts_that_are_missing_or_no_functions_are_reported(session):
    """A misspelt fixture gets a near name, an object gets the expected kind."""
    outcome = session(
        """
        import pytest
        from lolpop.components.notifier.console import ConsoleNotifier
        from lolpop.testing import contracts

        class TestMisspelt(contracts.NotifierContract):
            @pytest.fixture
            def mkae(self):
                return ConsoleNotifier

        class TestObject(contracts.NotifierContract):
            @pytest.fixture
            def make(self):
                return ConsoleNotifier()

            @pytest.fixture
            def sent(self):
                return str
        """,
        "-k",
        "implements",
    )
    outcome.assert_outcomes(errors=1, failed=1)
    described = "Fixtures of NotifierContract: make() makes a notifier"
    outcome.stdout.fnmatch_lines_random(
        [
            f"TestMisspelt has no fixture 'make'. Did you mean mkae? {described}*",
            f"The fixture 'make' of TestObject must be a function *type ConsoleNotifier. {described}*",
        ]
    )
