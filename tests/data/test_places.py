"""Which spellings are one file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lolpop.data.places import Place, Places, is_same_file


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.csv").write_text("a\n1\n")
    (tmp_path / "data" / "other.csv").write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to("data/rows.csv")
    (tmp_path / "linked").symlink_to("data")
    os.link(tmp_path / "data" / "rows.csv", tmp_path / "hard.csv")
    return tmp_path


@pytest.mark.parametrize(
    "spelling",
    ["{0}/data/rows.csv", "{0}/data/../data//rows.csv", "{0}/link.csv", "{0}/linked/rows.csv", "{0}/hard.csv",
     "file://{0}/data/rows.csv", "FILE://{0}/./data/rows.csv", "local://{0}/link.csv",
     "simplecache::file://{0}/data/rows.csv"],
)  # fmt: skip
def test_one_file_has_many_spellings(files: Path, spelling: str) -> None:
    """Relative paths, links of both kinds and URLs lead to the same file."""
    location = spelling.format(files)
    assert is_same_file(location, str(files / "data" / "rows.csv"))
    assert not is_same_file(location, str(files / "data" / "other.csv"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("s3://bucket/a/rows.csv", "s3a://bucket/a/./rows.csv", True),
        ("s3://bucket/a/rows.csv", "S3://bucket//a//rows.csv", True),
        ("s3://bucket/rows.csv", "simplecache::s3://bucket/rows.csv", True),
        ("s3://bucket/rows.csv", "s3://bucket/Rows.csv", False),
        ("s3://bucket/rows.csv", "gs://bucket/rows.csv", False),
        ("https://ada:secret@host/rows.csv", "https://HOST/rows.csv", True),
        ("https://host/get?id=1", "https://host/get?id=2", False),
        ("https://host/a%20b.csv", "https://host/a b.csv", True),
        ("memory://rows.csv", "memory:///rows.csv", True),
    ],
)
def test_urls_are_compared_without_detours(one: str, other: str, *, same: bool) -> None:
    """User and cache of a URL do not count; the case of a key does."""
    assert is_same_file(one, other) is same


def test_what_does_not_exist_yet_is_compared_by_its_path(files: Path) -> None:
    """A file that does not exist yet may have two spellings."""
    assert is_same_file(f"{files}/linked/new.csv", f"{files}/data/new.csv")
    assert not is_same_file(f"{files}/new.csv", f"{files}/data/new.csv")


def test_a_folder_holds_all_that_is_in_it(files: Path) -> None:
    """A folder with the same beginning of the name is not in it."""
    folder = Place("store.artifacts", str(files / "data"), "kept", is_folder=True)
    assert folder.holds(f"{files}/linked/deep/rows.csv")
    assert not folder.holds(f"{files}/data-2/rows.csv")


def test_a_pattern_holds_all_that_matches_it(files: Path) -> None:
    """By any spelling, as glob does: ** matches folders, and * matches no slash."""
    pattern = Place("data.train", f"{files}/linked/p*.csv", "read", is_pattern=True)
    assert pattern.holds(f"{files}/data/p1.csv")
    assert pattern.holds(f"file://{files}/linked/../data/p.csv")
    assert not pattern.holds(f"{files}/data/p/x.csv")
    assert not pattern.holds(f"{files}/data/q.csv")
    deep = Place("data.train", f"{files}/data/**/p*.csv", "read", is_pattern=True)
    assert deep.holds(f"{files}/data/p1.csv")
    assert deep.holds(f"{files}/data/a/b/p1.csv")
    assert not deep.holds(f"{files}/p1.csv")
    remote = Place("data.train", "s3://bucket/rows/*.csv", "read", is_pattern=True)
    assert remote.holds("s3a://bucket/rows/new.csv")
    assert not remote.holds("s3://bucket/other/new.csv")


def test_only_what_is_written_as_a_whole_may_be_replaced(files: Path) -> None:
    """Sources, logs and stores are protected; the target itself may be replaced."""
    for access in ("read", "appended", "kept"):
        place = Place("x", f"{files}/link.csv", access)
        assert Places(lambda place=place: [place]).protecting(f"{files}/hard.csv") == place
    assert (
        Places(lambda: [Place("x", f"{files}/link.csv", "written")]).protecting(f"{files}/hard.csv") is None
    )


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    """Any text as a path equals itself, and the comparison raises no error."""
    assert is_same_file(one, one)
    assert is_same_file(one, other) == is_same_file(other, one)
