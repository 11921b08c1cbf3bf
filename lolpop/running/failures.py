"""Failed runs: notes on their errors, and notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lolpop._escaping import escaped_text
from lolpop.errors import LolpopError, TrainingError
from lolpop.kernel.masking import masked
from lolpop.kernel.providers import Component
from lolpop.kernel.providers.cells import cell_of
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.traversal import cells_in

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, RunStatus
    from lolpop.kernel.scopes import Scope

__all__ = ["add_setting_origin", "failures_as_notes", "notify_failure", "status_of"]


def notify_failure(root: Scope, run: RunRecord, error: BaseException) -> None:
    """Notify those who do not see the console that ``run`` failed."""
    from lolpop.components.notifier import Notifier

    text = escaped_text(masked(root, f"{run.workflow} failed in run {run.run_id}: {_short(error)}"))
    for slot in root.providers.values():
        interface = slot.interface if isinstance(slot, Component | ComponentGroup) else None
        if not (isinstance(interface, type) and issubclass(interface, Notifier)):
            continue
        with failures_as_notes(root, error, f"notifying {cell_of(slot).path}"):
            notifiers = slot()
            if isinstance(notifiers, dict):
                notifiers = list(notifiers.values())
            for notifier in notifiers if isinstance(notifiers, list) else [notifiers]:
                if not getattr(notifier, "reaches_elsewhere", True):
                    continue  # the error itself is about to be seen on the console
                with failures_as_notes(root, error, f"notifying {type(notifier).__name__}"):
                    notifier.notify(text, "error")


def add_setting_origin(root: Scope, error: TrainingError, name: str, value: str) -> None:
    """Add the setting of the parameter, and its origin, to an error about a parameter."""
    for cell in cells_in(root):
        params = cell.plan.settings.get("params")
        values = params.value if params is not None and params.is_given else None
        if isinstance(values, Mapping) and name in values and repr(values[name]) == value:
            origin = cell.plan.origin_of(("params", name))
            error.add_note(f"It is set at {origin}, as {cell.path}.params.{name}.")
            return


@contextmanager
def failures_as_notes(root: Scope, error: BaseException, action: str) -> Iterator[None]:
    """Add a failure of ``action`` to ``error`` as a note, so that the first error is raised."""
    try:
        yield
    except Exception as failure:  # noqa: BLE001  (notifiers may fail in any way)
        note = masked(root, f"{action} failed: {failure!r}")
        # A store that fails in a task fails again when that is recorded, once for each call that ends.
        if str(failure) != str(error) and note not in getattr(error, "__notes__", ()):
            error.add_note(note)


def status_of(error: BaseException) -> RunStatus:
    """The status of a run or task that ended with ``error``."""
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"


def _short(error: BaseException) -> str:
    return str(error) if isinstance(error, LolpopError) else f"{type(error).__name__}: {error}"
