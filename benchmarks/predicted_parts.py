"""Predicts the rows of ``parts.py``, part by part.

Usage: python -m benchmarks.predicted_parts FOLDER EXECUTOR WORKERS JOBS
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

from benchmarks.processes import descendants
from lolpop.resources import DatasetVersion, ModelVersion
from lolpop_containers.classification import ClassificationContainer


def peaks_of_processes(pids: list[int]) -> dict[int, int]:
    """Peak memory of processes of this Python, by their ids, in MB."""
    peaks = {}
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue  # it has ended
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")] or ["VmHWM: 0 kB"]
        peaks[pid] = int(line.split()[1]) // 1024
    return peaks


def is_python(pid: int) -> bool:
    """Whether it is a worker, and no server of the engine."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
    return b"python" in command or command.startswith(b"ray::")


def main() -> None:
    folder, executor, workers, jobs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    peaks: dict[int, int] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            pids = [os.getpid(), *filter(is_python, descendants(os.getpid()))]
            peaks.update(peaks_of_processes(pids))

    settings = {
        "executor": {"use": executor, "workers": workers},
        "predict": {"n_jobs": jobs, "part_batches": 4},
    }
    with ClassificationContainer.load(folder / "lolpop.yaml", overrides=settings) as container:
        runner = container.runner()
        threading.Thread(target=watch, daemon=True).start()
        start = time.perf_counter()
        runner.predict_data(
            ModelVersion(name="bench", number=1), DatasetVersion(name="bench_predict", number=1)
        )
        seconds = time.perf_counter() - start
        done.set()
    first = peaks.pop(os.getpid(), 0)
    result = {"seconds": seconds, "peak": max([first, *peaks.values()]), "first": first}
    result["workers"] = max(peaks.values(), default=0)
    (folder / "predicted.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
