"""Errors that name their subject."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lolpop.errors import DataError


@contextmanager
def about(subject: str) -> Iterator[None]:
    """Prefix a DataError that leaves the block with its subject."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{subject}: {error}") from error
