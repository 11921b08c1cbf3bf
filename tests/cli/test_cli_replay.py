import re
import sys

import pytest

FLOW = """
from pydantic import BaseModel, SecretStr
from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.logger import Logger
from lolpop.components.notifier import Notifier, notify_all

def backwards(secret):
    # So that a result can tell what it was, though no secret is shown.
    return secret[::-1]

class Account(BaseModel):
    name: str = "me"
    password: SecretStr = SecretStr("built in")

class Service(Component):
    def __init__(
        self,
        template: str = "${user} is ${no.setting}",
        url: str = "https://example.org",
        token: SecretStr = SecretStr("built in"),
        limits: dict[str, int] | None = None,
        tags: tuple[str, ...] = ("a",),
    ):
        self.values = [template, backwards(url), backwards(token.get_secret_value()), limits, tags]

class Quiet(Component):
    def __init__(self, level: int = 1):
        self.values = [level]

class Steps(Pipeline):
    def __init__(self, times: int = 1, *, service: Component, others: list[Component], account: Account, seed: int):
        self.times = times
        self.values = [service.values, [other.values for other in others], account.name, backwards(account.password.get_secret_value()), seed]
    @task
    def work(self, how):
        if how == "badly":
            raise ValueError(f"{self.values}")
        return self.values

class Flow(Runner):
    def __init__(self, *, steps: Steps, logger: Logger, notifier: Notifier):
        self.steps, self.logger, self.notifier = steps, logger, notifier
    @workflow
    def run(self, how: str = "well", more: list[str] | None = None) -> int:
        self.steps.work(how)
        return self.steps.times
    @workflow
    def tell(self, token: str = "") -> list:
        return [*self.steps.values, backwards(token)]
    @workflow
    def leak(self, how: str = "well", more: list[str] | None = None) -> list:
        self.logger.log(f"working with {more}", token=more)
        notify_all([self.notifier], f"working with {more}", "warning")
        if how == "badly":
            raise ValueError(f"{more}")
        return more
    @workflow
    def take(self, frame: object) -> str:
        return "taken"

class StepsContainer(PipelineContainer):
    service = providers.Component(Component, default=Service)
    others = providers.Components(Component, default=[Quiet])
    pipeline = providers.Pipeline(Steps)

class FlowContainer(RunnerContainer):
    account = providers.Settings(Account, default={})
    logger = providers.Component(Logger, default="file")
    notifier = providers.Component(Notifier, default="console")
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(Flow)
"""


@pytest.fixture
def flow(folder):
    """A project whose module is in a folder of its own."""
    (folder / "flows").mkdir()
    (folder / "flows" / "flow.py").write_text(FLOW)
    return folder


def backwards(secret):
    return secret[::-1]


def rewrite(flow, *changes):
    """Change the project's code, as its next process would find it."""
    module = flow / "flows" / "flow.py"
    text = module.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    module.write_text(text)
    sys.modules.pop("flow", None)


def result(done):
    assert done.code == 0, done.err
    return done.json["result"]


def test_a_replay_is_set_as_the_run_was_whatever_settings_say_today(flow, lolpop):
    """Implementations, settings, lists, seed, arguments and defaults are those of the record."""
    settings = (
        "seed: 7\naccount: {name: ada}\nsteps:\n  times: 3\n  others: []\n"
        "  service: {limits: {a: 1}, tags: [b, c], template: 'by $${hand}'}\n"
    )
    (flow / "lolpop.yaml").write_text(settings)
    first = lolpop("run", "flows/flow.py", "tell", "--token", "a ${b} c", "--json")
    assert result(first)[0] == [
        "by ${hand}",
        backwards("https://example.org"),
        backwards("built in"),
        {"a": 1},
        ["b", "c"],
    ]
    changed = "seed: 8\nsteps: {times: 4, service: {use: 'flow:Quiet', level: 2}, others: ['flow:Quiet']}\n"
    (flow / "lolpop.yaml").write_text(changed)
    rewrite(flow, ('"https://example.org"', '"https://elsewhere.org"'))
    again = lolpop("runs", "replay", first.json["run_id"], "--json")
    assert result(again) == result(first)
    assert again.json["replays"] == first.json["run_id"]
    assert lolpop("runs", "show", "last", "--json").json["replays"] == first.json["run_id"]
    twice = lolpop("runs", "replay", "last", "--json")
    assert result(twice) == result(first)


def test_overrides_stand_over_the_record(flow, lolpop):
    """--set changes one setting or implementation of a replay, and nothing else."""
    words = ["--set", 'steps.service.tags=["x"]', "--set", "seed=5"]
    first = lolpop("run", "flows/flow.py", "tell", *words, "--json")
    again = lolpop("runs", "replay", "@1", "--set", "steps.service.limits.a=2", "--set", "seed=6", "--json")
    expected = result(first)
    expected[0][3], expected[4] = {"a": 2}, 6
    assert result(again) == expected
    other = lolpop("runs", "replay", "@2", "--set", "steps.service=flow:Quiet", "--json")
    assert result(other)[0] == [1]
    done = lolpop("runs", "replay", "last", "--set", "steps.service.levl=2")
    assert done.code == 2
    assert "Did you mean level?" in done.err


def test_links_and_secrets_are_resolved_again(flow, lolpop, monkeypatch):
    """Links are resolved by current variables, and masked values come from current settings."""
    (flow / "lolpop.yaml").write_text(
        "account: {name: ada, password: old-password}\n"
        "steps: {service: {token: '${env:TOKEN}', url: 'https://me:old-user@example.org'}}\n"
    )
    monkeypatch.setenv("TOKEN", "old-token")
    first = lolpop("run", "flows/flow.py", "tell", "--token", "x old-token", "--json")
    assert result(first)[2:4] == ["ada", backwards("old-password")]
    (flow / "lolpop.yaml").write_text(
        "account: {name: bob, password: new-password}\n"
        "steps: {service: {token: no-longer, url: 'https://me:new-user@example.org'}}\n"
    )
    monkeypatch.setenv("TOKEN", "new-token")
    service, _, name, password, _, token = result(lolpop("runs", "replay", "last", "--json"))
    assert service[1:3] == [backwards("https://me:new-user@example.org"), backwards("new-token")]
    assert (name, backwards(password), backwards(token)) == ("ada", "new-password", "x new-token")
    monkeypatch.delenv("TOKEN")
    done = lolpop("runs", "replay", "last")
    assert done.code == 2
    assert "the variable TOKEN is not set" in done.err


def test_differences_from_the_record_are_reported(flow, lolpop):
    """Removed settings and slots, masked values without a source, and other library versions."""
    (flow / "lolpop.yaml").write_text("account: {password: hush}\nsteps: {service: {tags: [b]}}\n")
    first = lolpop("run", "flows/flow.py", "--json").json
    (flow / "lolpop.yaml").unlink()
    rewrite(
        flow,
        ('        tags: tuple[str, ...] = ("a",),\n', ""),
        (", tags]", "]"),
        (", account: Account", ""),
        ("    account = providers", "    user = providers"),
        ("account.name, backwards(account.password.get_secret_value()), ", ""),
    )
    done = lolpop("runs", "replay", first["run_id"], "--json")
    assert done.code == 0, done.err
    assert done.json["not_as_recorded"][:2] == [
        "steps.service.tags is no longer a setting of 'flow:Service'; it was ['b']",
        "account is no longer part of the container",
    ]


def test_a_hidden_value_that_nothing_sets_is_reported(flow, lolpop):
    """A secret that is masked in the record, and that no source sets now, is reported by its path."""
    lolpop("run", "flows/flow.py", "--set", "account.password=hush", "--set", "steps.service.token=hush")
    done = lolpop("runs", "replay", "last")
    assert done.code == 0
    assert "account.password is masked in the record, and no source sets it now" in done.err
    assert "steps.service.token is masked" in done.err


def test_other_libraries_are_reported(flow, lolpop, monkeypatch):
    """A library with another version is reported with both versions."""
    lolpop("run", "flows/flow.py")
    from lolpop.running import snapshots

    versions = snapshots._versions()
    monkeypatch.setattr(snapshots, "_versions", lambda: {**versions, "pandas": "0.1"})
    document = lolpop("runs", "replay", "last", "--json").json["not_as_recorded"]
    assert any(note.startswith("pandas is 0.1, it was ") for note in document)
    [library] = lolpop("runs", "diff", "@2", "@1", "--json").json["libraries"]
    assert (library["path"], library["old"], library["new"]) == ("pandas", versions["pandas"], "0.1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("class Quiet", "class Silent"), "'flow' has no 'Quiet'"),
        (("class FlowContainer", "class OtherContainer"), "'flow' has no 'FlowContainer'"),
        (("def run(self, how", "def run(self, who"), "run no longer takes how"),
        (("def run(", "def start("), "has no workflow 'run'"),
        (("how: str", "how: int"), "how: "),
        (("from lolpop", "1 / 0\nfrom lolpop"), "which cannot be loaded here"),
    ],
)
def test_removed_parts_are_reported_and_nothing_runs(flow, lolpop, change, message):
    """A container, implementation, workflow or parameter that no longer exists exits with 2; nothing runs."""
    lolpop("run", "flows/flow.py", "--set", "steps.service=flow:Quiet")
    rewrite(flow, ("[Quiet]", "[]"), change)
    done = lolpop("runs", "replay", "last")
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
    assert len(lolpop("runs", "ls", "--json").json) == 1


def test_an_argument_that_no_record_holds_is_reported(flow, lolpop):
    """A run that was called from code with an object cannot be called again by its record."""
    sys.path.insert(0, str(flow / "flows"))
    from flow import FlowContainer

    with FlowContainer.load(overrides={"store.url": None}, environ={}) as container:
        container.runner().take(object())
    done = lolpop("runs", "replay", "last")
    assert done.code == 2
    assert "its record does not hold frame (object)" in done.err
    assert "Call the workflow itself, with the argument: lolpop run." in done.err


def test_a_run_that_is_not_there_is_reported(flow, lolpop):
    """A misspelt id gets a near one, and a number that is too large gets the number of runs."""
    run_id = lolpop("run", "flows/flow.py", "--json").json["run_id"]
    done = lolpop("runs", "replay", run_id[:-1] + "g")
    assert done.code == 1
    assert f"Did you mean {run_id}?" in done.err
    assert "holds 1" in lolpop("runs", "diff", "last", "@2").err


def test_a_diff_shows_settings_and_results(flow, lolpop):
    """It shows implementations, settings, arguments and seed, old and new; equal runs have no rows."""
    lolpop("run", "flows/flow.py", "--set", "steps.service.limits.a=1")
    lolpop("run", "flows/flow.py", "--set", "steps.service.limits.b=2", "--set", "seed=3", "--how", "fine")
    lolpop("run", "flows/flow.py", "--set", "steps.service=flow:Quiet", "--set", "steps.service.level=9")
    document = lolpop("runs", "diff", "@3", "@2", "--json").json
    assert document["settings"] == [
        {"path": "seed", "old": 0, "new": 3},
        {"path": "steps.service.limits.a", "old": 1},
        {"path": "steps.service.limits.b", "new": 2},
    ]
    assert document["arguments"] == [{"path": "how", "old": "well", "new": "fine"}]
    assert (
        document["implementations"]
        == document["libraries"]
        == document["datasets"]
        == document["about"]
        == []
    )
    out = lolpop("runs", "diff", "@3", "@2").out
    assert re.search(r"seed +0 -> 3", out)
    assert re.search(r"steps.service.limits.a +1 -> \(none\)", out)
    document = lolpop("runs", "diff", "@2", "@1", "--json").json
    assert document["implementations"] == [
        {"path": "steps.service", "old": "flow:Service", "new": "flow:Quiet"}
    ]
    assert {"path": "steps.service.level", "new": 9} in document["settings"]
    assert "No differences: the same wiring" in lolpop("runs", "diff", "last", "last").out


@pytest.mark.parametrize("how", ["well", "badly"])
def test_no_secret_is_written_anywhere(flow, lolpop, monkeypatch, how):
    """No output of a command, and no file of .lolpop, contains a secret, however the run ends."""
    (flow / "lolpop.yaml").write_text(
        "account: {name: '${env:NAME}', password: planted-file}\n"
        "steps: {service: {token: '${env:TOKEN}', url: 'https://me:planted-url@example.org'}}\n"
    )
    monkeypatch.setenv("TOKEN", "planted-variable")
    monkeypatch.setenv("NAME", "planted-name")
    monkeypatch.setenv("LOLPOP_STEPS__SERVICE__LIMITS", '{"a": 1}')
    outputs = []
    for words in (
        ["run", "flows/flow.py"],
        ["run", "flows/flow.py", "--json"],
        ["run", "flows/flow.py", "--traceback"],
        ["run", "flows/flow.py", "leak"],
        ["run", "flows/flow.py", "leak", "--json"],
        ["runs", "replay", "@3"],
        ["runs", "replay", "last", "--json", "--traceback"],
        ["runs", "show", "last"],
        ["runs", "show", "@2", "--json"],
        ["runs", "diff", "@3", "last"],
        ["runs", "diff", "@3", "last", "--json"],
        ["runs", "ls", "--json"],
        ["config", "show", "flows/flow.py"],
        ["graph", "flows/flow.py"],
    ):
        options = ["--how", how] if words[0] == "run" else []
        more = ["--more", '["planted-variable"]'] if words[0] == "run" else []
        done = lolpop(*words, *options, *more)
        fails = how == "badly" and (words[0] == "run" or words[1] == "replay")
        assert done.code == (1 if fails else 0), done.err
        outputs.append(done.out + done.err)
    files = [path for path in (*(flow / ".lolpop").rglob("*"), flow / "lolpop.log") if path.is_file()]
    assert {"store.db", "lolpop.log"} <= {path.name for path in files}
    outputs += [path.read_bytes().decode(errors="replace") for path in files]
    for secret in ("planted-variable", "planted-name", "planted-file", "planted-url"):
        assert not [text for text in outputs if secret in text]


def test_overrides_in_code_are_reported(flow, lolpop):
    """An object that replaced a component in code is not recorded: the replay uses current settings."""
    sys.path.insert(0, str(flow / "flows"))
    from flow import FlowContainer, Quiet

    container = FlowContainer.load(overrides={"store.url": None}, environ={})
    with container, container.steps.service.override(Quiet(5)):
        assert container.runner().tell()[0] == [5]
    again = lolpop("runs", "replay", "last", "--set", "steps.service.tags=[]", "--json")
    assert result(again)[0][-1] == []
    [note] = [note for note in again.json["not_as_recorded"] if "overridden" in note]
    assert note.startswith("steps.service was overridden in code")
