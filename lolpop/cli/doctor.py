"""``lolpop doctor``: whether what is installed, and what a project uses, is fit for work."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lolpop import registry
from lolpop.cli._failures import message_of
from lolpop.cli._output import print_json, say, show, table
from lolpop.cli._project import container_class
from lolpop.cli._runner import project_runner
from lolpop.cli._store import is_stored, open_store, store_place
from lolpop.containers import scope_of
from lolpop.data.frames import count
from lolpop.errors import LolpopError, WiringError
from lolpop.kernel.verification import findings_of

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions

__all__ = ["examine"]

Verdict: TypeAlias = Literal["ok", "missing", "warning", "error"]

_LIBRARIES = ("dependency-injector", "pydantic", "pandas", "scikit-learn", "optuna", "SQLAlchemy")

_EXTRA = re.compile(r"""extra == ['"]([^'"]+)['"]""")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One examined item, and the result."""

    subject: str
    name: str
    verdict: Verdict
    details: str = ""


def examine(runner: str, options: SettingsOptions, *, connect: bool, as_json: bool) -> bool:
    """Print what is installed and whether it works; return whether nothing is broken.

    With ``connect``, every component of the project that has a method ``ping`` is asked whether it reaches
    what it needs.
    """
    diagnoses = [*_versions(), *_extras(), *_extensions(), *_project(runner, options, connect=connect)]
    broken = [diagnosis for diagnosis in diagnoses if diagnosis.verdict == "error"]
    if as_json:
        keys = ("subject", "name", "verdict", "details")
        print_json(
            {"ok": not broken, "examined": [{key: getattr(item, key) for key in keys} for item in diagnoses]}
        )
        return not broken
    rows = [(item.subject, item.name, item.verdict, item.details) for item in diagnoses]
    show(table(rows, titles=("what", "name", "", "details"), whole=(1, 2)))
    say(f"\n{count(len(broken), 'problem')}." if broken else "\nNo problems.")
    return not broken


def _versions() -> Iterator[Diagnosis]:
    yield Diagnosis("version", "python", "ok", f"{platform.python_version()} on {platform.platform()}")
    for name in ("lolpop", *_LIBRARIES):
        try:
            yield Diagnosis("version", name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Diagnosis("version", name, "error", "not installed: pip install lolpop")


def _extras() -> Iterator[Diagnosis]:
    """The extras of lolpop, and whether what each needs is installed."""
    from packaging.requirements import Requirement

    needed: dict[str, list[str]] = {}
    for text in metadata.requires(registry.OWN) or []:
        requirement = Requirement(text)
        match = _EXTRA.search(text)
        if match is not None and match[1] != "all" and requirement.name != registry.OWN:
            needed.setdefault(match[1], []).append(str(requirement).partition(";")[0].strip())
    for extra, requirements in needed.items():
        missing = [item for item in map(registry.missing_requirement, requirements) if item is not None]
        if missing:
            yield Diagnosis("extra", extra, "missing", f"pip install 'lolpop[{extra}]'")
        else:
            yield Diagnosis("extra", extra, "ok", ", ".join(requirements))


def _extensions() -> Iterator[Diagnosis]:
    """Every entry point of every extension: imported, and judged by its group."""
    for group in registry.groups():
        for name, entries in registry.claims(group).items():
            extensions = [entry for entry in entries if entry.distribution != registry.OWN]
            for entry in extensions:
                subject = f"{group}: {name}"
                problem = _clash(entries) or _unfit(entry)
                verdict: Verdict = "ok" if problem is None else "error"
                yield Diagnosis(f"extension {entry.distribution}", subject, verdict, problem or entry.value)


def _clash(entries: tuple[registry.EntryPoint, ...]) -> str | None:
    if len(entries) == 1:
        return None
    others = " and ".join(entry.distribution for entry in entries)
    return f"{others} claim this name. Uninstall one of them, or use the import path."


def _unfit(entry: registry.EntryPoint) -> str | None:
    """What is wrong with what an entry point stands for; None if nothing is."""
    try:
        loaded = registry.load_entry(entry)
    except WiringError as error:
        return str(error)
    if (reason := registry.unmet_requirement(entry.distribution)) is not None:
        return f"it {reason}"
    return _unfit_for_group(entry, loaded)


def _unfit_for_group(entry: registry.EntryPoint, loaded: Any) -> str | None:
    from lolpop.assignability import implements
    from lolpop.containers import PipelineContainer, RunnerContainer
    from lolpop.integrations import Pipeline

    kinds: dict[str, tuple[type, ...]] = {
        registry.RUNNERS: (RunnerContainer,),
        registry.CONTAINERS: (RunnerContainer, PipelineContainer),
        registry.PIPELINES: (Pipeline,),
    }
    if entry.group == registry.COMMANDS:
        return None if callable(loaded) else "should be a function, or a typer.Typer"
    if entry.group == registry.SETTINGS_SOURCES:
        return None if hasattr(loaded, "read") else "should be a class with a method read"
    if entry.group not in kinds and not entry.group.startswith(registry.COMPONENTS):
        return "there is no such group of entry points"
    if not isinstance(loaded, type):
        return f"should be a class, and is of type {type(loaded).__name__}"
    if (expected := kinds.get(entry.group)) is not None:
        names = " or ".join(kind.__name__ for kind in expected)
        return None if issubclass(loaded, expected) else f"should be a {names}"
    try:
        interface = registry.interface_of(entry.group.removeprefix(registry.COMPONENTS))
    except WiringError as error:
        return error.message
    reason = implements(loaded, interface)
    return None if reason is None else f"is not a {interface.__name__}, {reason}"


def _project(runner: str, options: SettingsOptions, *, connect: bool) -> Iterator[Diagnosis]:
    """The settings of the current directory, the store, and what components reach."""
    try:
        with open_store(options) as store:
            exists = is_stored(store)
            details = str(store_place(store)) + ("" if exists else ", nothing has run yet")
            if exists and connect:
                details += f", {len(store.store().runs(limit=1_000))} runs"
            yield Diagnosis("store", "store", "ok", details)
        chosen = runner or project_runner(options)
        if chosen is None:
            return
        container = options.load(container_class(chosen), lenient=True)
    except LolpopError as error:
        yield Diagnosis("project", "settings", "error", str(error))
        return
    errors = [finding for finding in findings_of(scope_of(container)) if finding.severity == "error"]
    if errors:
        yield Diagnosis("project", chosen, "error", f"{count(len(errors), 'error')}: lolpop verify {chosen}")
        return
    yield Diagnosis("project", chosen, "ok", "no errors")
    if connect:
        with container:
            yield from _pings(container)


def _pings(container: Any) -> Iterator[Diagnosis]:
    from lolpop.kernel.providers.cells import cell_of
    from lolpop.providers import Component

    for scope in scope_of(container).walk():
        for name, provider in scope.providers.items():
            if not isinstance(provider, Component):
                continue
            if not callable(getattr(cell_of(provider).plan.implementation, "ping", None)):
                continue
            path = scope.path_of(name)
            if path == "store" and not is_stored(container):
                yield Diagnosis("connection", path, "ok", "nothing has run yet")
                continue  # asking it would make one
            try:
                provider().ping()
            except Exception as error:  # noqa: BLE001  (a connection fails in any way, and that is the message)
                yield Diagnosis("connection", path, "error", message_of(error))
            else:
                yield Diagnosis("connection", path, "ok")
