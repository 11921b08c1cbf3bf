"""Figures with one drawing each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from lolpop.components.model_explainer import Importance


Drawing: TypeAlias = "Callable[[Axes], object]"

_MOST_COLUMNS = 15
_LONGEST_NAME = 26
_BLUE = "#2a6f97"


def save_figure(drawing: Drawing, path: Path, dpi: int, left: float = 0.15) -> Path:
    """Write what ``drawing`` draws into a file; ``left`` of the axes is so much of the width for labels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8))
    # Fixed margins: those of matplotlib's layout engines double the time.
    drawing(figure.subplots(gridspec_kw={"left": left}))
    figure.savefig(path, dpi=dpi)
    return path


def importance_figure(importance: Sequence[Importance], path: Path, dpi: int) -> Path:
    """Write a figure of what a model rests on most into a file."""
    return save_figure(lambda axes: _importance(axes, importance), path, dpi, left=0.35)


def as_text(name: object) -> str:
    """``name`` as matplotlib draws it character for character.

    It takes dollars for mathematics, and leaves names that begin with an underscore out of a legend.
    """
    text = str(name).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def _importance(axes: Axes, importance: Sequence[Importance]) -> None:
    shown = list(reversed(importance[:_MOST_COLUMNS]))
    # By position, since bars with the same name are drawn over each other, and long names are cut.
    axes.set_yticks(range(len(shown)), [as_text(_shortened(importance.column)) for importance in shown])
    axes.barh(
        range(len(shown)),
        [importance.value for importance in shown],
        xerr=[importance.deviation for importance in shown],
        color=_BLUE,
    )
    axes.set(title="Permutation importance", xlabel="increase of the error")


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
