"""Secrets of settings: what was set as one is in nothing that people read."""

import json

import pytest
from settings_trainers import Connection, MainContainer

from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import scope_of
from lolpop.errors import LolpopError, SettingsError, VerificationError, WiringError
from lolpop.running.snapshots import snapshot
from lolpop.settings.secrets import MASK

SECRET = "hunter22"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def load(tmp_path, text, environ=None, container=MainContainer, **options):
    (tmp_path / "lolpop.yaml").write_text(text)
    return container.load(environ=environ or {}, **options)


def test_the_wiring_shows_no_secret(tmp_path):
    """Secrets are masked, links are shown as links, and URLs without their user."""
    text = """
connection:
  url: 'postgresql://ada:hunter22@host/db'
  token: hunter22
  login: {user: ada, password: hunter22, hosts: ['${env:HOST}']}
  options: {key: '${env:KEY}', other: '${connection.options.key}', at: 's3://hunter22@b/x'}
"""
    c = load(tmp_path, text, environ={"KEY": SECRET, "HOST": SECRET})
    c.verify()
    wiring = snapshot(scope_of(c), full=False)
    assert SECRET not in json.dumps(wiring)
    settings = wiring["components"]["connection"]["settings"]
    assert settings["url"] == f"postgresql://{MASK}@host/db"
    assert settings["token"] == MASK
    assert settings["login"] == {"user": "ada", "password": MASK, "hosts": ["${env:HOST}"]}
    assert settings["options"]["key"] == "${env:KEY}"
    assert settings["options"]["other"] == "${connection.options.key}"
    assert c.connection().options["other"] == SECRET


@pytest.mark.parametrize(
    "text",
    [
        "seed: '${env:KEY}'",
        "seed: '${topic.name}'\ntopic: {name: '${env:KEY}'}",
        "connection: {names: '${env:KEY}'}",
        "connection: {login: {hosts: '${env:KEY}'}}",
        "connection: {login: {password: [hunter22]}}",
        "connection: {token: {a: hunter22}}",
        "topic: {drop: '${env:KEY}'}",
        "topic: {drop: 's3://hunter22@b/x'}",
        "train: {trainer: {use: '${env:KEY}'}}",
        "connection: '${env:KEY}'",
        "connection: hunter22",
        "connection: 227722",
        "connection: [hunter22]",
        "connection: {login: hunter22}",
        "connection: {login: [hunter22]}",
    ],
)
def test_findings_show_no_secret(tmp_path, text):
    """Values of variables, secrets and users of URLs are in no finding."""
    with pytest.raises(VerificationError) as error:
        load(tmp_path, text, environ={"KEY": SECRET}).verify()
    assert error.value.findings
    for secret in (SECRET, "227722"):
        assert secret not in str(error.value)
        assert secret not in repr(error.value.findings)


def test_a_link_that_is_broken_shows_no_secret(tmp_path):
    """The error of a link has names of variables and settings, and no values."""
    with pytest.raises(SettingsError) as error:
        load(tmp_path, "topic: {name: '${env:KAY}', target: '${env:KEY}'}", environ={"KEY": SECRET})
    assert "Did you mean KEY?" in str(error.value)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("connection: {url: 'bad://ada:hunter22@host'}", f"cannot open bad://{MASK}@host"),
        ("connection: {url: 'bad ${env:KEY}'}", "cannot open bad ${env:KEY}"),
        ("connection: {url: '${topic.name}'}\ntopic: {name: 'bad ${env:KEY}'}", "cannot open bad ${env:KEY}"),
    ],
)
def test_a_constructor_that_quotes_a_secret_is_not_quoted(tmp_path, text, shown):
    """Secrets are masked in the error of a constructor."""
    c = load(tmp_path, text, environ={"KEY": SECRET})
    with pytest.raises(WiringError) as error:
        c.connection()
    assert shown in str(error.value)
    assert SECRET not in str(error.value)


class Leak(Pipeline):
    def __init__(self, *, connection: Connection):
        self.connection = connection

    @task
    def leak(self) -> None:
        token = self.connection.token.get_secret_value() if self.connection.token else ""
        password = self.connection.login.password.get_secret_value() if self.connection.login else ""
        raise OSError(f"refused: {self.connection.url} {token} {password} {self.connection.options}")


class LeakRunner(Runner):
    def __init__(self, *, leak: Leak):
        self.leak = leak

    @workflow
    def run(self) -> None:
        self.leak.leak()


class LeakPipelineContainer(PipelineContainer):
    pipeline = providers.Pipeline(Leak)


class LeakContainer(RunnerContainer):
    connection = providers.Component(Connection, default=Connection)
    leak = providers.nested(LeakPipelineContainer)
    runner = providers.Runner(LeakRunner)


@pytest.mark.parametrize(
    "text",
    [
        "connection: {url: 'x://ada:hunter22@host'}",
        "connection: {token: hunter22}",
        "connection: {login: {password: hunter22}}",
        "connection: {options: {key: '${env:KEY}'}}",
    ],
)
def test_records_of_a_failed_run_show_no_secret(tmp_path, text):
    """A secret in the error of a driver is masked in the records of run and task."""
    c = load(tmp_path, text, environ={"KEY": SECRET}, container=LeakContainer)
    with pytest.raises(OSError, match="refused"):
        c.runner().run()
    (run,) = c.runs()
    assert "OSError: refused" in run.error
    assert SECRET not in run.error
    from lolpop.running.recorders import recorder_for

    (leak,) = recorder_for(scope_of(c)).tasks(run.run_id)
    assert "OSError: refused" in leak.error
    assert SECRET not in leak.error


def test_a_short_variable_is_not_taken_for_a_secret_everywhere(tmp_path):
    """The value 1 of a linked variable is not masked in every message."""
    c = load(tmp_path, "seed: '${env:N}'\nconnection: {url: 'bad 1'}", environ={"N": "1"})
    with pytest.raises(LolpopError, match="cannot open bad 1"):
        c.connection()
