"""What people write without lolpop for more rows than fit in memory: read, predict and write batches.

Usage: python plain_batches.py FOLDER ROWS
"""

import json
import sys
import time
from pathlib import Path

import joblib
import pyarrow as pa
import pyarrow.parquet as pq

folder, rows = Path(sys.argv[1]), int(sys.argv[2])
model = joblib.load(folder / "model.joblib")
columns = list(model.feature_names_in_)

start = time.perf_counter()
writer = None
with pq.ParquetFile(folder / "new.parquet") as file:
    for batch in file.iter_batches(rows):
        probabilities = model.predict_proba(batch.select(columns).to_pandas())
        predicted = {"id": batch["id"], "prediction": model.classes_[probabilities.argmax(axis=1)]}
        for label, column in zip(model.classes_, probabilities.T, strict=True):
            predicted[f"probability_{label}"] = column
        table = pa.table(predicted)
        writer = writer or pq.ParquetWriter(folder / "plain.parquet", table.schema)
        writer.write_table(table)
writer.close()
seconds = time.perf_counter() - start
# Its own: what getrusage tells begins with the peak of the process that has started this one.
[line] = [entry for entry in Path("/proc/self/status").read_text().splitlines() if entry.startswith("VmHWM")]
peak = int(line.split()[1]) / 1024
(folder / "plain.json").write_text(json.dumps({"seconds": seconds, "peak": peak}))
