"""Hints for unknown settings: similar paths in the whole tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lolpop.errors import Finding, UnknownFinding
from lolpop.kernel.paths import TreePaths
from lolpop.kernel.providers.cells import Cell
from lolpop.kernel.providers.main_slots import has_section
from lolpop.kernel.scopes import Scope

__all__ = ["with_near_paths"]


def with_near_paths(root: Scope, cells: Sequence[Cell], findings: Iterable[Finding]) -> list[Finding]:
    """The findings, with similar paths as hints for unknown settings.

    A setting or provider of the same name elsewhere is likelier than a similar name beside it.
    """
    paths: TreePaths | None = None
    hinted: list[Finding] = []
    for finding in findings:
        if isinstance(finding, UnknownFinding):
            paths = paths or TreePaths(root, _settings(cells), has_section)
            finding = _hinted(finding, paths)
        hinted.append(finding)
    return hinted


def _hinted(finding: UnknownFinding, paths: TreePaths) -> Finding:
    near = paths.same_name(finding.path)
    if finding.path in near:
        return replace(finding, hint=f"A key with dots is one key. Write {_nested(finding.path)}.")
    if not near and finding.is_near:
        return finding
    near = near or paths.near(finding.path)
    if not near:
        return finding
    meant = " or ".join(near)
    if finding.origin is not None and finding.origin.source.startswith("$"):
        meant = " or ".join(f"LOLPOP_{path.upper().replace('.', '__')} ({path})" for path in near)
    return replace(finding, hint=f"Did you mean {meant}?")


def _nested(path: str) -> str:
    """A path as nested keys: ``train: {seed: …}``."""
    *outer, last = path.split(".")
    return "".join(f"{key}: {{" for key in outer) + f"{last}: …" + "}" * len(outer)


def _settings(cells: Sequence[Cell]) -> list[str]:
    return [
        ".".join(part for part in (cell.plan.path, name) if part)
        for cell in cells
        for name in cell.plan.settings
        if name
    ]
