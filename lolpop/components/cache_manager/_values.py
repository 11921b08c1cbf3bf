"""Values as files: frames, arrays and models in their own formats, everything else as JSON."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer import FittedModel, ModelTrainer, folders
from lolpop.data.content import Opaque, digest_of_value
from lolpop.errors import LolpopError, UnkeptValueError

if TYPE_CHECKING:
    from types import ModuleType


_VALUE = "value.json"
_PLAIN = (bool, int, str, type(None))
_DATES: Mapping[str, Callable[[str], Any]] = {
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "path": Path,
}


def write_value(value: Any, folder: Path, trainers: Sequence[ModelTrainer] = ()) -> None:
    """Write ``value`` into the empty ``folder``.

    Raises UnkeptValueError if ``read_value`` would not return an equal value.
    """
    writer = _Writer(folder, trainers)
    (folder / _VALUE).write_text(json.dumps(writer.encoded(value)), encoding="utf-8")
    try:
        back = read_value(folder)
    except (LolpopError, TypeError, ValueError, OSError) as error:
        raise UnkeptValueError(f"its stored form cannot be read back: {error}") from error
    if not _are_equal(value, back):
        raise UnkeptValueError(f"a {_name_of(type(value))} would not come back unchanged")


def read_value(folder: Path) -> Any:
    """The value that was written into ``folder``. Raises an error of any kind if it is not there."""
    return _Reader(folder).decoded(json.loads((folder / _VALUE).read_text(encoding="utf-8")))


class _Writer:
    def __init__(self, folder: Path, trainers: Sequence[ModelTrainer]) -> None:
        self._folder = folder
        self._trainers = trainers
        self._number = 0

    def encoded(self, value: Any) -> Any:
        if type(value) in _PLAIN:
            return value
        kind, content = self._described(value)
        return {"kind": kind, "content": content}

    def _described(self, value: Any) -> tuple[str, Any]:
        if type(value) is float:
            return "float", value.hex()
        if type(value) is bytes:
            return "bytes", base64.b64encode(value).decode()
        if type(value) in (dt.datetime, dt.date):
            return ("datetime" if type(value) is dt.datetime else "date"), value.isoformat()
        if isinstance(value, Path):
            return "path", str(value)
        if type(value) in (list, tuple, set, frozenset):
            return type(value).__name__, [self.encoded(item) for item in value]
        if type(value) is dict:
            return "dict", [[self.encoded(key), self.encoded(item)] for key, item in value.items()]
        if isinstance(value, enum.Enum):
            return "enum", [_path_of(type(value)), value.name]
        if isinstance(value, FittedModel):
            return "model", self._model(value)
        if _is_pydantic(type(value)) or dataclasses.is_dataclass(value):
            return "object", [_path_of(type(value)), self.encoded(_fields_of(value))]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return "object", [
                _path_of(type(value)),
                self.encoded(dict(zip(value._fields, value, strict=True))),
            ]
        return self._of_library(value)

    def _of_library(self, value: Any) -> tuple[str, Any]:
        numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
        if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
            if value.dtype.hasobject:
                raise UnkeptValueError("an array of objects cannot be cached")
            path = self._path("npy")
            numpy.save(path, value, allow_pickle=False)
            return ("array" if isinstance(value, numpy.ndarray) else "number"), path.name
        if pandas is not None and isinstance(value, pandas.Series):
            name = "value" if value.name is None else value.name
            return "series", [self.encoded(value.name), self._frame(value.to_frame(name))]
        if hasattr(value, "columns") or hasattr(value, "column_names"):
            return "frame", self._frame(value)
        raise UnkeptValueError(f"a {_name_of(type(value))} cannot be cached")

    def _frame(self, frame: Any) -> str:
        from lolpop.data.tables import pack, write

        path = self._path("arrow")
        try:
            write(pack(frame), path)
        except LolpopError as error:
            raise UnkeptValueError(str(error)) from error
        return path.name

    def _model(self, model: FittedModel) -> str:
        path = self._path("model")
        if folders.save_by_any(model, self._trainers, path) is None:
            raise UnkeptValueError(f"no trainer of the container can keep a {_name_of(type(model))}")
        return path.name

    def _path(self, kind: str) -> Path:
        self._number += 1
        return self._folder / f"{self._number}.{kind}"


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def decoded(self, encoded: Any) -> Any:
        if type(encoded) in _PLAIN:
            return encoded
        kind, content = encoded["kind"], encoded["content"]
        decode: Callable[[Any], Any] = getattr(self, f"_decode_{kind}", None) or _DATES[kind]
        return decode(content)

    def _decode_float(self, content: str) -> float:
        return float.fromhex(content)

    def _decode_bytes(self, content: str) -> bytes:
        return base64.b64decode(content)

    def _decode_list(self, content: list[Any]) -> list[Any]:
        return [self.decoded(item) for item in content]

    def _decode_tuple(self, content: list[Any]) -> tuple[Any, ...]:
        return tuple(self._decode_list(content))

    def _decode_set(self, content: list[Any]) -> set[Any]:
        return set(self._decode_list(content))

    def _decode_frozenset(self, content: list[Any]) -> frozenset[Any]:
        return frozenset(self._decode_list(content))

    def _decode_dict(self, content: list[Any]) -> dict[Any, Any]:
        return {self.decoded(key): self.decoded(item) for key, item in content}

    def _decode_enum(self, content: list[str]) -> Any:
        return _class_at(content[0])[content[1]]

    def _decode_object(self, content: list[Any]) -> Any:
        owner, fields = _class_at(content[0]), self.decoded(content[1])
        if _is_pydantic(owner):
            return owner.model_construct(**fields)
        if dataclasses.is_dataclass(owner):
            instance: Any = object.__new__(owner)  # type: ignore[arg-type]
            for name, value in fields.items():
                object.__setattr__(instance, name, value)
            return instance
        return owner(**fields)

    def _decode_model(self, content: str) -> FittedModel:
        return folders.load(self._folder / content, ())

    def _decode_array(self, content: str) -> Any:
        import numpy as np

        return np.load(self._folder / content, allow_pickle=False)

    def _decode_number(self, content: str) -> Any:
        return self._decode_array(content)[()]

    def _decode_frame(self, content: str) -> Any:
        from lolpop.data.tables import read, unpack

        return unpack(read(self._folder / content))

    def _decode_series(self, content: list[Any]) -> Any:
        return self._decode_frame(content[1]).iloc[:, 0].rename(self.decoded(content[0]))


def _fields_of(value: Any) -> dict[str, Any]:
    """The fields of a pydantic model or dataclass. Raises UnkeptValueError if it holds more than those."""
    names = (
        list(type(value).model_fields)
        if _is_pydantic(type(value))
        else [field.name for field in dataclasses.fields(value)]
    )
    more = {*getattr(value, "__dict__", {})} - {*names}
    if more or getattr(value, "__pydantic_private__", None) or getattr(value, "__pydantic_extra__", None):
        raise UnkeptValueError(f"a {_name_of(type(value))} holds more than its fields")
    return {name: getattr(value, name) for name in names}


def _are_equal(value: Any, other: Any) -> bool:
    """Whether two values are the same in content and type; models, which nobody can compare, are."""
    if any(isinstance(part, FittedModel) for part in _parts(value)):
        return type(value) is type(other)
    try:
        return digest_of_value(value) == digest_of_value(other)
    except Opaque:
        return False


def _parts(value: Any) -> Iterator[Any]:
    """The value, and what it holds."""
    yield value
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _parts(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))


def _is_pydantic(owner: type) -> Any:
    pydantic: ModuleType | None = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(owner, pydantic.BaseModel)


def _path_of(owner: type) -> str:
    path = f"{owner.__module__}:{owner.__qualname__}"
    try:
        is_there = _class_at(path) is owner
    except (LolpopError, AttributeError):
        is_there = False
    if not is_there:
        raise UnkeptValueError(f"a {_name_of(owner)} cannot be cached: its class has no name in a module")
    return path


def _class_at(path: str) -> Any:
    """The class at a path. A stored file can only cause imports of lolpop's own modules."""
    module, _, name = path.partition(":")
    if module.partition(".")[0] == "lolpop":
        __import__(module)
    if module not in sys.modules:
        raise UnkeptValueError(f"{path} is not imported")
    owner: Any = sys.modules[module]
    for step in name.split("."):
        owner = getattr(owner, step)
    if not (isinstance(owner, type) and _holds_values(owner)):
        raise UnkeptValueError(f"{path} is no class of values")
    return owner


def _holds_values(owner: type) -> bool:
    return bool(
        _is_pydantic(owner)
        or dataclasses.is_dataclass(owner)
        or issubclass(owner, enum.Enum)
        or (issubclass(owner, tuple) and hasattr(owner, "_fields"))
    )


def _name_of(owner: type) -> str:
    return (
        owner.__qualname__ if owner.__module__ == "builtins" else f"{owner.__module__}.{owner.__qualname__}"
    )
