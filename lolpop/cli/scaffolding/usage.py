"""Where a new component can stand in the settings of its project."""

from __future__ import annotations

from lolpop.cli._project import container_class
from lolpop.cli._runner import project_runner
from lolpop.cli._settings_options import SettingsOptions
from lolpop.containers import scope_of
from lolpop.errors import LolpopError
from lolpop.kernel.providers.components import Component
from lolpop.kernel.providers.lists import Components
from lolpop.kernel.providers.traversal import declared_cells

__all__ = ["setting_for"]


def setting_for(interface: type, use: str) -> str | None:
    """The line of settings that uses an implementation in the project's container.

    None if the project has no container, or one without a provider of that interface.
    """
    try:
        runner = project_runner(SettingsOptions())
        root = None if runner is None else scope_of(container_class(runner)())
    except LolpopError:
        return None  # what is wrong with it is for verify to say
    for scope in () if root is None else root.walk():
        for cell in declared_cells(scope):
            if isinstance(cell.slot, (Component, Components)) and cell.slot.interface is interface:
                chosen = f"[{{use: {use!r}}}]" if isinstance(cell.slot, Components) else f"{{use: {use!r}}}"
                *outer, name = cell.path.split(".")
                opened = "".join(f"{key}: {{" for key in outer)
                return f"{opened}{name}: {chosen}{'}' * len(outer)}"
    return None
