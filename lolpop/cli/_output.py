"""Printing: plain text in a pipe, with colours and to its width on a terminal."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from lolpop._escaping import escaped_line, escaped_text
from lolpop._urls import mask_urls
from lolpop.settings.secrets import map_strings

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Table
    from rich.text import Text


_PIPE_WIDTH = 100_000
"""Wider than anything that is shown: in a pipe nothing is cut and nothing wraps."""

_LEGIBLE = 8
"""Characters that a column needs at least, to be read when its cells are folded."""


def show(*parts: RenderableType) -> None:
    """Print ``parts``, with an empty line between any two."""
    from rich.console import Console, Group

    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    out = Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    lines: list[RenderableType] = []
    for part in parts:
        lines += ["", part] if lines else [part]
    if out.is_terminal:
        # What must stay whole, such as a command to be copied, may be wider: the terminal breaks it.
        out.print(_Escaped(Group(*lines)), crop=False)
        return
    with out.capture() as captured:
        out.print(_Escaped(Group(*lines)))
    # Rich fills the cells of a table with blanks, which a terminal hides and a file keeps.
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    sys.stdout.flush()


def say(text: object) -> None:
    """Print a line at once, so that it keeps its place among those on standard error."""
    sys.stdout.write(f"{_readable(text)}\n")
    sys.stdout.flush()


def print_error(text: object) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{_readable(text)}\n")
    sys.stderr.flush()


def _readable(text: object) -> str:
    """A text for people: without secrets of URLs, and with control characters escaped."""
    return escaped_text(mask_urls(str(text)))


@dataclass(frozen=True, slots=True)
class _Escaped:
    """Anything of rich's, with the texts in it escaped; its own colours are no part of those."""

    content: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        for text, style, control in console.render(self.content, options):
            yield Segment(text if control else escaped_text(text), style, control)


@contextmanager
def kept_for_json() -> Iterator[None]:
    """Let what anybody prints meanwhile, a library in C or another process too, go to standard error."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


def table(
    rows: Iterable[Sequence[str]],
    *,
    titles: Sequence[str] = (),
    right: Iterable[int] = (),
    whole: Iterable[int] = (),
) -> Table:
    """Rows in columns, which are numbered from 0.

    Those in ``right`` are numbers, aligned at their end. Those in ``whole`` are never folded, so that what
    is in them can be copied.
    """
    from rich.table import Table
    from rich.text import Text

    built = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=bool(titles), header_style="dim"
    )
    rows = list(rows)
    for column in range(max(map(len, [*rows, titles]), default=0)):
        title = titles[column] if titles else ""
        justify: Literal["left", "right"] = "right" if column in right else "left"
        built.add_column(title, justify=justify, overflow="fold", no_wrap=column in whole)
    for row in rows:
        # Escaped before the columns get their widths.
        built.add_row(*(Text(escaped_line(mask_urls(cell))) for cell in row))
    if sys.stdout.isatty() and titles and not _is_legible(built):
        return _stacked(rows, titles)
    return built


def _is_legible(built: Table) -> bool:
    """Whether the terminal is so wide that no word of the table is folded letter by letter."""
    from rich.console import Console
    from rich.measure import Measurement

    out = Console(file=sys.stdout)
    wide = out.options.update(width=_PIPE_WIDTH)
    widths = [
        max((Measurement.get(out, wide, cell).maximum for cell in [column.header, *column.cells]), default=0)
        for column in built.columns
    ]
    least = (
        width if column.no_wrap else min(width, _LEGIBLE)
        for width, column in zip(widths, built.columns, strict=True)
    )
    return sum(least) + 2 * (len(widths) - 1) <= out.width


def _stacked(rows: Sequence[Sequence[str]], titles: Sequence[str]) -> Table:
    """Each row as lines of a title and a value, for terminals that are too narrow for columns."""
    from rich.table import Table
    from rich.text import Text

    built = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    built.add_column(no_wrap=True, style="dim")
    built.add_column(overflow="fold")
    for number, row in enumerate(rows):
        if number:
            built.add_row("", "")
        for title, cell in zip(titles, row, strict=False):
            if cell:
                built.add_row(title, Text(escaped_line(mask_urls(cell))))
    return built


def commands(title: str, rows: Iterable[tuple[str, str]]) -> Text:
    """Commands, with what they do as comments of a shell: each stays whole, however narrow the terminal."""
    from rich.text import Text

    rows = list(rows)
    width = max(len(command) for command, _ in rows)
    text = Text(no_wrap=True, overflow="ignore").append(title, "dim")
    for command, does in rows:
        text.append(f"\n  {command.ljust(width)}").append(f"  # {does}", "dim")
    return text


def print_json(value: Any, *, indented: bool = True) -> None:
    """Print ``value`` as JSON, which any encoding can hold."""
    # Masked before it is text, in which a mask might take a quote with it.
    masked = map_strings(json_value(value), mask_urls)
    sys.stdout.write(f"{json.dumps(masked, indent=2 if indented else None)}\n")
    sys.stdout.flush()


def json_value(value: Any) -> Any:
    """A value in JSON's types: resources as references, frames and models by type and shape."""
    from pydantic import BaseModel

    from lolpop.resources import Resource

    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Resource):
        return value.reference
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): json_value(child) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(child) for child in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if callable(item := getattr(value, "item", None)) and getattr(value, "shape", None) == ():
        return json_value(item())  # a number of numpy's
    shape = getattr(value, "shape", None)
    return type(value).__name__ + (f" {shape}" if isinstance(shape, tuple) else "")


def without_markup(text: str) -> str:
    """The text of a docstring as it is read on a terminal."""
    return text.replace("``", "")


def duration(seconds: float | None) -> str:
    """Seconds as a person says them."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{seconds:.1f} s"


def number(value: float | None) -> str:
    """A number as a person reads it; empty where there is none."""
    return "" if value is None else f"{value:.4g}"


def moment(time: datetime) -> str:
    """A time in the zone of whoever reads it."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"
