"""The wired tree of a container: which implementation is at each path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text
from rich.tree import Tree

from lolpop.kernel.drawing.wiring import given_settings, is_shown, owner_of
from lolpop.kernel.providers.cells import Cell, cell_of
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.nesting import Nested
from lolpop.providers import Mapping

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope


def wired_tree(root: Scope, name: str, *, with_needs: bool = False, comment: str = "") -> Tree:
    """What stands at each path, with the settings that a source gave it.

    ``with_needs`` adds what each is built from, ``comment`` is for who has not seen such a tree before.
    """
    label = _label(name, owner_of(root), with_needs=with_needs)
    if comment:
        label.append(f"  # {comment}", "dim")
    tree = Tree(label, guide_style="dim", highlight=False)
    _grow(tree, root, with_needs)
    return tree


def _grow(tree: Tree, scope: Scope, with_needs: bool) -> None:
    shown = [(name, provider) for name, provider in scope.providers.items() if is_shown(provider)]
    width = max((len(name) for name, _ in shown), default=0)
    for name, provider in shown:
        if isinstance(provider, Nested):
            inner: Any = provider.scope_inside
            _grow(
                tree.add(_label(name.ljust(width), owner_of(inner), with_needs=with_needs)), inner, with_needs
            )
        elif isinstance(provider, ComponentGroup):
            cell: Any = cell_of(provider)
            uses = [cell_of(element).plan.use for element in cell.elements]
            if isinstance(provider, Mapping):
                uses = [f"{key}: {use}" for key, use in zip(cell.keys, uses, strict=True)]
            tree.add(Text().append(name.ljust(width), "bold").append(f"  {', '.join(uses)}", "cyan"))
        else:
            tree.add(_label(name.ljust(width), cell_of(provider), with_needs=with_needs))


def _label(name: str, cell: Cell | None, *, with_needs: bool) -> Text:
    label = Text().append(name, "bold")
    if cell is None:
        return label
    use = cell.plan.use.rpartition(":")[2]
    if use:
        label.append(f"  {use}", "cyan")
    for setting in given_settings(cell):
        label.append(f"  {setting}")
    needs = [item.parameter.name for item in cell.dependencies if item.provider is not None]
    if with_needs and needs:
        label.append(f"  <- {', '.join(needs)}", "dim")
    return label
