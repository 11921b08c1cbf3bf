"""Containers of tests: loaded with a store of their own, and watched for overrides that are left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from lolpop import providers
from lolpop.components.store import Store
from lolpop.containers import load, scope_of
from lolpop.kernel.providers.slots import Slot, bound
from lolpop.kernel.providers.uncached_cells import uncached_cell
from lolpop.registry import RUNNERS, import_object, registered


def load_container(
    container: type[Any] | str,
    files: Iterable[str | Path],
    profile: str | None,
    overrides: Mapping[str, Any],
    environ: Mapping[str, str],
    folder: Path,
) -> Any:
    """A container whose store is in memory, and whose artifacts are below ``folder``."""
    if isinstance(container, str):
        container = cast("type[Any]", import_object(registered(RUNNERS).get(container, container)))
    loaded = load(container, tuple(files), profile=profile, environ=environ, overrides=overrides)
    if "store" in loaded.providers:
        settings = {"url": "sqlite://", "artifacts": str(folder / "lolpop-artifacts")}
        loaded.store.override(providers.Component(Store, default="sql", settings=settings))
    return loaded


def active_overrides(container: Any) -> dict[Any, str]:
    """The overrides in force in the tree of a container, each with the path of what it overrides."""
    active: dict[Any, str] = {}
    for scope in scope_of(container).root.walk():
        for provider in scope.providers.values():
            place: Any = bound(provider) if isinstance(provider, Slot) else uncached_cell(provider)
            for override in place.overrides if place is not None else ():
                active[override] = place.path
    return active


def end_overrides(containers: Iterable[Any], overrides: Iterable[Any]) -> None:
    """End overrides that their test has left, so that they are in no other test's way."""
    ending = set(overrides)
    for container in containers:
        own = [override for override in active_overrides(container) if override in ending]
        scope_of(container).lifetime.end(*own)
