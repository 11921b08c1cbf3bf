"""Checks of settings and errors that executors share."""

from __future__ import annotations

import re

from lolpop.components._bounds import require_positive
from lolpop.errors import LolpopError

_HOST = re.compile(r"[^:/\[\]]+|\[[0-9A-Fa-f:.]+\]")


def require_counts(workers: int | None, retries: int) -> None:
    """Raise ValueError, with the value, for a number of workers or of retries that makes no sense."""
    require_positive({"workers": workers})
    if retries < 0:
        raise ValueError(f"retries cannot be negative, but got {retries}.")


def with_port(address: str, port: int) -> str:
    """``address``, with ``port`` if it names a host alone: ``10.0.0.5``, ``tcp://10.0.0.5``."""
    host = address.rpartition("://")[2]
    return f"{address}:{port}" if _HOST.fullmatch(host) else address


def lost_worker(worker: str, retries: int, hint: str) -> LolpopError:
    """The error of an item whose worker was lost at each attempt."""
    attempts = "1 attempt" if retries == 0 else f"{retries + 1} attempts"
    return LolpopError(
        f"{worker} was lost ({attempts}): it was killed, ran out of memory, or could not start. {hint}"
    )


def lost_cluster(cluster: str, reason: object) -> LolpopError:
    """The error of work whose cluster ended before it."""
    return LolpopError(
        f"{cluster} is gone ({_line_of(reason)}), and the rest of the work with it. "
        "Start it again and resume the run."
    )


def unreachable_cluster(
    cluster: str, address: str, timeout: float, reason: object, command: str
) -> LolpopError:
    """The error of an ``address`` where no cluster answers; ``command`` starts one."""
    return LolpopError(
        f"No {cluster} answers at {address} within {timeout:g} s ({_line_of(reason)}). Start one with "
        f"'{command}', or leave executor.address out for a cluster of this machine."
    )


def refused_connection(cluster: str, address: str, reason: object, token: str) -> LolpopError:
    """The error of a cluster that answers, but takes no connection; ``token`` is a variable."""
    return LolpopError(
        f"{cluster} at {address} takes no connection ({_line_of(reason)}). Compare {token}, and the version "
        "that is installed, with those of the cluster."
    )


def _line_of(reason: object) -> str:
    """The first line of an error, or its type if it has no text."""
    text = str(reason).strip()
    return text.splitlines()[0].rstrip(".") if text else type(reason).__name__
