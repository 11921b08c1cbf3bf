"""Wiring as an SVG picture: cards in boxes, laid out without another program."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lolpop.kernel.drawing.wiring import Box, Container

__all__ = ["svg"]

_WIDTH, _LINE, _GAP, _PAD, _HEAD = 236, 15, 12, 14, 30
_BETWEEN = 28
"""The space between columns, through which lines run."""

_LETTERS = 33
"""Letters of a line that fit on a card."""

_TALLEST = 8
"""Cards in one column."""

_STYLE = """
.lolpop-wiring text { font: 11px ui-monospace, Menlo, 'DejaVu Sans Mono', monospace; fill: #24292f; }
.lolpop-wiring .name { font-weight: bold; font-size: 12px; }
.lolpop-wiring .use { fill: #0550ae; }
.lolpop-wiring .needs { fill: #6e7781; }
.lolpop-wiring .title { font-weight: bold; font-size: 13px; }
.lolpop-wiring .container { fill: #f6f8fa; stroke: #d0d7de; }
.lolpop-wiring .inner { fill: #eaeef2; stroke: #afb8c1; }
.lolpop-wiring .card { fill: #ffffff; stroke: #8c959f; }
.lolpop-wiring .settings { fill: #fff8c5; stroke: #d4a72c; }
.lolpop-wiring .overridden { stroke: #cf222e; stroke-dasharray: 4 3; stroke-width: 2; }
.lolpop-wiring .arrow { fill: none; stroke: #0550ae; stroke-opacity: 0.25; stroke-width: 1.2; }
"""


@dataclass(slots=True)
class _Card:
    """A provider with its place."""

    box: Box
    lines: list[tuple[str, str]]
    """The class of each line of text, and the text."""
    x: float = 0
    y: float = 0

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + 12


@dataclass(slots=True)
class _Frame:
    """A container with its place, its cards and the frames inside it."""

    title: _Card
    depth: int
    cards: list[_Card] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0

    def walk(self) -> Iterator[_Frame]:
        yield self
        for frame in self.frames:
            yield from frame.walk()


def svg(wiring: Container) -> str:
    """A picture: a frame for each container, a card for each provider, faint lines for injections."""
    root = _frame(wiring, 0)
    _place(root, _GAP, _GAP)
    width, height = root.width + 2 * _GAP, root.height + 2 * _GAP
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="lolpop-wiring" role="img">',
        f"<title>{escape(wiring.owner.name)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    frames = list(root.walk())
    for frame in frames:
        parts += _drawn_frame(frame)
    parts += _drawn_arrows(wiring, frames)
    for frame in frames:
        for card in frame.cards:
            parts += _drawn_card(card)
    return "\n".join([*parts, "</svg>"])


def _frame(container: Container, depth: int) -> _Frame:
    frame = _Frame(_card(container.owner), depth)
    frame.cards = [_card(box) for box in container.boxes]
    frame.frames = [_frame(inner, depth + 1) for inner in container.nested]
    return frame


def _card(box: Box) -> _Card:
    lines = [("name", box.name)]
    if box.use:
        lines += [("use", line) for line in _folded(box.use)]
    lines += [("", line) for setting in box.settings for line in _folded(setting)]
    if box.needs:
        lines += [("needs", line) for line in _folded("← " + ", ".join(name for name, _ in box.needs))]
    return _Card(box, lines)


def _folded(text: str) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _LETTERS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return [line if len(line) <= _LETTERS else f"{line[: _LETTERS - 1]}…" for line in lines]


def _place(frame: _Frame, x: float, y: float) -> None:
    """Give a frame, and everything in it, a place: its cards in columns, and inner frames beside them."""
    frame.x, frame.y = x, y
    head = _HEAD + (len(frame.title.lines) - 1) * _LINE
    top, left = y + head, x + _PAD
    bottom = top
    if frame.cards:
        columns = math.ceil(len(frame.cards) / _TALLEST)
        tallest = math.ceil(len(frame.cards) / columns)
        for start in range(0, len(frame.cards), tallest):
            at = top
            for card in frame.cards[start : start + tallest]:
                card.x, card.y = left, at
                at += card.height + _GAP
            bottom = max(bottom, at)
            left += _WIDTH + _BETWEEN
    for inner in frame.frames:
        _place(inner, left, top)
        left += inner.width + _BETWEEN
        bottom = max(bottom, top + inner.height + _GAP)
    frame.width = max(left - _BETWEEN + _PAD - x, _WIDTH + 2 * _PAD)
    frame.height = bottom - y + _PAD - _GAP
    frame.title.x, frame.title.y = x, y


def _drawn_frame(frame: _Frame) -> Iterator[str]:
    kind = "inner" if frame.depth else "container"
    yield _rectangle(frame.x, frame.y, frame.width, frame.height, kind, 8)
    for number, (style, line) in enumerate(frame.title.lines):
        style = "title" if number == 0 else style
        yield _text(frame.x + _PAD, frame.y + 20 + number * _LINE, line, style)


def _drawn_card(card: _Card) -> Iterator[str]:
    kind = "settings" if card.box.is_settings else "card"
    if card.box.is_overridden:
        kind += " overridden"
    yield f"<g><title>{escape(card.box.path)}</title>"
    yield _rectangle(card.x, card.y, _WIDTH, card.height, kind, 5)
    for number, (style, line) in enumerate(card.lines):
        yield _text(card.x + 8, card.y + 16 + number * _LINE, line, style)
    yield "</g>"


def _drawn_arrows(wiring: Container, frames: list[_Frame]) -> Iterator[str]:
    """A line from each provider to each slot that it is injected into, if both are cards; frames list theirs
    as text.
    """
    cards = {card.box.path: card for frame in frames for card in frame.cards}
    for target, parameter, source in wiring.arrows():
        if source in cards and target in cards:
            start, end = cards[source], cards[target]
            x1, y1 = start.x + _WIDTH, start.y + start.height / 2
            x2, y2 = end.x, end.y + end.height / 2
            bend = max(abs(x2 - x1) / 2, 30)
            yield (
                f'<path class="arrow" d="M{x1:.0f},{y1:.0f} C{x1 + bend:.0f},{y1:.0f} '
                f'{x2 - bend:.0f},{y2:.0f} {x2:.0f},{y2:.0f}">'
                f"<title>{escape(f'{target}: {parameter} is {source}')}</title></path>"
            )


def _rectangle(x: float, y: float, width: float, height: float, kind: str, radius: int) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}"'
    return f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" {size} rx="{radius}"/>'


def _text(x: float, y: float, line: str, style: str) -> str:
    return f'<text class="{style}" x="{x:.0f}" y="{y:.0f}">{escape(line)}</text>'
