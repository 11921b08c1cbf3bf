"""Reading the root section ``lolpop``, the framework's own settings."""

from __future__ import annotations

from lolpop.kernel.plans import Plan, plan_value
from lolpop.settings.fields import declared_keys
from lolpop.settings.framework import FRAMEWORK, FrameworkSettings
from lolpop.settings.links import Links
from lolpop.settings.tree import NO_SECTION, Tree
from lolpop.signatures import Parameter

__all__ = ["FRAMEWORK_PARAMETER", "framework_plan", "settings_in"]

FRAMEWORK_PARAMETER = Parameter(FRAMEWORK, FrameworkSettings, FrameworkSettings())
"""The section as a parameter, with its type and default."""


def framework_plan(tree: Tree, links: Links) -> Plan:
    """The section as a plan, with findings about its keys and values."""
    section = tree.merged((FRAMEWORK,), lambda path: declared_keys(FrameworkSettings, path))
    if section.root.value is None:  # the key has no value
        section = NO_SECTION
    return plan_value(FRAMEWORK, FRAMEWORK_PARAMETER, section, links, "lolpop")


def settings_in(plan: Plan) -> FrameworkSettings:
    """The settings of a plan of the section; the defaults if it is not valid, which verification reports."""
    setting = plan.settings.get("")
    return FrameworkSettings() if setting is None else setting.value
