"""Manifests: the files that hold the rows of a dataset version, and how they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from lolpop.data.sources import FrameKind

__all__ = ["Batch", "FileState", "Manifest", "ManifestFile"]


class _Value(BaseModel):
    # A partition may be NaN, a missing whole number.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="constants",
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )


class FileState(_Value):
    """The state of a file in its file system. The content is the same as long as the state is."""

    size: NonNegativeInt
    modified: int = Field(description="When its content was modified, in nanoseconds since 1970.")
    changed: int = Field(description="When its content or metadata changed, in nanoseconds since 1970.")
    number: int = Field(description="Its number in the file system.")


class ManifestFile(_Value):
    """A file of rows."""

    path: str = Field(description="Relative to the folder of the settings, or absolute.")
    digest: str = Field(description="SHA-256 of its content.")
    state: FileState
    partition: dict[str, str | int | float | None] = Field(
        default={}, description="Columns that the names of its folders add."
    )


class Batch(_Value):
    """Consecutive rows of one file."""

    file: NonNegativeInt = Field(description="The place of the file among the files.")
    group: NonNegativeInt = Field(description="The row group or record batch of its first row.")
    offset: NonNegativeInt = Field(description="The rows of the group before its first row.")
    rows: PositiveInt


class Manifest(_Value):
    """Rows that stay where they are: their files, and how they are read."""

    source: str = Field(description="The source of the rows, without secrets.")
    format: str
    frame: FrameKind
    columns: tuple[str, ...] = Field(description="The columns, in the order of the first file.")
    identity: tuple[str, ...] = Field(description="Columns that identify rows.")
    types: bytes = Field(description="The Arrow schema that the files have in common.")
    floats: tuple[str, ...] = Field(
        default=(), description="Columns of whole numbers that pandas holds as floats."
    )
    exact: tuple[str, ...] = Field(
        default=(), description="Columns of whole numbers that pandas holds as nullable numbers."
    )
    stored: bytes | None = Field(
        default=None, description="The Arrow schema that the rows would be stored with."
    )
    files: tuple[ManifestFile, ...]
    batches: tuple[Batch, ...]
    version: Literal[1] = 1

    @model_validator(mode="after")
    def _has_the_files_of_batches(self) -> Self:
        if any(batch.file >= len(self.files) for batch in self.batches):
            raise ValueError("names batches of files that it does not name")
        return self

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(batch.rows for batch in self.batches)

    def files_of(self, batches: Sequence[Batch]) -> list[ManifestFile]:
        """The files of ``batches``."""
        return [self.files[number] for number in dict.fromkeys(batch.file for batch in batches)]

    def digest(self, schema: Sequence[tuple[str, str]]) -> str:
        """SHA-256 of the places and the content of the files, the batches, and the ``schema`` of the rows.

        It does not depend on when files were written.
        """
        files = [[file.path, file.digest, sorted(file.partition.items())] for file in self.files]
        batches = [[batch.file, batch.group, batch.offset, batch.rows] for batch in self.batches]
        content = [self.frame, self.format, list(map(list, schema)), files, batches]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()
