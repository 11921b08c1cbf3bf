"""Runs that fail: what their errors tell, and whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lolpop._escaping import escaped_text
from lolpop.errors import LolpopError, TrainingError
from lolpop.kernel.masking import masked
from lolpop.kernel.providers.queries import slots_in
from lolpop.providers import Component, Components

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, RunStatus
    from lolpop.kernel.scopes import Scope

__all__ = ["locate", "noted", "status_of", "tell_notifiers"]


def tell_notifiers(root: Scope, run: RunRecord, error: BaseException) -> None:
    """Tell those who do not see the console that ``run`` failed."""
    from lolpop.components.notifier import Notifier

    text = escaped_text(masked(root, f"{run.workflow} failed in run {run.run_id}: {_short(error)}"))
    for slot in root.providers.values():
        interface = slot.interface if isinstance(slot, Component | Components) else None
        if not (isinstance(interface, type) and issubclass(interface, Notifier)):
            continue
        with noted(root, error, slot.path):
            found = slot()
            for notifier in found if isinstance(found, list) else [found]:
                if not getattr(notifier, "reaches_elsewhere", True):
                    continue  # the error itself is about to be seen on the console
                with noted(root, error, type(notifier).__name__):
                    notifier.notify(text, "error")


def locate(root: Scope, error: TrainingError, name: str, value: str) -> None:
    """Let an error about a parameter tell which setting gave it, and where, if one did."""
    for slot in slots_in(root):
        params = slot.plan.settings.get("params")
        given = params.value if params is not None and params.is_given else None
        if isinstance(given, Mapping) and name in given and repr(given[name]) == value:
            origin = slot.plan.origin_of(("params", name))
            error.add_note(f"It is set at {origin}, as {slot.path}.params.{name}.")
            return


@contextmanager
def noted(root: Scope, error: BaseException, who: str) -> Iterator[None]:
    """Let a failure to tell ``who`` of ``error`` be a note of it: what failed first is what must be seen."""
    try:
        yield
    except Exception as failure:  # noqa: BLE001  (notifiers may fail in any way)
        note = masked(root, f"{who} could not be told: {failure!r}")
        # A store that fails a task fails to hear of it too, once for each call that it ends.
        if str(failure) != str(error) and note not in getattr(error, "__notes__", ()):
            error.add_note(note)


def status_of(error: BaseException) -> RunStatus:
    """How a run or task ended that ``error`` ended."""
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"


def _short(error: BaseException) -> str:
    return str(error) if isinstance(error, LolpopError) else f"{type(error).__name__}: {error}"
