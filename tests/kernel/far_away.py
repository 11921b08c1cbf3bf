"""A module whose annotations only type checkers can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lolpop import Component

if TYPE_CHECKING:
    from greeter_app import Clock


class Shy(Component):
    def __init__(self, size: int = 1, *, clock: Clock):
        self.size, self.clock = size, clock
