"""Annotations: which types may take the place of which."""

import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, Protocol, TypeVar, runtime_checkable

import pytest
import typing_extensions as te

from lolpop import Component, PipelineContainer, providers
from lolpop.annotations import return_type, unwrapped
from lolpop.assignability import fits
from lolpop.errors import VerificationError

T = TypeVar("T")
Out = TypeVar("Out", covariant=True)
In = TypeVar("In", contravariant=True)


class Clock(Component):
    zone = "UTC"

    def __init__(self):
        self.ticks = 0

    def now(self, precise: bool = False) -> str:
        return "noon"


class Quartz(Clock):
    pass


class Other(Component):
    pass


class Repo(Component, Generic[T]):
    pass


class StrRepo(Repo[str]):
    pass


class ListRepo(Repo[list[T]]):
    pass


class Source(Generic[Out]):
    pass


class Sink(Generic[In]):
    pass


class HasNow(Protocol):
    def now(self) -> str: ...


class HasNowAt(Protocol):
    def now(self, place: str) -> str: ...


class CountsNow(Protocol):
    def now(self) -> int: ...


class AsyncNow(Protocol):
    async def now(self) -> str: ...


@runtime_checkable
class HasTicks(Protocol):
    ticks: int


class HasZone(Protocol):
    @property
    def zone(self) -> str: ...


class NumericZone(Protocol):
    zone: int


class Options(te.TypedDict, total=False):
    size: int


class Sizes(te.TypedDict):
    size: int


Meters = NewType("Meters", int)
Feet = NewType("Feet", int)
Heights = NewType("Heights", Meters)
Bound = TypeVar("Bound", bound=Clock)
OneOf = TypeVar("OneOf", int, str)
Alias = te.TypeAliasType("Alias", Clock)
Many = te.TypeAliasType("Many", list[T], type_params=(T,))


@pytest.mark.parametrize(
    ("provided", "wanted"),
    [
        (Quartz, Clock),
        (Quartz, Alias),
        (Alias, Clock),
        (list[int], Many[int]),
        (Quartz, Bound),
        (int, OneOf),
        (Meters, int),
        (Meters, Meters),
        (Heights, Meters),
        (int, Meters),
        (Literal["a"], Literal["a", "b"]),
        (Literal["a"], str),
        (StrRepo, Repo[str]),
        (Repo, Repo[str]),
        (StrRepo, Repo),
        (ListRepo[int], Repo[list[int]]),
        (Source[Quartz], Source[Clock]),
        (Sink[Clock], Sink[Quartz]),
        (list[Quartz], Sequence[Clock]),
        (list[Quartz], tuple[Clock, ...]),
        (tuple[int, int], Sequence[int]),
        (dict[str, int], Mapping[str, float]),
        (dict, Mapping[str, int]),
        (Clock, HasNow),
        (Clock, HasTicks),
        (Clock, HasZone),
        (Options, dict[str, Any]),
        (dict[str, int], Options),
        (Sizes, Options),
        (bool, int),
        (int, float),
        (float, complex),
        (Annotated[int, "meters"], int),
        (int | None, int | None),
        (None, int | None),
        (InitVar[int], int),
        (Any, Clock),
        (Clock, object),
        (Callable[[int], int], Callable[..., Any]),
        (Path, Path | str),
        (str, typing.LiteralString),
    ],
)
def test_what_fits(provided, wanted):
    """A type that a type checker takes, or that nobody can judge without a value, fits."""
    assert fits(provided, wanted)


@pytest.mark.parametrize(
    ("provided", "wanted"),
    [
        (Other, Clock),
        (Other, Alias),
        (list[str], Many[int]),
        (Other, Bound),
        (float, OneOf),
        (str, Meters),
        (Feet, Meters),
        (Meters, Heights | str),
        (Literal["c"], Literal["a", "b"]),
        (str, Literal["a", "b"]),
        (Literal[1], Literal[True]),
        (StrRepo, Repo[int]),
        (ListRepo[int], Repo[list[str]]),
        (Repo[Quartz], Repo[Clock]),
        (Source[Clock], Source[Quartz]),
        (Sink[Quartz], Sink[Clock]),
        (list[str], Sequence[int]),
        (list[str], Iterable[int]),
        (tuple[int, str], tuple[int, int]),
        (tuple[int, str], tuple[int, str, str]),
        (dict[str, str], Mapping[str, float]),
        (Other, HasNow),
        (Clock, HasNowAt),
        (Clock, CountsNow),
        (Clock, AsyncNow),
        (Other, HasTicks),
        (Clock, NumericZone),
        (Options, Sizes),
        (Options, list[int]),
        (int | None, int),
        (None, int),
        (str, int),
        (int, typing.LiteralString),
        (int, typing.Never),
        (Annotated[str, "meters"], int),
    ],
)
def test_what_does_not_fit(provided, wanted):
    """A type that a type checker refuses does not fit."""
    assert not fits(provided, wanted)


def test_every_wrapping_of_a_type_is_the_type():
    """Qualifiers, metadata, aliases and InitVar change nothing about the value."""
    wrapped = [
        Annotated[int, "a"],
        te.TypeAliasType("Size", int),
        InitVar[int],
        typing.Final[int],
        te.Required[int],
        te.NotRequired[int],
        te.ReadOnly[int],
        Annotated[te.TypeAliasType("Size", Annotated[int, "a"]), "b"],
    ]
    assert {unwrapped(annotation) for annotation in wrapped} == {int}


def test_what_calls_return():
    """A class returns itself, an async function a coroutine, and a generator function a generator."""

    def text() -> str: ...
    async def later() -> str: ...
    def items():
        yield 1

    assert return_type(Clock) is Clock
    assert return_type(text) is str
    assert not fits(return_type(later), str)
    assert not fits(return_type(items), int)
    assert return_type(len) is Any


def container_of(wanted, **slots):
    """A container with a component that takes ``x``, annotated as wanted."""

    def init(self, *, x): ...

    init.__annotations__["x"] = wanted
    user = type("User", (Component,), {"__init__": init})
    return type("Some", (PipelineContainer,), {**slots, "user": providers.Component(user, default=user)})()


@pytest.mark.parametrize(
    ("wanted", "slot"),
    [
        (Literal["a", "b"], providers.Settings(str, default="a")),
        (int, providers.Settings(int | None, default=3)),
        (Options, providers.Settings(Options, default={})),
        (HasNow, providers.Component(HasNow, default=Clock)),
        (HasTicks, providers.Component(HasTicks, default=Quartz)),
        (Repo[str], providers.Component(Repo[str], default=StrRepo)),
    ],
)
def test_what_verify_accepts(wanted, slot):
    """Interfaces may be protocols and generics, and of settings the value counts."""
    assert container_of(wanted, x=slot).verify() == []


@pytest.mark.parametrize(
    ("wanted", "slot", "message"),
    [
        (Literal["a", "b"], providers.Settings(str, default="z"), "provides str"),
        (int, providers.Settings(int | None, default=None), "requires x: int"),
        (Meters, providers.Settings(str, default="x"), "provides str"),
        (object, providers.Component(HasNowAt, default=Clock), "its now() takes no parameter 'place'"),
        (object, providers.Component(HasNow, default=Other), "it has no 'now'"),
        (object, providers.Component(CountsNow, default=Clock), "now() returns str, not int"),
        (object, providers.Component(Repo[int], default=StrRepo), "is not a"),
        (object, providers.Settings(int, default="many"), "the default of Some is not valid"),
        (object, providers.Settings(list[int], default=["many"]), "the default of Some is not valid"),
        (object, providers.Settings(int, default=None), "the default of Some is not valid"),
    ],
)
def test_what_verify_refuses(wanted, slot, message):
    """What does not fit is a finding that names both types, or what is missing."""
    with pytest.raises(VerificationError) as error:
        container_of(wanted, x=slot).verify()
    assert message in str(error.value)


def test_an_init_variable_is_validated_as_its_type():
    """InitVar[int] is an int."""

    @dataclass
    class Part(Component):
        number: InitVar[int] = 3

        def __post_init__(self, number):
            self.got = number

    container = type("Parts", (PipelineContainer,), {"part": providers.Component(Part, default=Part)})
    assert container.load(environ={"LOLPOP_PART__NUMBER": "4"}).part().got == 4
    with pytest.raises(VerificationError, match="valid integer"):
        container.load(environ={}, overrides={"part.number": "many"}).verify()


@pytest.mark.skipif("sys.version_info >= (3, 12)", reason="pydantic takes typing's own from 3.12 on")
def test_a_typed_dict_that_pydantic_does_not_take_is_a_finding():
    """The message says which TypedDict to import instead."""

    class Old(typing.TypedDict):
        size: int

    container = type("Olds", (PipelineContainer,), {"old": providers.Settings(Old)})
    with pytest.raises(VerificationError, match="typing_extensions"):
        container.load(environ={}, overrides={"old": {"size": 1}}).verify()
