"""Values that reach code which no name in the caller's code tells of."""

from __future__ import annotations

import sys
from types import BuiltinFunctionType, FunctionType
from typing import Any

__all__ = ["READS_DOCUMENTATION", "imports_by_name", "module_of", "runs_code_by_name"]

READS_DOCUMENTATION = frozenset(
    {
        "__annotations__",
        "__doc__",
        "__signature__",
        "getdoc",
        "get_annotations",
        "get_type_hints",
        "signature",
    }
)
"""Names of what tells the docstring or the annotations of a function or class."""

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


def imports_by_name(module: str) -> bool:
    """Whether a module is one of functions that import or execute code by name."""
    return module in _IMPORTS or module in ("builtins", "pkgutil", "pydoc")


def module_of(value: Any) -> str:
    """The module of a value, or of its type; empty if it says none."""
    module = getattr(value, "__module__", None) or type(value).__module__
    return module if isinstance(module, str) else ""
