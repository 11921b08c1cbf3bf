"""Looking at rows before they are predicted, and at their predictions."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from lolpop.pipelines.examined import ExaminedRows
from lolpop.runners._about import about

if TYPE_CHECKING:
    from lolpop.checks import CheckReport
    from lolpop.components.data_checker import Examination
    from lolpop.components.data_profiler import Sketch
    from lolpop.data.frames import Frame
    from lolpop.pipelines.predict import PredictPipeline
    from lolpop.pipelines.process import ProcessPipeline
    from lolpop.resources import DatasetVersion, ModelVersion


class Inspection:
    """Checks rows to predict, and compares them, as far as these tasks are not skipped.

    Parameters
    ----------
    process
        The pipeline that checks.
    predict
        The pipeline that compares.
    skip
        Names of tasks to skip.
    """

    def __init__(self, process: ProcessPipeline, predict: PredictPipeline, skip: Collection[str]) -> None:
        self._process = process
        self._predict = predict
        self._checks = "check_data" not in skip
        self._compares = "compare_data" not in skip
        self._follows = "analyze_prediction_drift" not in skip
        self._describes = self._compares or self._follows

    def examined(self, dataset_version: DatasetVersion, model_version: ModelVersion) -> ExaminedRows:
        """What is in the batches of ``dataset_version``, rows that ``model_version`` is to predict."""
        if not self._checks and not self._describes:
            return ExaminedRows()
        return self._process.examine_batches(
            dataset_version,
            model_version,
            check=self._checks,
            describe=self._describes,
            jobs=self._predict.n_jobs,
            part_batches=self._predict.part_batches,
        )

    def sketch(self, rows: ExaminedRows) -> Sketch | None:
        """A sketch for the predictions of ``rows``, as many; None if they are not described."""
        if not self._follows or rows.sketch is None:
            return None
        return self._predict.data_profiler.sketch(rows=len(rows.sketch))

    def look(
        self,
        checked: Frame | Examination | None,
        compared: Frame | Sketch | None,
        source: object,
        dataset_version: DatasetVersion,
        model_version: ModelVersion,
    ) -> CheckReport | None:
        """The report on the rows of ``dataset_version``, from ``source``, or None if they are not checked.

        Raises DataError if they are unusable, or differ too much from the training rows.
        """
        report = None
        if checked is not None and self._checks:
            with about(refusal(model_version, source)):
                report = self._process.check_data(checked, model_version, labelled=False)
        if compared is not None and self._compares:
            with about(f"{model_version} does not predict the rows of {source}"):
                self._predict.compare_data(compared, dataset_version, model_version)
        return report


def refusal(model_version: ModelVersion, source: object) -> str:
    """What is said of rows that cannot be predicted."""
    return f"{model_version} cannot predict the rows of {source}"
