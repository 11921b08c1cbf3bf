"""``lolpop datasets``: which versions of data there are, and where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lolpop.checks import CheckReport
from lolpop.cli._output import json_value, moment, table
from lolpop.cli._versions import VersionView, about, lineage_json, lineage_tables, origin_json
from lolpop.data.frames import count
from lolpop.resources import DatasetVersion

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lolpop.cli._settings_options import SettingsOptions

__all__ = ["list_datasets", "show_dataset"]


def list_datasets(name: str | None, options: SettingsOptions, *, limit: int, as_json: bool) -> None:
    """Print the newest versions of datasets, of the one that is named, if one is."""
    _TELLING.newest(name, options, limit=limit, as_json=as_json)


def show_dataset(version: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print all that is known of a dataset version.

    Raises ReferenceNotFoundError if there is none such.
    """
    _TELLING.one(version, options, as_json=as_json)


def _summary(container: Any, version: DatasetVersion) -> dict[str, Any]:
    fields = container.metadata_tracker().get(version).fields
    return {
        **origin_json(container, version),
        "rows": fields.get("rows"),
        "columns": fields.get("columns"),
        "source": fields.get("source"),
    }


def _details(container: Any, version: DatasetVersion) -> dict[str, Any]:
    fields = container.metadata_tracker().get(version).fields
    drift = {key.removeprefix("drift."): value for key, value in fields.items() if key.startswith("drift.")}
    return {
        **_summary(container, version),
        "dtypes": dict(fields.get("dtypes", {})),
        "digest": fields.get("digest"),
        "files_in_place": fields.get("files"),
        "drift": drift,
        **lineage_json(container, version),
    }


def _row(details: Mapping[str, Any]) -> tuple[str, ...]:
    created, run_id = moment(details["created_at"]), details["run_id"] or ""
    counts = (_count(details["rows"]), _count(details["columns"]))
    return details["dataset_version"], *counts, created, run_id, _source(details)


def _parts(details: Mapping[str, Any]) -> Iterator[RenderableType]:
    size = f"{_count(details['rows'])} rows, {_count(details['columns'])} columns"
    in_place = ""
    if details["files_in_place"]:
        in_place = f", which stay in {count(details['files_in_place'], 'file')}"
    yield f"{details['dataset_version']}: {size}{in_place}"
    yield about(details, more={"source": _source(details), "digest": details["digest"]})
    if details["dtypes"]:
        rows = [(f"  {name}", str(dtype)) for name, dtype in details["dtypes"].items()]
        yield table(rows, titles=("Columns", ""))
    for reference, report in details["drift"].items():
        checks = CheckReport.model_validate({"checks": report.get("checks", ())}).checks
        rows = [(f"  {check.status}", check.message) for check in checks]
        yield table(rows, titles=("Drift", f"against {reference}"))
    yield from lineage_tables(details)


def _source(details: Mapping[str, Any]) -> str:
    source = json_value(details["source"])
    return "" if source is None else str(source)


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


_TELLING = VersionView(
    DatasetVersion,
    summary=_summary,
    titles=("dataset version", "rows", "columns", "made", "run", "source"),
    row=_row,
    right=(1, 2),
    details=_details,
    parts=_parts,
)
