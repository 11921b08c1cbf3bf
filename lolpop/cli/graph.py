"""``lolpop graph``: what is wired in a container."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal, TypeAlias

from lolpop.cli._output import print_json, say, show
from lolpop.cli._project import container_class
from lolpop.cli._runner import chosen_runner
from lolpop.cli._settings_options import SettingsOptions
from lolpop.cli._tree import wired_tree
from lolpop.containers import scope_of
from lolpop.kernel.drawing.wiring import Container, wiring_of

__all__ = ["GraphFormat", "print_graph"]

GraphFormat: TypeAlias = Literal["tree", "mermaid", "dot", "svg"]


def print_graph(runner: str, options: SettingsOptions, form: GraphFormat, *, as_json: bool) -> None:
    """Print what stands at each path of a container, how it is set, and what it is built from."""
    runner = chosen_runner(runner, options)
    root = scope_of(options.load(container_class(runner), lenient=True))
    if as_json:
        print_json(_as_json(wiring_of(root, runner)))
    elif form == "tree":
        show(wired_tree(root, runner, with_needs=True))
    else:
        from lolpop.kernel.drawing import svg, text

        draw = {"mermaid": text.mermaid, "dot": text.dot, "svg": svg.svg}[form]
        say(draw(wiring_of(root, runner)))


def _as_json(container: Container) -> dict[str, Any]:
    boxes = {
        box.path: {**asdict(box), "needs": dict(box.needs)}
        for inner in container.walk()
        for box in (inner.owner, *inner.boxes)
    }
    return {
        "providers": list(boxes.values()),
        "injections": [
            {"into": target, "parameter": parameter, "provider": source}
            for target, parameter, source in container.arrows()
        ],
    }
