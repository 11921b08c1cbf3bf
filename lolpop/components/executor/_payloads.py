"""What a worker process needs to make calls, as bytes that travel to it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lolpop.errors import WiringError
from lolpop.runs import current_run

if TYPE_CHECKING:
    from lolpop.kernel.specs import Call, Worker


def packed(function: Callable[[Any], Any] | Call) -> bytes:
    """What a worker process needs, as bytes: it is unpickled where an error can be answered with.

    Raises WiringError if other processes cannot have it, or if a Call is made outside a run.
    """
    from lolpop.kernel.specs import Call

    spec = None
    if isinstance(function, Call):
        run = current_run()
        if run is None:
            raise WiringError(
                f"{function} is called outside a run, so its container is unknown",
                "Call it in a task or workflow, or map a module-level function.",
            )
        spec = run.spec()
    try:
        return pickle.dumps((function, spec))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise WiringError(
            f"{function!r} cannot be sent to other processes: {error}",
            "Map a module-level function or a Call, and let settings be plain values.",
        ) from error


def unpacked(pickled: bytes) -> tuple[Callable[[Any], Any], Worker | None]:
    """The function to call for each item, and the container behind it, if there is one, to be closed."""
    from functools import partial

    from lolpop.kernel.specs import Worker

    function, spec = pickle.loads(pickled)  # noqa: S301  (from the process that started this one)
    if spec is None:
        return function, None
    worker = Worker(spec)
    return partial(worker.call, function), worker
