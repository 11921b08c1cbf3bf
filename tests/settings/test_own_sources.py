"""Sources of an application's own, beside lolpop's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lolpop import Component, RunnerContainer, providers
from lolpop.errors import Finding, SettingsError
from lolpop.settings.overrides import Overrides
from lolpop.settings.protocol import Project, Reading


class Clock(Component):
    def __init__(self, zone: str = "UTC", ticks: int = 1) -> None:
        self.zone, self.ticks = zone, ticks


class ClockContainer(RunnerContainer):
    clock = providers.Component(Clock, default=Clock)


class Parameters:
    """A parameter store with one value for each profile."""

    def read(self, project: Project) -> Reading:
        profiles = ",".join(profile.name for profile in project.profiles)
        return Overrides({"clock.zone": profiles or "none", "clock.ticks": 2}, name="parameters").read(
            project
        )


def test_a_source_is_stronger_than_files_and_weaker_than_variables(tmp_path: Path) -> None:
    """A source of the application has precedence over files, and variables over it."""
    file = tmp_path / "lolpop.yaml"
    file.write_text("clock: {zone: file, ticks: 1}")
    (tmp_path / "lolpop.prod.yaml").write_text("{}")
    container = ClockContainer.load(
        file, profile="prod", sources=[Parameters()], environ={"LOLPOP_CLOCK__TICKS": "3"}
    )
    assert (container.clock().zone, container.clock().ticks) == ("prod", 3)


def test_a_wrong_value_of_a_source_names_the_source() -> None:
    """The finding has the name of the source."""
    source = Overrides({"clock.ticks": "many"}, name="parameters:/clock")
    container = ClockContainer.load(sources=[source], environ={})
    with pytest.raises(Exception, match=r"parameters:/clock  clock\.ticks: input should be a valid integer"):
        container.verify()


def test_findings_of_a_source_are_raised_with_all_others() -> None:
    """They are in one error with those of other sources."""

    class Unreachable:
        def read(self, project: Project) -> Reading:
            return Reading(findings=(Finding("", "parameters:/clock cannot be reached"),))

    with pytest.raises(SettingsError) as raised:
        ClockContainer.load(sources=[Unreachable()], environ={}, overrides={"": 1})
    assert len(raised.value.findings) == 2


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with a source of settings."""
    info = tmp_path / "clocks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: clocks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lolpop.settings_sources]\nclocks = clocks_source:Source\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "clocks_source", raising=False)
    return tmp_path / "clocks_source.py"


def test_an_installed_extension_adds_a_source(extension: Path) -> None:
    """Every container reads a source that a package registers."""
    extension.write_text(
        "from lolpop.settings.overrides import Overrides\n"
        "class Source:\n"
        "    def read(self, project):\n"
        "        return Overrides({'clock.zone': 'extension'}, name='clocks').read(project)\n"
    )
    assert ClockContainer.load(environ={}).clock().zone == "extension"


def test_a_broken_extension_is_named(extension: Path) -> None:
    """A source that cannot be imported is an error with its name."""
    extension.write_text("raise RuntimeError('no clocks today')\n")
    with pytest.raises(SettingsError, match=r"settings source 'clocks'.*no clocks today"):
        ClockContainer.load(environ={})
