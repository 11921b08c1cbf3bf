"""Files that lolpop builds and people may edit: what was edited is not overwritten."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lolpop.cli._failures import UsageError
from lolpop.errors import LolpopError

_NOTE = "changes when the file is edited"
_HEADER = re.compile(
    rf"^# Built by lolpop: .*\n# Digest \({_NOTE}\): (?P<digest>[0-9a-f]{{16}})\n", re.MULTILINE
)


def signed(text: str, command: str) -> str:
    """``text`` with a header that names the command that builds it and the digest of the rest."""
    header = f"# Built by lolpop: {command}\n# Digest ({_NOTE}): {_digest(text)}\n"
    first, newline, rest = text.partition("\n")
    return f"{first}{newline}{header}{rest}" if first.startswith("#!") else f"{header}{text}"


def write_files(files: dict[Path, str], *, force: bool) -> None:
    """Write texts to files, all of them or none.

    Raises UsageError if one exists that was edited by hand, or that lolpop did not build, and LolpopError if
    one cannot be written.
    """
    for path in files:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no file"
            raise UsageError(
                f"{path} is {kind}, where a file should be. Move it, or name another place by -o PATH."
            )
        if not force and path.exists() and (reason := _edited(path)) is not None:
            raise UsageError(
                f"{path} {reason}, and is not overwritten. Use --force to overwrite it, or -o PATH for "
                "another file."
            )
    temporary = {path: path.with_name(f".{path.name}.tmp") for path in files}
    try:
        for path, text in files.items():
            with _writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary[path].write_text(text, encoding="utf-8")
                if text.startswith("#!"):
                    temporary[path].chmod(0o755)
        for path in files:
            with _writing(path):
                temporary[path].replace(path)
    finally:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raise LolpopError, with the reason, if ``path`` cannot be written in the block."""
    try:
        yield
    except OSError as error:
        blocking = next((parent for parent in path.parents if parent.exists() and not parent.is_dir()), None)
        reason = f"{blocking} is no folder" if blocking else error.strerror or error
        raise LolpopError(f"{path} cannot be written: {reason}.") from error


def _edited(path: Path) -> str | None:
    """Why an existing file is not ours to overwrite; None if it is as it was built."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return "exists and was not built by lolpop"
    header = _HEADER.search(text)
    if header is None:
        return "exists and was not built by lolpop"
    if header["digest"] != _digest(text[: header.start()] + text[header.end() :]):
        return "was edited by hand"
    return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
