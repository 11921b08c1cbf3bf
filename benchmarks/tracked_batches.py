"""What ``plain_batches.py`` does, by lolpop and tracked.

Usage: python tracked_batches.py FOLDER
"""

import json
import resource
import sys
import time
from pathlib import Path

from lolpop.resources import ModelVersion
from lolpop_containers.classification import ClassificationContainer

folder = Path(sys.argv[1])
with ClassificationContainer.load(folder / "lolpop.yaml") as container:
    runner = container.runner()
    model_version = ModelVersion(name="bench", number=1)
    container.resource_version_control().load_model(model_version)  # both sides have their model at hand

    start = time.perf_counter()
    dataset_version = runner.process_data(dataset="predict")
    kept = time.perf_counter()
    runner.predict_data(model_version, dataset_version)
    end = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
(folder / "tracked.json").write_text(
    json.dumps({"seconds": end - start, "keeping": kept - start, "predicting": end - kept, "peak": peak})
)
