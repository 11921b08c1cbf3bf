"""The classes of arguments: a task that calls a method of an argument depends on its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lolpop.running.fingerprints.code import code_of
from lolpop.running.fingerprints.contents import classes_of
from lolpop.running.fingerprints.parts import Part

__all__ = ["class_parts"]


def class_parts(values: Iterable[Any]) -> Iterator[Part]:
    """The code of the project's classes that objects in ``values`` are of, and the libraries that it uses."""
    classes = classes_of(values)
    if not classes:
        return
    reached = code_of(classes)
    for name, code in reached.parts.items():
        yield Part("code", name, code.digest, "", code.place, code.caller)
    for name, version in sorted(reached.versions.items()):
        yield Part("library", name, version, version)
