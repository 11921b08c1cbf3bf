"""Secrets at the boundaries: what a command prints, what the store holds, what a log says."""

from __future__ import annotations

import json

import pytest

SECRET = "tok-secret-12345"
WEB = "http://ada:p/w-12345@127.0.0.1:9/t.csv?year=2020&sig=sig-12345"

APP = """
import warnings
from pydantic import SecretStr
from lolpop import Component, Runner, RunnerContainer, providers, workflow
from lolpop.components.logger import Logger
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.resources import Dataset

class Client(Component):
    def __init__(self, token: SecretStr, url: str = "", how: str = "", word: str = ""):
        self.token, self.url, self.how, self.word = token.get_secret_value(), url, how, word

class Panic(BaseException):
    pass

class Work(Runner):
    def __init__(self, *, client: Client, logger: Logger, metadata_tracker: MetadataTracker,
                 metrics_tracker: MetricsTracker):
        self.client, self.logger = client, logger
        self.tracker, self.metrics = metadata_tracker, metrics_tracker

    @workflow
    def run(self) -> str:
        text = f"cannot log in with {self.client.token} at {self.client.url}"
        dataset = self.tracker.create(Dataset, "rows")
        self.tracker.update(dataset, {"text": text, self.client.url: [text], "word": self.client.word})
        self.tracker.tag(dataset, {"text": text, self.client.url: "x"})
        self.metrics.log(dataset, {self.client.url: 1.0})
        self.logger.log(text, url=self.client.url, nested={"a": [text]})
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"no certificate at {self.client.url}", UserWarning, stacklevel=1)
        how = self.client.how
        if how == "exit":
            raise SystemExit(text)
        if how == "quit":
            raise SystemExit(0)
        if how == "panic":
            raise Panic(text)
        if how == "error":
            raise ValueError(text)
        return text

class App(RunnerContainer):
    client = providers.Component(Client, default=Client)
    logger = providers.Component(Logger, default="file")
    metadata_tracker = providers.Component(MetadataTracker, default="sql")
    metrics_tracker = providers.Component(MetricsTracker, default="sql")
    runner = providers.Runner(Work)
"""


@pytest.fixture
def app(folder, monkeypatch):
    """A project whose component hands its secrets to everybody."""
    (folder / "app.py").write_text(APP)
    settings = {"token": "${env:TOK}", "url": WEB, "word": "${env:WORD}"}
    (folder / "lolpop.yaml").write_text(json.dumps({"client": settings}))
    monkeypatch.setenv("TOK", SECRET)
    monkeypatch.setenv("WORD", "churned")
    return folder


def stored(folder):
    """Every byte that a command left in the project, but for what the user wrote."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".py", ".yaml", ".pyc"}
    ]
    assert any(path.name == "store.db" for path in files)
    return b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("how", ["return", "error", "exit", "panic"])
def test_a_component_that_gives_its_secrets_away_is_masked_at_every_boundary(how, app, lolpop):
    """Secrets in results, errors (SystemExit and panics too), logs, tags, metrics and warnings are masked."""
    for words in (
        ("run", "app.py:App", "--set", f"client.how={how}"),
        ("run", "app.py:App", "--set", f"client.how={how}", "--json"),
        ("run", "app.py:App", "--set", f"client.how={how}", "--traceback"),
        ("config", "show", "app.py:App"),
        ("runs", "show", "last"),
        ("runs", "show", "last", "--json"),
        ("datasets", "show", "rows"),
    ):
        done = lolpop(*words)
        if words[0] == "run":
            assert done.code == (0 if how == "return" else 1)
        shown = (done.out + done.err).encode()
        for secret in (SECRET, "12345"):
            assert secret.encode() not in shown, words
    content = stored(app)
    assert b"12345" not in content
    assert b"year=2020" in content
    assert b'"word":"churned"' in content  # programs read such words again, as names of columns


def test_system_exit_fails_the_run_whatever_its_code(app, lolpop):
    """A component that raises SystemExit(0) fails the workflow."""
    assert lolpop("run", "app.py:App", "--set", "client.how=quit").code == 1
    assert lolpop("runs", "show", "last", "--json").json["status"] == "failed"


def test_a_signed_url_is_masked_in_all_that_a_run_leaves(folder, lolpop):
    """If the source is a signed URL, no error, setting or store shows its signature."""
    data = {"train": WEB, "predict": "new.csv", "predictions": "out.csv"}
    problem = {"name": "p", "target": "y", "index": "id"}
    (folder / "lolpop.yaml").write_text(json.dumps({"problem": problem, "data": data}))
    for words in (("config", "show", "classification"), ("run", "classification"), ("runs", "show", "last")):
        done = lolpop(*words)
        assert "12345" not in done.out + done.err, words
    assert b"12345" not in stored(folder)


def test_a_module_that_exits_when_it_is_imported_is_an_error(folder, lolpop):
    """SystemExit while a container is imported is reported as any other error of the user's code."""
    (folder / "gone.py").write_text("raise SystemExit('http://ada:secret@host')")
    done = lolpop("verify", "gone.py:App")
    assert done.code == 2
    assert "SystemExit: http://**********@host" in done.out
    assert "secret" not in done.out + done.err


def test_a_flag_that_is_written_wrongly_does_not_show_its_value(app, lolpop):
    """The value after a colon, written instead of the equals sign, may be a secret."""
    done = lolpop("verify", "app.py:App", "--set", "client.token:hunter22")
    assert done.code == 2
    assert "--set client.token" in done.out + done.err
    assert "hunter22" not in done.out + done.err
