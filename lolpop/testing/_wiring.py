"""Snapshots of wiring: files that show in a pull request what an edit of settings changes."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lolpop.containers import scope_of
from lolpop.running.snapshots import snapshot

_FOLDER = "__wiring__"
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


class WiringSnapshot:
    """Compares the wiring of containers with files beside a test module.

    Parameters
    ----------
    module : Path
        The test module; the file is ``__wiring__/<module>/<name>.txt`` beside it.
    name : str
        Name of the test.
    update : bool
        Whether files are written in place of being compared.
    """

    def __init__(self, module: Path, name: str, *, update: bool) -> None:
        self._folder = module.parent / _FOLDER / module.stem
        self._name = name
        self._update = update

    def __call__(self, container: Any, name: str | None = None) -> None:
        """Fail the test if the wiring of ``container`` is not that of the file.

        ``name`` tells several snapshots of one test apart.
        """
        __tracebackhide__ = True
        stem = self._name if name is None else f"{self._name}-{name}"
        path = self._folder / f"{_NOT_IN_NAMES.sub('_', stem).strip('_')}.txt"
        wiring = wiring_text(container)
        if self._update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wiring, encoding="utf-8")
            return
        if not path.is_file():
            pytest.fail(
                f"There is no wiring snapshot {path}. Write it with: pytest --lolpop-update", pytrace=False
            )
        expected = path.read_text(encoding="utf-8")
        if wiring != expected:
            lines = difflib.unified_diff(
                expected.splitlines(), wiring.splitlines(), str(path), "now", lineterm="", n=1
            )
            difference = "\n".join(lines)
            pytest.fail(
                f"The wiring differs from the snapshot:\n{difference}\n"
                "If the change is intended: pytest --lolpop-update",
                pytrace=False,
            )


def wiring_text(container: Any) -> str:
    """The implementation and the settings of every provider, one a line; the store is the test's own."""
    components = snapshot(scope_of(container).root, full=False)["components"]
    lines = []
    for path, wired in sorted(components.items()):
        if path == "store":
            continue
        if "value" in wired:
            lines.append(f"{path} = {_written(wired['value'])}")
            continue
        lines.append(f"{path}: {_written(wired['use'])}")
        settings = sorted((wired.get("settings") or {}).items())
        lines += [f"{path}.{name} = {_written(value)}" for name, value in settings]
    return "\n".join(lines) + "\n"


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)
