"""Settings classes of pydantic-settings as sections of a container, and as a source of its settings."""

from pathlib import Path

import pytest
from pydantic import AliasChoices, BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from lolpop import Component, Runner, RunnerContainer, providers, workflow
from lolpop.containers import scope_of
from lolpop.errors import SettingsError, VerificationError, WiringError
from lolpop.kernel.explanation import explain


class Database(BaseSettings):
    url: str = "sqlite://"
    pool: int = 5


class AppSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", env_nested_delimiter="__", env_file="shop.env")

    path: str = "/"
    title: str = "shop"
    token: SecretStr | None = None
    database: Database = Database.model_construct(url="sqlite://", pool=5)
    port: int = Field(default=80, validation_alias=AliasChoices("HTTP_PORT", "PORT"))


class Server(Component):
    def __init__(self, *, app: AppSettings):
        self.app = app


class ShopContainer(RunnerContainer):
    app = providers.Settings(AppSettings)
    server = providers.Component(Server, default=Server)


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_TITLE", "of the process")
    monkeypatch.setenv("URL", "of the process")


def origin(container, path):
    [setting] = explain(scope_of(container), path)
    return setting.value, str(setting.origin)


def test_a_section_is_not_read_from_the_process_behind_lolpop_s_back():
    """With an explicit environment, the class does not read variables of the process."""
    for container in (ShopContainer(), ShopContainer.load(environ={})):
        app = container.server().app
        assert type(app) is AppSettings
        assert (app.path, app.title, app.database.url) == ("/", "shop", "sqlite://")


def test_the_variables_of_the_class_are_a_source_with_origins():
    """Prefix, aliases and nested names work; the origin is the variable; LOLPOP_ has precedence."""
    environ = {
        "SHOP_TITLE": "a", "shop_path": "/b", "PORT": "81", "HTTP_PORT": "82", "SHOP_DATABASE__POOL": "9",
        "LOLPOP_APP__PATH": "/c",
    }  # fmt: skip
    container = ShopContainer.load(environ=environ)
    app = container.app()
    assert (app.title, app.path, app.port, app.database.pool) == ("a", "/c", 82, 9)
    assert origin(container, "app.title") == ("a", "$SHOP_TITLE")
    assert origin(container, "app.path") == ("/c", "$LOLPOP_APP__PATH")
    assert origin(container, "app.database.pool") == (9, "$SHOP_DATABASE__POOL")


def test_the_env_file_of_the_class_is_weaker_than_its_variables():
    """It is read from the folder of the settings, with less precedence than variables."""
    Path("shop.env").write_text("SHOP_TITLE=file\nSHOP_PATH=/file\n")
    Path("lolpop.yaml").write_text("app: {title: yaml, path: /yaml, token: yaml-token}\n")
    container = ShopContainer.load(environ={"SHOP_TITLE": "variable"})
    assert (container.app().title, container.app().path) == ("variable", "/file")
    assert origin(container, "app.path") == ("/file", "shop.env:2")
    assert container.app().token == SecretStr("yaml-token")


def test_wrong_values_and_keys_are_findings_with_their_place():
    """An invalid value has its variable or line; a misspelt key has a near name."""
    Path("lolpop.yaml").write_text("app: {titel: x}\n")
    container = ShopContainer.load(environ={"SHOP_DATABASE__POOL": "many"})
    with pytest.raises(VerificationError) as error:
        container.verify()
    assert "$SHOP_DATABASE__POOL  app.database.pool: input should be a valid integer" in str(error.value)
    assert "lolpop.yaml:1:7  app.titel" in str(error.value)
    assert "Did you mean title?" in str(error.value)


def test_a_broken_env_file_is_an_error_of_the_settings():
    """The error names a file that is not text."""
    Path("shop.env").write_bytes(b"SHOP_TITLE=\xff\n")
    with pytest.raises(SettingsError, match=r"shop\.env:1:12  is not UTF-8"):
        ShopContainer.load(environ={})


def test_nested_in_a_model_it_reads_nothing_either():
    """A settings class inside a plain model gets values of lolpop's sources only."""

    class Outer(BaseModel):
        database: Database

    class OuterContainer(RunnerContainer):
        outer = providers.Settings(Outer)

    container = OuterContainer.load(overrides={"outer.database.pool": 3}, environ={})
    assert (container.outer().database.url, container.outer().database.pool) == ("sqlite://", 3)


def test_sources_of_the_class_that_are_not_read_are_a_warning():
    """Custom sources of a class are not called, and verification says so."""

    class Customised(BaseSettings):
        model_config = SettingsConfigDict(secrets_dir="/run/secrets")

        @classmethod
        def settings_customise_sources(cls, settings_cls, init_settings, **others):
            return (init_settings,)

    class CustomContainer(RunnerContainer):
        custom = providers.Settings(Customised)

    [warning] = CustomContainer.load(environ={}).verify()
    assert "the secrets_dir and settings_customise_sources() of Customised is not read" in str(warning)


class RunSettings(BaseSettings):
    """What a team has for all of its programs."""

    seed: int = 7
    rounds: int = 3
    debug: bool = False
    database: Database = Database(url="postgresql://db")


class Train(Runner):
    def __init__(self, rounds: int = 1, *, database: Database):
        self.rounds, self.database = rounds, database

    @workflow
    def run(self) -> tuple[int, str]:
        return self.rounds, self.database.url


class TrainContainer(RunnerContainer):
    database = providers.Settings(Database)
    runner = providers.Runner(Train)


def test_a_settings_object_is_a_source():
    """Its values are settings with the class and field as origin; other fields are ignored."""
    container = TrainContainer.load(settings=RunSettings(), environ={})
    assert container.runner().run() == (3, "postgresql://db")
    assert container.seed() == 7
    assert origin(container, "seed") == (7, "RunSettings.seed")
    assert origin(container, "rounds") == (3, "RunSettings.rounds")


@pytest.mark.parametrize("settings", [RunSettings, {"seed": 7}])
def test_what_is_no_settings_object_is_refused(settings):
    """The error for a class or a mapping says what to write."""
    with pytest.raises(WiringError, match=r"settings must be an object of a settings class"):
        TrainContainer.load(settings=settings, environ={})


def test_a_settings_object_is_stronger_than_files_and_weaker_than_variables():
    """It has the precedence of sources of the application."""
    Path("lolpop.yaml").write_text("seed: 1\nrounds: 1\n")
    container = TrainContainer.load(settings=RunSettings(rounds=2), environ={"LOLPOP_SEED": "9"})
    assert (container.runner().rounds, container.seed()) == (2, 9)
