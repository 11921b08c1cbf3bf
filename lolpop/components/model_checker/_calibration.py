"""Calibration of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lolpop.components.model_checker.evaluations import Floats


_PARTS = 10
_SIMULATIONS = 200


def calibration_error(truth: NDArray[Any], probabilities: Floats, seed: int) -> tuple[float, float]:
    """The calibration error, and its p-value if the probabilities are right.

    Rows are put into ten parts of equal size by their greatest probability; the error is the mean over
    rows of the distance between mean confidence and accuracy of their part (expected calibration error
    of the label). The p-value is the share of simulations, with truths drawn from the probabilities
    themselves, that have at least this error.
    """
    import numpy as np

    label = probabilities.argmax(axis=1)
    confidence = probabilities[np.arange(len(label)), label].astype(np.float64)
    order = np.argsort(confidence, kind="stable")
    confidence, hits = confidence[order], (label == truth)[order]
    starts = np.unique(np.arange(_PARTS) * len(order) // _PARTS)
    random = np.random.default_rng(seed % 2**32)
    simulated = random.random((_SIMULATIONS, len(order)), dtype=np.float32) < confidence
    distances = np.add.reduceat(np.vstack([hits, simulated]) - confidence, starts, axis=1)
    errors = np.abs(distances).sum(axis=1) / len(order)
    return float(errors[0]), float(np.mean(errors[1:] >= errors[0]))
