"""Differences between two runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.resources import DatasetVersion

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord
    from lolpop.running.records import RunRecords


NOTHING: Any = object()
"""Marks the side of a run without a value."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two runs."""

    path: str
    old: Any
    new: Any

    def as_json(self) -> dict[str, Any]:
        """In JSON's types; the side that has no such thing is left out."""
        sides = {"old": self.old, "new": self.new}
        return {"path": self.path, **{side: value for side, value in sides.items() if value is not NOTHING}}


@dataclass(frozen=True, slots=True)
class Differences:
    """An earlier and a later run, side by side."""

    old: RunRecords
    new: RunRecords

    def about(self) -> list[Change]:
        """What was run, where, and by which code."""
        return list(_changes("", _about(self.old.run), _about(self.new.run)))

    def arguments(self) -> list[Change]:
        """The arguments of the workflow."""
        return list(_changes("", _of(self.old.run, "arguments"), _of(self.new.run, "arguments")))

    def libraries(self) -> list[Change]:
        """The versions of Python and of libraries."""
        return list(_changes("", _of(self.old.run, "versions"), _of(self.new.run, "versions")))

    def implementations(self) -> list[Change]:
        """What stands at a path of the container."""
        old, new = _implementations(self.old.run), _implementations(self.new.run)
        return list(_changes("", old, new))

    def settings(self) -> list[Change]:
        """Settings, by path; of an implementation that only one of the runs has, those that were given."""
        return list(self._settings())

    def _settings(self) -> Iterator[Change]:
        old_parts, new_parts = _of(self.old.run, "components"), _of(self.new.run, "components")
        for path in {**old_parts, **new_parts}:
            old, new = old_parts.get(path, {}), new_parts.get(path, {})
            if old.get("use") == new.get("use"):
                yield from _changes(path, _recorded_value(old), _recorded_value(new))
            else:
                yield from _changes(
                    path,
                    _explicit(self.old.run, path, _recorded_value(old)),
                    _explicit(self.new.run, path, _recorded_value(new)),
                )

    def datasets(self) -> list[Change]:
        """The versions of datasets that went into tasks or came out of them."""
        return list(_changes("", _datasets(self.old), _datasets(self.new)))

    def metrics(self) -> Iterator[tuple[str, str, float | None, float | None]]:
        """By what was measured on and metric: the number of each run, None where it has none."""
        old, new = self.old.metrics(), self.new.metrics()
        for part in {**old, **new}:
            before, after = old.get(part, {}), new.get(part, {})
            for name in {**before, **after}:
                yield part, name, before.get(name), after.get(name)

    def as_json(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        document: dict[str, Any] = {
            "old": self.old.run.run_id,
            "new": self.new.run.run_id,
            **{
                name: [change.as_json() for change in changes]
                for name, changes in (
                    ("about", self.about()),
                    ("implementations", self.implementations()),
                    ("settings", self.settings()),
                    ("arguments", self.arguments()),
                    ("libraries", self.libraries()),
                    ("datasets", self.datasets()),
                )
            },
            "metrics": {},
        }
        for part, name, old, new in self.metrics():
            numbers = {"old": old, "new": new, "difference": difference(old, new)}
            document["metrics"].setdefault(part, {})[name] = numbers
        return document


def difference(old: float | None, new: float | None) -> float | None:
    """How much greater the new number is; None where there are not two."""
    if old is None or new is None or math.isnan(old) or math.isnan(new):
        return None
    return new - old


def _about(run: RunRecord) -> dict[str, Any]:
    wiring = run.wiring
    names = ("runner", "profile", "host", "git_commit", "git_dirty", "replays", "resumes")
    return {
        "workflow": run.workflow,
        "status": run.status,
        **{name: wiring[name] for name in names if wiring.get(name) is not None},
    }


def _of(run: RunRecord, name: str) -> Mapping[str, Any]:
    section: Mapping[str, Any] = run.wiring.get(name, {})
    return section


def _implementations(run: RunRecord) -> dict[str, Any]:
    return {path: part["use"] for path, part in _of(run, "components").items() if "use" in part}


def _recorded_value(part: Mapping[str, Any]) -> Any:
    return part["value"] if "value" in part else part.get("settings", {})


def _explicit(run: RunRecord, path: str, settings: Any) -> Any:
    paths = set(run.wiring.get("given", ()))
    return {name: value for name, value in settings.items() if f"{path}.{name}" in paths}


def _datasets(records: RunRecords) -> dict[str, str]:
    versions: dict[str, dict[str, None]] = {}
    for resource in records.used:
        if isinstance(resource, DatasetVersion):
            versions.setdefault(resource.name, {})[f"@{resource.number}"] = None
    return {name: ", ".join(numbers) for name, numbers in versions.items()}


def _changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Where two values differ: mappings key by key, anything else as a whole."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            below = f"{path}.{key}" if path else key
            yield from _changes(below, old.get(key, NOTHING), new.get(key, NOTHING))
    elif old is NOTHING or new is NOTHING or repr(old) != repr(new):  # NaN is the same, True is not 1
        yield Change(path, old, new)
