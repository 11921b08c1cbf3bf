"""Annotations: which types may take the place of which."""

import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, Protocol, TypeVar, runtime_checkable

import pytest
import typing_extensions as te
from dependency_injector import providers as di
from hypothesis import given
from hypothesis import strategies as st

from lolpop import Component, PipelineContainer, providers
from lolpop.annotations import return_type, unwrapped
from lolpop.assignability import fits, value_fits
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


class Gives(Protocol[Out]):
    def now(self) -> Out: ...


class GivesMore(Gives[str], Protocol[T]):
    ticks: int
    zone: T


class Takes(Protocol[In]):
    def take(self, item: In) -> None: ...


class Taker:
    def take(self, item: Clock) -> None: ...


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
    ("provided", "annotation"),
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
        (Clock, Gives),
        (Clock, Gives[str]),
        (Clock, Gives[object]),
        (Clock, GivesMore[str]),
        (Taker, Takes[Quartz]),
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
def test_what_fits(provided, annotation):
    """Types fit that a type checker accepts, or that cannot be checked without a value."""
    assert fits(provided, annotation)


@pytest.mark.parametrize(
    ("provided", "annotation"),
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
        (Clock, Gives[int]),
        (Clock, GivesMore[int]),
        (Taker, Takes[object]),
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
def test_what_does_not_fit(provided, annotation):
    """Types that a type checker refuses do not fit."""
    assert not fits(provided, annotation)


def test_every_wrapping_of_a_type_is_the_type():
    """Qualifiers, metadata, aliases and InitVar do not change the type."""
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
    """A class returns an instance, an async function a coroutine, and a generator function a generator."""

    def text() -> str: ...
    async def later() -> str: ...
    def items():
        yield 1

    assert return_type(Clock) is Clock
    assert return_type(text) is str
    assert not fits(return_type(later), str)
    assert not fits(return_type(items), int)
    assert return_type(len) is Any


def container_of(annotation, **slots):
    """A container with a component that takes ``x``, annotated as wanted."""

    def init(self, *, x): ...

    init.__annotations__["x"] = annotation
    user = type("User", (Component,), {"__init__": init})
    return type("Some", (PipelineContainer,), {**slots, "user": providers.Component(user, default=user)})()


@pytest.mark.parametrize(
    ("annotation", "slot"),
    [
        (Literal["a", "b"], providers.Settings(str, default="a")),
        (int, providers.Settings(int | None, default=3)),
        (Options, providers.Settings(Options, default={})),
        (HasNow, providers.Component(HasNow, default=Clock)),
        (HasTicks, providers.Component(HasTicks, default=Quartz)),
        (Repo[str], providers.Component(Repo[str], default=StrRepo)),
    ],
)
def test_what_verify_accepts(annotation, slot):
    """Interfaces may be protocols and generics, and settings are checked by their values."""
    assert container_of(annotation, x=slot).verify() == []


@pytest.mark.parametrize(
    ("annotation", "slot", "message"),
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
def test_what_verify_refuses(annotation, slot, message):
    """The finding has both types, or what is missing."""
    with pytest.raises(VerificationError) as error:
        container_of(annotation, x=slot).verify()
    assert message in str(error.value)


def test_an_init_variable_is_validated_as_its_type():
    """InitVar[int] is an int."""

    @dataclass
    class Part(Component):
        number: InitVar[int] = 3

        def __post_init__(self, number):
            self.number = number

    container = type("Parts", (PipelineContainer,), {"part": providers.Component(Part, default=Part)})
    assert container.load(environ={"LOLPOP_PART__NUMBER": "4"}).part().number == 4
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


def with_known_value(annotation, slot):
    def init(self, *, x):
        pass

    init.__annotations__["x"] = annotation
    user = type("User", (Component,), {"__init__": init})
    members = {"x": slot, "user": providers.Component(user, default=user)}
    return type("App", (PipelineContainer,), members)()


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str | None, None),
        (None, None),
        (Literal["a", "b"], "a"),
        (list[Literal["a", "b"]], ["a", "b"]),
        (type[Clock], Quartz),
        (Sequence[int], [1, 2]),
        (Sequence[float], (1, 2.5)),
        (tuple[int, str], (1, "a")),
        (dict[str, list[int]], {"a": [1], "b": []}),
        (Mapping[str, int | None], {"a": None}),
        (list[Any], [1, "a"]),
        (Callable[[int], int], abs),
    ],
)
def test_an_object_that_fits_is_accepted(annotation, value):
    """The elements of an object are checked, too."""
    assert with_known_value(annotation, providers.Object(value)).verify() == []


@pytest.mark.parametrize(
    ("annotation", "value", "actual"),
    [
        (None, 3, "int"),
        (Literal["a", "b"], "c", "str"),
        (Literal[1], True, "bool"),
        (type[Clock], Other, "Other"),
        (Sequence[int], ["a"], "list[str]"),
        (list[int], [1, None], "list[int | None]"),
        (tuple[int, str], (1, 2), "tuple[int, int]"),
        (tuple[int, ...], (1, "a"), "tuple[int, str]"),
        (dict[str, list[int]], {"a": ["b"]}, "dict[str, list[str]]"),
    ],
)
def test_an_object_with_wrong_elements_is_a_finding(annotation, value, actual):
    """Wrong elements are found before anything is built, for each provider."""
    with pytest.raises(VerificationError, match=r"'User' requires x: .*'x' provides .*" + re.escape(actual)):
        with_known_value(annotation, providers.Object(value)).verify()


def test_lists_and_dicts_of_providers_are_judged_by_their_elements():
    """List and Dict of dependency-injector have the types of their providers."""
    assert with_known_value(list[str], di.List(di.Object("a"), "b")).verify() == []
    assert with_known_value(dict[str, Clock], di.Dict(a=di.Factory(Quartz))).verify() == []
    for annotation, slot in (
        (list[int], di.List(di.Object("a"))),
        (dict[str, Clock], di.Dict(a=di.Factory(Other))),
    ):
        with pytest.raises(VerificationError, match="'User' requires x"):
            with_known_value(annotation, slot).verify()


PLAIN = st.sampled_from([int, str, bool, float, bytes, None, Literal["a", 1], Literal["b"]])
ANNOTATIONS = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        inner.map(lambda one: list[one]),
        inner.map(lambda one: set[one]),
        inner.map(lambda one: tuple[one, ...]),
        st.tuples(inner, inner).map(lambda two: tuple[two]),
        st.tuples(inner, inner).map(lambda two: dict[two]),
        st.tuples(inner, inner).map(lambda two: typing.Union[two]),  # noqa: UP007
    ),
    max_leaves=4,
)
HASHABLE = st.one_of(st.none(), st.booleans(), st.integers(0, 2), st.sampled_from("abc"), st.just(b"a"))
VALUES = st.recursive(
    HASHABLE | st.just(0.5),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.sets(HASHABLE, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(HASHABLE, inner, max_size=2),
    ),
    max_leaves=5,
)


def is_of(value, annotation):
    """What the typing rules of Python say of a value, element by element."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in (None, type(None)):
        return value is None
    if origin is typing.Union:
        return any(is_of(value, argument) for argument in arguments)
    if origin is Literal:
        return any(type(value) is type(argument) and value == argument for argument in arguments)
    if origin is None:
        return isinstance(value, (int, float) if annotation is float else annotation)
    if origin is tuple and isinstance(value, list):
        return all(is_of(element, arguments[0]) for element in value)  # lists are injected as tuples
    if not isinstance(value, origin):
        return False
    if origin is dict:
        return all(is_of(k, arguments[0]) and is_of(v, arguments[1]) for k, v in value.items())
    if origin is tuple and Ellipsis not in arguments:
        return len(value) == len(arguments) and all(map(is_of, value, arguments))
    return all(is_of(element, arguments[0]) for element in value)


@given(ANNOTATIONS, VALUES)
def test_a_value_fits_what_its_elements_are_of(annotation, value):
    """Values follow the rules of typing for each element."""
    assert value_fits(value, annotation) == is_of(value, annotation)
