"""The executor on Ray: work on a real cluster of this machine with two workers."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from worker_app import PowerApp, double, fail_on_three, kill_always, kill_once, meet, place

from lolpop.components.executor.ray import RayExecutor
from lolpop.errors import LolpopError, WiringError
from lolpop.testing import contracts

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'lolpop[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore:::ray", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def cluster():
    """A cluster that this process is connected to, so that not every test starts one."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    handler = signal.getsignal(signal.SIGTERM)
    ray.init(
        "local", num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False,
        resources={"shelf": 1},
    )  # fmt: skip
    signal.signal(signal.SIGTERM, handler)  # Ray's own would end the process of later tests
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


def test_a_cluster_of_this_machine_leaves_no_trace():
    """Variables of this process stay as they were: Ray would have breakpoint() lead to its own debugger."""
    if ray.is_initialized():
        ray.shutdown()
    for name in ("RAY_AUTH_MODE", "PYTHONBREAKPOINT"):
        os.environ.pop(name, None)  # earlier tests have connected by Ray itself
    before = dict(os.environ)
    executor = RayExecutor(workers=1)
    assert executor.map(double, [1]) == [2]
    assert dict(os.environ) == before
    executor.close()
    assert dict(os.environ) == before
    assert not ray.is_initialized()


def test_a_cluster_of_this_machine_is_kept_until_the_executor_is_closed():
    """Workers that are needed later start in the same cluster; an error ends it, and the next work starts another."""
    if ray.is_initialized():
        ray.shutdown()
    executor = RayExecutor(workers=2)
    clusters = []
    for items in ([1], [2, 3]):
        assert executor.map(double, items) == [2 * item for item in items]
        clusters.append(ray.get_runtime_context().gcs_address)
    assert len(set(clusters)) == 1
    with pytest.raises(ValueError, match="no 3"):
        executor.map(fail_on_three, range(4))
    assert not ray.is_initialized()
    assert executor.map(double, [4]) == [8]
    executor.close()
    assert not ray.is_initialized()


def test_an_address_where_nobody_listens_is_reported():
    """The message says what to do, and comes within the timeout."""
    if ray.is_initialized():
        ray.shutdown()
    for address in ("127.0.0.1:9", "ray://127.0.0.1:9", "no port:x"):
        with pytest.raises(LolpopError, match=f"No cluster of Ray answers at {address} within"):
            RayExecutor(address, timeout=0.5).map(double, [1])


@pytest.mark.parametrize(
    ("address", "port"), [("127.0.0.1", 6379), ("ray://127.0.0.1", 10001), ("[::1]", 6379)]
)
def test_an_address_without_a_port_has_the_port_of_ray(address, port):
    """The message names it."""
    with pytest.raises(LolpopError, match=rf"answers at {re.escape(address)}:{port} within"):
        RayExecutor(address, timeout=0.5).map(double, [1])


def test_something_else_at_the_address_is_reported_within_the_timeout(other_server):
    """Ray itself would try to connect for a quarter of an hour."""
    for scheme in ("", "ray://"):
        begin = time.monotonic()
        with pytest.raises(LolpopError, match=r"No cluster of Ray answers at .* within 2 s"):
            RayExecutor(f"{scheme}{other_server}", timeout=2).map(double, [1])
        assert time.monotonic() - begin < 30  # the import of Ray counts, on a busy machine


def test_a_missing_client_of_ray_is_named(monkeypatch):
    """The message says how to install it, and not that nobody answers."""
    monkeypatch.setattr(
        "lolpop.components.executor.ray.find_spec", lambda name: None if name == "grpc" else find_spec(name)
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=lambda: server.accept()[0].sendall(b"\0\0\0\4\0\0\0\0\0"), daemon=True).start()
        executor = RayExecutor(f"ray://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(WiringError, match=r"is not installed. Install it: pip install 'ray\[client\]'"):
            executor.map(double, [1])


@pytest.mark.skipif(find_spec("grpc") is None, reason="the client of Ray is not installed")
def test_work_is_done_by_way_of_the_client(guarded_cluster, tmp_path):
    """Functions and methods of a container are called on a cluster that is reached from elsewhere."""
    _, client_port, environ = guarded_cluster
    (tmp_path / "lolpop.yaml").write_text("powers: {power: {exponent: 4}}\n")
    (tmp_path / "program.py").write_text(
        "from worker_app import PowerApp, double\n"
        "from lolpop.components.executor.ray import RayExecutor\n"
        "if __name__ == '__main__':\n"
        f"    settings = {{'use': 'ray', 'address': 'ray://127.0.0.1:{client_port}', 'workers': 1}}\n"
        "    print(RayExecutor(settings['address']).map(double, range(5)))\n"
        "    app = PowerApp.load('lolpop.yaml', environ={}, overrides={'executor': settings})\n"
        "    print([number for _, _, number in app.runner().run('where', list(range(5)))])\n"
    )
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={**environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[0, 2, 4, 6, 8]", "[0, 1, 2, 3, 4]"]


def test_a_wrong_token_is_reported_at_once(guarded_cluster):
    """The message names the variable of the token; the number of attempts to connect is as it was."""
    address, _, environ = guarded_cluster
    program = (
        "import os\n"
        "from worker_app import double\n"
        "from lolpop.components.executor.ray import RayExecutor\n"
        "try:\n"
        f"    RayExecutor({address!r}).map(double, [1])\n"
        "except Exception as error:\n"
        "    print(error)\n"
        "print(os.environ.get('RAY_gcs_server_port_wait_time_s'))\n"
    )
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environ, "RAY_AUTH_TOKEN": "b" * 50, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert time.monotonic() - begin < 100  # it took 220 seconds
    message, attempts = done.stdout.splitlines()
    assert f"The cluster of Ray at {address} takes no connection" in message
    assert "Compare RAY_AUTH_TOKEN" in message
    assert attempts == "None"


@pytest.fixture(scope="module")
def guarded_cluster():
    """The address of a cluster with a token, the port of its clients, and the variables that open it."""
    environ = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a" * 50}
    client_port = str(free_port())
    with cluster_with(environ, "--ray-client-server-port", client_port) as address:
        yield address, client_port, environ


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def cluster_with(environ, *options):
    """The address of a cluster that is started by the command of Ray with variables of its own."""
    port = str(free_port())
    with TemporaryDirectory(prefix="ray-") as folder:  # with the path of a test, sockets have too long names
        words = ["start", "--head", "--block", "--port", port, "--num-cpus", "1", "--temp-dir", folder]
        words += [
            *options,
            "--include-dashboard",
            "false",
            "--min-worker-port",
            "0",
            "--max-worker-port",
            "0",
        ]
        log = Path(folder) / "started.log"
        with log.open("w") as output:
            command = [Path(sys.executable).parent / "ray", *words]
            process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 120
            while "Ray runtime started" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


@pytest.mark.parametrize(
    ("settings", "message"), [({"workers": 0}, "at least 1"), ({"retries": -1}, "negative")]
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    """The constructor fails at once."""
    with pytest.raises(ValueError, match=message):
        RayExecutor(**settings)
