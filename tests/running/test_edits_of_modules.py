"""Edits that no name in a function tells of: options of classes, imports, and what modules do to others."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lolpop.running.fingerprints.code import code_of


class Case(NamedTuple):
    """A function ``call`` in ``steps``, the modules that it uses, and two words that an edit exchanges."""

    body: str
    modules: dict[str, str]
    old: str = "111"
    new: str = "222"


def one(body: str, helper: str, old: str = "111", new: str = "222") -> Case:
    return Case(body, {"steps_help": helper}, old, new)


HELP = "import steps_help"
CASES = {
    "an option of a dataclass": one("steps_help.P(1) == steps_help.P(1)", "from dataclasses import dataclass\n@dataclass(eq=True)\nclass P:\n    a: int", "eq=True", "eq=False"),
    "an option of a field": one("repr(steps_help.P())", "from dataclasses import dataclass, field\n@dataclass\nclass P:\n    a: int = field(default=1, repr=True)", "repr=True", "repr=False"),
    "the metadata of a field": one("dataclasses.fields(steps_help.P)[0].metadata['k']", "from dataclasses import dataclass, field\n@dataclass\nclass P:\n    a: int = field(default=1, metadata={'k': 111})"),
    "the fields that match": one("steps_help.f(steps_help.P())", "class P:\n    __match_args__ = ('a', 'b')\n    a, b = 1, 2\ndef f(p):\n    match p:\n        case P(x): return x", "('a', 'b')", "('b', 'a')"),
    "a hash": one("hash(steps_help.P())", "class P:\n    def __hash__(self): return 111"),
    "an item of a class": one("steps_help.P[1]", "class P:\n    def __class_getitem__(cls, key): return 111"),
    "a check for subclasses": one("isinstance(1, steps_help.P)", "import abc\nclass P(abc.ABC):\n    @classmethod\n    def __subclasshook__(cls, other): return True", "return True", "return False"),
    "a registered subclass": one("isinstance(steps_help.K(), steps_help.P)", "import abc\nclass P(abc.ABC): pass\nclass K: pass\nclass L: pass\nP.register(K)", "register(K)", "register(L)"),
    "a subclass that is looked for": one("[k().f() for k in steps_help.P.__subclasses__()]", "class P: pass\nclass K(P):\n    def f(self): return 111"),
    "a model in a dataclass of pydantic": one("steps_help.P({}).a.x", "from pydantic import BaseModel\nfrom pydantic.dataclasses import dataclass\nclass M(BaseModel):\n    x: int = 111\n@dataclass\nclass P:\n    a: M"),
    "a model that a decorator reads of annotations": one("steps_help.f({})", "import pydantic\nclass M(pydantic.BaseModel):\n    x: int = 111\n@pydantic.validate_call\ndef f(m: M): return m.x"),
    "a model in annotations that are text": one("steps_help.f([{}])", "from __future__ import annotations\nimport pydantic\nclass M(pydantic.BaseModel):\n    x: int = 111\n@pydantic.validate_call\ndef f(m: list[M]): return m[0].x"),
    "the default of a dictionary": one("steps_help.D.copy()['a']", "from collections import defaultdict\nD = defaultdict(lambda: 111)"),
    "a mask": one("int(steps_help.A.sum())", "import numpy as np\nA = np.ma.array([1, 2], mask=[0, 1])", "[0, 1]", "[0, 0]"),
    "a method of an object in a list": one("steps_help.D[0].f()", "from dataclasses import dataclass\n@dataclass\nclass P:\n    a: int = 1\n    def f(self): return 111\nD = [P()]"),
    "a method of an enum in a dictionary": one("steps_help.D['a'].f()", "import enum\nclass P(enum.Enum):\n    A = 1\n    def f(self): return 111\nD = {'a': P.A}"),
    "a class that a function makes": one("steps_help.P().a", "import dataclasses\nP = dataclasses.make_dataclass('P', [('a', int, 111)])"),
    "a function that is executed as text": one("steps_help.f()", "names = {}\nexec('def f(): return 111', names)\nf = names['f']"),
    "the state of a wrapper": one("steps_help.f(1)", "import functools\nclass D:\n    def __init__(self, f, n):\n        functools.update_wrapper(self, f)\n        self.n = n\n    def __call__(self, x): return self.__wrapped__(x) + self.n\ndef deco(n): return lambda f: D(f, n)\n@deco(111)\ndef f(x): return x"),
    "a docstring that is read": one("steps_help.f.__doc__", "def f():\n    '111'"),
    "annotations that are read": one("inspect.signature(steps_help.f).parameters['x'].annotation", "def f(x: 'a111'): pass"),
    "a constant in a query": one("len(pd.DataFrame({'a': [1, 2]}).query('a > @steps_help.LIMIT'))", "LIMIT = 1", "LIMIT = 1", "LIMIT = 0"),
    "an option of a library": one("pd.get_option('display.max_rows')", "import pandas as pd\npd.set_option('display.max_rows', 111)"),
    "an option that a function sets": one("pd.get_option('display.max_rows')", "import pandas as pd\ndef f(): pd.set_option('display.max_rows', 111)\nf()"),
    "an option that is passed on": one("pd.get_option('display.max_rows')", "import pandas as pd\nclass C:\n    def apply(self, rows): pd.set_option('display.max_rows', rows)\nC().apply(111)"),
    "an attribute of a library that is set by name": one("colorsys.shade", "import colorsys\nsetattr(colorsys, 'shade', 111)"),
    "an attribute of a library": one("colorsys.shade", "import colorsys\nif True:\n    colorsys.shade = 111"),
    "an accessor": one("pd.DataFrame().steps_help.f()", "import pandas as pd\n@pd.api.extensions.register_dataframe_accessor('steps_help')\nclass A:\n    def __init__(self, frame): pass\n    def f(self): return 111"),
    "a module that patches another one": Case("LOCAL steps_help\n    return steps_help.X", {"steps_help": "X = 1", "steps_patch": "import steps_help\nsteps_help.X = 111"}),
    "a registry that is imported late": Case("LOCAL steps_help\n    return getattr(steps_help, 'HOO' + 'KS')[0]()", {"steps_help": "HOOKS = []", "steps_patch": "import steps_help\nsteps_help.HOOKS.append(lambda: 111)"}),
    "a package that is imported late": Case("LOCAL steps_late.deep\n    return steps_late.deep.X", {"steps_late/__init__": "import steps_late.deep\nsteps_late.deep.X = 111", "steps_late/deep": "X = 1"}),
    "a module of a package": Case("LOCAL steps_late.deep as deep\n    return deep.f()", {"steps_late/__init__": "", "steps_late/deep": "from .other import g as f", "steps_late/other": "def g(): return 111"}),
    "a module by its name": Case("LOCAL importlib\n    return importlib.import_module('steps' + '_late').X", {"steps_late": "X = 111"}),
}  # fmt: skip


def write(folder: Path, case: Case, *, edited: bool) -> None:
    """The modules; what has ``late`` in its name is imported by nothing but the call."""
    folder.mkdir()
    for name, text in case.modules.items():
        (folder / f"{name}.py").parent.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text.replace(case.old, case.new) if edited else text)
    imports = [f"import {name}" for name in case.modules if "late" not in name]
    body = case.body.replace("LOCAL", "import") if "LOCAL" in case.body else f"return {case.body}"
    text = "\n".join(["import colorsys, dataclasses, inspect", "import pandas as pd", *imports])
    (folder / "steps_call.py").write_text(f"{text}\n\n\ndef call():\n    {body}\n")


def outcome(folder: Path) -> tuple[Any, dict[str, str], dict[str, str]]:
    """What the function returns, and the parts of its code before it was called and after it."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        call: Any = importlib.import_module("steps_call").call
        before, result, after = parts(call), call(), parts(call)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.startswith("steps_")]:
            del sys.modules[name]
    return result, before, after


def parts(function: Any) -> dict[str, str]:
    return {name: part.digest for name, part in code_of([function]).parts.items()}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import colorsys

    import pandas as pd

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(colorsys, "shade", 0, raising=False)
    with pd.option_context("display.max_rows", 10):
        yield
    if hasattr(pd.DataFrame, "steps_help"):
        del pd.DataFrame.steps_help


@pytest.mark.filterwarnings("ignore:registration of accessor")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_edit_that_changes_the_result_counts(tmp_path, case):
    """It changes the parts of the code; the call itself, and what it imports, change none."""
    write(tmp_path / "one", case, edited=False)
    write(tmp_path / "other", case, edited=True)
    result, before, after = outcome(tmp_path / "one")
    other, edited, _ = outcome(tmp_path / "other")
    assert result != other
    assert before != edited
    assert before == after


UNRELATED = {
    "a module that is imported late": ("steps_late", "Y = 1", "Y = 2"),
    "a docstring in a model": ("steps_help", "A model.", "A table."),
    "an option of logging": ("steps_help", "WARNING", "ERROR"),
}


@pytest.mark.parametrize(("module", "old", "new"), UNRELATED.values(), ids=UNRELATED)
def test_an_edit_that_changes_nothing_does_not_count(tmp_path, module, old, new):
    """Another part of a module that a function imports when it is called is none of its code."""
    modules = {
        "steps_late": "Y = 1\ndef f(): return 3",
        "steps_help": "import logging, pydantic, steps_late\nlogging.basicConfig(level=logging.WARNING)\nclass M(pydantic.BaseModel):\n    '''A model.'''\n    x: int = 1",
    }
    assert old in modules[module]
    case = Case("LOCAL steps_late\n    return steps_late.f(), steps_help.M().x", modules, old, new)
    write(tmp_path / "one", case, edited=False)
    write(tmp_path / "other", case, edited=True)
    assert outcome(tmp_path / "one")[:2] == outcome(tmp_path / "other")[:2]
