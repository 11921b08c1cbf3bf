"""What it costs to start: importing, asking for help."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.budget import Budget, interleaved, python


def budgets() -> Iterator[Budget]:
    bare, imported, helped = interleaved(
        [
            lambda: python("-c", "pass"),
            lambda: python("-c", "import lolpop"),
            lambda: python("-m", "lolpop", "--help"),
        ],
        repeat=15,
    )
    beside = f"python itself {bare:.3f} s"
    yield Budget("import lolpop", imported - bare, 0.05, "s", beside)
    yield Budget("lolpop --help", helped, 0.15, "s", beside)
