"""Clusters of this machine that stand before what is measured begins, as those of other machines do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def standing(engine: str, workers: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The address of a cluster of ``dask`` or ``ray`` with ``workers``, and the variables that open it."""
    command = [sys.executable, "-m", "benchmarks.standing", engine, str(workers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # The token of a cluster of Ray is in a file that processes of this user read if they are told to.
        yield process.stdout.readline().strip(), {"RAY_AUTH_MODE": "token"} if engine == "ray" else {}
    # Leaving the block has closed the input of the process, with which its cluster ended.


def _dask(workers: int) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
        _stand(cluster.scheduler_address)


def _ray(workers: int) -> None:
    import ray

    ray.init(
        "local", num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL"
    )
    _stand(ray.get_runtime_context().gcs_address)
    ray.shutdown()


def _stand(address: str) -> None:
    print(address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    {"dask": _dask, "ray": _ray}[sys.argv[1]](int(sys.argv[2]))
