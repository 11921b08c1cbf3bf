"""Whatever way one function reaches another one: an edit of that counts, and random projects are never stale."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop.running.fingerprints.code import code_of

FORMS = {
    "a name": ("from {m} import {f}", "{f}(x)"),
    "an attribute of a module": ("import {m}", "{m}.{f}(x)"),
    "another name of a module": ("import {m} as other_{n}", "other_{n}.{f}(x)"),
    "an import inside": ("", "__local__"),
    "a mapping": ("from {m} import {f}\nTABLE_{n} = {{'a': {f}}}", "TABLE_{n}['a'](x)"),
    "a list": ("from {m} import {f}\nLIST_{n} = [{f}]", "LIST_{n}[0](x)"),
    "a partial": ("import functools\nfrom {m} import {f}\nPART_{n} = functools.partial({f})", "PART_{n}(x)"),
    "a default": ("from {m} import {f}\ndef by_default_{n}(x, h={f}):\n    return h(x)", "by_default_{n}(x)"),
    "a keyword's default": ("from {m} import {f}\ndef by_key_{n}(x, *, h={f}):\n    return h(x)", "by_key_{n}(x)"),
    "a lambda": ("from {m} import {f}\nLAMBDA_{n} = lambda x: {f}(x)", "LAMBDA_{n}(x)"),
    "a method": ("from {m} import {f}\nclass C{n}:\n    def run(self, x):\n        return {f}(x)", "C{n}().run(x)"),
    "a static method": ("from {m} import {f}\nclass S{n}:\n    h = staticmethod({f})", "S{n}.h(x)"),
    "a class method": ("from {m} import {f}\nclass D{n}:\n    @classmethod\n    def run(cls, x):\n        return {f}(x)", "D{n}.run(x)"),
    "an object": ("from {m} import {f}\nclass O{n}:\n    def run(self, x):\n        return {f}(x)\nOBJECT_{n} = O{n}()", "OBJECT_{n}.run(x)"),
    "a callable object": ("from {m} import {f}\nclass Q{n}:\n    def __call__(self, x):\n        return {f}(x)\nCALL_{n} = Q{n}()", "CALL_{n}(x)"),
    "a property": ("from {m} import {f}\nclass P{n}:\n    @property\n    def h(self):\n        return {f}", "P{n}().h(x)"),
    "a base class": ("from {m} import {f}\nclass B{n}:\n    def run(self, x):\n        return {f}(x)\nclass E{n}(B{n}):\n    pass", "E{n}().run(x)"),
    "a decorator": ("from {m} import {f}\ndef deco_{n}(g):\n    def w(x):\n        return g(x) + {f}(x)\n    return w\n@deco_{n}\ndef decorated_{n}(x):\n    return x", "decorated_{n}(x)"),
    "a nested function": ("from {m} import {f}", "(lambda: [{f}(y) for y in [x]])()[0]"),
    "a comprehension": ("from {m} import {f}", "[{f}(y) for y in [x]][0]"),
    "a generator": ("from {m} import {f}", "sum({f}(y) for y in [x])"),
    "reduce": ("import functools\nfrom {m} import {f}", "functools.reduce(lambda a, b: {f}(b), [0, x])"),
    "getattr": ("import {m}", "getattr({m}, '{f}')(x)"),
    "a default factory": ("from dataclasses import dataclass, field\nfrom typing import Any\nfrom {m} import {f}\n@dataclass\nclass F{n}:\n    h: Any = field(default_factory=lambda: {f})", "F{n}().h(x)"),
    "a constant that is computed": ("from {m} import {f}\nVALUE_{n} = {f}(3)", "x * VALUE_{n}"),
    "map": ("from {m} import {f}", "list(map({f}, [x]))[0]"),
    "an enum": ("from enum import Enum\nfrom {m} import {f}\nclass M{n}(Enum):\n    A = 1\n    def run(self, x):\n        return {f}(x)", "M{n}.A.run(x)"),
    "a condition": ("from {m} import {f}\nif True:\n    g_{n} = {f}\nelse:\n    g_{n} = None", "g_{n}(x)"),
    "a factory": ("from {m} import {f}\ndef make_{n}(h):\n    return lambda x: h(x)\nMADE_{n} = make_{n}({f})", "MADE_{n}(x)"),
    "single dispatch": ("import functools\nfrom {m} import {f}\n@functools.singledispatch\ndef single_{n}(x):\n    return x\n@single_{n}.register\ndef _(x: int):\n    return {f}(x)", "single_{n}(x)"),
    "a cache": ("import functools\nfrom {m} import {f}\n@functools.lru_cache\ndef cached_{n}(x):\n    return {f}(x)", "cached_{n}(x)"),
    "a namespace": ("import types\nfrom {m} import {f}\nSPACE_{n} = types.SimpleNamespace(h={f})", "SPACE_{n}.h(x)"),
    "import_module": ("import importlib", "importlib.import_module('{m}').{f}(x)"),
    "the dictionary of a module": ("import {m}", "vars({m})['{f}'](x)"),
    "the modules": ("import sys\nimport {m}", "sys.modules['{m}'].{f}(x)"),
    "a class that is made": ("from {m} import {f}\nK{n} = type('K{n}', (), dict(run=lambda self, x: {f}(x)))", "K{n}().run(x)"),
    "an attribute that is computed": ("from {m} import {f}\nclass G{n}:\n    def __getattr__(self, name):\n        return {f}", "G{n}().anything(x)"),
    "a descriptor": ("from {m} import {f}\nclass X{n}:\n    def __get__(self, one, owner):\n        return {f}\nclass Y{n}:\n    h = X{n}()", "Y{n}().h(x)"),
    "an operator": ("from {m} import {f}\nclass Z{n}:\n    def __add__(self, x):\n        return {f}(x)", "Z{n}() + x"),
    "a method that is bound": ("from {m} import {f}\nclass W{n}:\n    def run(self, x):\n        return {f}(x)\nBOUND_{n} = W{n}().run", "BOUND_{n}(x)"),
    "a tuple with names": ("from typing import NamedTuple, Any\nfrom {m} import {f}\nclass N{n}(NamedTuple):\n    h: Any = {f}", "N{n}().h(x)"),
}  # fmt: skip


def write(folder: Path, forms: list[str], constant: int) -> None:
    """A chain of functions, each in a module of its own and reaching the next one by a form."""
    folder.mkdir(exist_ok=True)
    for n, form in enumerate(forms):
        names = {"m": f"step{n + 1}", "f": f"f{n + 1}", "n": n}
        head, body = (text.format(**names) for text in FORMS[form])
        if body == "__local__":
            inner = f"    from step{n + 1} import f{n + 1}\n    return f{n + 1}(x)"
        else:
            inner = f"    return {body}"
        (folder / f"step{n}.py").write_text(f"{head}\n\n\ndef f{n}(x):\n{inner}\n")
    (folder / f"step{len(forms)}.py").write_text(f"def f{len(forms)}(x):\n    return x * {constant}\n")


def reached(folder: Path) -> tuple[int, dict[str, str]]:
    """What the first function returns, and the parts of its code."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        first: Any = importlib.import_module("step0")
        parts = code_of([first.f0]).parts
        return first.f0(2), {name: part.digest for name, part in parts.items()}
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.startswith("step")]:
            del sys.modules[name]


@pytest.fixture(autouse=True)
def _no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.mark.parametrize("form", FORMS)
def test_a_function_that_is_reached_counts(tmp_path, form):
    """In every form of reference, its constant is a part; without an edit, all parts are equal."""
    for name, constant in (("one", 2), ("same", 2), ("other", 3)):
        write(tmp_path / name, [form], constant)
    one, same, other = (reached(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one[0] != other[0]
    assert one[1] != other[1]


@given(forms=st.lists(st.sampled_from(list(FORMS)), min_size=2, max_size=5))
@settings(max_examples=20, deadline=None)
def test_random_projects_are_never_stale(tmp_path_factory, forms):
    """In all combinations of forms, another result means another part."""
    folder = tmp_path_factory.mktemp("random")
    write(folder / "one", forms, 2)
    write(folder / "other", forms, 3)
    one, other = reached(folder / "one"), reached(folder / "other")
    assert one[0] != other[0]
    assert one[1] != other[1]
