"""What workers of a Dask cluster have installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from lolpop.errors import WiringError

if TYPE_CHECKING:
    from distributed import Client


def require_lolpop(client: Client) -> None:
    """Raise WiringError, naming the place, if a worker or the scheduler has no lolpop, or another version."""
    # Functions of the standard library are asked: those of lolpop could not be called where it is missing.
    versions: dict[str, Any] = client.run(version, "lolpop", on_error="return")
    places = {f"the worker of Dask at {address}": installed for address, installed in versions.items()}
    try:
        places["the scheduler of Dask"] = client.run_on_scheduler(version, "lolpop")
    except PackageNotFoundError as error:
        places["the scheduler of Dask"] = error
    here = version("lolpop")
    for place, there in places.items():
        if there != here:
            has = "has no lolpop" if isinstance(there, PackageNotFoundError) else f"has lolpop {there}"
            raise WiringError(
                f"{place} {has}, but {here} asks it for work",
                f"Install it there: pip install 'lolpop[dask]=={here}'.",
            )
