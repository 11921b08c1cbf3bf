"""Completions of the shell: names, paths and references, looked up when the key is pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions


Candidates: TypeAlias = list[str]

_MOST = 50
"""Runs and versions that are offered, the newest first."""


def complete_runner(ctx: Any, incomplete: str) -> Candidates:
    """Registered runners, and the workflows of the project's own runner, which may replace a runner's
    name.
    """
    return _candidates(incomplete, lambda: (*_runners(), *_workflows("", ctx)))


def complete_workflow(ctx: Any, incomplete: str) -> Candidates:
    """The workflows of the runner that was named."""
    return _candidates(incomplete, lambda: _workflows(ctx.params.get("runner") or "", ctx))


def complete_setting(ctx: Any, incomplete: str) -> Candidates:
    """The paths of settings, with the sign that a value follows."""
    return _candidates(incomplete, lambda: _settings(ctx))


def complete_setting_path(ctx: Any, incomplete: str) -> Candidates:
    """Registered runners, and the paths of settings."""
    return _candidates(incomplete, lambda: (*_runners(), *(path.rstrip("=") for path in _settings(ctx))))


def complete_compared_profile(ctx: Any, incomplete: str) -> Candidates:
    """Registered runners, profiles, and the sign of no profile."""
    return _candidates(incomplete, lambda: ("-", *_profiles(ctx), *_runners()))


def complete_profile(ctx: Any, incomplete: str) -> Candidates:
    """The profiles beside the settings files."""
    return _candidates(incomplete, lambda: _profiles(ctx))


def complete_run(ctx: Any, incomplete: str) -> Candidates:
    """The newest runs."""
    return _candidates(incomplete, lambda: ("last", *_runs(ctx)))


def complete_dataset(ctx: Any, incomplete: str) -> Candidates:
    """Names of datasets."""
    return _candidates(incomplete, lambda: _names(_versions(ctx, "DatasetVersion")))


def complete_model(ctx: Any, incomplete: str) -> Candidates:
    """Names of models."""
    return _candidates(incomplete, lambda: _names(_versions(ctx, "ModelVersion")))


def complete_dataset_version(ctx: Any, incomplete: str) -> Candidates:
    """Versions of datasets."""
    return _candidates(incomplete, lambda: _versions(ctx, "DatasetVersion"))


def complete_model_version(ctx: Any, incomplete: str) -> Candidates:
    """Versions of models."""
    return _candidates(incomplete, lambda: _versions(ctx, "ModelVersion"))


def complete_component_type(ctx: Any, incomplete: str) -> Candidates:  # noqa: ARG001  (typer hands it over)
    """The component types."""
    from lolpop.registry import component_types

    return _candidates(incomplete, component_types)


def complete_implementation(ctx: Any, incomplete: str) -> Candidates:  # noqa: ARG001  (typer hands it over)
    """The names of implementations, of whatever type: what was typed before the option is not parsed yet."""
    from lolpop.registry import COMPONENTS, component_types, registered

    def names() -> set[str]:
        return {name for kind in component_types() for name in registered(f"{COMPONENTS}{kind}")}

    return _candidates(incomplete, lambda: sorted(names()))


def complete_flow(ctx: Any, incomplete: str) -> Candidates:  # noqa: ARG001  (typer hands it over)
    """Registered runners, and the flows that come with lolpop."""
    from lolpop.flows.ready_made import ready_made_flows
    from lolpop.runners.supervised import SupervisedRunner

    return _candidates(incomplete, lambda: (*ready_made_flows(SupervisedRunner), *_runners()))


def complete_flow_target(ctx: Any, incomplete: str) -> Candidates:
    """Orchestrators, and what completes a flow."""
    from lolpop.registry import COMPONENTS, registered

    orchestrators = _candidates(incomplete, lambda: registered(f"{COMPONENTS}orchestrator"))
    return [*orchestrators, *complete_flow(ctx, incomplete)]


def complete_component(ctx: Any, incomplete: str) -> Candidates:  # noqa: ARG001  (typer hands it over)
    """The component types, and their implementations."""
    from lolpop.registry import COMPONENTS, component_types, registered

    def names() -> Iterator[str]:
        for kind in component_types():
            yield kind
            yield from (f"{kind}.{name}" for name in registered(f"{COMPONENTS}{kind}"))

    return _candidates(incomplete, names)


def _candidates(incomplete: str, names: Callable[[], Any]) -> Candidates:
    """Those of ``names`` that begin with what was typed; none if they cannot be looked up."""
    import contextlib
    import io

    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return [name for name in names() if name.startswith(incomplete)]
    except Exception:  # noqa: BLE001  (whoever presses a key cannot read an error)
        return []


def _options(ctx: Any) -> SettingsOptions:
    """The options that were typed so far."""
    from lolpop.cli._settings_options import SettingsOptions

    params = ctx.params
    return SettingsOptions(tuple(params.get("files") or ()), tuple(params.get("profile") or ()))


def _runners() -> list[str]:
    from lolpop.registry import CONTAINERS, RUNNERS, registered

    return sorted({*registered(RUNNERS), *registered(CONTAINERS)})


def _container(runner: str, ctx: Any) -> Any:
    from lolpop.cli._project import container_class
    from lolpop.cli._runner import project_runner

    options = _options(ctx)
    chosen = runner or project_runner(options)
    return None if chosen is None else options.load(container_class(chosen), lenient=True)


def _workflows(runner: str, ctx: Any) -> list[str]:
    from lolpop.cli._workflows import workflows

    container = _container(runner, ctx)
    return [] if container is None else list(workflows(container))


def _settings(ctx: Any) -> Iterator[str]:
    from lolpop.containers import scope_of
    from lolpop.kernel.explanation import explanations

    runner = ctx.params.get("runner") or next(iter(ctx.params.get("words") or ()), "")
    container = _container(runner if runner in _runners() or ":" in runner else "", ctx)
    if container is not None:
        for explanation in explanations(scope_of(container)):
            # The section of a component names its implementation.
            yield f"{explanation.path.removesuffix('.use')}="


def _profiles(ctx: Any) -> list[str]:
    from pathlib import Path

    files = _options(ctx).files or (Path("lolpop.yaml"),)
    return sorted(
        {
            profile.name[len(file.stem) + 1 : -len(file.suffix)]
            for file in files
            for profile in file.parent.glob(f"{file.stem}.*{file.suffix}")
        }
    )


def _runs(ctx: Any) -> list[str]:
    from lolpop.cli._store import is_stored, open_store

    with open_store(_options(ctx)) as container:
        return [run.run_id for run in container.store().runs(limit=_MOST)] if is_stored(container) else []


def _names(versions: list[str]) -> list[str]:
    return list(dict.fromkeys(version.partition("@")[0] for version in versions))


def _versions(ctx: Any, kind: str) -> list[str]:
    from lolpop import resources
    from lolpop.cli._store import is_stored, open_store

    with open_store(_options(ctx)) as container:
        if not is_stored(container):
            return []
        versions = container.metadata_tracker().find(getattr(resources, kind))
        return [version.reference.partition(":")[2] for version in versions][-_MOST:][::-1]
