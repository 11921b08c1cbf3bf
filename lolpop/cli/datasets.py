"""``lolpop datasets``: which versions of data there are, and where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lolpop.checks import CheckReport
from lolpop.cli._output import json_value, moment, print_json, say, show, table
from lolpop.cli._store import open_store, store_place
from lolpop.cli._versions import about, lineage_json, lineage_tables, newest, origin_json, version_of
from lolpop.resources import DatasetVersion

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lolpop.cli._project import Given

__all__ = ["list_datasets", "show_dataset"]


def list_datasets(name: str | None, given: Given, *, limit: int, as_json: bool) -> None:
    """Print the newest versions of datasets, of the one that is named, if one is."""
    with open_store(given) as container:
        found = [_summary(container, each) for each in newest(container, DatasetVersion, name, limit)]
        if as_json:
            print_json(found)
        elif found:
            titles = ("dataset version", "rows", "columns", "made", "run", "source")
            show(table([_row(each) for each in found], titles=titles, right=(1, 2)))
        else:
            of_name = f" of {name}" if name else ""
            say(f"No dataset versions{of_name} in {store_place(container) or 'the store'}.")


def show_dataset(version: str, given: Given, *, as_json: bool) -> None:
    """Print all that is known of a dataset version.

    Raises ReferenceNotFoundError if there is none such.
    """
    with open_store(given) as container:
        dataset_version = version_of(container, DatasetVersion, version)
        fields = container.metadata_tracker().get(dataset_version).fields
        found = {
            **_summary(container, dataset_version),
            "dtypes": dict(fields.get("dtypes", {})),
            "digest": fields.get("digest"),
            "drift": {
                key.removeprefix("drift."): value for key, value in fields.items() if key.startswith("drift.")
            },
            **lineage_json(container, dataset_version),
        }
        if as_json:
            print_json(found)
        else:
            show(*_parts(found))


def _summary(container: Any, version: DatasetVersion) -> dict[str, Any]:
    fields = container.metadata_tracker().get(version).fields
    return {
        **origin_json(container, version),
        "rows": fields.get("rows"),
        "columns": fields.get("columns"),
        "source": fields.get("source"),
    }


def _row(found: Mapping[str, Any]) -> tuple[str, ...]:
    made, run_id = moment(found["created_at"]), found["run_id"] or ""
    counts = (_count(found["rows"]), _count(found["columns"]))
    return found["dataset_version"], *counts, made, run_id, _source(found)


def _parts(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield f"{found['dataset_version']}: {_count(found['rows'])} rows, {_count(found['columns'])} columns"
    yield about(found, more={"source": _source(found), "digest": found["digest"]})
    if found["dtypes"]:
        rows = [(f"  {name}", str(dtype)) for name, dtype in found["dtypes"].items()]
        yield table(rows, titles=("Columns", ""))
    for reference, report in found["drift"].items():
        checks = CheckReport.model_validate({"checks": report.get("checks", ())}).checks
        rows = [(f"  {check.status}", check.message) for check in checks]
        yield table(rows, titles=("Drift", f"against {reference}"))
    yield from lineage_tables(found)


def _source(found: Mapping[str, Any]) -> str:
    source = json_value(found["source"])
    return "" if source is None else str(source)


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
