"""Doing many things at once on a cluster of Ray."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from queue import SimpleQueue
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from lolpop._concurrency import in_order
from lolpop._import_order import import_ufuncs
from lolpop._processors import let_threads_sleep, processors
from lolpop.components.executor import Executor
from lolpop.components.executor._checks import (
    lost_cluster,
    lost_worker,
    refused_connection,
    require_counts,
    unreachable_cluster,
    with_port,
)
from lolpop.components.executor._cluster_worker import Payload, call, payload_of, release
from lolpop.components.executor._environments import environment_restored
from lolpop.components.executor._greetings import require_http2
from lolpop.components.executor._interrupts import sigterm_is_kept
from lolpop.components.executor._loggers import quieted
from lolpop.errors import LolpopError, WiringError

if TYPE_CHECKING:
    from lolpop.kernel.specs import Call

__all__ = ["RayExecutor"]

T = TypeVar("T")

_CLUSTER = "The cluster of Ray"
_CLIENT = "ray://"
# A cluster forks a process for each client while its threads are at work, which now and then goes wrong.
_CLIENT_ATTEMPTS = 3
_LOOKS_EVERY = 0.5
"""Seconds after which it is seen that workers that start are not needed any more."""
_PATIENCE = 10.0
"""Seconds that threads have to see that the work has ended."""
_DEFAULT_PORT = 6379
_DEFAULT_CLIENT_PORT = 10001
_ATTEMPTS = "RAY_gcs_server_port_wait_time_s"
"""How often Ray tries to connect: by default twenty times, with up to forty seconds for each."""

_CHANGED = ("RAY_AUTH_MODE", "RAY_CLIENT_MODE", "PYTHONBREAKPOINT")
"""Variables that Ray sets in this process, and leaves so."""


# What Ray does by itself, unless people want it: it reports its use to its makers, and warns of accelerators.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class RayExecutor(Executor):
    """Calls functions on workers of a Ray cluster, by default on one of this machine.

    A worker is an actor that builds the container of a ``Call`` once. Each has one item at a time, never all
    at once. What a lost worker was working on is done again by the one that takes its place. On Ctrl-C the
    workers are stopped. Where the process is connected to a cluster already, by ``ray.init``, that one is
    used.

    Parameters
    ----------
    address : str, optional
        Of a cluster: ``10.0.0.5:6379`` or ``auto`` on one of its machines, ``ray://10.0.0.5:10001`` on any
        other, which needs ``ray[client]``. These are the ports if it names none. Workers need the same code,
        the same version of lolpop, and the store. Without an address, a cluster of this machine is started
        when the first workers are needed. It ends when the executor is closed, as its container closes it, or
        when an error ends the work.
    workers : int, optional
        How many workers there are at most; by default one for each processor of the cluster.
    retries : int
        How often an item is done again after the worker that worked on it was lost.
    timeout : float
        Seconds that the cluster has to answer.
    resources : mapping of str to float, optional
        What each worker needs of a machine of the cluster: ``{GPU: 1}``. A worker needs one ``CPU`` unless
        this says otherwise.
    """

    requires: ClassVar[tuple[str, ...]] = ("ray",)
    install: ClassVar[str] = "lolpop[ray]"

    def __init__(
        self,
        address: str | None = None,
        workers: PositiveInt | None = None,
        retries: NonNegativeInt = 3,
        timeout: PositiveFloat = 10.0,
        resources: Mapping[str, float] | None = None,
    ) -> None:
        require_counts(workers, retries)
        if address is not None and address != "auto":
            port = _DEFAULT_CLIENT_PORT if address.startswith(_CLIENT) else _DEFAULT_PORT
            address = with_port(address, port)
        self._address = address
        self._workers = workers
        self._retries = retries
        self._timeout = timeout
        self._resources = {"CPU": 1.0, **(resources or {})}
        self._own_cluster = ExitStack()

    def close(self) -> None:
        """End the cluster of this machine, if one was started."""
        self._own_cluster.close()

    def map(self, function: Callable[[Any], T] | Call, items: Iterable[Any]) -> list[T]:
        """Results of ``function`` for ``items``, in their order.

        Raises
        ------
        WiringError
            If workers cannot have ``function``, or the container of a Call; if a Call is made outside a run;
            or if a worker has other code.
        LolpopError
            If nobody answers at the address, the cluster is lost or has no worker to offer, or workers are
            lost too often.
        """
        waiting = list(items)
        if not waiting:
            return []
        with self.workers(function, len(waiting)) as ask:
            return list(in_order(ask, waiting, min(len(waiting), self._count(len(waiting)))))

    @contextmanager
    def workers(
        self, function: Callable[[Any], T] | Call, max_concurrency: int
    ) -> Iterator[Callable[[Any], T]]:
        """Give what has ``function`` called for one item and waits for its result, inside the block.

        The workers live until the block ends; errors are those of ``map``.
        """
        payload = payload_of(function)
        with self._connected():
            actors = _Actors(payload, self._count(max_concurrency), self._resources, self._retries)
            try:
                yield actors.ask
            except BaseException:
                actors.stop()
                raise
            actors.release(self._timeout)

    def _count(self, max_concurrency: int) -> int:
        """How many workers the cluster has for so many items at once. Raises LolpopError if it has none."""
        import ray

        total = ray.cluster_resources()
        for name, needed in self._resources.items():
            if needed > total.get(name, 0.0):
                names = ", ".join(sorted(name for name in total if ":" not in name))
                raise LolpopError(
                    f"The cluster of Ray has {total.get(name, 0.0):g} {name}, but executor.resources "
                    f"requires {needed:g} for each worker. It has {names}."
                )
        fitting = min(int(total[name] / needed) for name, needed in self._resources.items() if needed)
        return max(1, min(max_concurrency, fitting, self._workers or max_concurrency))

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Be connected to the cluster; one of this machine, which takes seconds to start, is kept."""
        with environment_restored(*_CHANGED, *_QUIET, _ATTEMPTS), ExitStack() as on_error:
            for name, value in _QUIET.items():
                os.environ.setdefault(name, value)
            if self._address is not None:
                os.environ.setdefault(_ATTEMPTS, "1")
            import ray

            on_error.callback(self.close)
            with ExitStack() as connection:
                if not ray.is_initialized():
                    self._connect()
                    connection.callback(ray.shutdown)
                    if self._address is None:
                        self._own_cluster = connection.pop_all()
                yield
            on_error.pop_all()

    def _connect(self) -> None:
        """Connect to the cluster. Raises LolpopError if it cannot be done."""
        import ray

        if self._address is not None:
            self._require_answer(self._address)
            if self._address.startswith(_CLIENT) and find_spec("grpc") is None:
                raise WiringError(
                    f"the client of Ray, which connects to {self._address}, is not installed",
                    "Install it: pip install 'ray[client]'.",
                )
        options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        if self._address is None:
            options |= {
                "num_cpus": self._workers or processors(),
                "include_dashboard": False,
                "logging_level": "CRITICAL",
            }
        try:
            with quieted("ray"), sigterm_is_kept():  # Ray tells of a token for each cluster of this machine
                for attempts_left in reversed(range(_CLIENT_ATTEMPTS)):
                    try:
                        ray.init(self._address or "local", **options)
                        break
                    except ConnectionAbortedError:
                        if not attempts_left:
                            raise
        except (OSError, RuntimeError, ValueError) as error:
            if self._address in (None, "auto"):
                raise self._no_answer(self._address or "this machine", error) from error
            raise refused_connection(_CLUSTER, self._address, error, "RAY_AUTH_TOKEN") from error

    def _require_answer(self, address: str) -> None:
        """Raise LolpopError if no Ray listens at ``address``: Ray itself would try for minutes."""
        if address == "auto":
            return
        host, _, port = address.removeprefix(_CLIENT).rpartition(":")
        try:
            number = int(port)
            with socket.create_connection((host.strip("[]"), number), timeout=self._timeout) as connection:
                if os.environ.get("RAY_USE_TLS", "0") == "0":  # encrypted, it would not be understood
                    require_http2(connection)
        except (OSError, ValueError, OverflowError) as error:
            raise self._no_answer(address, error) from error

    def _no_answer(self, address: str, error: Exception) -> LolpopError:
        return unreachable_cluster("cluster of Ray", address, self._timeout, error, "ray start --head")


class _Worker:
    """What an actor is: a process that calls one function for item after item."""

    def __init__(self, payload: Payload) -> None:
        let_threads_sleep()
        import_ufuncs()
        self._payload = payload

    def ready(self) -> None:
        """Raise what keeps this worker from working."""
        self._payload.prepare()

    def call(self, item: Any) -> Any:
        return call(self._payload, item)

    def release(self) -> None:
        release()


class _Actors:
    """Workers, each of which is asked for one item at a time."""

    def __init__(self, payload: Payload, count: int, resources: Mapping[str, float], retries: int) -> None:
        import ray

        special = {name: number for name, number in resources.items() if name not in ("CPU", "GPU", "memory")}
        options = {
            "num_cpus": resources["CPU"],
            "num_gpus": resources.get("GPU"),
            "memory": resources.get("memory"),
            "resources": special or None,
            "max_restarts": -1,
            "max_task_retries": retries,
        }
        worker = ray.remote(_Worker).options(**options)
        self._retries = retries
        self._all = [worker.remote(payload) for _ in range(count)]
        # A free worker, or what keeps one from working.
        self._free: SimpleQueue[Any] = SimpleQueue()
        self._stopped = False
        self._asking = 0
        self._asked = Condition()
        # Those that the cluster has no place for yet are not waited for.
        self._readiness = Thread(target=self._await_ready, name="lolpop-ray-ready", daemon=True)
        self._readiness.start()

    def ask(self, item: Any) -> Any:
        """The result for ``item``, once a worker was free and has made it."""
        with self._counted():
            actor = self._free.get()
            if isinstance(actor, BaseException) or self._stopped:
                self._free.put(actor)  # others wait for it, too
                raise actor if isinstance(actor, BaseException) else LolpopError("The work was cancelled.")
            try:
                return self._result(actor.call.remote(item))
            finally:
                self._free.put(actor)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._asked:
            self._asking += 1
        try:
            yield
        finally:
            with self._asked:
                self._asking -= 1
                self._asked.notify_all()

    def release(self, timeout: float) -> None:
        """Let workers close what they have built, and end."""
        import ray

        with suppress(Exception):  # what a worker cannot close ends with the worker
            ray.wait(
                [actor.release.remote() for actor in self._all], num_returns=len(self._all), timeout=timeout
            )
        self.stop()

    def stop(self) -> None:
        """End all workers, whatever they work on.

        No thread asks Ray for anything afterwards: once this process is not connected any more, Ray would
        answer by a cluster of its own.
        """
        import ray

        self._stopped = True
        self._free.put(LolpopError("The work was cancelled."))  # nobody is to wait for ever
        with suppress(Exception):  # those that are gone
            for actor in self._all:
                ray.kill(actor)
        self._readiness.join(_PATIENCE)
        with self._asked:
            self._asked.wait_for(lambda: not self._asking, _PATIENCE)

    def _await_ready(self) -> None:
        import ray

        # Not again if it fails: workers that are not needed any more are ended while they start.
        starting = {actor.ready.options(max_task_retries=0).remote(): actor for actor in self._all}
        while starting:
            try:
                done, _ = ray.wait(list(starting), timeout=_LOOKS_EVERY)
            except Exception as error:  # noqa: BLE001  (whoever asks raises it)
                self._free.put(lost_cluster(_CLUSTER, error))
                return
            if self._stopped:
                return
            for reference in done:
                actor = starting.pop(reference)
                try:
                    self._result(reference)
                except Exception as error:  # noqa: BLE001  (whoever asks raises it)
                    self._free.put(error)
                else:
                    self._free.put(actor)

    def _result(self, reference: Any) -> Any:
        import ray
        from ray.exceptions import RayActorError, RayError, RayTaskError

        try:
            return ray.get(reference)
        except RayTaskError as error:
            cause = getattr(error, "cause", None)
            raise (cause if isinstance(cause, BaseException) else error) from None
        except RayActorError as error:
            if "ModuleNotFoundError" in str(error):
                raise WiringError(
                    "a worker of Ray cannot import the function that it should call",
                    "Install lolpop and your code where workers run, in the same versions.",
                ) from error
            raise lost_worker("A worker of Ray", self._retries, "Its log says more.") from error
        except (RayError, ConnectionError) as error:
            raise lost_cluster(_CLUSTER, error) from error
