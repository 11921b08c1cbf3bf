"""Silencing the loggers of libraries."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_quiet = ContextVar("_is_quiet", default=False)


class _WhileQuiet(logging.Filter):
    """Drops records of contexts that are quiet, and passes those of other threads."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  (it does not matter what it is)
        return not _is_quiet.get()


_while_quiet = _WhileQuiet()


@contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """Drop records of ``loggers`` in this block; other threads are not affected."""
    for name in loggers:
        logging.getLogger(name).addFilter(_while_quiet)
    token = _is_quiet.set(True)
    try:
        yield
    finally:
        _is_quiet.reset(token)
