"""What is installed, by the folders of metadata on the search path.

Reading them with importlib.metadata takes many times as long, and so does importing that.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

_METADATA = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+))?(?:-.*)?\.(?:dist|egg)-info$")
_SEPARATORS = re.compile(r"[-_.]+")
_FIELD = re.compile(r"(?P<field>[A-Za-z-]+):[ \t]*(?P<value>.*)")
_METADATA_FILES = ("METADATA", "PKG-INFO")


@cache
def canonical(name: str) -> str:
    """The name of a distribution as it is compared: in lower case, with dashes (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def metadata_folders(place: str) -> Iterator[tuple[str, str, str]]:
    """Each distribution in a folder of the search path: name, version, and the folder of its metadata.

    The version is empty if the name of the folder does not say it. Raises NotADirectoryError for an archive.
    """
    try:
        names = sorted(os.listdir(place or os.curdir))  # noqa: PTH208  (Path takes several times as long)
    except NotADirectoryError:
        raise
    except OSError:
        return
    for name in names:
        if name.endswith("-info") and (match := _METADATA.match(name)) is not None:
            yield match["name"], match["version"] or "", f"{place or os.curdir}/{name}"


def version_of(name: str) -> str | None:
    """The version of a distribution; None if it is not installed."""
    installed = _installed(tuple(sys.path)).get(canonical(name))
    return None if installed is None else installed[0]


def field_of(name: str, field: str) -> list[str]:
    """The values of a field in the metadata of a distribution, such as ``Requires-Dist``."""
    text = next((text for file in _METADATA_FILES if (text := text_of(name, file)) is not None), "")
    head = text.partition("\n\n")[0]
    return [
        match["value"].strip()
        for line in head.splitlines()
        if (match := _FIELD.match(line)) is not None and match["field"] == field
    ]


def origin_of(name: str) -> Mapping[str, Any] | None:
    """Where a distribution was installed from (PEP 610); None for an index, and if it is not installed."""
    text = text_of(name, "direct_url.json")
    if text is None:
        return None
    import json

    origin: Mapping[str, Any] = json.loads(text)
    return origin


def repository_of(origin: Mapping[str, Any]) -> str | None:
    """The repository and commit of an origin, as a requirement names them; None if it is none."""
    source = origin.get("vcs_info")
    return None if source is None else f"{source['vcs']}+{origin['url']}@{source['commit_id']}"


def text_of(name: str, file: str) -> str | None:
    """A file of the metadata of a distribution; None if there is none."""
    installed = _installed(tuple(sys.path)).get(canonical(name))
    return None if installed is None else read_text(f"{installed[1]}/{file}")


def read_text(file: str) -> str | None:
    """The text of a file; None if it cannot be read."""
    try:
        with open(file, encoding="utf-8") as opened:  # noqa: PTH123  (Path takes several times as long)
            return opened.read()
    except (OSError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=4)
def _installed(path: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Version and metadata folder of each distribution; of one that is installed twice, the first counts."""
    installed: dict[str, tuple[str, str]] = {}
    for place in path:
        try:
            for name, version, folder in metadata_folders(place):
                installed.setdefault(canonical(name), (version or _version_in(folder), folder))
        except NotADirectoryError:
            installed |= {key: value for key, value in _in_archive(place).items() if key not in installed}
    return installed


def _version_in(folder: str) -> str:
    """The version of a distribution whose folder does not say it, as those of ``egg-info`` may."""
    for file in _METADATA_FILES:
        if (text := read_text(f"{folder}/{file}")) is not None:
            for line in text.splitlines():
                if line.startswith("Version:"):
                    return line.partition(":")[2].strip()
    return "unknown"


def _in_archive(place: str) -> dict[str, tuple[str, str]]:
    from importlib.metadata import distributions

    archived = distributions(path=[place])
    return {canonical(archive.name): (archive.version, place) for archive in archived}
