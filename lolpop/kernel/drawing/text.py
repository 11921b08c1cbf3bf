"""Wiring as text that other programs draw: Mermaid, and the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lolpop.kernel.drawing.wiring import Box, Container

__all__ = ["dot", "mermaid"]


def mermaid(wiring: Container) -> str:
    """A flowchart of Mermaid: one subgraph for each container, one arrow for each injection."""
    names = {
        box.path: f"n{number}"
        for number, box in enumerate(box for inner in wiring.walk() for box in (inner.owner, *inner.boxes))
    }
    lines = ["flowchart LR", *_mermaid_container(wiring, names, 1)]
    for target, parameter, source in wiring.arrows():
        label = "" if parameter == _last(source) else f"|{_quoted_mermaid(parameter)}|"
        lines.append(f"    {names[source]} -->{label} {names[target]}")
    overridden = [box for inner in wiring.walk() for box in inner.boxes if box.is_overridden]
    lines += [f"    style {names[box.path]} stroke-dasharray: 4" for box in overridden]
    return "\n".join(lines)


def _mermaid_container(container: Container, names: Mapping[str, str], depth: int) -> Iterator[str]:
    indent = "    " * depth
    owner = container.owner
    yield f"{indent}subgraph {names[owner.path]}_in[{_quoted_mermaid(owner.name)}]"
    if owner.use:
        yield f"{indent}    {names[owner.path]}([{_quoted_mermaid(_label(owner, ' '))}])"
    for box in container.boxes:
        opening, closing = ("[/", "/]") if box.is_settings else ("[", "]")
        yield f"{indent}    {names[box.path]}{opening}{_quoted_mermaid(_label(box, '<br>'))}{closing}"
    for inner in container.nested:
        yield from _mermaid_container(inner, names, depth + 1)
    yield f"{indent}end"


def _quoted_mermaid(text: str) -> str:
    return '"' + text.replace("&", "#amp;").replace('"', "#quot;") + '"'


def dot(wiring: Container) -> str:
    """A graph of Graphviz: one cluster for each container, one edge for each injection."""
    lines = [
        "digraph wiring {",
        "    rankdir=LR",
        '    node [shape=box, style="rounded", fontname="sans-serif", fontsize=10]',
        '    edge [color="#88888888", arrowsize=0.6]',
    ]
    lines += _dot_container(wiring, 1)
    for target, parameter, source in wiring.arrows():
        label = "" if parameter == _last(source) else f" [label={_quoted_dot(parameter)}]"
        lines.append(f"    {_quoted_dot(source)} -> {_quoted_dot(target)}{label}")
    return "\n".join([*lines, "}"])


def _dot_container(container: Container, depth: int) -> Iterator[str]:
    indent = "    " * depth
    owner = container.owner
    yield f"{indent}subgraph {_quoted_dot(f'cluster_{owner.path}')} {{"
    yield f"{indent}    label={_quoted_dot(owner.name)}"
    if owner.use:
        yield f"{indent}    {_quoted_dot(owner.path)} [shape=oval, label={_quoted_dot(_label(owner, ' '))}]"
    for box in container.boxes:
        style = ', style="dashed"' if box.is_overridden else ""
        shape = ", shape=note" if box.is_settings else ""
        yield f"{indent}    {_quoted_dot(box.path)} [label={_quoted_dot(_label(box, chr(10)))}{shape}{style}]"
    for inner in container.nested:
        yield from _dot_container(inner, depth + 1)
    yield f"{indent}}}"


def _quoted_dot(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _label(box: Box, between: str) -> str:
    return between.join([box.name, *([box.use] if box.use else []), *box.settings])


def _last(path: str) -> str:
    return path.rpartition(".")[2]
