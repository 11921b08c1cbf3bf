from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from lolpop.components.data_transformer.identity import IdentityDataTransformer
from lolpop.components.data_transformer.python import PythonDataTransformer
from lolpop.errors import DataError, VerificationError, WiringError

FRAME = pd.DataFrame({"a": [1, 2]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prepare.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "import pyarrow as pa\n"
        "@dataclass\nclass Scale:\n    by: int = 10\n    unit: ClassVar[str] = 'cm'\n"
        "def scale(frame):\n    return frame.assign(a=frame.a * Scale().by)\n"
        "def table(frame):\n    return pa.table({'a': [7]})\n"
        "def nothing(frame):\n    frame.sum()\n"
        "def fail(frame):\n    return frame['b']\n"
        "number = 3\n"
    )
    return tmp_path


def test_identity_returns_the_frame_itself() -> None:
    """The frame is not copied."""
    assert IdentityDataTransformer().transform(FRAME) is FRAME


def test_a_function_of_a_file_makes_the_frame(folder: Path) -> None:
    """A file next to the settings is enough, and may define dataclasses."""
    made = PythonDataTransformer("prepare.py:scale", folder=folder).transform(FRAME)
    assert made["a"].tolist() == [10, 20]


def test_a_function_of_a_module_makes_the_frame() -> None:
    """Any importable function that takes a frame will do."""
    made = PythonDataTransformer("copy:copy").transform(FRAME)
    assert made.equals(FRAME)


def test_an_arrow_table_becomes_a_frame(folder: Path) -> None:
    """A function may return a pyarrow table."""
    made = PythonDataTransformer("prepare.py:table", folder=folder).transform(FRAME)
    assert isinstance(made, pd.DataFrame)
    assert made["a"].tolist() == [7]
    assert not isinstance(made, pa.Table)


def test_a_changed_file_is_read_anew(folder: Path) -> None:
    """The function is read from the file at each call."""
    transformer = PythonDataTransformer("prepare.py:scale", folder=folder)
    transformer.transform(FRAME)
    (folder / "prepare.py").write_text("def scale(frame):\n    return frame.head(1)\n# changed\n")
    assert len(transformer.transform(FRAME)) == 1


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        ("prepare.py:scael", WiringError, "has no 'scael'. Did you mean scale"),
        ("prepar.py:scale", WiringError, r"there is no file .*prepar\.py. Did you mean prepare\.py"),
        ("prepare.py:number", WiringError, "is not a function"),
        ("no_such_module:scale", WiringError, "there is no module 'no_such_module'"),
        ("prepare.py:nothing", DataError, "should return a dataframe. .*NoneType"),
        ("prepare.py:fail", DataError, r"prepare\.py:fail failed: KeyError: 'b'"),
    ],
)
def test_what_goes_wrong_is_named(folder: Path, function: str, error: type[Exception], message: str) -> None:
    """A function that is missing, fails, or returns no frame is an error with its name and reason."""
    with pytest.raises(error, match=message):
        PythonDataTransformer(function, folder=folder).transform(FRAME)


@pytest.mark.parametrize("function", ["scale", "prepare.py:", ":scale", ""])
def test_a_name_that_is_no_functions_is_found_before_anything_runs(function: str) -> None:
    """Verification and the constructor refuse it, with the expected form."""
    assert [finding.path for finding in PythonDataTransformer.check_settings({"function": function})] == [
        "function"
    ]
    with pytest.raises(VerificationError, match=r"package\.module:function"):
        PythonDataTransformer(function)
