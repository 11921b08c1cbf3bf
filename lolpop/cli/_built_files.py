"""Files that lolpop builds and people may edit: what was edited is not overwritten."""

from __future__ import annotations

import hashlib
import re
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
        if not force and path.exists() and (reason := _edited(path)) is not None:
            raise UsageError(
                f"{path} {reason}, and is not overwritten. Use --force to overwrite it, or -o PATH for "
                "another file."
            )
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.tmp")
            temporary.write_text(text, encoding="utf-8")
            if text.startswith("#!"):
                temporary.chmod(0o755)
            temporary.replace(path)
        except OSError as error:
            raise LolpopError(f"{path} cannot be written: {error.strerror or error}.") from error


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
