"""The errors of libraries that are imported only where they are needed."""

from __future__ import annotations

import sys
from collections.abc import Iterable

FILE_SYSTEMS = (
    "aiohttp.ClientError",
    "azure.core.exceptions.AzureError",
    "botocore.exceptions.BotoCoreError",
    "google.auth.exceptions.GoogleAuthError",
)
"""What file systems behind URLs raise that is no OSError: missing credentials among it."""


def errors_of(names: Iterable[str]) -> tuple[type[Exception], ...]:
    """The errors by import path, of modules that are imported: others cannot have raised anything."""
    paths = [name.rpartition(".") for name in names]
    return tuple(getattr(sys.modules[module], name) for module, _, name in paths if module in sys.modules)
