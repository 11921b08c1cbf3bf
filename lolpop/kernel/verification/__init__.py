"""The static proof of a container: everything that is wrong with it, without building anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lolpop.errors import Finding, VerificationError
from lolpop.kernel.markers import marker_findings
from lolpop.kernel.masking import masker
from lolpop.kernel.places import missing_findings, place_findings, places_of
from lolpop.kernel.providers.traversal import broken_links, cells_in
from lolpop.kernel.scopes import Scope
from lolpop.kernel.verification.checks import check_findings
from lolpop.kernel.verification.dependencies import cycle_findings, dependency_findings
from lolpop.kernel.verification.near_paths import with_near_paths
from lolpop.kernel.verification.overridden import override_findings
from lolpop.kernel.verification.sections import own_findings, section_findings, slot_findings
from lolpop.kernel.verification.uncached import uncached_findings
from lolpop.kernel.verification.usage import call_paths, idle_patterns, unused_findings
from lolpop.kernel.verification.visible import VisibleNames
from lolpop.settings.tree import Tree

__all__ = ["findings_of", "verify"]


def verify(root: Scope) -> list[Finding]:
    """The warnings of a tree of containers. Raises VerificationError with all findings if one is an error."""
    findings = findings_of(root)
    if any(finding.severity == "error" for finding in findings):
        raise VerificationError(findings)
    root.lifetime.verified = True
    return findings


def findings_of(root: Scope) -> list[Finding]:
    """Everything that is wrong, or suspicious, with a tree of containers."""
    scopes, cells = list(root.walk()), list(cells_in(root))
    visible = VisibleNames(root)
    findings: list[Finding] = []
    for scope in scopes:
        findings += section_findings(scope)
        findings += override_findings(scope)
    for cell in cells:
        findings += cell.plan.findings
        findings += own_findings(cell)
        findings += slot_findings(cell)
        findings += dependency_findings(cell, visible)
    places = list(dict.fromkeys(places_of(root)))
    findings += place_findings(places)
    findings += uncached_findings(root, cells)
    findings += cycle_findings(root)
    findings += unused_findings(root, cells)
    findings += idle_patterns(root, cells)
    findings += check_findings(root, call_paths(cells))
    for scope in scopes:
        findings += marker_findings(scope.container, scope.path)
    findings += (finding for finding in broken_links(root) if finding.severity == "warning")
    if not any(finding.severity == "error" for finding in findings):
        findings += missing_findings(places)  # it may be a consequence of another error
    findings = with_near_paths(root, cells, dict.fromkeys(findings))
    return _masked(root, _in_order(findings, root.configuration.tree)) if findings else []


def _in_order(findings: Iterable[Finding], tree: Tree) -> list[Finding]:
    """Findings in the order of files and lines, then those without a line."""
    ranks = {layer.name: rank for rank, layer in enumerate(tree.layers)}

    def place(finding: Finding) -> tuple[int, int, int]:
        origin = finding.origin
        if origin is None or origin.line is None or origin.source not in ranks:
            return len(ranks), 0, 0
        return ranks[origin.source], origin.line, origin.column or 0

    return sorted(findings, key=place)


def _masked(root: Scope, findings: Iterable[Finding]) -> list[Finding]:
    mask = masker(root)
    return [
        replace(finding, message=mask(finding.message), hint=finding.hint and mask(finding.hint))
        for finding in findings
    ]
