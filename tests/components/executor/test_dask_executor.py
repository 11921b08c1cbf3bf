"""The executor on Dask: work on a real cluster of this machine with two workers."""

import asyncio
import logging
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from worker_app import PowerApp, SlowToSend, double, fail_on_three, kill_always, kill_once, meet, place, sleep

from lolpop._processors import processors
from lolpop.components.executor._cluster_worker import Payload
from lolpop.components.executor.dask import DaskExecutor
from lolpop.errors import LolpopError, WiringError
from lolpop.kernel.scopes import scope_of
from lolpop.kernel.specs import Worker, spec_of
from lolpop.resources import Experiment
from lolpop.testing import contracts

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install 'lolpop[dask]'")
pytestmark = pytest.mark.filterwarnings("ignore:::distributed", "ignore:::tornado", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def address():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def one_worker(command=(sys.executable, "-m", "distributed.cli.dask_worker"), cwd=None):
    """The address of a cluster with one worker, and the worker's process, which nobody restarts."""
    with distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as cluster:
        options = [cluster.scheduler_address, "--no-nanny", "--no-dashboard", "--nthreads", "1"]
        process = subprocess.Popen(
            [*command, *options], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with distributed.Client(cluster, set_as_default=False) as client:
                client.wait_for_workers(1, timeout=60)
            yield cluster.scheduler_address, process
        finally:
            process.kill()
            process.wait()


class TestDaskExecutor(contracts.ExecutorContract):
    @pytest.fixture
    def make(self, address):
        return lambda: DaskExecutor(address)


def test_results_come_in_the_order_of_the_items(address):
    """More items than are ever submitted at once; no items have no results."""
    executor = DaskExecutor(address)
    assert executor.map(double, range(25)) == [2 * number for number in range(25)]
    assert executor.map(double, []) == []


def test_workers_work_at_once(address, tmp_path):
    """Two items that wait for each other are done, by two workers."""
    assert len(set(DaskExecutor(address).map(meet, [str(tmp_path)] * 2))) == 2


def test_an_item_that_ends_every_worker_is_an_error(address):
    """The message says how often it was tried."""
    with pytest.raises(LolpopError, match=r"A worker of Dask was lost \(2 attempts\): it was killed"):
        DaskExecutor(address, retries=1, timeout=60).map(kill_always, [1])  # nannies need as long, too


def test_a_worker_without_lolpop_is_named(tmp_path):
    """So it is before any item is sent there; the message says how to install it."""
    packages = Path(distributed.__file__).parents[1]
    for path in packages.iterdir():
        if not path.name.startswith(("lolpop", "__editable__")):
            (tmp_path / path.name).symlink_to(path)
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); from distributed.cli.dask_worker import main; main()"
    command = [sys.executable, "-S", "-c", program, str(tmp_path)]
    message = r"the worker of Dask at tcp://.* has no lolpop.*pip install 'lolpop\[dask\]=="
    with one_worker(command, cwd=tmp_path) as (address, _), pytest.raises(WiringError, match=message):
        DaskExecutor(address).map(double, [1])


def test_resources_that_no_worker_has_are_an_error(address):
    """Not a wait for ever."""
    with pytest.raises(
        LolpopError, match=r"No worker of Dask at tcp://.* has 1 GPU, which executor\.resources"
    ):
        DaskExecutor(address, resources={"GPU": 1}).map(double, [1])


def test_a_cluster_of_this_machine_leaves_no_trace(monkeypatch):
    """Workers share the processors, but the environment and the logger of this process stay as they were."""
    for name in ("OMP_NUM_THREADS", "PYTHONHASHSEED", "MALLOC_TRIM_THRESHOLD_"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ), logging.getLogger("distributed").level
    with DaskExecutor(workers=1).workers(place, 1) as ask:
        assert ask("OMP_NUM_THREADS")[1] == str(processors())
        # With it, arrays of every fit would be fetched from the system and returned to it.
        assert ask("MALLOC_TRIM_THRESHOLD_")[1] is None
    assert (dict(os.environ), logging.getLogger("distributed").level) == before


def test_what_fails_in_a_worker_is_raised_here(address):
    """The error has the type and the text of the original."""
    with pytest.raises(ValueError, match="no 3"):
        DaskExecutor(address).map(fail_on_three, range(6))


def test_what_a_killed_worker_was_doing_is_done_again(address, tmp_path):
    """No result is lost or repeated."""
    flags = [str(tmp_path / name) for name in ("a", "b", "c", "d")]
    for flag in flags[1:]:
        Path(flag).touch()
    assert DaskExecutor(address, timeout=60).map(kill_once, flags) == [7, 7, 7, 7]
    assert Path(flags[0]).exists()


def test_several_threads_may_wait_for_workers(address):
    """Items may be added while the block is open."""
    with DaskExecutor(address).workers(double, 2) as ask, ThreadPoolExecutor(2) as pool:
        assert list(pool.map(ask, range(6))) == [0, 2, 4, 6, 8, 10]


def test_a_container_is_built_once_in_each_worker_and_closed(address, tmp_path, monkeypatch):
    """Calls use the settings of the container and the run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lolpop.yaml").write_text(
        f"powers: {{power: {{exponent: 4}}}}\nexecutor: {{use: dask, address: '{address}'}}\n"
    )
    app = PowerApp.load(environ={})
    answers = app.runner().run("where", list(range(8)))
    assert {run_id for _, run_id, _ in answers} == {app.runs()[0].run_id}
    assert [number for _, _, number in answers] == list(range(8))
    built, closed = (
        {path.name.partition("-")[2] for path in tmp_path.glob(f"{what}-*")} for what in ("built", "closed")
    )
    assert built == closed == {str(pid) for pid, _, _ in answers}


def test_a_search_whose_worker_is_killed_chooses_what_it_chooses_without(tmp_path, monkeypatch):
    """All trials are there once, with the scores of a search in one process."""
    from sklearn.datasets import load_iris

    from lolpop_containers.classification import ClassificationContainer

    rows = load_iris(as_frame=True).frame
    rows.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(
        "problem: {name: iris, target: target}\ndata: {train: rows.csv}\n"
        "train:\n  model_trainer: {use: 'killed_trainer:KilledModelTrainer', estimator: logistic_regression}\n"
        "  hyperparameter_tuner: {use: grid, points: 2}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KILL_SPARES", str(os.getpid()))
    flag = tmp_path / "killed"
    searches = []
    for settings in ({}, {"train.hyperparameter_tuner.n_jobs": 2, "executor": {"use": "dask", "workers": 2}}):
        if settings:
            monkeypatch.setenv("KILL_FLAG", str(flag))
        settings = {**settings, "store": {"url": f"sqlite:///{tmp_path}/{len(searches)}.db"}}
        with ClassificationContainer.load(environ={}, overrides=settings) as container:
            runner = container.runner()
            runner.train_model(runner.process_data())
            experiments = container.metadata_tracker().find(Experiment, "iris")
            metrics = container.metrics_tracker()
            scores = [values for experiment in experiments if (values := metrics.get(experiment))]
            # Experiments are numbered as they end.
            searches.append(sorted(scores, key=lambda values: values["validation.log_loss"]))
    assert flag.exists()
    assert len(searches[0]) > 1
    assert searches[1] == searches[0]


def test_an_address_where_nobody_listens_is_reported():
    """The message says what to do."""
    with pytest.raises(LolpopError, match=r"No scheduler of Dask answers at tcp://127\.0\.0\.1:9 within"):
        DaskExecutor("tcp://127.0.0.1:9", timeout=0.5).map(double, [1])


@pytest.mark.parametrize("address", ["tcp://127.0.0.1", "127.0.0.1", "tcp://[::1]"])
def test_an_address_without_a_port_has_the_port_of_dask(address):
    """The message names it, whether something else listens there or nothing does."""
    with pytest.raises(LolpopError, match=rf"answers at {re.escape(address)}:8786 within"):
        DaskExecutor(address, timeout=0.5).map(double, [1])


def test_something_else_at_the_address_is_reported_within_the_timeout(other_server):
    """Dask itself would wait for an answer for ever."""
    with pytest.raises(LolpopError, match=r"No scheduler of Dask answers at tcp://.*listens there does not"):
        DaskExecutor(f"tcp://{other_server}", timeout=1).map(double, [1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lolpop": "0.0.1"}, "a worker has lolpop .*, but the main process has 0.0.1"),
        ({"python": (2, 7)}, "a worker has Python 3.*, but the main process has 2.7"),
        ({"code": (("worker_app", "0000"),)}, "a worker has another version of the module 'worker_app'"),
        ({"folder": "/no/such/folder"}, "a worker cannot reach the folder of the project, /no/such/folder"),
    ],
)
def test_a_worker_with_other_code_refuses_to_work(change, message):
    """Another version of code, Python or lolpop is an error that names both."""
    payload = Payload.of(b"", ["worker_app"])
    payload.check()
    with pytest.raises(WiringError, match=message):
        replace(payload, **change).check()


def test_a_worker_that_reaches_another_store_refuses_to_work(tmp_path):
    """A folder of the same name on another machine is reported before anything is read."""
    (tmp_path / "lolpop.yaml").write_text("store: {url: sqlite:///kept.db}\n")
    with PowerApp.load(tmp_path / "lolpop.yaml", environ={}) as app:
        spec = spec_of(scope_of(app), "run-of-another-store", recorded=True)
    worker = Worker(spec)
    try:
        with pytest.raises(WiringError, match="store of a worker does not have the run run-of-another"):
            worker.require_store()
    finally:
        worker.close()


def by_one(executor, function, items):
    with executor.workers(function, 1) as call:
        return [call(item) for item in items]


def at_once(executor, function, items):
    return executor.map(function, items)


@pytest.mark.parametrize("work", [by_one, at_once])
def test_a_cluster_without_workers_is_reported(work):
    """Nobody waits for ever for a cluster whose last worker is gone."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        executor = DaskExecutor(cluster.scheduler_address, timeout=0.5)
        threading.Timer(1.0, lambda: cluster.scale(0)).start()
        with pytest.raises(
            LolpopError, match=r"cluster of Dask at .* is gone \(it has had no worker for 3 s\)"
        ):
            work(executor, sleep, [0.2] * 200)


@pytest.mark.parametrize("work", [by_one, at_once])
def test_a_result_that_is_lost_with_the_last_worker_is_not_waited_for(work, tmp_path):
    """It was made, but had not arrived yet."""
    flag = tmp_path / "sending"
    with one_worker() as (address, process):

        def kill_worker():
            while not flag.exists():
                time.sleep(0.01)
            process.kill()

        threading.Thread(target=kill_worker, daemon=True).start()
        with pytest.raises(LolpopError, match=r"cluster of Dask at .* is gone"):
            work(DaskExecutor(address, timeout=0.5), SlowToSend, [str(flag)])


def test_a_scheduler_that_is_gone_is_reported():
    """All waiting threads get a readable error."""
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    try:
        closer = threading.Timer(1.0, lambda: cluster.sync(cluster.scheduler.close))
        closer.start()
        with pytest.raises(LolpopError, match=r"The scheduler of Dask at .* is gone"):
            DaskExecutor(cluster.scheduler_address, timeout=1).map(sleep, [0.2] * 200)
    finally:
        with suppress(asyncio.CancelledError, TimeoutError):  # its scheduler no longer answers
            cluster.close(timeout=2)
        cluster.status = distributed.Status.closed  # or it warns of itself in the middle of another test


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0}, "at least 1"),
        ({"retries": -1}, "cannot be negative"),
        ({"workers": 2, "address": "tcp://a:1"}, "leave it out, or the address"),
        ({"resources": {"GPU": 1}}, "name its address, or leave resources out"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    """The constructor fails at once."""
    with pytest.raises(ValueError, match=message):
        DaskExecutor(**settings)
