"""Outcomes of checks as JUnit XML, which continuous integration reads."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from lolpop.components.test_recorder import CheckOutcome, TestRecorder
from lolpop.data.places import Place
from lolpop.errors import LolpopError

__all__ = ["JUnitTestRecorder"]

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnitTestRecorder(TestRecorder):
    """Writes a JUnit XML file after the workflow, whole or not at all.

    The file has everything that Ant's schema requires, which is the strictest in use.

    Parameters
    ----------
    path : Path
        File to write; its folders are made. A relative path starts at the folder of the settings file.
    """

    def __init__(self, path: Path = Path("junit.xml"), *, folder: Path | None = None) -> None:
        self._path = path if folder is None else folder / path

    @classmethod
    def claimed_places(cls, settings: Mapping[str, Any], injected: Mapping[str, Any]) -> Iterable[Place]:
        """The file that is written."""
        path = Path(injected.get("folder") or "") / settings["path"]
        yield Place("path", str(path.absolute()), "written")

    def record(self, outcome: CheckOutcome) -> None:
        """Nothing: the file is written at the end."""

    def report(self, workflow: str, outcomes: Sequence[CheckOutcome]) -> None:
        """Write the file. Raises LolpopError if it cannot be written."""
        root = ET.Element("testsuites")
        root.append(_suite(workflow, outcomes))
        ET.indent(root)
        content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        draft = self._path.with_name(f"{self._path.name}.draft")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            draft.replace(self._path)
        except OSError as error:
            raise LolpopError(
                f"The test report {self._path} cannot be written: {error.strerror}. Check the path."
            ) from error


def _suite(workflow: str, outcomes: Sequence[CheckOutcome]) -> ET.Element:
    counts = Counter(outcome.status for outcome in outcomes)
    suite = ET.Element(
        "testsuite",
        id="0",
        package="lolpop",
        name=_text(workflow),
        hostname=platform.node() or "localhost",
        tests=str(len(outcomes)),
        failures=str(counts["failed"]),
        errors=str(counts["error"]),
        skipped=str(counts["not run"] + counts["warning"]),
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
        timestamp=datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00"),
    )
    ET.SubElement(suite, "properties")
    for outcome in outcomes:
        name = f"{outcome.check} ({outcome.when})"
        case = ET.SubElement(
            suite, "testcase", classname=_text(outcome.path), name=_text(name), time=f"{outcome.seconds:.3f}"
        )
        kind = {"failed": "failure", "error": "error", "warning": "skipped", "not run": "skipped"}
        if outcome.status in kind:
            first = _text(outcome.message).partition("\n")[0]
            element = ET.SubElement(case, kind[outcome.status], type=outcome.status, message=first)
            element.text = _text("\n".join(part for part in (outcome.message, outcome.place) if part))
    for stream in ("system-out", "system-err"):
        ET.SubElement(suite, stream)
    return suite


def _text(text: str) -> str:
    """``text`` without the characters that XML has no way to write."""
    return _NOT_IN_XML.sub("�", text)
