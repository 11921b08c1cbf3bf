"""Figures of matplotlib without global state: pyplot is not used, and no backend is selected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from lolpop.components.model_checker.evaluations import evaluate_classes, evaluate_numbers
from lolpop.components.model_visualizer import ModelVisualizer
from lolpop.components.model_visualizer._figures import Drawing, as_text, importance_figure, save_figure
from lolpop.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lolpop.components.model_checker.evaluations import Evaluation
    from lolpop.components.model_explainer import Importance
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame, Series

__all__ = ["MatplotlibModelVisualizer"]

_MOST_CLASSES = 20
_MOST_CURVES = 8
_MOST_POINTS = 2_000
_BLUE = "#2a6f97"


class MatplotlibModelVisualizer(ModelVisualizer):
    """Draws confusion matrix, ROC curves and calibration of classifiers, and residuals of regressors.

    The importance of columns is drawn if it is available.

    Parameters
    ----------
    file_format : "png" or "svg"
        Format of the files.
    dpi : int
        Dots per inch of a PNG file, up to 1,200.
    """

    def __init__(
        self,
        file_format: Literal["png", "svg"] = "png",
        dpi: Annotated[int, Field(ge=1, le=1200)] = 100,
        *,
        problem: Problem,
    ) -> None:
        self._format = file_format
        self._dpi = dpi
        self._problem = problem

    def draw(
        self,
        model: FittedModel,
        frame: Frame,
        target: Series,
        folder: Path,
        importance: Sequence[Importance] = (),
    ) -> Mapping[str, Path]:
        """Draw ``model``, evaluated on the n rows of ``frame``, into ``folder``. Returns files by figure."""
        drawn = {
            name: save_figure(drawing, folder / f"{name}.{self._format}", self._dpi)
            for name, drawing in self._drawings(model, frame, target)
        }
        if importance:
            path = folder / f"importance.{self._format}"
            drawn["importance"] = importance_figure(importance, path, self._dpi)
        return drawn

    def _drawings(self, model: FittedModel, frame: Frame, target: Series) -> Iterator[tuple[str, Drawing]]:
        if self._problem.type == "classification":
            [evaluation] = evaluate_classes([model], frame, target, self._problem.positive_label)
            if len(evaluation.classes) <= _MOST_CLASSES:
                yield "confusion_matrix", lambda axes: _confusion_matrix(axes, evaluation)
            if evaluation.probabilities is not None:
                yield "roc", lambda axes: _roc(axes, evaluation)
                yield "calibration", lambda axes: _calibration(axes, evaluation)
        else:
            [evaluation] = evaluate_numbers([model], frame, target)
            yield "residuals", lambda axes: _residuals(axes, evaluation)


def _confusion_matrix(axes: Axes, evaluation: Evaluation) -> None:
    import numpy as np

    names = [as_text(name) for name in evaluation.classes]
    k = len(names)
    counts = np.bincount(evaluation.truth * k + evaluation.labels, minlength=k * k).reshape(k, k)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), number in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, f"{number:,}", ha="center", va="center", color=color)
    axes.set_xticks(range(k), names, rotation=45 if k > 4 else 0)
    axes.set_yticks(range(k), names)
    axes.set(
        title="Confusion matrix: rows, shaded by share of their class", xlabel="predicted", ylabel="true"
    )


def _roc(axes: Axes, evaluation: Evaluation) -> None:
    from sklearn.metrics import auc, roc_curve

    probabilities: Any = evaluation.probabilities
    codes = [1] if len(evaluation.classes) == 2 else range(len(evaluation.classes))
    for code in list(codes)[:_MOST_CURVES]:
        is_class = evaluation.truth == code
        if 0 < is_class.sum() < len(is_class):
            false, true, _ = roc_curve(is_class, probabilities[:, code])
            axes.plot(false, true, label=f"{as_text(evaluation.classes[code])}: area {auc(false, true):.3f}")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="chance")
    axes.legend(loc="lower right")
    axes.set(title="ROC", xlabel="false positive rate", ylabel="true positive rate")


def _calibration(axes: Axes, evaluation: Evaluation) -> None:
    import numpy as np

    probabilities: Any = evaluation.probabilities
    codes = [1] if len(evaluation.classes) == 2 else range(len(evaluation.classes))
    for code in list(codes)[:_MOST_CURVES]:
        parts = np.array_split(np.argsort(probabilities[:, code], kind="stable"), min(10, len(probabilities)))
        mean_probabilities = [float(probabilities[part, code].mean()) for part in parts]
        true = [float((evaluation.truth[part] == code).mean()) for part in parts]
        axes.plot(mean_probabilities, true, marker="o", label=as_text(evaluation.classes[code]))
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfectly calibrated")
    axes.legend(loc="upper left")
    axes.set(title="Calibration", xlabel="predicted probability (tenths of the rows)", ylabel="share of rows")


def _residuals(axes: Axes, evaluation: Evaluation) -> None:
    predicted, errors = evaluation.labels, evaluation.truth - evaluation.labels
    step = max(1, len(errors) // _MOST_POINTS)
    axes.scatter(predicted[::step], errors[::step], s=12, alpha=0.5, color=_BLUE)
    axes.axhline(0, color="grey", linestyle=":")
    axes.set(title="Residuals", xlabel="predicted", ylabel="true minus predicted")
