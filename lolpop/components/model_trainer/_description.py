"""The description of a stored model, besides its transformer and estimator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lolpop.components.model_trainer.tabular import TabularModel
from lolpop.errors import UnusableArtifactError

_FILE = "model.json"


@dataclass(frozen=True, slots=True)
class Description:
    """Columns and classes of a model, as they are stored in ``model.json``."""

    columns: tuple[str, ...]
    classes: tuple[Any, ...]
    left_out: Mapping[str, str]

    @classmethod
    def of(cls, model: TabularModel) -> Description:
        """The description of ``model``."""
        return cls(model.columns, model.classes, model.left_out)

    @classmethod
    def read(cls, folder: Path) -> Description:
        """Read the description. Raises UnusableArtifactError if it is missing or damaged."""
        try:
            fields = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            columns, classes, left_out = fields["columns"], fields["classes"], fields["left_out"]
            texts = [*columns, *left_out, *left_out.values()]
            are_texts = isinstance(columns, list) and all(isinstance(text, str) for text in texts)
            if not are_texts or not _are_labels(classes):
                raise TypeError(f"{_FILE} describes no model")
            return cls(tuple(columns), tuple(classes), left_out)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UnusableArtifactError(f"There is no stored model in {folder}: {error}") from error

    def model(self, transformer: Any, estimator: Any) -> TabularModel:
        """The described model, made of the parts that were stored beside the description."""
        return TabularModel(self.columns, self.classes, self.left_out, transformer, estimator)

    def write(self, folder: Path) -> None:
        """Write the description into ``folder``."""
        fields = {"columns": self.columns, "classes": self.classes, "left_out": dict(self.left_out)}
        (folder / _FILE).write_text(json.dumps(fields, indent=1), encoding="utf-8")


def _are_labels(classes: object) -> bool:
    return isinstance(classes, list) and all(isinstance(label, str | int | float) for label in classes)
