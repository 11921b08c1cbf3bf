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
"""Errors of file systems behind URLs that are not OSErrors, such as missing credentials."""


def errors_of(names: Iterable[str]) -> tuple[type[Exception], ...]:
    """The errors by import path, of imported modules only: others cannot have raised anything."""
    paths = [name.rpartition(".") for name in names]
    return tuple(getattr(sys.modules[module], name) for module, _, name in paths if module in sys.modules)
