"""Places: the files that a tree of containers reads and writes, and conflicts between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop.data.places import WRITING, Place
from lolpop.errors import Finding
from lolpop.kernel.providers.traversal import cells_in, injected_values, setting_place

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["missing_findings", "place_findings", "places_of"]


def places_of(root: Scope) -> Iterator[Place]:
    """The settings files, and every place that an implementation names by ``claimed_places``."""
    for file in root.configuration.files:
        yield Place("", str(file), "kept", name=f"the settings file {file.name}")
    for cell in cells_in(root):
        plan = cell.plan
        claimed = getattr(plan.implementation, "claimed_places", None)
        if claimed is None or plan.errors:
            continue
        settings = {name: setting.value for name, setting in plan.settings.items()}
        for place in claimed(settings, dict(injected_values(cell.dependencies))):
            path, origin = setting_place(cell, place.setting)
            yield replace(place, setting=path, origin=origin)


def place_findings(places: Sequence[Place]) -> Iterator[Finding]:
    """Findings about places that would be overwritten."""
    for at, place in enumerate(places):
        for number, other in enumerate(places):
            if _is_lost(place, other, earlier=number < at) and other.holds(place.location):
                yield Finding(
                    place.setting,
                    f"is {other.shown}, which would be overwritten",
                    origin=place.origin,
                    hint="Name another file.",
                )
                break


def missing_findings(places: Sequence[Place]) -> Iterator[Finding]:
    """Warnings about local input files that do not exist; a workflow may write them first."""
    for place in places:
        if place.access == "read" and "://" not in place.location and not Path(place.location).exists():
            yield _missing(place)


def _missing(place: Place) -> Finding:
    path = Path(place.location)
    file = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    hint = "Correct the path, or write the file before the run."
    return Finding(place.setting, f"there is no file {file}", "warning", place.origin, hint)


def _is_lost(place: Place, other: Place, *, earlier: bool) -> bool:
    """Whether writing to ``place`` destroys the content of ``other``, if they are the same."""
    if place.access not in WRITING or other.setting == place.setting:
        return False
    if place.access == other.access == "appended":
        return False  # two loggers may append to one file
    return earlier or other.access not in WRITING
