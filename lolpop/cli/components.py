"""``lolpop components``: which implementations are registered."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points

from lolpop import registry
from lolpop._names import one_of
from lolpop.cli._failures import UsageError
from lolpop.cli._output import print_json, show, table, without_markup
from lolpop.errors import WiringError

__all__ = ["list_components"]

_GROUP = "lolpop.components."


def list_components(component_type: str | None, *, as_json: bool) -> None:
    """Print the registered implementations, of one type or of all."""
    types = sorted({name.removeprefix(_GROUP) for name in entry_points().groups if name.startswith(_GROUP)})
    if component_type is not None and component_type not in types:
        raise UsageError(
            f"there is no component type {component_type!r}. {one_of(component_type, types, what='Types')}"
        )
    rows = [
        row
        for component_kind in types
        if component_type in (None, component_kind)
        for row in _implementations(component_kind)
    ]
    if as_json:
        keys = ("type", "name", "summary", "install")
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    show(
        table(
            [
                (kind, name, install and f"pip install '{install}'", summary)
                for kind, name, summary, install in rows
            ],
            titles=("type", "name", "needs", ""),
        )
    )


def _implementations(component_type: str) -> Iterator[tuple[str, str, str, str]]:
    """Type, name, first line of the documentation, and what to install, empty if all is there."""
    for name, path in sorted(registry.registered(f"{_GROUP}{component_type}").items()):
        try:
            implementation = registry.import_object(path)
        except WiringError as error:
            yield component_type, name, str(error), ""
            continue
        summary = without_markup((inspect.getdoc(implementation) or "").partition("\n")[0])
        missing = registry.missing_modules(implementation.requires)
        yield component_type, name, summary, (implementation.install or " ".join(missing)) if missing else ""
