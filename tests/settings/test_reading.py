"""Reading: values of every type that pydantic knows, and keys that nobody declares."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import pydantic
import pytest
import typing_extensions as te
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    alias_generators,
    field_validator,
    model_validator,
)

from lolpop import Component, PipelineContainer, providers
from lolpop.cli.config import explanations
from lolpop.containers import scope_of
from lolpop.errors import SettingsError, VerificationError

T = TypeVar("T")


class Root(RootModel[dict[str, int]]):
    pass


class Named(BaseModel):
    a: int = Field(1, validation_alias="alpha")


class Chosen(BaseModel):
    a: int = Field(1, validation_alias=AliasChoices("alpha", "al", AliasPath("x", "y")))


class Deep(BaseModel):
    a: int = Field(1, validation_alias=AliasPath("x", "y", 0))


class ByName(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)
    a: int = Field(1, alias="alpha")


class OnlyByName(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)
    a: int = Field(1, alias="alpha")


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=alias_generators.to_camel)
    my_size: int = 1


@pydantic.dataclasses.dataclass
class Aliased:
    a: int = Field(1, alias="alpha")


@dataclass
class Plain:
    a: int = 1


class Typed(te.TypedDict, total=False):
    a: int


class Pair(NamedTuple):
    a: int
    b: int = 2


class Former(BaseModel):
    a: int = 1

    @model_validator(mode="before")
    @classmethod
    def renamed(cls, value):
        return {"a": value["old"]} if "old" in value else value


class Outer(BaseModel):
    inner: Plain = Plain()
    former: Former = Former()

    @field_validator("inner", mode="before")
    @classmethod
    def from_size(cls, value):
        return {"a": value["size"]} if isinstance(value, dict) and "size" in value else value


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 1


class Page(BaseModel, Generic[T]):
    items: list[T] = []


Doubled = Annotated[
    Plain, BeforeValidator(lambda value: {"a": 2 * value["half"]} if "half" in value else value)
]


def loaded(type_, value=None, **options):
    container = type("Some", (PipelineContainer,), {"section": providers.Settings(type_)})
    return container.load(
        **({"environ": {}} | options), overrides={} if value is None else {"section": value}
    )


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Root, {"k": 3}),
        (Named, {"alpha": 3}),
        (Chosen, {"alpha": 3}),
        (Chosen, {"al": 3}),
        (Chosen, {"x": {"y": 3}}),
        (Deep, {"x": {"y": [3]}}),
        (ByName, {"a": 3}),
        (ByName, {"alpha": 3}),
        (OnlyByName, {"a": 3}),
        (Camel, {"mySize": 3}),
        (Aliased, {"alpha": 3}),
        (Plain, {"a": 3}),
        (Typed, {"a": 3}),
        (Pair, {"a": 3}),
        (Pair, [3, 4]),
        (Former, {"old": 3}),
        (Outer, {"inner": {"size": 3}, "former": {"old": 3}}),
        (Open, {"a": 1, "anything": {"b": 2}}),
        (Page[Plain], {"items": [{"a": 3}]}),
        (Doubled, {"half": 3}),
        (dict[str, Open | Plain], {"k": {"a": 3}}),
        (te.TypeAliasType("Alias", Plain), {"a": 3}),
        (list[Literal["a", "b"]], ["a"]),
    ],
)
def test_what_pydantic_takes_is_taken(type_, value):
    """A key that the type accepts, such as an alias, is not unknown."""
    container = loaded(type_, value)
    assert container.verify() == []
    assert container.section() == TypeAdapter(type_).validate_python(value)


@pytest.mark.parametrize(
    ("type_", "value", "path", "hint"),
    [
        (Named, {"alpah": 3}, "section.alpah", "Did you mean alpha?"),
        (Chosen, {"alph": 3}, "section.alph", "Did you mean alpha?"),
        (Camel, {"my_size": 3}, "section.my_size", "Did you mean mySize?"),
        (Aliased, {"alpa": 3}, "section.alpa", "Did you mean alpha?"),
        (Typed, {"aa": 3}, "section.aa", "Did you mean a?"),
        (Page[Plain], {"items": [{"aa": 3}]}, "section.items.0.aa", "Did you mean a?"),
        (dict[str, Typed], {"k": {"aa": 3}}, "section.k.aa", "Did you mean a?"),
        (Outer, {"iner": {}}, "section.iner", "Did you mean inner?"),
        (Open | Plain, {"a": "x", "b": 1}, "section.a", None),
        (RootModel[list[Plain]], [{"aa": 1}], "section.0.aa", "Did you mean a?"),
    ],
)
def test_a_key_that_nobody_declares_is_found(type_, value, path, hint):
    """A misspelt key is a finding with a near name in every type that declares its keys."""
    with pytest.raises(VerificationError) as error:
        loaded(type_, value).verify()
    findings = {finding.path: finding.hint for finding in error.value.findings}
    assert findings[path] == hint


def test_a_key_that_a_validator_may_read_is_a_warning():
    """A validator of the whole input may read any key, so it is a warning only."""
    (warning,) = loaded(Former, {"a": 1, "odl": 3}).verify()
    assert (warning.path, warning.severity) == ("section.odl", "warning")


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (str | int, "true", "true"),
        (str | int, "3", 3),
        (str | int, "1.5", "1.5"),
        (str | int, "null", "null"),
        (str | None, "null", None),
        (str | bool, "1", "1"),
        (str | bool, "true", True),
        (str | float, "3", 3.0),
        (str | list[int], "[1]", [1]),
        (str, "true", "true"),
        (int, "3", 3),
        (bool, "1", True),
        (dict[str, str | int], '{"a": "true", "b": 1}', {"a": "true", "b": 1}),
        (Any, "true", True),
    ],
)
def test_text_that_two_types_could_take(type_, text, value):
    """The text of a variable is JSON only if the type does not accept text."""
    read = loaded(type_, environ={"LOLPOP_SECTION": text}).section()
    assert (type(read), read) == (type(value), value)


class Cased(Component):
    def __init__(self, C: float = 1.0, c: float = 2.0, size: int = 1, params: dict[str, Any] | None = None):
        self.C, self.c = C, c


def test_a_variable_that_could_mean_two_settings_is_a_finding():
    """Names of variables have no case: two settings that differ in case only are ambiguous."""
    container = type("Some", (PipelineContainer,), {"part": providers.Component(Cased, default=Cased)})
    with pytest.raises(VerificationError, match=r"\$LOLPOP_PART__C  part.c: is ambiguous: 'C' or 'c'"):
        container.load(environ={"LOLPOP_PART__C": "3"}).verify()
    part = container.load(environ={"LOLPOP_PART__SIZE": "3"}, overrides={"part.C": 5, "part.c": 6}).part()
    assert (part.C, part.c) == (5, 6)


def test_a_variable_that_could_mean_two_providers_is_a_finding():
    """The same applies to providers of a container."""
    slots = {"part": providers.Component(Cased, default=Cased), "Part": providers.Settings(int, default=1)}
    container = type("Some", (PipelineContainer,), slots)
    assert container.load(environ={}).verify() == []
    with pytest.raises(VerificationError, match="is ambiguous: 'Part' or 'part'"):
        container.load(environ={"LOLPOP_PART__SIZE": "3"}).verify()


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Named, {"alpha": "${env:SECRET}"}),
        (Former, {"old": "${env:SECRET}"}),
        (Annotated[int, BeforeValidator(lambda value: value["x"])], {"x": "${env:SECRET}"}),
        (Annotated[list[int], BeforeValidator(lambda value: [*value, 1])], ["${env:SECRET}"]),
    ],
)
def test_what_came_by_a_variable_stays_hidden_under_another_name(type_, value):
    """A setting that is read by an alias shows no value of a variable."""
    container = loaded(type_, value, environ={"SECRET": "4711"})
    assert container.verify() == []
    assert "4711" not in str(explanations(scope_of(container)))


class Stamped(Component):
    def __init__(self, name: str = "", size: int = 0):
        self.name, self.size = name, size


class Stamping(PipelineContainer):
    stamped = providers.Component(Stamped, default=Stamped)


@pytest.mark.parametrize("key", ["stamped.size: 3", "stamped: {size: 1}\nstamped.size: 3"])
def test_a_key_with_dots_is_shown_as_nested_keys(key, tmp_path):
    """YAML reads `a.b: 1` as one key; the finding shows the nested form."""
    settings = tmp_path / "lolpop.yaml"
    settings.write_text(f"{key}\n")
    with pytest.raises(VerificationError, match=r"stamped\.size: unknown setting\. .*stamped: \{size: …\}"):
        Stamping.load(settings, environ={}).verify()


@pytest.mark.parametrize("value", ["2020-01-01", "123", "1.5", "true"])
def test_a_value_that_yaml_reads_as_no_text_is_quoted_where_text_is_wanted(value, tmp_path):
    """The finding shows the value, and says how to write it as text."""
    settings = tmp_path / "lolpop.yaml"
    settings.write_text(f"stamped: {{name: {value}}}\n")
    with pytest.raises(VerificationError) as error:
        Stamping.load(settings, environ={}).verify()
    assert "input should be a valid string (got" in str(error.value)
    assert "Put the value in quotes." in str(error.value)
    settings.write_text(f"stamped: {{name: '{value}'}}\n")
    assert Stamping.load(settings, environ={}).stamped().name == value


def single(type_, **declared):
    return type("Some", (PipelineContainer,), {"value": providers.Settings(type_, **declared)})


class Account(BaseModel):
    key: pydantic.SecretStr = pydantic.SecretStr("")
    note: str = ""
    hosts: list[str] = []
    rate: Decimal = Decimal(1)


def account(environ, overrides=None):
    return single(Account, default={}).load(environ=environ, overrides=overrides or {}).value()


@pytest.mark.parametrize("type_", [str, pydantic.SecretStr, pydantic.Json, str | dict[str, int]])
@pytest.mark.parametrize("text", ['{"a": "b"}', "[1, 2]"])
def test_a_text_that_looks_like_json_stays_text_where_text_is_wanted(type_, text):
    """A variable with a key of a service account is text, whether the type is a section or below one."""
    value = single(type_).load(environ={"LOLPOP_VALUE": text}).value()
    assert value == TypeAdapter(type_).validate_python(text)


def test_a_text_that_looks_like_json_replaces_a_weaker_text():
    """JSON in a variable is text too where a weaker source sets that setting."""
    weaker = {"LOLPOP_VALUE": '{"key": "x", "note": "y"}'}
    read = account({**weaker, "LOLPOP_VALUE__KEY": '{"a": 1}', "LOLPOP_VALUE__NOTE": "[1]"})
    assert (read.key.get_secret_value(), read.note) == ('{"a": 1}', "[1]")


def test_one_source_sets_a_list_and_one_of_its_elements():
    """A variable for a whole list is weaker than those for its elements, as are paths of overrides."""
    variables = {"LOLPOP_VALUE__HOSTS": '["a", "b"]', "LOLPOP_VALUE__HOSTS__1": "c"}
    assert account(variables).hosts == ["a", "c"]
    assert account({}, {"value.hosts": ["a", "b"], "value.hosts.1": "c"}).hosts == ["a", "c"]


def test_a_decimal_in_a_variable_keeps_all_its_digits():
    """A decimal is not read as a float first."""
    rate = account({"LOLPOP_VALUE__RATE": "0.10000000000000000000010"}).rate
    assert str(rate) == "0.10000000000000000000010"


def test_a_missing_key_in_json_is_named():
    """What is wrong inside a mapping in a variable is said, not that it is no text."""
    with pytest.raises(VerificationError, match=r"value\.a: is required and is not set"):
        single(Pair).load(environ={"LOLPOP_VALUE": "{}"}).verify()


@pytest.mark.parametrize(
    ("type_", "text", "message"),
    [
        (dict[int, str], "{1: a, 0x: b}", "1:15  value.0x: the key should be a valid integer"),
        (dict[Literal["a", "b"], int], "{c: 1}", "1:9  value.c: the key should be 'a' or 'b'."),
        (str, "", "1:1  value: input should be a valid string (got null)."),
        (bool, "~", "1:8  value: input should be a valid boolean (got null)."),
        (str, "true", "(got true). Put the value in quotes."),
        (Path, "2024", "(got 2024). Put the value in quotes."),
        (Literal["1", "2"], "1", "(got 1). Put the value in quotes."),
    ],
)
def test_messages_show_the_key_or_the_value_as_the_file_writes_it(type_, text, message, tmp_path):
    """A wrong key is named as such, at its place, and a value is shown in the spelling of the file."""
    file = tmp_path / "lolpop.yaml"
    file.write_text(f"value: {text}\n")
    with pytest.raises(VerificationError) as raised:
        single(type_).load(file, environ={}).verify()
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("type_", "text", "hint"),
    [
        (list[str], "a, b", 'Write it as JSON: ["one", "two"].'),
        (list[str], "", 'Write it as JSON: ["one", "two"].'),
        (dict[str, int], "a=1", 'Write it as JSON: {"key": "value"}.'),
        (Account, "x", "its value is a secret and is not shown."),
    ],
)
def test_lists_and_mappings_in_variables_are_json(type_, text, hint):
    """A variable that is no list or mapping gets the advice to write JSON."""
    with pytest.raises(VerificationError) as raised:
        single(type_).load(environ={"LOLPOP_VALUE": text}).verify()
    assert hint in str(raised.value)


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        (
            int,
            "a valid integer, unable to parse string as an integer; its value is a secret and is not shown.",
        ),
        (list[str], "a list; its value is a secret and is not shown. A link gives text."),
        (dict[str, int], "a mapping; its value is a secret and is not shown. A link gives text."),
    ],
)
def test_a_wrong_value_from_a_linked_variable_is_told_by_what_is_expected(type_, message, tmp_path):
    """The message says what the type takes and not what the variable is, and what to write for a list."""
    file = tmp_path / "lolpop.yaml"
    file.write_text("value: ${env:SECRET}\n")
    with pytest.raises(VerificationError) as raised:
        single(type_).load(file, environ={"SECRET": '["hunter2"]'}).verify()
    assert f"1:8  value: input should be {message}" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_variables_are_not_case_sensitive():
    """The prefix is not either, and the names that lolpop reads itself are reported in another case."""
    assert single(int).load(environ={"lolpop_value": "3"}).value() == 3
    with pytest.raises(SettingsError, match="LOLPOP_Value and lolpop_value are the same setting"):
        single(int).load(environ={"LOLPOP_Value": "3", "lolpop_value": "4"})
    with pytest.raises(SettingsError, match=r"lolpop_profile is not read\. Write LOLPOP_PROFILE\."):
        single(int).load(environ={"LOLPOP_VALUE": "3", "lolpop_profile": "x"})


def test_a_key_of_another_case_is_unknown_in_a_file(tmp_path):
    """Only variables are not case-sensitive: a key of a file that differs in case has no effect."""
    file = tmp_path / "lolpop.yaml"
    file.write_text("Value: 3\n")
    container = single(int, default=1)
    with pytest.raises(VerificationError, match=r"1:1  Value: unknown setting\. Did you mean value\?"):
        container.load(file, environ={}).verify()
    assert container.load(environ={"LOLPOP_VALUE": "3"}).value() == 3


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    bark: bool = True


class Home(BaseModel):
    pet: Cat | Dog = Field(discriminator="kind")


@pytest.mark.parametrize(
    ("pet", "message"),
    [
        ("{kind: cow}", "1:21  value.pet.kind: input should be 'cat' or 'dog' (got 'cow')."),
        ("{kind: cats}", "(got 'cats'). Did you mean cat?"),
        ("{lives: 3}", "1:14  value.pet.kind: is required and is not set."),
        ("{kind: dog, bark: 7}", "value.pet.bark: input should be a valid boolean"),
        ("cat", "1:14  value.pet: input should be a mapping (got 'cat')."),
    ],
)
def test_the_key_that_selects_a_member_of_a_union_is_named(pet, message, tmp_path):
    """A discriminator that is wrong or missing is a problem of that key, as any other is."""
    file = tmp_path / "lolpop.yaml"
    file.write_text(f"value: {{pet: {pet}}}\n")
    with pytest.raises(VerificationError) as raised:
        single(Home).load(file, environ={}).verify()
    assert message in str(raised.value)


class Fussy(BaseModel):
    number: int = 0
    password: pydantic.SecretStr = pydantic.SecretStr("")

    @model_validator(mode="after")
    def check(self):
        if self.number < 0:
            raise KeyError(f"no {self.number} {self.password.get_secret_value()}")
        return self


class Picky(BaseModel):
    number: int = 0

    @field_validator("number")
    @classmethod
    def check(cls, value):
        if value < 0:
            raise ValueError("Too small")
        return 1 // value


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        (Picky, {"number": 0}, "a validator of the type Picky failed: ZeroDivisionError: integer division"),
        (Picky, {"number": 0, "odd": 1}, "a validator of the type Picky failed: ZeroDivisionError"),
        (
            Fussy,
            {"number": -1, "password": "hunter2"},
            "of the type Fussy failed: KeyError. A validator raises",
        ),
        (Fussy, {"number": -1, "odd": 1}, "of the type Fussy failed: KeyError. A validator raises"),
        (Picky, {"number": -1}, "number: too small (got -1)."),
    ],
)
def test_an_error_of_a_validator_is_a_finding(type_, value, message):
    """A validator may raise anything: verification goes on, and no secret is shown."""
    with pytest.raises(VerificationError) as raised:
        loaded(type_, value).verify()
    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "quotes" not in str(raised.value)


def test_a_failing_validator_of_a_default_is_a_finding():
    """The default of a declaration is validated too."""
    with pytest.raises(
        VerificationError, match="a validator of the default of Some failed: ZeroDivisionError"
    ):
        single(Annotated[int, BeforeValidator(lambda value: 1 // value)], default=0).load(environ={}).verify()


@pytest.mark.parametrize(
    ("text", "message"),
    [("123", "is not shown. Put the value in quotes."), ("~", "value.key: should not be null.")],
)
def test_a_secret_that_is_no_text_is_mended_by_quotes(text, message, tmp_path):
    """A password of digits is a number in YAML, and null is no secret."""
    file = tmp_path / "lolpop.yaml"
    file.write_text(f"value: {{key: {text}}}\n")
    with pytest.raises(VerificationError) as raised:
        single(Account).load(file, environ={}).verify()
    assert message in str(raised.value)
    assert "123" not in str(raised.value)
