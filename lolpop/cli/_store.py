"""The store of a project, opened to be read, with the components that keep their records in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop import providers
from lolpop._names import did_you_mean
from lolpop.cli._paths import shown_path
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.model_repository import ModelRepository
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.containers import RunnerContainer
from lolpop.errors import ReferenceNotFoundError
from lolpop.kernel.loading import configured
from lolpop.kernel.providers.cells import cell_of
from lolpop.settings.sources import Sources, collect

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.components.store import RunRecord


_RECENT = 50
"""How many of the newest runs are proposed for a misspelt id."""

_BACK = re.compile(r"last|@(?P<number>[1-9][0-9]*)")


class _StoreContainer(RunnerContainer):
    """The store of a project and what keeps records in it, without what runs there."""

    metadata_tracker = providers.Component(MetadataTracker, default="sql")
    metrics_tracker = providers.Component(MetricsTracker, default="sql")
    model_repository = providers.Component(ModelRepository, default="sql")
    model_deployer = providers.Component(ModelDeployer, default="local")
    resource_version_control = providers.Component(ResourceVersionControl, default="local")


def sources_of(options: SettingsOptions, *, flags: bool = True) -> Sources:
    """What the sources of the settings say that were named; without ``flags``, those of the command line."""
    return collect(
        options.files,
        profile=options.profile,
        environ=os.environ,
        flags=options.flags if flags else (),
        cwd=Path.cwd(),
    )


@contextmanager
def open_store(options: SettingsOptions, *, flags: bool = True) -> Iterator[Any]:
    """The store's container, with those settings that are about it; what else is set is not looked at."""
    sources = sources_of(options, flags=flags)
    with configured(_StoreContainer, sources.layers, sources) as container:
        yield container


def is_stored(container: Any) -> bool:
    """Whether there may be a store: one that nobody has made yet is not made to be looked at."""
    url = cell_of(container.store).plan.settings.get("url")
    return url is None or url.value is not None or (Path(container.folder()) / ".lolpop").is_dir()


def store_place(container: Any) -> str | None:
    """Where the container's store is, as its settings say; None where they do not."""
    url = cell_of(container.store).plan.settings.get("url")
    if url is None:
        return None
    return str(url.shown) if url.value is not None else shown_path(Path(container.folder()) / ".lolpop")


def find_run(container: Any, run_id: str) -> RunRecord:
    """The run whose id is, or uniquely begins with, ``run_id``.

    ``last`` and ``@1`` are the newest, ``@2`` is the one before it, and so on. Raises
    ReferenceNotFoundError if there is none such.
    """
    if not is_stored(container):
        raise ReferenceNotFoundError(
            f"There is no run {run_id!r}: nothing has run in {store_place(container)}."
        )
    if (back := _BACK.fullmatch(run_id)) is None:
        return _run_by_id(container, run_id)
    number = int(back["number"] or 1)
    newest = container.store().runs(limit=number)
    if len(newest) < number:
        number_of_runs = f"{store_place(container)} holds {len(newest) or 'none'}"
        raise ReferenceNotFoundError(f"There is no run {run_id!r}: {number_of_runs}.")
    last: RunRecord = newest[-1]
    return last


def _run_by_id(container: Any, run_id: str) -> RunRecord:
    """The run of an id, or of its beginning.

    Raises ReferenceNotFoundError, with a near name, if there is none.
    """
    try:
        run: RunRecord = container.store().run(run_id)
    except ReferenceNotFoundError as error:
        recent = [record.run_id for record in container.store().runs(limit=_RECENT)]
        near = did_you_mean(run_id, ["last", *recent])
        if near is None:
            raise
        raise ReferenceNotFoundError(f"{str(error).rstrip('.')}. {near}") from error
    return run
