"""Settings of an orchestrator as flags of a command."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def orchestrator_flags(settings: Mapping[str, Any]) -> Iterator[str]:
    """Text as it is, everything else as JSON."""
    for name, value in settings.items():
        yield "--set"
        yield f"orchestrator.{name}={value if isinstance(value, str) else json.dumps(value)}"
