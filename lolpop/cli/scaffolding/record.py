"""The record of what a project was made from, which an update starts from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lolpop.cli._failures import UsageError
from lolpop.cli.scaffolding.templates import Rendered

__all__ = ["RECORD", "Record", "digest"]

RECORD = Path(".lolpop-template.json")
"""The file that the record is kept in."""


def digest(content: bytes) -> str:
    """What tells one content of a file from another, whatever its line ends."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


@dataclass(frozen=True, slots=True)
class Record:
    """The answers that a project was made with, and each file as the template had it.

    ``files`` are digests, ``texts`` the files themselves, from which changes are merged; records of earlier
    versions have none.
    """

    answers: Mapping[str, Any]
    files: Mapping[str, str]
    texts: Mapping[str, str]

    @classmethod
    def of(cls, rendered: Rendered, values: Mapping[str, Any]) -> Record:
        """The record of rendered files."""
        files = {path.as_posix(): digest(content) for path, content in rendered.files.items()}
        texts = {path.as_posix(): content.decode("utf-8") for path, content in rendered.files.items()}
        return cls({**rendered.answers, "name": values["name"]}, files, texts)

    @classmethod
    def read(cls, folder: Path) -> Record:
        """The record in a project. Raises UsageError if there is none."""
        path = folder / RECORD
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls(dict(document["answers"]), dict(document["files"]), dict(document.get("texts", {})))
        except FileNotFoundError:
            raise UsageError(
                f"there is no {RECORD} here: only a project of 'lolpop new project' can be updated"
            ) from None
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{RECORD} cannot be read: {error}") from error

    def as_bytes(self) -> bytes:
        """The content of the file."""
        document = {"answers": dict(self.answers), "files": dict(self.files), "texts": dict(self.texts)}
        return f"{json.dumps(document, indent=2)}\n".encode()
