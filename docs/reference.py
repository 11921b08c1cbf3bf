"""Pages of reference, made of the registry and of docstrings when the site is built: a hook of MkDocs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

from lolpop import registry
from lolpop.annotations import type_name
from lolpop.signatures import signature_of

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

MODULES = {
    "Containers and providers": ("lolpop.containers", "lolpop.providers"),
    "Integrations": ("lolpop.integrations",),
    "Resources and problems": ("lolpop.resources", "lolpop.problem", "lolpop.data.sources"),
    "Pipelines": tuple(f"lolpop.pipelines.{name}" for name in ("process", "train", "predict", "deploy")),
    "Runners": tuple(f"lolpop.runners.{name}" for name in ("classification", "regression", "forecasting")),
    "Errors": ("lolpop.errors",),
}
"""Modules whose public names have a page of their own, by the title of the page."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of reference into the navigation."""
    pages: list[dict[str, str]] = [{"Component types": "reference/index.md"}]
    pages += [{title: _path_of(title)} for title in MODULES]
    pages += [{name: f"reference/{name}.md"} for name in _component_types()]
    config.nav = [
        {"Reference": pages} if isinstance(entry, dict) and "Reference" in entry else entry
        for entry in config.nav or []
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of reference."""
    types = _component_types()
    rows = [f"| [{name}]({name}.md) | {', '.join(registry.registered(_group(name)))} |" for name in types]
    index = ["# Component types", "", "| type | implementations |", "|---|---|", *rows, ""]
    files.append(File.generated(config, "reference/index.md", content="\n".join(index)))
    for title, modules in MODULES.items():
        content = "\n\n".join([f"# {title}", *(f"::: {module}" for module in modules)])
        files.append(File.generated(config, _path_of(title), content=content))
    for name in types:
        content = "\n".join(_page_of(name))
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def _page_of(name: str) -> Iterator[str]:
    """The page of one component type: its interface, and the settings of each implementation."""
    interface = registry.interface_of(name)
    yield from (f"# {name}", "", "## Interface", "")
    yield from (
        f"::: {interface.__module__}.{interface.__qualname__}",
        "    options:",
        "      heading_level: 3",
    )
    yield from ("", "## Implementations", "")
    for short_name, path in sorted(registry.registered(_group(name)).items()):
        implementation = registry.import_object(path)
        signature = signature_of(implementation)
        yield from (f"### {short_name}", "", _summary_of(implementation), "")
        if install := getattr(implementation, "install", ""):
            yield from (f"Install it with `pip install '{install}'`.", "")
        if signature.settings:
            yield from _settings_of(signature)
        if signature.injected:
            yield from ("Injected: " + ", ".join(f"`{needed}`" for needed in signature.injected) + ".", "")


def _settings_of(signature: Any) -> Iterator[str]:
    descriptions = signature.descriptions()
    yield from ("| setting | type | default | |", "|---|---|---|---|")
    for name, parameter in signature.settings.items():
        default = "required" if parameter.required else f"`{parameter.default!r}`"
        cells = (f"`{name}`", f"`{type_name(parameter.annotation)}`", default, descriptions.get(name, ""))
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
    yield ""


def _summary_of(implementation: type) -> str:
    documentation = (implementation.__doc__ or "").split("\n    Parameters\n")[0]
    return "\n".join(line.strip() for line in documentation.strip().splitlines())


def _component_types() -> list[str]:
    return sorted(registry.component_types())


def _group(name: str) -> str:
    return f"{registry.COMPONENTS}{name}"


def _path_of(title: str) -> str:
    return f"reference/{title.lower().replace(' ', '-')}.md"
