"""Errors that say what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lolpop.errors import DataError


@contextmanager
def about(subject: str) -> Iterator[None]:
    """Let a DataError that leaves the block begin with what it is about."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{subject}: {error}") from error
