"""The contract of model visualizers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from lolpop.components.model_explainer import Importance
from lolpop.components.model_visualizer import ModelVisualizer
from lolpop.problem import Problem, ProblemType
from lolpop.testing.contracts._expected import require
from lolpop.testing.contracts._samples import frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ModelVisualizerContract"]

Make: TypeAlias = Callable[[Problem], ModelVisualizer]


class ModelVisualizerContract(ComponentContract):
    """The checks that every model visualizer must pass.

    Fixtures: ``make(problem)`` makes a visualizer. A visualizer of forecasts sets ``problem_types``.
    """

    interface: ClassVar[type[Any]] = ModelVisualizer
    made_with: ClassVar[tuple[str, ...]] = ("problem",)
    problem_types: ClassVar[tuple[ProblemType, ...]] = ("classification", "regression")

    def instance(self, make: Callable[..., Any]) -> Any:
        """A visualizer for the first problem type."""
        return make(sample(self.problem_types[0]).problem)

    def test_draws_files_into_the_folder(self, make: Make, tmp_path: Path) -> None:
        """Every figure is a file with content in the folder, for every kind of frame."""
        for kind in self.problem_types:
            rows = sample(kind, rows=60).judged
            for frame_kind, convert in frame_kinds():
                folder = tmp_path / f"{kind} {frame_kind}"
                folder.mkdir()
                drawn = make(rows.problem).draw(rows.model, *rows.of_kind(convert), folder)
                require(len(drawn) > 0, "at least one figure", drawn)
                for name, path in drawn.items():
                    require(path.is_relative_to(folder), f"{name} in the folder", path)
                    require(path.is_file() and path.stat().st_size > 0, f"a file of {name}", path)
                files = {path for path in folder.rglob("*") if path.is_file()}
                require(files == set(drawn.values()), "no file but those of figures", files)

    def test_draws_importance(self, make: Make, tmp_path: Path) -> None:
        """Passing the importance of columns removes no figures."""
        for kind in self.problem_types[:1]:
            rows = sample(kind, rows=60).judged
            folders = [tmp_path / f"{kind} {number}" for number in range(2)]
            for folder in folders:
                folder.mkdir()
            importance = [Importance("number", 1.0, 0.1), Importance("noise", 0.0, 0.1)]
            visualizer, arguments = make(rows.problem), (rows.model, rows.features, rows.target)
            without = set(visualizer.draw(*arguments, folders[0]))
            drawn = set(visualizer.draw(*arguments, folders[1], importance))
            require(without <= drawn, f"the figures {sorted(without)}", sorted(drawn))

    def test_leaves_the_frame_and_the_library_as_they_are(self, make: Make, tmp_path: Path) -> None:
        """Drawing does not change the rows, and leaves no matplotlib figures open."""
        for kind in self.problem_types[:1]:
            rows = sample(kind, rows=60).judged
            frame, open_before = rows.features.copy(), _open_figures()
            make(rows.problem).draw(rows.model, frame, rows.target, tmp_path)
            require(frame.equals(rows.features), "the rows as they were", "others")
            left_open = _open_figures() - open_before
            require(not left_open, "no open figures", sorted(left_open))


def _open_figures() -> set[int]:
    """The numbers of the figures that pyplot keeps; none if it was never imported."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot is not None else set()
