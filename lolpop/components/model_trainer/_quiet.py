"""Loggers of libraries, silent while we use them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_quiet = ContextVar("_is_quiet", default=False)


class _WhileQuiet(logging.Filter):
    """Lets nothing pass that is logged by whoever is quiet, and all that others log at the same time."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  (it does not matter what it is)
        return not _is_quiet.get()


_while_quiet = _WhileQuiet()


@contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """What is logged to ``loggers`` in this block is dropped; other threads are not concerned."""
    for name in loggers:
        logging.getLogger(name).addFilter(_while_quiet)
    token = _is_quiet.set(True)
    try:
        yield
    finally:
        _is_quiet.reset(token)
