"""What ``tracked_batches.py`` does with rows that stay in place.

Usage: python listed_batches.py FOLDER
"""

import json
import sys
import time
from pathlib import Path

from lolpop.resources import ModelVersion
from lolpop_containers.classification import ClassificationContainer

folder = Path(sys.argv[1])
overrides = {"data.in_place": True, "data.predictions": "listed.parquet"}
with ClassificationContainer.load(folder / "lolpop.yaml", overrides=overrides) as container:
    runner = container.runner()
    model_version = ModelVersion(name="bench", number=1)
    container.resource_version_control().load_model(model_version)

    start = time.perf_counter()
    dataset_version = runner.process_data(dataset="predict")
    stored = time.perf_counter()
    runner.predict_data(model_version, dataset_version)
    end = time.perf_counter()
lines = Path("/proc/self/status").read_text().splitlines()
[line] = [line for line in lines if line.startswith("VmHWM")]
peak = int(line.split()[1]) / 1024
same = (folder / "listed.parquet").read_bytes() == (folder / "tracked.parquet").read_bytes()
(folder / "listed.json").write_text(
    json.dumps({"keeping": stored - start, "predicting": end - stored, "peak": peak, "same": same})
)
