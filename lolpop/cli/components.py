"""``lolpop components``: which implementations are registered."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from lolpop import registry
from lolpop._names import one_of
from lolpop.cli._failures import UsageError
from lolpop.cli._output import print_json, show, table, without_markup
from lolpop.errors import WiringError

__all__ = ["list_components"]


@dataclass(frozen=True, slots=True)
class _Implementation:
    """An implementation as it is listed."""

    type: str
    name: str
    package: str
    """The distribution that registers it."""
    summary: str
    """The first line of its documentation, or why it cannot be used."""
    install: str
    """What to install before it can be used; empty if everything is there."""


def list_components(component_type: str | None, *, as_json: bool) -> None:
    """Print the registered implementations, of one type or of all."""
    types = registry.component_types()
    if component_type is not None and component_type not in types:
        raise UsageError(
            f"there is no component type {component_type!r}. {one_of(component_type, types, what='Types')}"
        )
    listed = [
        implementation
        for kind in types
        if component_type in (None, kind)
        for implementation in _implementations(kind)
    ]
    if as_json:
        print_json([asdict(implementation) for implementation in listed])
        return
    rows = [(item.type, item.name, item.package, _state(item.install), item.summary) for item in listed]
    show(table(rows, titles=("type", "name", "package", "state", "what it does"), whole=(1,)))


def _state(install: str) -> str:
    return f"pip install '{install}'" if install else "installed"


def _implementations(component_type: str) -> Iterator[_Implementation]:
    group = f"{registry.COMPONENTS}{component_type}"
    for name, first in sorted(registry.registrations(group).items()):
        try:
            entry = registry.registration(group, name) or first
            implementation = registry.load_entry(entry)
        except WiringError as error:
            yield _Implementation(component_type, name, first.distribution, str(error), "")
            continue
        summary = without_markup((inspect.getdoc(implementation) or "").partition("\n")[0])
        missing = registry.missing_modules(getattr(implementation, "requires", ()))
        install = (getattr(implementation, "install", "") or " ".join(missing)) if missing else ""
        yield _Implementation(component_type, name, entry.distribution, summary, install)
