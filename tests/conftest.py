"""Projects in folders of their own, and containers that are closed after the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lolpop.components.metadata_tracker import MetadataTracker


@pytest.fixture
def loading() -> Iterator[Callable[..., Any]]:
    """Load a container of a project's folder, with settings by dotted path, whose dots are written ``__``."""
    with ExitStack() as opened:

        def load(container: type[Any], project: Path, **settings: Any) -> Any:
            overrides = {path.replace("__", "."): value for path, value in settings.items()}
            loaded = container.load(project / "lolpop.yaml", environ={}, overrides=overrides)
            return opened.enter_context(loaded)

        yield load


@pytest.fixture
def kept(load: Callable[..., Any]) -> MetadataTracker:
    """What the project's store knows, whichever container made it."""
    return load().metadata_tracker()


@pytest.fixture
def labelled_project(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder with settings, ``known`` rows, the others as new ones, and what became of those."""

    def make(settings: str, rows: pd.DataFrame, known: int, index: str, target: str) -> Path:
        new = rows[known:]
        rows[:known].to_csv(tmp_path / "known.csv", index=False)
        new.drop(columns=target).to_csv(tmp_path / "new.csv", index=False)
        new[[index, target]].to_csv(tmp_path / "truth.csv", index=False)
        (tmp_path / "lolpop.yaml").write_text(settings)
        return tmp_path

    return make


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let nothing on this machine say who may read a bucket, nor a driver remember what was tried."""
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'lolpop[s3]'")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()
