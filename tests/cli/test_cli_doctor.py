"""`lolpop doctor`."""

import pytest

PINGED = """
from lolpop import Component, Runner, RunnerContainer, providers, workflow

class Service(Component):
    def __init__(self, up: bool = True):
        self.up = up
    def ping(self):
        if not self.up:
            raise ConnectionError("nobody answers at https://ada:s3cr3t@host/")

class App(Runner):
    def __init__(self, *, service: Service):
        self.service = service
    @workflow
    def run(self) -> int:
        return 1

class AppContainer(RunnerContainer):
    service = providers.Component(Service, default=Service)
    runner = providers.Runner(App)
"""


@pytest.fixture
def pinged(folder):
    """A project with a component that can be asked whether it reaches what it needs."""
    (folder / "app.py").write_text(PINGED)
    (folder / "lolpop.yaml").write_text("lolpop: {runner: app.py:AppContainer}\n")
    return folder


def verdicts(done):
    return {(item["subject"], item["name"]): item["verdict"] for item in done.json["examined"]}


def test_versions_extras_store_and_project_are_examined(pinged, lolpop):
    """Each has a verdict; no connection is opened without --connect."""
    done = lolpop("doctor", "--json")
    examined = verdicts(done)
    assert (done.code, done.json["ok"]) == (0, True)
    assert examined["version", "lolpop"] == "ok"
    assert examined["extra", "xgboost"] in ("ok", "missing")
    assert examined["store", "store"] == "ok"
    assert examined["project", "app.py:AppContainer"] == "ok"
    assert ("connection", "service") not in examined


def test_connect_asks_components_by_their_ping(pinged, lolpop):
    """A component that does not answer is broken, with the reason and without its password; all are asked."""
    assert verdicts(lolpop("doctor", "--connect", "--json"))["connection", "service"] == "ok"
    done = lolpop("doctor", "--connect", "--set", "service.up=false")
    assert done.code == 3
    assert "nobody answers" in done.out
    assert "s3cr3t" not in done.out
    assert done.out.endswith("1 problem.\n")


def test_a_store_is_asked_and_not_made(folder, lolpop):
    """`--connect` reads from an existing store, and creates none."""
    settings = ("--set", "problem.name=a", "--set", "problem.target=b", "--set", "data.train=a.csv")
    (folder / "a.csv").write_text("a,b\n1,2\n")
    done = lolpop("doctor", "classification", "--connect", "--json", *settings)
    assert verdicts(done)["connection", "store"] == "ok"
    assert not (folder / ".lolpop").exists()


def test_settings_that_are_wrong_are_broken(pinged, lolpop):
    """The verdict has the number of errors and the command that shows them, or why nothing can be read."""
    (pinged / "lolpop.yaml").write_text("lolpop: {runner: app.py:AppContainer}\nservice: {upp: 1}\n")
    done = lolpop("doctor")
    assert done.code == 3
    assert "lolpop verify app.py:AppContainer" in done.out
    (pinged / "lolpop.yaml").write_text("lolpop: [\n")
    assert lolpop("doctor").code == 3
