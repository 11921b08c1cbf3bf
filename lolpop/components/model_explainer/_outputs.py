"""The numbers that are explained, one for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.components.model_trainer import Predictions


def likeliest(predictions: Predictions) -> NDArray[Any] | None:
    """The position of the most probable class of each row; None where there are no probabilities."""
    import numpy as np

    probabilities = predictions.probabilities
    return None if probabilities is None else np.asarray(probabilities).argmax(axis=1)


def outputs_of(predictions: Predictions, classes: NDArray[Any] | None) -> NDArray[np.float64]:
    """The probability of the class that is named for each row, or what is predicted if none are."""
    import numpy as np

    if predictions.probabilities is None or classes is None:
        return np.asarray(predictions.labels, dtype=np.float64)
    probabilities = np.asarray(predictions.probabilities, dtype=np.float64)
    chosen: NDArray[np.float64] = probabilities[np.arange(len(probabilities)), classes]
    return chosen
