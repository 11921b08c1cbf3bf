"""The executor on Ray: work on a real cluster of this machine with two workers."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from worker_app import PowerApp, double, fail_on_three, kill_always, kill_once, meet, place

from lolpop.components.executor.ray import RayExecutor
from lolpop.errors import LolpopError
from lolpop.testing import contracts

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'lolpop[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore:::ray", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def cluster():
    """A cluster that this process is connected to, so that not every test starts one."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(
        "local", num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False,
        resources={"shelf": 1},
    )  # fmt: skip
    yield
    ray.shutdown()


@pytest.mark.usefixtures("cluster")
class TestRayExecutor(contracts.ExecutorContract):
    @pytest.fixture
    def make(self):
        return lambda: RayExecutor(workers=2)


@pytest.mark.usefixtures("cluster")
def test_results_come_in_the_order_of_the_items():
    """More items than workers."""
    assert RayExecutor().map(double, range(25)) == [2 * number for number in range(25)]


@pytest.mark.usefixtures("cluster")
def test_workers_work_at_once(tmp_path):
    """Two items that wait for each other are done, by two workers, however late one of them starts."""
    assert len(set(RayExecutor().map(meet, [str(tmp_path)] * 2))) == 2


@pytest.mark.usefixtures("cluster")
def test_what_fails_in_a_worker_is_raised_here():
    """The error has the type and the text of the original."""
    with pytest.raises(ValueError, match="no 3") as raised:
        RayExecutor().map(fail_on_three, range(6))
    assert type(raised.value) is ValueError


@pytest.mark.usefixtures("cluster")
def test_what_a_killed_worker_was_doing_is_done_again(tmp_path):
    """No result is lost or repeated."""
    flags = [str(tmp_path / name) for name in ("a", "b", "c", "d")]
    for flag in flags[1:]:
        Path(flag).touch()
    assert RayExecutor(workers=2).map(kill_once, flags) == [7, 7, 7, 7]
    assert Path(flags[0]).exists()


@pytest.mark.usefixtures("cluster")
def test_an_item_that_ends_every_worker_is_an_error():
    """The message says how often it was tried."""
    with pytest.raises(LolpopError, match=r"A worker of Ray was lost \(1 attempt\)"):
        RayExecutor(workers=1, retries=0).map(kill_always, [1])


@pytest.mark.usefixtures("cluster")
def test_several_threads_may_wait_for_workers():
    """Items may be added while the block is open."""
    with RayExecutor().workers(double, 2) as ask, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(6))) == [0, 2, 4, 6, 8, 10]


@pytest.mark.usefixtures("cluster")
def test_a_container_is_built_once_in_each_worker_and_closed(tmp_path, monkeypatch):
    """Calls use the settings of the container and the run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lolpop.yaml").write_text(
        "powers: {power: {exponent: 4}}\nexecutor: {use: ray, workers: 2}\n"
    )
    app = PowerApp.load(environ={})
    answers = app.runner().run("where", list(range(8)))
    assert {run_id for _, run_id, _ in answers} == {app.runs()[0].run_id}
    assert [number for _, _, number in answers] == list(range(8))
    built, closed = (
        {path.name.partition("-")[2] for path in tmp_path.glob(f"{what}-*")} for what in ("built", "closed")
    )
    assert built == closed == {str(pid) for pid, _, _ in answers}


@pytest.mark.usefixtures("cluster")
def test_items_go_where_their_resources_are():
    """As many workers as the resources allow; what no machine has is an error, not a wait for ever."""
    answers = RayExecutor(resources={"shelf": 1}).map(place, ["PATH"] * 4)
    assert len({pid for pid, _ in answers}) == 1
    with pytest.raises(LolpopError, match=r"has 0 GPU, but executor\.resources requires 1 for each worker"):
        RayExecutor(resources={"GPU": 1}).map(double, [1])


def test_an_address_where_nobody_listens_is_reported():
    """The message says what to do, and comes within the timeout."""
    if ray.is_initialized():
        ray.shutdown()
    for address in ("127.0.0.1:9", "ray://127.0.0.1:9", "no port:x"):
        with pytest.raises(LolpopError, match=f"No cluster of Ray answers at {address} within"):
            RayExecutor(address, timeout=0.5).map(double, [1])


@pytest.mark.parametrize(
    ("settings", "message"), [({"workers": 0}, "at least 1"), ({"retries": -1}, "negative")]
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    """The constructor fails at once."""
    with pytest.raises(ValueError, match=message):
        RayExecutor(**settings)
