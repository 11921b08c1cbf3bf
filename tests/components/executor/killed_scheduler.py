"""A trainer that ends the scheduler of its cluster in the middle of a search, once."""

import os
import signal
from pathlib import Path
from typing import Any

from lolpop.components.model_trainer.sklearn import SklearnModelTrainer

FITS_BEFORE = 3


class SchedulerKillingModelTrainer(SklearnModelTrainer):
    def fit(self, *arguments: Any, **options: Any) -> Any:
        scheduler = Path("scheduler.pid")
        with Path("fits").open("a") as fits:
            fits.write("fit\n")
        if scheduler.exists() and len(Path("fits").read_text().splitlines()) > FITS_BEFORE:
            pid = int(scheduler.read_text())
            scheduler.unlink()
            os.kill(pid, signal.SIGKILL)
        return super().fit(*arguments, **options)
