"""Loggers of engines."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quieted(name: str) -> Iterator[None]:
    """Let a logger drop everything below CRITICAL in the block: errors of lolpop say what is to be known."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
