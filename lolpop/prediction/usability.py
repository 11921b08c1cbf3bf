"""Checks of predictions."""

from __future__ import annotations

from collections.abc import Collection

from lolpop.checks import Check, CheckReport
from lolpop.components.model_trainer.predicted import LABEL, PROBABILITY
from lolpop.data.frames import Frame, count, wrap


class PredictionCheck:
    """Examines frames of predictions, and reports problems of all of them together.

    Columns that are ``passthrough`` say which row a prediction is of; all others are predicted.
    """

    def __init__(self, passthrough: Collection[str]) -> None:
        self._passthrough = passthrough
        self._rows = 0
        self._missing: dict[str, None] = {}
        self._labels: set[object] = set()
        self._classes = False

    def look(self, predictions: Frame) -> None:
        """Look at the rows of ``predictions``, all or some more of them."""
        data = wrap(predictions)
        self._rows += len(data)
        for name, dtype in data.schema.items():
            column = data.get_column(name)
            if column.null_count() or (dtype.is_float() and column.is_nan().any()):
                self._missing[name] = None
        predicted = [name for name in data.columns if name not in self._passthrough]
        self._classes = any(name.startswith(PROBABILITY) for name in predicted)
        if self._classes:
            self._labels |= set(data.get_column(LABEL).unique().to_list())

    def merge(self, later: PredictionCheck) -> None:
        """Add what was seen in ``later`` rows."""
        self._rows += later._rows
        self._missing |= later._missing
        self._labels |= later._labels
        self._classes = later._classes

    def report(self) -> CheckReport:
        """The report: an error if values are missing, a warning if all labels are the same."""
        names = list(self._missing)
        missing = Check(
            check="missing_predictions",
            status="error" if names else "ok",
            message=f"values are missing in {', '.join(names)}" if names else "no value is missing",
            columns=tuple(names),
        )
        if not self._classes:
            return CheckReport(checks=(missing,))
        is_constant = len(self._labels) == 1 and self._rows > 1
        one_class = Check(
            check="one_class",
            status="warn" if is_constant else "ok",
            message=f"all {self._rows} rows are predicted as {next(iter(self._labels))!r}"
            if is_constant
            else f"{count(len(self._labels), 'label')} are predicted",
            columns=(LABEL,),
        )
        return CheckReport(checks=(missing, one_class))
