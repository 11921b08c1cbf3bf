"""Doing many things at once on a cluster of Dask."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from lolpop._processors import THREAD_VARIABLES, processors
from lolpop.components.executor import Executor
from lolpop.components.executor._checks import (
    lost_cluster,
    lost_worker,
    require_counts,
    unreachable_cluster,
    with_port,
)
from lolpop.components.executor._cluster_worker import Payload, call, payload_of, release
from lolpop.components.executor._dask_workers import require_lolpop
from lolpop.components.executor._environments import environment_restored
from lolpop.components.executor._greetings import require_dask
from lolpop.components.executor._loggers import quieted
from lolpop.errors import LolpopError

if TYPE_CHECKING:
    from distributed import Client

    from lolpop.kernel.specs import Call

__all__ = ["DaskExecutor"]

T = TypeVar("T")

_DEFAULT_PORT = 8786
_WAITING = 2
"""Items that are submitted for each worker at once: one that it works on, and one that it takes next."""


_CHECKS = 6
"""How many times in a row a cluster has no worker, ``timeout`` seconds apart, before it counts as lost."""


class DaskExecutor(Executor):
    """Calls functions on the workers of a Dask cluster, by default on one of this machine.

    A worker builds the container of a ``Call`` once. Items go to the cluster as workers become free, never
    all at once. What a lost worker was working on is done again by another one. On Ctrl-C the rest is
    cancelled. A script that maps needs ``if __name__ == "__main__":`` around its code.

    Parameters
    ----------
    address : str, optional
        Of a scheduler, such as ``tcp://10.0.0.5:8786``; 8786 is the port if it names none. Workers need the
        same code, the same version of lolpop, and the store. Without it, a cluster of this machine is started
        and ended with each ``map``.
    workers : int, optional
        How many workers the cluster of this machine has; by default one for each processor.
    retries : int
        How often an item is given to another worker after the one that worked on it was lost.
    timeout : float
        Seconds that the scheduler has to answer. A cluster that has lost all of its workers has six times as
        long to get others.
    resources : mapping of str to float, optional
        What each item needs of a worker, as workers were started with: ``{GPU: 1}``.
    """

    requires: ClassVar[tuple[str, ...]] = ("distributed",)
    install: ClassVar[str] = "lolpop[dask]"

    def __init__(
        self,
        address: str | None = None,
        workers: PositiveInt | None = None,
        retries: NonNegativeInt = 3,
        timeout: PositiveFloat = 10.0,
        resources: Mapping[str, float] | None = None,
    ) -> None:
        require_counts(workers, retries)
        if address is not None and workers is not None:
            raise ValueError("workers is for a cluster of this machine: leave it out, or the address.")
        if address is None and resources:
            raise ValueError(
                "resources are for a cluster whose workers were started with them: name its address, "
                "or leave resources out."
            )
        self._address = None if address is None else with_port(address, _DEFAULT_PORT)
        self._workers = workers
        self._retries = retries
        self._timeout = timeout
        self._resources = dict(resources or {})

    def map(self, function: Callable[[Any], T] | Call, items: Iterable[Any]) -> list[T]:
        """Results of ``function`` for ``items``, in their order.

        Raises
        ------
        WiringError
            If workers cannot have ``function``, or the container of a Call; if a Call is made outside a run;
            or if a worker has other code.
        LolpopError
            If nobody answers at the address, the scheduler is lost, or workers are lost too often.
        """
        waiting = list(items)
        if not waiting:
            return []
        payload = payload_of(function)
        with self._client(len(waiting)) as client:
            return self._mapped(client, payload, waiting)

    @contextmanager
    def workers(
        self, function: Callable[[Any], T] | Call, max_concurrency: int
    ) -> Iterator[Callable[[Any], T]]:
        """Give what has ``function`` called for one item and waits for its result, inside the block.

        The connection, and a cluster of this machine, live until the block ends; errors are those of ``map``.
        """
        payload = payload_of(function)
        with self._client(max_concurrency) as client:
            submitted = self._submitter(client, payload)

            def called(item: Any) -> Any:
                (future,) = self._completed(client, [submitted(item)])
                return self._result(future)

            yield called

    def _mapped(self, client: Client, payload: Payload, items: list[Any]) -> list[Any]:
        submitted = self._submitter(client, payload)
        results: list[Any] = [None] * len(items)
        positions = iter(range(len(items)))
        running: dict[Future[Any], int] = {}
        errors: dict[int, Exception] = {}
        max_concurrency = _WAITING * max(1, sum(client.nthreads().values()))
        while True:
            while (
                not errors
                and len(running) < max_concurrency
                and (position := next(positions, None)) is not None
            ):
                running[submitted(items[position])] = position
            if not running:
                return results
            for future in self._completed(client, running):
                position = running.pop(future)
                try:
                    results[position] = self._result(future)
                except Exception as error:  # noqa: BLE001  (an earlier item may fail, too: its error is the first)
                    errors[position] = error
            if errors and min(errors) < min(running.values(), default=len(items)):
                raise errors[min(errors)]

    def _submitter(self, client: Client, payload: Payload) -> Callable[[Any], Future[Any]]:
        """What submits an item. A future is done once its result is in this process.

        Dask's own futures are done once a worker has the result, which can still be lost with the worker.
        """
        executor = client.get_executor(pure=False, resources=self._resources or None)

        def submitted(item: Any) -> Future[Any]:
            with self._lost_scheduler():
                future: Future[Any] = executor.submit(call, payload, item)
                return future

        return submitted

    def _completed(self, client: Client, futures: Collection[Future[Any]]) -> Collection[Future[Any]]:
        """Those that are done, as soon as one is. Raises LolpopError if no worker is left to do any."""
        checks = 0
        while checks < _CHECKS:
            if done := wait(futures, timeout=self._timeout, return_when=FIRST_COMPLETED).done:
                return done
            with self._lost_scheduler():
                workers = client.nthreads()
            checks = checks + 1 if not (self._is_local or workers) else 0
        reason = f"it has had no worker for {_CHECKS * self._timeout:g} s"
        raise lost_cluster(f"The cluster of Dask at {self._address}", reason)

    def _result(self, future: Future[Any]) -> Any:
        from distributed.scheduler import KilledWorker

        try:
            with self._lost_scheduler():
                return future.result()
        except KilledWorker as error:
            raise lost_worker("A worker of Dask", self._retries, "Its log says more.") from error

    @contextmanager
    def _client(self, max_concurrency: int) -> Iterator[Client]:
        """A connection to the cluster; what is left of the work is cancelled if the block is left early."""
        import dask
        from distributed import Client

        count = min(self._workers or processors(), max_concurrency)
        settings = {
            "distributed.scheduler.allowed-failures": self._retries,
            # What is lost is told by errors of ours.
            "distributed.comm.retry.count": 0,
            **_settings_of_workers(count),
        }
        if not self._is_local:  # workers of this machine have as long as they need to start
            settings["distributed.comm.timeouts.connect"] = self._timeout
        with quieted("distributed"), dask.config.set(settings), self._cluster(count) as address:
            try:
                if not self._is_local:
                    require_dask(address, self._timeout)
                # Workers of another machine may be out of reach, but their scheduler is not.
                client = Client(
                    address, timeout=self._timeout, set_as_default=False, direct_to_workers=self._is_local
                )
            except (OSError, ValueError) as error:
                raise unreachable_cluster(
                    "scheduler of Dask", str(address), self._timeout, error, "dask scheduler"
                ) from error
            try:
                if not self._is_local:
                    self._require_usable_workers(client)
                yield client
                if not self._is_local:
                    with suppress(Exception):  # what a worker cannot close ends with the worker
                        client.run(release)
            finally:
                # Futures that nobody holds any more are cancelled with the client.
                client.close(timeout=2)

    def _require_usable_workers(self, client: Client) -> None:
        """Raise an error if a worker of the cluster has no lolpop, or if none has the resources.

        Workers that come later refuse to work by themselves.
        """
        require_lolpop(client)
        resources = [worker["resources"] for worker in client.scheduler_info(-1)["workers"].values()]
        for name, needed in self._resources.items():
            most = max((offered.get(name, 0.0) for offered in resources), default=needed)
            if most < needed:
                raise LolpopError(
                    f"No worker of Dask at {self._address} has {needed:g} {name}, which executor.resources "
                    f"wants for each item (the most is {most:g}). Start one with 'dask worker --resources'."
                )

    @property
    def _is_local(self) -> bool:
        return self._address is None

    @contextmanager
    def _cluster(self, count: int) -> Iterator[Any]:
        if self._address is not None:
            yield self._address
            return
        from distributed import LocalCluster

        with (
            environment_restored(*THREAD_VARIABLES, "PYTHONHASHSEED", "__DASK_PARENT_PID"),
            LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                memory_limit=0,  # as processes of the local executor have none
                preload="lolpop.components.executor._dask_preload",
            ) as cluster,
        ):
            yield cluster

    @contextmanager
    def _lost_scheduler(self) -> Iterator[None]:
        """Raise LolpopError if the scheduler ends while something is asked of it."""
        from asyncio import CancelledError as AsyncCancelledError

        from distributed.comm import CommClosedError

        try:
            yield
        except (CancelledError, AsyncCancelledError, CommClosedError) as error:
            where = f" at {self._address}" if self._address else ""
            raise lost_cluster(f"The scheduler of Dask{where}", "the connection is closed") from error


def _settings_of_workers(count: int) -> dict[str, Any]:
    """Settings of Dask for ``count`` workers of this machine: those that cost as little as processes can."""
    threads = str(max(1, processors() // count))
    return {
        # It looks at the stack of the worker a hundred times a second: a tenth of the time of some fits.
        "distributed.worker.profile.enabled": False,
        # Processes that only wait are not to wake up fifty times a second.
        "distributed.admin.tick.interval": "500ms",
        "distributed.admin.system-monitor.interval": "10s",
        # Without Dask's own MALLOC_TRIM_THRESHOLD_, with which every larger array is fetched from the system.
        "distributed.nanny.pre-spawn-environ": dict.fromkeys(THREAD_VARIABLES, threads),
    }
