"""A container whose first worker that predicts the second part is killed in the middle of it."""

import os
import signal
from pathlib import Path

from lolpop import providers
from lolpop.pipelines.predict import PredictPipeline
from lolpop.prediction.parts import PredictedPart, RowsPart
from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.predict import PredictContainer


class KilledPredictPipeline(PredictPipeline):
    def predict_part(self, part: RowsPart) -> PredictedPart:
        flag = Path(self.data_connector._folder, "killed")  # the folder of the project
        if part.batches.start > 0 and not flag.exists():
            flag.touch()
            super().predict_part(part)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict_part(part)


class KilledPredictContainer(PredictContainer):
    pipeline = providers.Pipeline(KilledPredictPipeline)


class KilledContainer(ClassificationContainer):
    predict = providers.nested(KilledPredictContainer)
