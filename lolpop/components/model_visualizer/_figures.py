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
    """Save ``drawing`` to a file. ``left`` is the share of the width that is reserved for labels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8))
    # Fixed margins: matplotlib's layout engines double the time.
    drawing(figure.subplots(gridspec_kw={"left": left}))
    figure.savefig(path, dpi=dpi)
    return path


def importance_figure(importance: Sequence[Importance], path: Path, dpi: int) -> Path:
    """Write a figure of the most important columns of a model into a file."""
    return save_figure(lambda axes: _importance(axes, importance), path, dpi, left=0.35)


def as_text(name: object) -> str:
    """Escape ``name`` so that matplotlib draws it literally.

    Otherwise it renders text between dollar signs as a formula, and omits names with a leading underscore
    from legends.
    """
    text = str(name).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def _importance(axes: Axes, importance: Sequence[Importance]) -> None:
    shown = list(reversed(importance[:_MOST_COLUMNS]))
    # By position: bars with the same name would overlap, and long names are shortened.
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
