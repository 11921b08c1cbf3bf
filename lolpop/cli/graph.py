"""``lolpop graph``: the wired tree of a container."""

from __future__ import annotations

from lolpop.cli._options import SettingsOptions
from lolpop.cli._output import show
from lolpop.cli._project import container_class
from lolpop.cli._runner import chosen_runner
from lolpop.cli._tree import wired_tree
from lolpop.containers import scope_of

__all__ = ["print_graph"]


def print_graph(runner: str, options: SettingsOptions) -> None:
    """Print what stands at each path of a container, how it is set, and what it is built from."""
    runner = chosen_runner(runner, options)
    root = scope_of(options.load(container_class(runner), lenient=True))
    show(wired_tree(root, runner, with_needs=True))
