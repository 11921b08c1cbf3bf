"""The contract of loggers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias, get_args

from lolpop.components.logger import Level, Logger
from lolpop.testing.contracts._expected import require, require_whole_messages
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["LoggerContract"]

Make: TypeAlias = Callable[[], Logger]
Written: TypeAlias = Callable[[], str]


class LoggerContract(ComponentContract):
    """The checks that every logger must pass.

    Fixtures: ``make()`` makes a logger that writes messages of every level; ``written()`` returns the text
    written since its last call.
    """

    interface: ClassVar[type[Any]] = Logger

    def test_writes_messages_of_every_level(self, make: Make, written: Written) -> None:
        """The message is written once with its level."""
        for level in get_args(Level):
            make().log(f"model_{level}_ready", level)
            text = written()
            require(text.count(f"model_{level}_ready") == 1, f"the message of level {level} once", text)
            require(level in text.lower(), f"the level {level}", text)

    def test_writes_fields(self, make: Make, written: Written) -> None:
        """Fields are written by name, with values of any type."""
        make().log("done", seconds=1.25, rows=3, where={"a": [1, None]}, other=object())
        text = written()
        for part in ("seconds", "1.25", "rows", "3", "where", "other"):
            require(part in text, f"{part!r} written", text)

    def test_keeps_a_message_on_one_line(self, make: Make, written: Written) -> None:
        """A message or field with several lines does not look like several messages."""
        make().log("first\nsecond", place="third\nfourth")
        lines = [line for line in written().splitlines() if line]
        require(len(lines) == 1, "one line", lines)

    def test_masks_secrets(self, make: Make, written: Written) -> None:
        """Passwords in URLs and secret values are not written."""
        from pydantic import SecretStr

        make().log(
            "opening postgresql://ada:s3cr3t@host/db", url="s3://ada:s3cr3t@host", key=SecretStr("s3cr3t")
        )
        require("s3cr3t" not in written(), "secrets to be masked", "one was written")

    def test_writes_from_threads(self, make: Make, written: Written) -> None:
        """Messages of several threads are written completely."""
        require_whole_messages(make().log, written)

    def test_writes_after_it_was_closed(self, make: Make, written: Written) -> None:
        """Closing loses no messages. Messages after it are written as well."""
        logger = make()
        logger.log("before")
        if callable(close := getattr(logger, "close", None)):
            close()
        logger.log("after")
        if callable(close):
            close()
        text = written()
        require("before" in text and "after" in text, "both messages", text)
