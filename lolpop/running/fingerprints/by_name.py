"""Values that reach code which no name in the caller's code tells of."""

from __future__ import annotations

import sys
from types import BuiltinFunctionType, FunctionType
from typing import Any

__all__ = ["module_of", "runs_code_by_name"]

_EXECUTES = (exec, eval, compile, __import__, globals)
_IMPORTS = frozenset({"importlib", "importlib.util", "importlib.machinery", "runpy"})
_RESOLVES = frozenset({("pkgutil", "resolve_name"), ("pydoc", "locate")})
"""Functions, whole modules of them, that reach code which no name in the caller's code tells of."""


def runs_code_by_name(value: Any) -> bool:
    """Whether a value is, or belongs to, what imports or executes code by name."""
    if value is sys.modules:
        return True
    if not isinstance(value, FunctionType | BuiltinFunctionType | type):
        return False
    module = module_of(value)
    return value in _EXECUTES or module in _IMPORTS or (module, value.__name__) in _RESOLVES


def module_of(value: Any) -> str:
    """The module of a value, or of its type; empty if it says none."""
    module = getattr(value, "__module__", None) or type(value).__module__
    return module if isinstance(module, str) else ""
