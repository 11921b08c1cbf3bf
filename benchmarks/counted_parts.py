"""Predicts the rows of ``parts.py`` by processes of this machine, and counts what the simulation speaks of.

Usage: python -m benchmarks.counted_parts FOLDER WORKERS
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.transactions import counted_transactions
from lolpop import providers
from lolpop._concurrency import in_order
from lolpop.pipelines import predict
from lolpop.pipelines.predict import PredictPipeline
from lolpop.prediction.parts import PredictedPart, RowsPart
from lolpop.resources import DatasetVersion, ModelVersion
from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.predict import PredictContainer

TRANSACTIONS = "COUNTED_TRANSACTIONS"


class CountingPipeline(PredictPipeline):
    """A pipeline that writes down the transactions of each part."""

    def predict_part(self, part: RowsPart) -> PredictedPart:
        with counted_transactions() as counter:
            predicted = super().predict_part(part)
        with Path(os.environ[TRANSACTIONS], f"transactions-{os.getpid()}").open("a") as file:
            file.write(f"{counter['begin']}\n")
        return predicted


class CountingPredictContainer(PredictContainer):
    pipeline = providers.Pipeline(CountingPipeline)


class CountingContainer(ClassificationContainer):
    predict = providers.nested(CountingPredictContainer)


class PartsInFlight:
    """Parts that are begun and whose results are not taken yet."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def in_order(self, ask: Callable[[Any], Any], parts: Iterable[Any], jobs: int) -> Iterator[Any]:
        """Results as ``in_order`` of lolpop gives them."""
        for result in in_order(lambda part: self._begin(ask, part), parts, jobs):
            with self._lock:
                self._now -= 1
            yield result

    def _begin(self, ask: Callable[[Any], Any], part: Any) -> Any:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        return ask(part)


def main() -> None:
    folder, workers = Path(sys.argv[1]), int(sys.argv[2])
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    os.environ[TRANSACTIONS] = str(folder)
    for former in folder.glob("transactions-*"):
        former.unlink()
    parts = PartsInFlight()
    predict.in_order = parts.in_order  # type: ignore[assignment]  # it counts, and calls the other
    settings = {
        "executor": {"use": "local", "workers": workers},
        "predict": {"n_jobs": max(2, workers), "part_batches": 4},
    }
    with CountingContainer.load(folder / "lolpop.yaml", environ={}, overrides=settings) as container:
        runner = container.runner()
        start = time.perf_counter()
        runner.predict_data(
            ModelVersion(name="bench", number=1), DatasetVersion(name="bench_predict", number=1)
        )
        seconds = time.perf_counter() - start
    counts = [list(map(int, path.read_text().split())) for path in folder.glob("transactions-*")]
    result = {"seconds": seconds, "parts": parts.most, "transactions": sum(map(sum, counts))}
    (folder / "counted.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
