"""Versions of datasets and models, by their names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lolpop.cli._failures import UsageError
from lolpop.cli._output import moment, print_json, say, show, table
from lolpop.cli._store import is_stored, open_store, store_place
from lolpop.errors import LolpopError, ReferenceNotFoundError
from lolpop.resources import Numbered

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.components.metadata_tracker import MetadataTracker


V = TypeVar("V", bound=Numbered)


@dataclass(frozen=True, slots=True)
class VersionView(Generic[V]):
    """How versions of one type are told, many in a table or one by itself, to people or as JSON."""

    version_type: type[V]
    summary: Callable[[Any, V], Mapping[str, Any]]
    """What is listed of a version that a container knows."""
    titles: tuple[str, ...]
    row: Callable[[Mapping[str, Any]], tuple[str, ...]]
    """A summary as a row of the table."""
    right: tuple[int, ...]
    """Columns of the table that hold numbers."""
    details: Callable[[Any, V], Mapping[str, Any]]
    """All that is known of a version."""
    parts: Callable[[Mapping[str, Any]], Iterable[RenderableType]]
    """Details as people read them."""

    def newest(self, name: str | None, options: SettingsOptions, *, limit: int, as_json: bool) -> None:
        """Print the newest versions, of the one that is named, if one is."""
        with open_store(options) as container:
            summaries = [
                self.summary(container, item) for item in newest(container, self.version_type, name, limit)
            ]
            if as_json:
                print_json(summaries)
            elif summaries:
                show(table([self.row(item) for item in summaries], titles=self.titles, right=self.right))
            else:
                kind, of_name = self.version_type.kind.replace("_", " "), f" of {name}" if name else ""
                say(f"No {kind}s{of_name} in {store_place(container) or 'the store'}.")

    def one(self, version: str, options: SettingsOptions, *, as_json: bool) -> None:
        """Print all that is known of a version. Raises ReferenceNotFoundError if there is none such."""
        with open_store(options) as container:
            details = self.details(container, version_of(container, self.version_type, version))
            if as_json:
                print_json(details)
            else:
                show(*self.parts(details))


def newest(container: Any, version_type: type[V], name: str | None, limit: int) -> list[V]:
    """Versions, of the dataset or model ``name`` if one is given, newest first."""
    if not is_stored(container):
        return []
    tracker: MetadataTracker = container.metadata_tracker()
    return tracker.find(version_type, name)[::-1][:limit]


def version_of(container: Any, version_type: type[V], text: str) -> V:
    """The version that a reference, ``name@number``, or a name alone, of which the newest is meant, names.

    Raises UsageError if the text is none of these, and ReferenceNotFoundError if there is no such version.
    """
    reference = text if ":" in text else f"{version_type.kind}:{text}"
    if "@" not in text:
        versions = newest(container, version_type, reference.partition(":")[2], 1)
        # One that is not there is told by the tracker, with near names.
        reference = versions[0].reference if versions else f"{reference}@1"
    try:
        version = version_type.parse(reference)
    except LolpopError as error:
        raise UsageError(str(error)) from error
    if not is_stored(container):
        raise ReferenceNotFoundError(f"There is no {version}: nothing has run here yet.")
    container.metadata_tracker().get(version)
    return version


def origin_json(container: Any, version: Numbered) -> dict[str, Any]:
    """Which version it is, and who made it when."""
    record = container.metadata_tracker().get(version)
    return {
        version.kind: version.reference,
        "created_at": record.created_at,
        "run_id": record.run_id,
        "task": record.task,
    }


def lineage_json(container: Any, version: Numbered) -> dict[str, Any]:
    """What it was made from, what was made from it, and what is kept with it."""
    tracker: MetadataTracker = container.metadata_tracker()
    return {
        "parents": [parent.reference for parent in tracker.parents(version)],
        "children": [child.reference for child in tracker.children(version)],
        "artifacts": tracker.artifacts(version),
        "tags": dict(tracker.get(version).tags),
    }


def about(details: Mapping[str, Any], *, more: Mapping[str, Any]) -> Table:
    """Who made it when, and ``more`` of that kind, as far as there is something to say."""
    rows = {"made": moment(details["created_at"]), "by": details["task"], "run": details["run_id"], **more}
    return table([(f"  {name}", str(value)) for name, value in rows.items() if value not in (None, "")])


def lineage_tables(details: Mapping[str, Any]) -> Iterator[Table]:
    """What ``lineage_json`` tells, for people."""
    titles = {"parents": "Made from", "children": "Used for", "artifacts": "Kept with it"}
    for key, title in titles.items():
        if details[key]:
            yield table([(f"  {reference}",) for reference in details[key]], titles=(title,))
    if details["tags"]:
        yield table([(f"  {name}", value) for name, value in details["tags"].items()], titles=("Tags", ""))
