"""The contract of notifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias, get_args

from lolpop.components.notifier import Level, Notifier
from lolpop.testing.contracts._expected import require, require_whole_messages
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["NotifierContract"]

Make: TypeAlias = Callable[[], Notifier]
Sent: TypeAlias = Callable[[], str]


class NotifierContract(ComponentContract):
    """The checks that every notifier must pass.

    Fixtures: ``make()`` makes a notifier that sends messages of every level; ``sent()`` returns the text
    sent since its last call.
    """

    interface: ClassVar[type[Any]] = Notifier

    def test_sends_messages_of_every_level(self, make: Make, sent: Sent) -> None:
        """The message arrives once, unchanged, at every level."""
        for level in get_args(Level):
            make().notify(f"model {level} is ready: 5 % better, é", level)
            text = sent()
            count = text.count(f"model {level} is ready: 5 % better, é")
            require(count == 1, f"the message of level {level} once", text)

    def test_has_a_default_level(self, make: Make, sent: Sent) -> None:
        """The level of a message is optional."""
        make().notify("ready")
        require("ready" in sent(), "a message without a level", "nothing")

    def test_sends_from_threads(self, make: Make, sent: Sent) -> None:
        """Messages of several threads arrive completely."""
        require_whole_messages(make().notify, sent)

    def test_takes_any_text(self, make: Make, sent: Sent) -> None:
        """It accepts an empty message, several lines and control characters."""
        for message in ("", "two\nlines", "bell \x07 and escape \x1b[31m"):
            make().notify(message)
        require("\x1b[31m" not in sent(), "no escape sequence of the message's own", "one")

    def test_masks_secrets_of_urls(self, make: Make, sent: Sent) -> None:
        """A password in a URL is not sent."""
        make().notify("the store is at postgresql://ada:s3cr3t@host/db")
        require("s3cr3t" not in sent(), "the password to be masked", "it was sent")
