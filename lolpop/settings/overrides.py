"""Settings given to a call: overrides in code, and ``--set`` on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lolpop._names import shortened
from lolpop.errors import Finding, Origin
from lolpop.settings.nodes import DEEPEST, Layer, Node, SettingPath, mapping_of, nests_too_deeply, node_of

__all__ = ["flag_layer", "override_layer", "too_deep"]


def override_layer(overrides: Mapping[str, Any]) -> tuple[Layer | None, list[Finding]]:
    """What ``overrides`` say, values by dotted path; None if there are none.

    Keys of mappings below a path are keys as they stand, dots included.
    """
    origin = Origin("overrides")
    leaves: list[tuple[SettingPath, Node]] = []
    findings = []
    for dotted, value in overrides.items():
        if nests_too_deeply(value) or str(dotted).count(".") >= DEEPEST:
            findings.append(too_deep(f"the override {shortened(str(dotted))!r}", origin))
            continue
        values = list(_leaves(value, tuple(str(dotted).split(".")), origin))
        if all(all(path) for path, _ in values):
            leaves.extend(values)
        else:
            findings.append(_pathless(f"the override {str(dotted)!r}", origin))
    return (Layer("overrides", mapping_of(leaves, origin)) if leaves else None), findings


def flag_layer(flags: Sequence[str]) -> tuple[Layer | None, list[Finding]]:
    """What ``--set path=value`` flags say; of the same path the later one counts; None if there are none.

    The origin of a value names its path alone, since the value may be a secret.
    """
    leaves: list[tuple[SettingPath, Node]] = []
    findings = []
    for flag in flags:
        dotted, equals, value = flag.partition("=")
        dotted = dotted.strip()
        origin = Origin(f"--set {dotted}")
        path = tuple(dotted.split("."))
        if not equals:
            hint = "Write --set path.to.setting=value."
            findings.append(Finding("", "the flag gives no value", origin=origin, hint=hint))
        elif not all(path):
            findings.append(_pathless(f"--set {dotted}", origin))
        elif nests_too_deeply(value) or len(path) > DEEPEST:
            findings.append(too_deep("the flag", Origin(f"--set {shortened(dotted)}")))
        else:
            leaves.append((path, Node(value, origin, origin, text=True)))
    name = "command line"
    return (Layer(name, mapping_of(leaves, Origin(name))) if leaves else None), findings


def _leaves(value: Any, path: SettingPath, origin: Origin) -> Iterator[tuple[SettingPath, Node]]:
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _leaves(child, (*path, str(key)), origin)
    else:
        yield path, node_of(value, origin)


def _pathless(what: str, origin: Origin) -> Finding:
    hint = "Write the names from the root down, with a dot between them."
    return Finding("", f"{what} names no setting: a part of its path is empty", origin=origin, hint=hint)


def too_deep(what: str, origin: Origin) -> Finding:
    """The finding about settings that nest deeper than settings may."""
    hint = "Flatten the value."
    return Finding("", f"{what} nests settings more than {DEEPEST} levels deep", origin=origin, hint=hint)
