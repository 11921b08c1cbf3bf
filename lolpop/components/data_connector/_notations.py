"""Numbers in text that are not read as numbers: with symbols and units, and in other notations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from lolpop.components.data_connector._numbers import NEARLY, STYLES

_CURRENCIES, _SHARES, _MINUS = "$\u20ac\u00a3\u00a5", "%\u2030", "\u2212"
_DIGITS = r"[0-9.,' ]*[0-9][0-9.,' ]*"
_WITH_SYMBOL = re.compile(
    rf"^[-+({_MINUS}]?(?:[{_CURRENCIES}]{_DIGITS}|{_DIGITS}[{_CURRENCIES}{_SHARES}]|(?<={_MINUS}){_DIGITS})\)?$"
)
_WITH_UNIT = re.compile(
    rf"^[-+{_MINUS}]?{_DIGITS}(?P<unit>[\u00b0\u00b5]?[^\W\d_]{{1,10}}(?:/[^\W\d_]{{1,5}})?[\u00b2\u00b3]?)$"
)
_DISTINCT, _UNITS = 10, 3
_WHOLE_OR_FRACTION = r"[0-9]+(?:[.,][0-9]+)*"
_OTHER_FORM = re.compile(
    rf"^(?:\({_WHOLE_OR_FRACTION}\)|{_WHOLE_OR_FRACTION}-|[<>\u2264\u2265~] ?=? ?{_WHOLE_OR_FRACTION}"
    r"|[-+]?[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}(?:\.[0-9]+)?|[-+]?[0-9]{1,3}(?:_[0-9]{3})+)$"
)
_HEXADECIMAL = re.compile(r"^[-+]?0[xX][0-9A-Fa-f]{1,16}$")  # longer ones are addresses and digests
_FRACTION = re.compile(r"^[-+]?(?:[0-9]+ )?(?P<above>[0-9]{1,4})/(?P<below>[1-9][0-9]{0,3})$")
_DENOMINATORS = 6  # dates without a year, and values of two numbers, have more
_MONTHS = 12  # before a year
_TIME = re.compile(r"^[0-9]{1,3}:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?: ?[AaPp]\.?[Mm]\.?)?$")


def number_with_symbol(texts: Sequence[str]) -> str | None:
    """The first text if nearly all ``texts`` are numbers with a currency, a percent or a long minus sign."""
    with_symbol = [text for text in texts if _WITH_SYMBOL.match(text)]
    return with_symbol[0] if texts and len(with_symbol) >= NEARLY * len(texts) else None


def number_with_unit(texts: Sequence[str]) -> str | None:
    """The first text if nearly all ``texts`` are numbers before a unit, such as ``12 kg``.

    Units after a space may be up to three different ones. Without a space there is one: ``12A`` and ``12B``
    are codes. So are texts of fewer than ten different ones.
    """
    matches = [match for text in texts if (match := _WITH_UNIT.match(text))]
    if len(matches) < NEARLY * len(texts) or len({match[0] for match in matches}) < _DISTINCT:
        return None
    units = {match["unit"] for match in matches}
    after_space = all(match[0][match.start("unit") - 1] == " " for match in matches)
    return matches[0][0] if len(units) <= (_UNITS if after_space else 1) else None


def number_in_other_form(texts: Sequence[str]) -> str | None:
    """The first text that is no plain number if nearly all ``texts`` are numbers in some form.

    Forms are those of all styles, ``(5)``, ``5-``, ``<5``, ``1,23,456`` and ``1_000``, beside each other.
    """
    patterns = [re.compile(style.pattern) for style in STYLES]
    patterns += [_WITH_SYMBOL, _OTHER_FORM]
    numbers = [text for text in texts if any(pattern.match(text) for pattern in patterns)]
    others = [text for text in numbers if not patterns[0].match(text)]
    if not others or len(numbers) < NEARLY * len(texts) or len(set(numbers)) < _DISTINCT:
        return None
    return others[0]


def hexadecimal_number(texts: Sequence[str]) -> str | None:
    """The first text if nearly all ``texts`` are numbers such as ``0x1F``."""
    return _first_of(texts, [text for text in texts if _HEXADECIMAL.match(text)])


def fraction(texts: Sequence[str]) -> str | None:
    """The first text if nearly all ``texts`` are fractions such as ``3/8``, of a few denominators."""
    matches = [match for text in texts if (match := _FRACTION.match(text))]
    is_month = matches and all(int(match["above"]) <= _MONTHS < int(match["below"]) for match in matches)
    if is_month or len({match["below"] for match in matches}) > _DENOMINATORS:
        return None
    return _first_of(texts, [match[0] for match in matches])


def time(texts: Sequence[str]) -> str | None:
    """The first text if nearly all ``texts`` are times of day, or durations, such as ``12:30``."""
    return _first_of(texts, [text for text in texts if _TIME.match(text)])


def _first_of(texts: Sequence[str], matching: Sequence[str]) -> str | None:
    """The first of those ``matching`` if they are nearly all, and not few different ones."""
    if len(matching) < NEARLY * len(texts) or len(set(matching)) < _DISTINCT:
        return None
    return matching[0]


NOTATIONS: Mapping[str, Callable[[Sequence[str]], str | None]] = MappingProxyType(
    {
        "numbers with a symbol": number_with_symbol,
        "numbers with a unit": number_with_unit,
        "numbers in different forms": number_in_other_form,
        "hexadecimal numbers": hexadecimal_number,
        "fractions": fraction,
        "times or durations": time,
    }
)
"""By its name for people, a function that returns the first text of a notation that nearly all texts have."""
