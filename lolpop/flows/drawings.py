"""Drawings of flows: a tree for the terminal, Mermaid for documents, SVG for pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from lolpop.graphs import FlowGraph, Step, option_value

__all__ = ["mermaid", "svg", "tree"]

_WIDTH, _HEIGHT, _GAP, _BETWEEN, _MARGIN = 230, 46, 90, 22, 20


def tree(graph: FlowGraph) -> str:
    """The flow as indented lines: each step is below the last step that it waits for."""
    children: dict[str | None, list[Step]] = {}
    for step in graph.steps:
        order = [other.name for other in graph.steps]
        last = max(step.predecessors, key=order.index, default=None)
        children.setdefault(last, []).append(step)
    return "\n".join([graph.name, *_branches(children, None, "")])


def mermaid(graph: FlowGraph) -> str:
    """The flow as a Mermaid flowchart; a dotted arrow hands nothing on."""
    lines = ["flowchart LR"]
    for step in graph.steps:
        label = "<br/>".join([step.name, *_statements(step)]).replace('"', "#quot;")
        lines.append(f'    {step.name}["{label}"]')
    for step in graph.steps:
        lines += [f"    {source} -->|{parameter}| {step.name}" for parameter, source in step.inputs.items()]
        lines += [f"    {source} -.-> {step.name}" for source in step.after]
    return "\n".join(lines)


def svg(graph: FlowGraph) -> str:
    """The flow as an SVG image, from left to right; a dashed arrow hands nothing on."""
    columns = _columns(graph)
    places: dict[str, tuple[int, int]] = {}
    rows: Counter[int] = Counter()
    for step in graph.steps:
        column = columns[step.name]
        places[step.name] = (
            _MARGIN + column * (_WIDTH + _GAP),
            _MARGIN + rows[column] * (_HEIGHT + _BETWEEN),
        )
        rows[column] += 1
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    body = "\n".join([*_arrows(graph, places), *_boxes(graph, places)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="13">\n'
        f"<title>{escape(graph.name)}</title>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>\n'
        f"{body}\n</svg>"
    )


def _branches(children: dict[str | None, list[Step]], parent: str | None, indent: str) -> Iterator[str]:
    steps = children.get(parent, [])
    for step in steps:
        is_last = step is steps[-1]
        yield f"{indent}{'└── ' if is_last else '├── '}{_described(step)}"
        yield from _branches(children, step.name, f"{indent}{'    ' if is_last else '│   '}")


def _described(step: Step) -> str:
    words = [*_statements(step), *(f"{name} <- {source}" for name, source in step.inputs.items())]
    words += [f"after {', '.join(step.after)}"] if step.after else []
    return f"{step.name}  {'  '.join(words)}".rstrip()


def _statements(step: Step) -> list[str]:
    return [f"{name}={option_value(value)}" for name, value in step.values.items()]


def _columns(graph: FlowGraph) -> dict[str, int]:
    """The length of the longest path to each step."""
    columns: dict[str, int] = {}
    for step in graph.steps:
        columns[step.name] = max((columns[name] + 1 for name in step.predecessors), default=0)
    return columns


def _boxes(graph: FlowGraph, places: dict[str, tuple[int, int]]) -> Iterator[str]:
    for step in graph.steps:
        x, y = places[step.name]
        yield (
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#eef3f8" stroke="#456"/>'
        )
        statements = ", ".join(_statements(step))
        text_y = y + (20 if statements else 28)
        yield f'<text x="{x + 12}" y="{text_y}" font-weight="bold">{escape(step.name)}</text>'
        if statements:
            yield f'<text x="{x + 12}" y="{text_y + 17}" fill="#555">{escape(statements)}</text>'


def _arrows(graph: FlowGraph, places: dict[str, tuple[int, int]]) -> Iterator[str]:
    for step in graph.steps:
        x, y = places[step.name][0], places[step.name][1] + _HEIGHT // 2
        for source in step.predecessors:
            from_x, from_y = places[source][0] + _WIDTH, places[source][1] + _HEIGHT // 2
            dashes = "" if source in step.inputs.values() else ' stroke-dasharray="5 4"'
            bend = (from_x + x) // 2
            yield (
                f'<path d="M{from_x} {from_y}C{bend} {from_y} {bend} {y} {x} {y}" fill="none" stroke="#555"'
                f'{dashes} marker-end="url(#tip)"/>'
            )
