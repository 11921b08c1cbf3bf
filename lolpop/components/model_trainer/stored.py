"""Stored models that are loaded when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import FittedModel, Predictions

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["StoredModel", "loaded"]


class StoredModel(FittedModel):
    """A model that ``load`` reads at its first use; given classes are known before that.

    A run that reuses results passes models on without using them: reading one imports the libraries that it
    was fitted with, which takes longer than the rest of such a run.
    """

    __slots__ = ("_classes", "_load", "_loading", "_model")

    def __init__(self, load: Callable[[], FittedModel], classes: tuple[Any, ...] | None = None) -> None:
        self._load = load
        self._classes = classes
        self._model: FittedModel | None = None
        self._loading = Lock()

    def load(self) -> FittedModel:
        """The model itself, read once."""
        with self._loading:
            if self._model is None:
                self._model = self._load()
            return self._model

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it needs to predict."""
        return self.load().columns

    @property
    def classes(self) -> tuple[Any, ...]:
        """The target's classes in the order of the probabilities; empty if it is no classifier."""
        return self.load().classes if self._classes is None else self._classes

    @property
    def left_out(self) -> Mapping[str, str]:
        """Columns of the training rows that it does not use, each with the reason."""
        return self.load().left_out

    @property
    def categories(self) -> Mapping[str, Collection[str]]:
        """The values, as text, of the training rows in columns of categories, if it remembers all of them."""
        return self.load().categories

    def predict(self, frame: Frame) -> Predictions:
        """Predict the rows of ``frame``, whatever the order of its columns; extra columns are ignored."""
        return self.load().predict(frame)

    def __reduce__(self) -> Any:
        # Pickled as the model itself: another process may not have the files.
        return loaded, (self.load(),)


def loaded(model: FittedModel) -> FittedModel:
    """The model itself, read now if it is a stored one, for callers that need its class."""
    return model.load() if isinstance(model, StoredModel) else model
