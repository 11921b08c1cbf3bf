"""What a worker of a Dask cluster of this machine does first."""

from __future__ import annotations

import signal
from typing import Any

from lolpop._import_order import import_ufuncs
from lolpop._processors import let_threads_sleep


def dask_setup(worker: Any) -> None:
    """Let Ctrl-C, which goes to every process of the terminal, be the business of the first one."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    let_threads_sleep()
    import_ufuncs()
