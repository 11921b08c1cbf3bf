"""Schedules as cron has them, and as Quartz does."""

from __future__ import annotations

import re

_FIELD = re.compile(r"[0-9A-Za-z*/,\-]+")
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


def check_cron(schedule: str) -> str:
    """``schedule``, if cron understands it. Raises ValueError otherwise."""
    fields = schedule.split()
    if schedule in _NICKNAMES or (len(fields) == 5 and all(map(_FIELD.fullmatch, fields))):
        return schedule
    raise ValueError(
        "schedule must have five fields (minute, hour, day, month, day of the week) or be one of "
        f"{', '.join(_NICKNAMES)}, but got {schedule!r}."
    )


def quartz(schedule: str) -> str:
    """A schedule of cron as Quartz has it: with seconds, with Sunday as day 1, and one day left open.

    Raises ValueError for one that names days of the month and of the week, which Quartz does not combine.
    """
    minute, hour, day, month, weekday = _NICKNAMES.get(schedule, schedule).split()
    if weekday == "*":
        return f"0 {minute} {hour} {day} {month} ?"
    if day != "*":
        raise ValueError(
            f"schedule must name days of the month or days of the week, not both, but got {schedule!r}."
        )
    days, slash, step = weekday.partition("/")
    # 0 and 7 are Sunday to cron, which is 1 to Quartz; a step counts days, and stays.
    shifted = re.sub(r"[0-9]+", lambda match: str(int(match[0]) % 7 + 1), days)
    return f"0 {minute} {hour} ? {month} {shifted}{slash}{step}"
