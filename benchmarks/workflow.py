from collections.abc import Iterator
from benchmarks.budget import Budget
def budgets() -> Iterator[Budget]:
    yield from ()
