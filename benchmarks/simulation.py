"""What happens on 100 workers: 10,000 series and 1,000,000,000 rows, simulated by what is measured here.

Usage: python -m benchmarks.simulation [--rows N] [--measured]

The costs of one part and of one item are measured in this process, and a queue of events goes on from them:
workers take parts as they become free, and the first process takes results in order. With ``--measured``, a
smaller prediction is made by 1, 2, 4 and 8 processes, beside what the simulation says of it on as many cores.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import time
from collections import Counter
from dataclasses import dataclass, replace
from inspect import iscoroutinefunction
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.batches import BATCH_ROWS, measured
from benchmarks.parts import prepared
from benchmarks.transactions import counted_transactions
from lolpop._processors import processors
from lolpop.components.executor.dask import DaskExecutor
from lolpop.data.reading import ReadingSchema
from lolpop.resources import DatasetVersion, ModelVersion
from lolpop_containers.classification import ClassificationContainer

COUNTING = Path(__file__).with_name("counted_parts.py")
PART_ROWS = 4 * BATCH_ROWS
MEASURED_ROWS = 4_000_000
GIGABYTE = 1e9
MEGABYTE = 1 << 20
AHEAD = 2  # parts that are begun and not taken for each worker, as the predict pipeline has it


@dataclass(frozen=True, slots=True)
class Costs:
    """What is measured of one part of ``PART_ROWS`` rows, and of one item of an executor, in seconds."""

    start: float
    """From the spec to the first row: building the container, checking and loading what is stored."""
    predict: float
    merge: float
    """What the first process does with the predictions: unpack, digest and write them."""
    row_bytes: float
    """Of a row as it is stored."""
    result_bytes: float
    """Of a row of a result."""
    first_transactions: int
    """On the store, for the first part of a worker."""
    part_transactions: int
    item: float
    """Of an item that does nothing, from its submission to its result."""
    messages: float
    """To the scheduler, for each item."""
    check: float
    """Of a byte that is stored, whose digest a worker checks."""
    copy: float
    """Of a row, to store it."""
    manifest: float
    """Of a row that stays in place, to find the digest of its file."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the simulation says of one job."""

    seconds: float
    busy: float
    """Share of the time that workers worked."""
    rows_in_flight: int


def simulate(
    costs: Costs, rows: int, workers: int, cores: int | None = None, *, in_place: bool = False
) -> Outcome:
    """Predict ``rows`` by ``workers``, on machines with enough ``cores``, or on one with so many.

    Rows that are stored are one file, whose digest each worker checks. Files ``in_place`` have a state.
    """
    parts = -(-rows // PART_ROWS)
    # Processes that share cores are slower; the first one works beside them.
    slower = 1.0 if cores is None else max(1.0, (workers + costs.merge / costs.predict) / cores)
    checking = 0.0 if in_place else costs.check * costs.row_bytes * rows
    free = [(costs.start + checking) * slower] * workers
    finished: list[float] = []
    taken: list[float] = []
    merged = 0.0
    in_flight = 0
    taken_by_now = 0
    for part in range(parts):
        opened = 0.0 if part < AHEAD * workers else taken[part - AHEAD * workers]
        begin = max(heapq.heappop(free), opened)
        finished.append(begin + costs.predict * slower)
        heapq.heappush(free, finished[-1])
        # All results before this one are taken, in their order, as far as they are needed for the next slot.
        while len(taken) <= part - AHEAD * workers + 1 or (len(taken) < len(finished) and part == parts - 1):
            taken.append(max(finished[len(taken)], merged))
            merged = taken[-1] + costs.merge
        while taken_by_now < len(taken) and taken[taken_by_now] <= begin:
            taken_by_now += 1
        in_flight = max(in_flight, part + 1 - taken_by_now)
    return Outcome(merged, parts * costs.predict * slower / (workers * merged), in_flight * PART_ROWS)


def calibrate(folder: Path) -> Costs:
    """Measure one worker and the first process, one after the other, here."""
    from lolpop.data import tables
    from lolpop.data.batches import BatchRange
    from lolpop.kernel.scopes import scope_of
    from lolpop.kernel.specs import Call, Worker, spec_of
    from lolpop.prediction.parts import RowsPart

    model_version, rows = ModelVersion(name="bench", number=1), DatasetVersion(name="bench_predict", number=1)
    with ClassificationContainer.load(folder / "lolpop.yaml", environ={}) as container:
        spec = spec_of(scope_of(container), "none")
    batches = BatchRange(0, 4, 0, 4 * PART_ROWS)
    call, part = Call("predict.pipeline", "predict_part"), RowsPart(rows, model_version, batches)
    worker = Worker(spec)
    with counted_transactions() as first:
        started, _ = timed(lambda: worker.call(call, replace(part, batches=replace(batches, stop=1))))
    with counted_transactions() as later:
        predicting, predicted = timed(lambda: worker.call(call, part))

    def merge() -> None:
        frames = map(tables.from_bytes, predicted.predictions)
        tables.write_batches(frames, folder / "merged.arrow")

    merging, _ = timed(merge)
    worker.close()
    checking, _ = timed(lambda: hashlib.sha256(bytes(MEGABYTE)).hexdigest())
    copying, listing = (process_costs(folder, in_place=in_place) for in_place in (False, True))
    sizes = [path.stat().st_size for path in (folder / ".lolpop" / "artifacts").rglob("*") if path.is_file()]
    item, messages = item_costs()
    return Costs(
        start=max(0.0, started - predicting / 4),
        predict=predicting,
        merge=merging,
        row_bytes=max(sizes) / PART_ROWS,
        result_bytes=sum(map(len, predicted.predictions)) / PART_ROWS + 8,
        first_transactions=first["begin"],
        part_transactions=later["begin"],
        item=item,
        messages=messages,
        check=checking / MEGABYTE,
        copy=copying / PART_ROWS,
        manifest=listing / PART_ROWS,
    )


def process_costs(folder: Path, *, in_place: bool) -> float:
    """Seconds of storing the rows to predict, or their manifest."""
    overrides = {"data.in_place": in_place}
    with ClassificationContainer.load(folder / "lolpop.yaml", environ={}, overrides=overrides) as container:
        runner = container.runner()
        connector, schema = container.data_connector(), ReadingSchema()
        source = runner.data.predict
        stored = container.resource_version_control()
        if in_place:
            seconds, _ = timed(
                lambda: stored.save_manifest("listed", connector.manifest(source, schema).rows)
            )
        else:
            seconds, _ = timed(lambda: stored.save_batches("copied", connector.scan_as(source, schema).rows))
    return seconds


def item_costs(items: int = 1000, workers: int = 1) -> tuple[float, float]:
    """Seconds of an item that does nothing, and messages to the scheduler, which is in this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        executor = DaskExecutor(cluster.scheduler_address)
        executor.map(abs, range(10))
        messages: Counter[str] = Counter()
        handlers = cluster.scheduler.stream_handlers
        handlers |= {name: counted(handler, messages, name) for name, handler in handlers.items()}
        seconds, _ = timed(lambda: executor.map(abs, range(items)))
        total = sum(number for name, number in messages.items() if "heartbeat" not in name)
    return seconds / items, total / items


def counted(handler, messages: Counter[str], name: str):
    """``handler``, whose calls are counted."""

    def count(*arguments: object, **options: object) -> object:
        messages[name] += 1
        return handler(*arguments, **options)

    async def count_and_await(*arguments: object, **options: object) -> object:
        messages[name] += 1
        return await handler(*arguments, **options)

    return count_and_await if iscoroutinefunction(handler) else count


def timed(work):
    """Seconds of this process, whatever runs beside it, and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def predictions_table(costs: Costs, rows: int) -> Table:
    table = Table(
        "workers", "minutes", "in place", "workers busy", "rows in flight", "held by the first process",
        "transactions",
        title=f"{rows:,} rows in parts of {PART_ROWS:,}", title_justify="left",
    )  # fmt: skip
    for workers in (1, 2, 4, 8, 16, 32, 100):
        outcome = simulate(costs, rows, workers)
        parts = -(-rows // PART_ROWS)
        transactions = workers * costs.first_transactions + parts * costs.part_transactions
        table.add_row(
            str(workers),
            f"{outcome.seconds / 60:.1f}",
            f"{simulate(costs, rows, workers, in_place=True).seconds / 60:.1f}",
            f"{outcome.busy:.0%}",
            f"{outcome.rows_in_flight:,}",
            f"{outcome.rows_in_flight * costs.result_bytes / GIGABYTE:.2f} GB",
            f"{transactions:,}",
        )
    return table


def limits(costs: Costs, rows: int) -> list[str]:
    """What breaks, and at what size."""
    size = rows * costs.row_bytes / GIGABYTE
    merged, predicted = PART_ROWS / costs.merge, PART_ROWS / costs.predict
    busy = 100 * costs.item
    return [
        f"The first process merges {merged:,.0f} rows/s, and a worker predicts {predicted:,.0f}.",
        f"From {merged / predicted:.0f} workers on, workers wait for the first process.",
        f"Each worker checks, or downloads, all stored rows once: {size:.0f} GB for {rows:,} rows.",
        f"Before that, it takes {costs.copy * rows / 60:.0f} minutes to store them.",
        f"The digests of files in place take {costs.manifest * rows / 60:.0f} minutes; workers check none.",
        f"10,000 series are {10_000 * costs.messages:,.0f} messages to the scheduler of Dask.",
        f"An item costs {costs.item * 1000:.1f} ms: 100 workers are busy with fits of {busy:.2f} s or more.",
    ]


def compared(folder: Path, costs: Costs, rows: int) -> Table:
    """What processes of this machine need and do, each beside what the simulation says (in brackets)."""
    table = Table(
        "processes", "seconds", "rows in flight", "transactions", "messages for an item",
        title=f"{rows:,} rows on {processors()} cores of this machine (simulated)", title_justify="left",
    )  # fmt: skip
    parts = -(-rows // PART_ROWS)
    for workers in (1, 2, 4, 8):
        counted = measured(COUNTING, folder, str(workers))
        simulated = simulate(costs, rows, workers, cores=processors())
        transactions = workers * costs.first_transactions + parts * costs.part_transactions
        _, messages = item_costs(200, workers)
        table.add_row(
            str(workers),
            f"{counted['seconds']:.1f} ({simulated.seconds:.1f})",
            f"{counted['parts'] * PART_ROWS:,.0f} ({simulated.rows_in_flight:,})",
            f"{counted['transactions']:,.0f} ({transactions:,})",
            f"{messages:.1f} ({costs.messages:.1f})",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000_000)
    parser.add_argument("--measured", action="store_true", help="predict on 1, 2, 4 and 8 processes, too")
    chosen = parser.parse_args()
    console = Console(width=110)
    with prepared(PART_ROWS) as folder:
        costs = calibrate(folder)
    console.print(costs)
    console.print(predictions_table(costs, chosen.rows))
    for limit in limits(costs, chosen.rows):
        console.print(f"- {limit}")
    if chosen.measured:
        with prepared(MEASURED_ROWS) as folder:
            console.print(compared(folder, costs, MEASURED_ROWS))


if __name__ == "__main__":
    main()
