"""Schedules as cron has them, and as Quartz does."""

from __future__ import annotations

import re

_FIELDS = {
    "minute": range(60),
    "hour": range(24),
    "day of the month": range(1, 32),
    "month": range(1, 13),
    "day of the week": range(8),
}
_NAMES = {
    "month": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "day of the week": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_PART = re.compile(r"(?:\*|([0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?)(?:/0*[1-9][0-9]*)?")
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


def check_cron(schedule: str) -> str:
    """``schedule``, if cron understands it. Raises ValueError otherwise."""
    if schedule in _NICKNAMES:
        return schedule
    texts = schedule.split()
    if len(texts) != len(_FIELDS):
        raise ValueError(
            f"schedule must have five fields ({', '.join(_FIELDS)}) or be one of {', '.join(_NICKNAMES)}, "
            f"but got {schedule!r}."
        )
    for field, text in zip(_FIELDS, texts, strict=True):
        if not all(_is_part(part, field) for part in text.split(",")):
            values = _FIELDS[field]
            names = f", or {_NAMES[field][0]} to {_NAMES[field][-1]}" if field in _NAMES else ""
            raise ValueError(
                f"the {field} of schedule must have numbers from {values[0]} to {values[-1]}{names} (such as "
                f"*, */2 or {values[1]}-{values[3]}), but got {text!r} in {schedule!r}."
            )
    return schedule


def _is_part(text: str, field: str) -> bool:
    """Whether a field may have ``text`` between its commas."""
    match = _PART.fullmatch(text)
    return match is not None and all(
        value is None
        or value.lower() in _NAMES.get(field, ())
        or (value.isdecimal() and int(value) in _FIELDS[field])
        for value in match.groups()
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
