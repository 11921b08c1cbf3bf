"""The record of one message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lolpop.components.notifier import Level
from lolpop.runs import current_run, current_task, redacted


def record_of(message: str, level: Level, fields: Mapping[str, object]) -> dict[str, Any]:
    """Convert a message to JSON values: secrets masked, with the time (UTC), the run and the task."""
    from pydantic_core import to_jsonable_python

    run = current_run()
    # Convert to plain values first: a model or the text of an object may contain secrets anywhere.
    plain = to_jsonable_python(dict(fields), fallback=str)
    # JSON has no NaN and no infinities: they are written as text.
    plain = json.loads(json.dumps(plain), parse_constant=str)
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "message": redacted(message),
        "run_id": None if run is None else run.run_id,
        "task": current_task(),
        "fields": {redacted(name): value for name, value in redacted(plain).items()},
    }
