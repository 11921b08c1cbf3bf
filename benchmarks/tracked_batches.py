"""What ``plain_batches.py`` does, by lolpop and tracked.

Usage: python tracked_batches.py FOLDER
"""

import json
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
    processed = time.perf_counter()
    runner.predict_data(model_version, dataset_version)
    end = time.perf_counter()
# Its own: what getrusage tells begins with the peak of the process that has started this one.
[line] = [entry for entry in Path("/proc/self/status").read_text().splitlines() if entry.startswith("VmHWM")]
peak = int(line.split()[1]) / 1024
(folder / "tracked.json").write_text(
    json.dumps(
        {"seconds": end - start, "keeping": processed - start, "predicting": end - processed, "peak": peak}
    )
)
