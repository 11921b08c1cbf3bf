"""Numbers as people write them, and columns that are nearly all numbers."""

from __future__ import annotations

import pytest

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.data.reading import ColumnSchema, ReadingSchema
from lolpop.problem import Problem

pytest.importorskip("polars")
from csv_reading import both

PLAIN = [f"{number * 0.37:.3f}" for number in range(199)]


def column(*values: str) -> str:
    return "x,z\n" + "".join(f'"{value}",{place % 7}\n' for place, value in enumerate(values))


@pytest.mark.parametrize("text", ["?", "unknown", "-", "1O5", "12a"])
def test_one_text_among_numbers_is_named_and_missing(tmp_path, text):
    """199 numbers and one text are numbers; the message has the count, row, text and setting."""
    columns, notices, _ = both(tmp_path, column(*PLAIN[:16], text, *PLAIN[16:]))
    kind, values = columns["x"]
    assert (kind, values[16], values[17]) == ("number", None, float(PLAIN[16]))
    assert [notice.level for notice in notices] == ["warning"]
    assert f"199 of 200 values of 'x' are numbers, row 17 is '{text}'" in notices[0].message
    assert f'missing_values: ["{text}"]' in notices[0].message
    assert "columns: {x: text}" in notices[0].message


@pytest.mark.parametrize(
    ("text", "value", "setting"),
    [
        ("1 234", 1234.0, 'thousands: " "'),
        ("1\u00a0234", 1234.0, 'thousands: "\\xa0"'),
        ("1,234.5", 1234.5, 'thousands: ","'),
        ("1'234", 1234.0, 'thousands: "\'"'),
    ],
)
def test_one_number_with_groups_is_named_and_read(tmp_path, text, value, setting):
    """A number with a thousands separator is read as that number, with a message."""
    columns, notices, _ = both(tmp_path, column(*PLAIN[:16], text, *PLAIN[16:]))
    assert columns["x"][1][16] == value
    assert f"199 of 200 values of 'x' are plain numbers, row 17 is {text!r}" in notices[0].message
    assert setting in notices[0].message


def test_commas_before_fractions_are_found(tmp_path):
    """3,14 in all rows is 3.14, and the message has the setting for it."""
    columns, notices, schemas = both(tmp_path, column(*(f"{n % 50},{n % 90 + 10}" for n in range(200))))
    assert columns["x"][1][:2] == [0.1, 1.11]
    assert 'decimal: ","' in notices[0].message
    assert schemas["x"] == ColumnSchema(kind="number", decimal=",")


def test_commas_that_may_be_either_are_named_with_both_settings(tmp_path):
    """1,234 in all rows is 1234 or 1.234: the message has the choice and both settings."""
    columns, notices, _ = both(tmp_path, column(*(f"{n + 1},{n % 900 + 100}" for n in range(200))))
    assert columns["x"][1][0] == 1100.0
    assert "is '1,100', which is read as 1100" in notices[0].message
    assert 'thousands: ","' in notices[0].message
    assert '{decimal: ","} if it is 1.1' in notices[0].message


@pytest.mark.parametrize(
    ("settings", "values", "expected"),
    [
        ({"decimal": ","}, ["1,5", "2", "3,25"], [1.5, 2.0, 3.25]),
        ({"thousands": ","}, ["1,500", "2", "3,250.5"], [1500.0, 2.0, 3250.5]),
        ({"decimal": ",", "thousands": "."}, ["1.500,5", "2", "3.250"], [1500.5, 2.0, 3250.0]),
        ({"missing_values": ("?", "-")}, ["1", "?", "-"], [1.0, None, None]),
        ({"missing_values": ("999",)}, ["1", "999", "2"], [1.0, None, 2.0]),
    ],
)
def test_settings_say_it_and_nothing_is_guessed(tmp_path, settings, values, expected):
    """With the setting there is no warning; a source may have its own settings."""
    columns, notices, _ = both(tmp_path, column(*values), **settings)
    assert columns["x"] == ("number", expected)
    assert not [notice for notice in notices if notice.level == "warning"]
    source = {"path": "rows.csv", **settings}
    assert both(tmp_path, column(*values), source=source)[0] == columns


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"decimal": ";;"}, "decimal should be one mark"),
        ({"thousands": "x"}, "thousands should be one mark"),
        ({"decimal": ",", "thousands": ","}, "thousands should be another mark than decimal"),
    ],
)
def test_marks_that_cannot_be_are_refused(tmp_path, settings, message):
    """The constructor, and a source with an invalid mark, say what is wrong."""
    with pytest.raises(ValueError, match=message):
        both(tmp_path, column("1"), **settings)
    findings = list(FileDataConnector.check_settings(settings))
    assert [f"{finding.path} {finding.message}".startswith(message) for finding in findings] == [True]
    assert message in both(tmp_path, column("1"), source={"path": "rows.csv", **settings})


def test_a_column_may_be_said_to_be_text_or_numbers(tmp_path):
    """A declared type is not guessed, and a value that does not fit is an error with its row."""
    columns, notices, _ = both(tmp_path, column("01", "02", "?"), columns={"x": "text"})
    assert columns["x"] == ("string", ["01", "02", "?"])
    assert notices == ()
    error = both(tmp_path, column("1", "2", "?"), columns={"x": "number"})
    assert error == (
        "rows.csv: the settings declare the column 'x' as number, but its values are text, and row 3 is '?'."
    )


def test_few_numbers_beside_texts_are_categories(tmp_path):
    """Codes such as 0, 1, 2 and 3+ stay text, and the message says how many of them are numbers."""
    columns, notices, _ = both(tmp_path, column(*["0", "1", "2"] * 40, *["3+"] * 5))
    assert columns["x"][0] == "string"
    assert "120 of 125 values of 'x' are numbers, row 121 is '3+'" in notices[0].message
    assert "read as text" in notices[0].message


@pytest.mark.parametrize("values", [["a1", "b2", "17"], ["1", "x", "2", "y"], ["A", "B"]])
def test_texts_are_no_numbers(tmp_path, values):
    """Text columns raise no message."""
    columns, notices, _ = both(tmp_path, column(*values * 20))
    assert columns["x"] == ("string", values * 20)
    assert notices == ()


def test_a_column_is_read_as_before(tmp_path):
    """The style of numbers and the missing texts are those of the training rows."""
    schema = ReadingSchema(
        columns={
            "x": ColumnSchema(kind="number", decimal=",", missing=("?",)),
            "z": ColumnSchema(kind="text"),
        },
        strict=True,
    )
    columns, notices, _ = both(tmp_path, 'x,z\n"1,234",1.10\n?,01\n', schema)
    assert columns == {"x": ("number", [1.234, None]), "z": ("string", ["1.10", "01"])}
    assert [notice.level for notice in notices] == ["info"]


def test_what_is_no_number_among_rows_to_predict_stays_what_it_is(tmp_path):
    """In rows to predict it is an error of the model, and not a missing value."""
    schema = ReadingSchema(columns={"x": ColumnSchema(kind="number")}, strict=True)
    columns, notices, _ = both(tmp_path, column(*PLAIN, "plenty"), schema)
    assert columns["x"][0] == "string"
    assert "row 200 is 'plenty'" in notices[0].message


@pytest.mark.parametrize("form", ["${}.50", "{}%", "{} \u20ac", "-${}", "\u2212{}.5"])
def test_numbers_with_symbols_are_named(tmp_path, form):
    """Numbers with symbols stay text, and the message says so."""
    columns, notices, _ = both(tmp_path, column(*(form.format(n) for n in range(60))))
    assert columns["x"][0] == "string"
    assert f"values of 'x' are numbers with a symbol, such as {form.format(0)!r}" in notices[0].message


@pytest.mark.parametrize("form", ["{} kg", "{}kg", "{}.5 \u00b0C", "{} km/h", "-{} m\u00b2", "{} years"])
def test_numbers_with_units_are_named(tmp_path, form):
    """A weight with its unit is text, and a warning says so."""
    columns, notices, _ = both(tmp_path, column(*(form.format(n) for n in range(60))))
    assert columns["x"][0] == "string"
    assert [notice.level for notice in notices] == ["warning"]
    assert f"values of 'x' are numbers with a unit, such as {form.format(0)!r}" in notices[0].message


@pytest.mark.parametrize(
    "texts",
    [
        [f"{number}{'ABC'[number % 3]}" for number in range(60)],
        [f"{number} {name} street" for number, name in enumerate("abc" * 20)],
        [f"{number} {name}" for number, name in enumerate(["Elm", "Oak", "Ash", "Fir"] * 15)],
        ["1st", "2nd", "3rd"] * 20,
        ["4 doors", "2 doors"] * 30,
        [f"{number} Q1" for number in range(60)],
    ],
    ids=["seats", "addresses", "trees", "ordinals", "few", "quarters"],
)
def test_codes_and_categories_have_no_unit(tmp_path, texts):
    """Seats, addresses and a few categories are not taken for numbers with a unit."""
    _, notices, _ = both(tmp_path, column(*texts))
    assert not notices


def test_a_form_that_people_state_is_kept_from_numbers(tmp_path):
    """Dates with a format in the problem are read as text, with their leading zero."""
    problem = Problem(name="p", target="y", dates={"day": "%d%m%Y", "iso": "ISO8601", "version": "text"})
    columns, _, _ = both(
        tmp_path, "day,iso,version\n01022024,2024-01-31,2024-01-31\n", ReadingSchema.of(problem)
    )
    assert columns["day"] == ("string", ["01022024"])
    assert columns["iso"][0] == "datetime"
    assert columns["version"] == ("string", ["2024-01-31"])


@pytest.mark.parametrize(
    "texts",
    [
        [f"{n}.5" if n % 2 else f"{n},5" for n in range(60)],
        [f"{n}.5" if n % 2 else f"${n}.5" for n in range(60)],
        [f"{n}" if n % 3 else f"({n})" for n in range(60)],
        [f"{n}" if n % 3 else f"{n}-" for n in range(60)],
        [f"{n}" if n % 3 else f"<{n}" for n in range(60)],
        [f"{n},23,456" for n in range(60)],
        [f"{n}_000" for n in range(60)],
    ],
    ids=["two marks", "half with a symbol", "parentheses", "minus behind", "below", "lakhs", "underscores"],
)
def test_numbers_in_several_forms_are_named(tmp_path, texts):
    """A column that people read as numbers is text with a warning, never without one."""
    columns, notices, _ = both(tmp_path, column(*texts))
    assert columns["x"] == ("string", texts)
    assert [notice.level for notice in notices] == ["warning"]
    assert "values of 'x' are numbers in different forms, such as" in notices[0].message


@pytest.mark.parametrize(
    ("texts", "notation"),
    [
        ([f"0x{n:02X}" for n in range(60)], "hexadecimal numbers"),
        ([f"{n}/20" for n in range(60)], "fractions"),
        ([f"{n % 9} {n % 7}/8" for n in range(60)], "fractions"),
        ([f"{n % 24}:{n:02}" for n in range(60)], "times or durations"),
        ([f"{n % 12 + 1}:{n:02}:00 PM" for n in range(60)], "times or durations"),
        ([f"{n + 90}:{n:02}" for n in range(60)], "times or durations"),
    ],
    ids=["hexadecimal", "scores", "inches", "times", "clock", "minutes"],
)
def test_numbers_in_other_notations_are_named(tmp_path, texts, notation):
    """They stay text, which is left out if it hardly repeats, and a warning says so."""
    columns, notices, _ = both(tmp_path, column(*texts))
    assert columns["x"] == ("string", texts)
    assert [notice.level for notice in notices] == ["warning"]
    assert f"values of 'x' are {notation}" in notices[0].message


@pytest.mark.parametrize(
    "texts",
    [
        [f"1.{n}.2" for n in range(60)],
        [f"{n}-{n + 10}" for n in range(60)],
        [f"555-{n:04}" for n in range(60)],
        ["<5", "5-10", ">10"] * 20,
        ["1/2", "1/4", "3/4"] * 20,
        [f"{100 + n}/{60 + n % 30}" for n in range(60)],
        [f"{n % 28 + 1}/{n % 12 + 1}" for n in range(60)],
        [f"{n % 12 + 1}/{86 + n // 12}" for n in range(60)],
        [f"0x{n:040x}" for n in range(60)],
        [f"{n:04x}" for n in range(60)],
        [f"{n}:{n + 40}" for n in range(60)],
        ["9:00", "17:30"] * 30,
    ],
    ids=["versions", "ranges", "telephones", "few", "ratings", "blood pressure", "days", "months", "addresses", "digests",
         "ratios", "shifts"],
)  # fmt: skip
def test_codes_are_not_numbers_in_another_form(tmp_path, texts):
    """Versions, ranges, telephone numbers, ratings, values of two numbers and digests are text."""
    assert not both(tmp_path, column(*texts))[1]


def test_a_word_for_missing_values_among_numbers_is_named(tmp_path):
    """If a third of the values is one word, the column is text, and the message has the count and setting."""
    columns, notices, _ = both(tmp_path, column(*(PLAIN[n] if n % 3 else "unknown" for n in range(199))))
    assert columns["x"][0] == "string"
    assert [notice.level for notice in notices] == ["warning"]
    assert "132 of 199 values of 'x' are numbers, row 1 is 'unknown'" in notices[0].message
    assert 'missing_values: ["unknown"]' in notices[0].message


@pytest.mark.parametrize(
    "codes",
    [["136A"], ["207a", "229b"], ["c168", "c118"], ["98115-4820", "98112-4729"], ["A", "B", "C", "D"]],
    ids=["family", "subjects", "stations", "postal codes", "sections"],
)
def test_codes_among_whole_numbers_are_kept(tmp_path, codes):
    """Few of real ids have a letter: they are no missing values, and a warning names them."""
    texts = [*map(str, range(100, 298)), *codes]
    columns, notices, _ = both(tmp_path, column(*texts))
    assert columns["x"] == ("string", texts)
    assert [notice.level for notice in notices] == ["warning"]
    assert f"198 of {len(texts)} values of 'x' are numbers, row 199 is {codes[0]!r}" in notices[0].message
    assert "The column is read as text" in notices[0].message


@pytest.mark.parametrize("other", ["5k", "T", ".", "165cm", "12-34", "unknown"])
def test_other_texts_among_whole_numbers_are_missing(tmp_path, other):
    """They look like no code, and the warning says how they are read."""
    columns, notices, _ = both(tmp_path, column(*map(str, range(100, 298)), other))
    assert columns["x"][1][-1] is None
    assert [notice.level for notice in notices] == ["warning"]


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000"])
def test_spaces_of_every_kind_around_numbers_do_not_count(tmp_path, space):
    """No-break spaces, which web pages put around numbers, are spaces."""
    columns, notices, _ = both(tmp_path, column(*(f"{space}{number}{space}" for number in PLAIN)))
    assert columns["x"] == ("number", [float(number) for number in PLAIN])
    assert not notices


def test_numbers_that_lose_leading_zeros_are_named(tmp_path):
    """A postal code 01234 that is read as the number 1234 is a notice, unless the type is declared."""
    texts = ["90210", "01234", "10115"]
    columns, notices, _ = both(tmp_path, column(*texts))
    assert columns["x"] == ("number", [90210, 1234, 10115])
    assert (
        "values of 'x' such as '01234' are read as numbers, without their leading zeros" in notices[0].message
    )
    assert "columns: {x: text}" in notices[0].message
    identity = ReadingSchema(identity=frozenset({"x"}))
    assert both(tmp_path, column(*texts), identity)[:2][0]["x"] == ("string", texts)
    assert not both(tmp_path, column("0", "10", "-5", "0"))[1]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1.250", "2.500"], [1250.0, 2500.0]),
        (["1.5", "22.75"], [1.5, 22.75]),
        (["1.250,5", "3"], [1250.5, 3.0]),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_numbers_in_another_form_than_in_training_are_named(tmp_path, texts, expected, strict):
    """After training rows such as 12,50, the number 1.250 is 1250, and 1.5 is 1.5; a warning has the value."""
    schema = ReadingSchema(columns={"x": ColumnSchema(kind="number", decimal=",")}, strict=strict)
    columns, notices, _ = both(tmp_path, column(*texts), schema)
    assert columns["x"] == ("number", expected)
    assert [notice.level for notice in notices] == ["warning"]
    assert (
        f"such as {texts[0]!r} are written in another form than those of the training" in notices[0].message
    )
    assert f"read as {expected[0]:.12g}." in notices[0].message
