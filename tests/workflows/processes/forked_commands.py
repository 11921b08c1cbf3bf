"""The command line in processes of its own that start fast: forked from one that has imported what they need."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "fsspec.implementations.local",
        "lolpop.cli.run",
        "lolpop.cli.runs",
        "lolpop.components.data_checker.builtin",
        "lolpop.components.feature_transformer._encoders",
        "lolpop.components.model_checker.metrics",
        "lolpop.data.tables",
        "lolpop.components.store._database",
        "lolpop.components.store._files",
        "lolpop.running.calls",
        "lolpop_containers.classification",
        "matplotlib.backends.backend_agg",
        "matplotlib.figure",
        "narwhals._pandas_like.dataframe",
        "pandas",
        "pyarrow.csv",
        "ruamel.yaml",
        "sklearn.linear_model",
        "sklearn.metrics",
        "skops.io",
        "sqlalchemy.dialects.sqlite",
    ]
)
_NUMBERS = itertools.count()
SECONDS = 300
"""After which a command counts as hung."""


@dataclass(frozen=True)
class Ended:
    """What came of a command; ``code`` is negative if a signal ended it, as in ``subprocess``."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed last."""
        return json.loads(self.out.splitlines()[-1])


class Command:
    """``lolpop`` with ``arguments``, started in ``folder``."""

    def __init__(self, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        # Beside the folder, which may be full, or not be written at all.
        number = next(_NUMBERS)
        self._out, self._err = (folder.parent / f"{number}.{name}" for name in ("out", "err"))
        places = str(folder), str(self._out), str(self._err)
        self._process = _FORKS.Process(target=_main, args=(places, arguments, dict(environ or {})))
        self._process.start()

    def end(self) -> Ended:
        """Wait for its end."""
        self._process.join(SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
            raise TimeoutError(f"A command did not end: {self._err.read_text()}")
        return Ended(self._process.exitcode, self._out.read_text(), self._err.read_text())


def _main(places: tuple[str, str, str], arguments: tuple[str, ...], environ: dict[str, str]) -> None:
    from lolpop.cli import main

    folder, *streams = places
    os.chdir(folder)
    os.environ.update(environ)
    for number, path in enumerate(streams, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(arguments))
