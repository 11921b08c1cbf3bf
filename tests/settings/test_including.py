"""Settings files that include others: their strength, their paths, and what is wrong with them."""

from pathlib import Path

import pytest

from lolpop import Component, RunnerContainer, providers
from lolpop.containers import scope_of
from lolpop.errors import SettingsError, VerificationError
from lolpop.kernel.explanation import explain


class Clock(Component):
    def __init__(self, zone: str = "UTC", ticks: int = 1, color: str = "white") -> None:
        self.zone, self.ticks, self.color = zone, ticks, color


class ClockContainer(RunnerContainer):
    clock = providers.Component(Clock, default=Clock)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    (tmp_path / "shared").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def errors(*files):
    with pytest.raises(SettingsError) as error:
        ClockContainer.load(*files, environ={})
    return [str(finding) for finding in error.value.findings]


def test_included_files_are_weaker_and_the_later_one_is_stronger():
    """The file itself is the strongest, then the last included one; values keep their file and line."""
    Path("../shared/one.yaml").write_text("clock: {zone: one, ticks: 1, color: one}\n")
    Path("../shared/two.toml").write_text("[clock]\nzone = 'two'\nticks = 2\n")
    Path("lolpop.yaml").write_text("include: [../shared/one.yaml, ../shared/two.toml]\nclock: {zone: own}\n")
    container = ClockContainer.load(environ={})
    clock = container.clock()
    assert (clock.zone, clock.ticks, clock.color) == ("own", 2, "one")
    [setting] = explain(scope_of(container), "clock.ticks")
    assert str(setting.origin).endswith("shared/two.toml:3:9")
    assert {"one.yaml", "two.toml", "lolpop.yaml"} == {
        file.name for file in scope_of(container).configuration.files
    }


def test_included_files_include_others_and_profiles_do_too():
    """Paths start from the folder of the file that includes; one file may be named without a list."""
    Path("../shared/base.yaml").write_text("clock: {ticks: 5}\n")
    Path("../shared/team.yaml").write_text("include: base.yaml\nclock: {zone: team}\n")
    Path("lolpop.yaml").write_text("clock: {color: own}\n")
    Path("lolpop.prod.yaml").write_text("include: ../shared/team.yaml\n")
    clock = ClockContainer.load(profile="prod", environ={}).clock()
    assert (clock.zone, clock.ticks, clock.color) == ("team", 5, "own")


def test_a_file_that_is_missing_is_reported_where_it_is_named():
    """The finding has the line of the including file and a near name."""
    Path("../shared/store.yaml").write_text("seed: 1\n")
    Path("lolpop.yaml").write_text("include:\n  - ../shared/stroe.yaml\n")
    [error] = errors()
    assert error.startswith("lolpop.yaml:2:5  include: there is no file ")
    assert "Did you mean store.yaml?" in error


def test_a_file_that_includes_itself_is_an_error():
    """The message draws the cycle."""
    Path("a.yaml").write_text("include: b.yaml\n")
    Path("b.yaml").write_text("include: ./a.yaml\n")
    [error] = errors("a.yaml")
    assert "b.yaml:1:10  include: the file includes itself: a.yaml -> b.yaml -> a.yaml" in error


def test_a_value_that_is_no_path_is_an_error():
    """Numbers and mappings are refused at their place."""
    Path("lolpop.yaml").write_text("include: [3]\n")
    assert errors() == [
        "lolpop.yaml:1:11  include: should be the path of a settings file, or a list of such paths."
    ]


def test_settings_of_included_files_are_verified():
    """A misspelt setting is a finding at its place in the included file."""
    Path("../shared/base.yaml").write_text("clock: {zoen: x}\n")
    Path("lolpop.yaml").write_text("include: ../shared/base.yaml\n")
    with pytest.raises(VerificationError, match=r"shared/base\.yaml:1:9  clock\.zoen.*Did you mean zone"):
        ClockContainer.load(environ={}).verify()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../shared", "is a folder, not a file"),
        ("${env:X}.yaml", "links are not resolved in the names of files"),
    ],
)
def test_an_included_name_that_is_no_file_is_an_error(name, message):
    """A folder and a link are named as such, where they are written."""
    Path("lolpop.yaml").write_text(f"include: '{name}'\n")
    (error,) = errors()
    assert error.startswith("lolpop.yaml:1:10  include: ")
    assert message in error
