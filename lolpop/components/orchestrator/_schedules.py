"""Checks of schedules."""

from __future__ import annotations

import re

_FIELD = re.compile(r"[0-9A-Za-z*/,\-]+")
_NICKNAMES = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly")


def check_cron(schedule: str) -> str:
    """``schedule``, if cron understands it. Raises ValueError otherwise."""
    fields = schedule.split()
    if schedule in _NICKNAMES or (len(fields) == 5 and all(map(_FIELD.fullmatch, fields))):
        return schedule
    raise ValueError(
        "schedule must have five fields (minute, hour, day, month, day of the week) or be one of "
        f"{', '.join(_NICKNAMES)}, but got {schedule!r}."
    )
