"""The parts of a fingerprint for what functions and classes reach."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

from lolpop.running.fingerprints.modules import FRAMEWORK
from lolpop.running.fingerprints.parts import Part

__all__ = ["reached_parts"]


_VERSIONED = frozenset({"builtins", *FRAMEWORK})


def reached_parts(roots: Iterable[Any]) -> Iterator[Part]:
    """The code of the project that functions and classes reach, and the libraries that it uses."""
    followed = [root for root in roots if not _counts_by_version(root)]
    if not followed:
        return
    # Many runs call the framework's code only, and need not load what follows the code of a project.
    from lolpop.running.fingerprints.code import code_of

    reached = code_of(followed)
    for name, code in reached.parts.items():
        yield Part("code", name, code.digest, "", code.place, code.caller)
    for name, version in sorted(reached.versions.items()):
        yield Part("library", name, version, version)


def _counts_by_version(root: Any) -> bool:
    """Whether a function or class is the framework's, or a type of Python: their versions count anyway."""
    module = root.__module__ if isinstance(root, FunctionType | type) else None
    return isinstance(module, str) and module in sys.modules and module.partition(".")[0] in _VERSIONED
