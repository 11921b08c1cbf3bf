"""The checks of ``ForecasterContract`` as functions, for tests that are parametrized by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lolpop.testing.contracts.base import checks_of
from lolpop.testing.contracts.forecaster import ForecasterContract, MakeForecaster

__all__ = ["FORECASTER_CHECKS", "ForecasterCheck", "MakeForecaster", "check_forecaster"]

ForecasterCheck: TypeAlias = Callable[[MakeForecaster], None]


def check_forecaster(make: MakeForecaster) -> None:
    """Run every check on the trainers that ``make`` makes; the first that fails raises AssertionError."""
    for check in FORECASTER_CHECKS:
        check(make)


def _function(name: str) -> ForecasterCheck:
    def check(make: MakeForecaster) -> None:
        getattr(ForecasterContract(), name)(make)

    check.__name__ = name.removeprefix("test_")
    check.__doc__ = getattr(ForecasterContract, name).__doc__
    return check


FORECASTER_CHECKS: tuple[ForecasterCheck, ...] = tuple(map(_function, checks_of(ForecasterContract)))
"""All checks: one test each, with ``pytest.mark.parametrize("check", FORECASTER_CHECKS)``."""
