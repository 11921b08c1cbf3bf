"""Containers: providers by name, nested like the layers of a workflow."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

from dependency_injector import containers as di_containers
from dependency_injector import providers as di

from lolpop import providers
from lolpop._names import did_you_mean
from lolpop.components.interceptor import Interceptor
from lolpop.components.store import RunRecord, Store
from lolpop.errors import DEFAULT, SettingsError, WiringError
from lolpop.kernel.providers import Pipeline, Runner
from lolpop.kernel.providers.beside import Beside
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.queries import broken_links
from lolpop.kernel.providers.slots import Slot, related_slots
from lolpop.kernel.scopes import Configuration, Scope

if TYPE_CHECKING:
    from lolpop.errors import Finding
    from lolpop.running.resuming import Completed
    from lolpop.settings.nodes import Layer
    from lolpop.settings.protocol import SettingsSource
    from lolpop.settings.sources import Sources

__all__ = ["PipelineContainer", "RunnerContainer", "check_links", "configured", "load", "scope_of"]


# Names that belong to containers themselves, dependency-injector's own among them.
_RESERVED = frozenset(
    name
    for owner in (di_containers.DynamicContainer(), di_containers.DeclarativeContainer)
    for name in dir(owner)
    if not name.startswith("_")
) | {"load", "lolpop", "runs", "verify"}
_CONFIGURES_DI = frozenset({"instance_type", "wiring_config", "provider_type"})


class _Instance(di_containers.DynamicContainer):
    """An instance of a declared container: its own copies of the providers, bound to its scope."""

    def __init__(self) -> None:
        super().__init__()
        self._scope = Scope(type(self), self.providers)
        self._sealed = False

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, di.Provider) and not isinstance(value, di.Self) and name != "parent":
            if self._sealed:
                raise WiringError(
                    f"{name!r} cannot be put into a container that exists",
                    "Override a provider, or declare it in a subclass.",
                )
            if isinstance(value, Slot | Nested | Beside):
                value.bind(self._scope, name)
        super().__setattr__(name, value)
        if isinstance(value, Nested):
            # What has the name is the container itself; its provider stays among the providers.
            self.__dict__[name] = value.container

    def __getattr__(self, name: str) -> Any:
        near = did_you_mean(name, self.__dict__.get("providers", {}))
        declared = self.__dict__.get("declarative_parent")
        owner = declared.__name__ if declared else type(self).__name__
        raise AttributeError(f"{owner} has no provider {name!r}. {near or ''}".strip())

    def __repr__(self) -> str:
        path = ".".join(self._scope.path)
        return f"<{self._scope.declared_as.__name__}{path and f' {path!r}'}>"

    def __deepcopy__(self, memo: object) -> Self:
        raise WiringError(f"{self!r} cannot be copied", "Load another one.")

    def __reduce__(self) -> Any:
        raise WiringError(
            f"{self!r} cannot be pickled or copied",
            "Load another one; in other processes an executor builds it again for a Call.",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            self._scope.lifetime.close()
        except Exception as failure:
            if error is None:
                raise
            # What went wrong inside the block is what matters; closing after it comes second.
            error.add_note(f"Closing the container failed too: {failure!r}")

    def verify(self) -> list[Finding]:
        """See ``PipelineContainer.verify``."""
        from lolpop.kernel.verification import verify

        return verify(self._scope.root)

    def runs(self) -> list[RunRecord]:
        """See ``RunnerContainer.runs``."""
        from lolpop.running.recorders import recorder_of

        return recorder_of(self._scope).runs()

    def override(self, overriding: object) -> NoReturn:
        """Refused: what is overridden is providers, one by one."""
        del overriding
        path = self._scope.path
        names = [name for name, provider in self.providers.items() if not isinstance(provider, Nested)]
        raise WiringError(
            f"{'.'.join(path) or self._scope.declared_as.__name__} is a container and cannot be overridden",
            f"Override one of its providers: {', '.join('.'.join((*path, name)) for name in names)}.",
        )

    def reset_override(self) -> None:
        """End the overrides of every provider here and in nested containers."""
        for provider in self.providers.values():
            if isinstance(provider, Nested):
                provider.container.reset_override()
            else:
                provider.reset_override()


def _check_attribute(container: str, key: str, value: Any) -> None:
    if isinstance(value, di.Provider) and not isinstance(value, di.Self):
        if key.startswith("_"):
            raise WiringError(f"{container}.{key}: a provider's name cannot start with an underscore")
        if key in _RESERVED:
            raise WiringError(
                f"{container}.{key}: the name is the container's own", "Give the provider another name."
            )
    elif not key.startswith("_") and key not in _CONFIGURES_DI and key != "load":
        hint = "Nest a container with providers.nested(…)." if isinstance(value, type) else None
        raise WiringError(
            f"{container}.{key} is a {type(value).__name__}, but a container holds providers only",
            hint or "Wrap a value in providers.Object(…).",
        )


def _named(container: str, slot: Slot[Any], declared: Mapping[str, Any]) -> dict[str, str]:
    """The names of the providers that a slot's keywords refer to."""
    names = {}
    for parameter, injection in slot.injections.items():
        # What was declared before knows the name that it was given, unless a subclass took that over.
        name = getattr(injection, "name", "")
        if declared.get(name) is not injection:
            name = next((key for key, provider in declared.items() if provider is injection), "")
        if name:
            names[parameter] = name
        elif isinstance(injection, Slot | Nested):
            raise WiringError(
                f"{container}.{slot.name}: {parameter}= is a provider that the container does not hold",
                "Declare it under a name of its own, before this one.",
            )
    return names


class _Declared(type(di_containers.DeclarativeContainer)):  # type: ignore[misc]  # not in the stubs by name
    """Checks what a container class declares, when it is defined."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> _Declared:
        for key, value in attributes.items():
            _check_attribute(name, key, value)
        declared = cast("_Declared", super().__new__(cls, name, bases, attributes))
        own = [key for key, value in declared.providers.items() if isinstance(value, Pipeline | Runner)]
        if len(own) > 1:
            raise WiringError(f"{name} declares {' and '.join(own)}, but a container has one")
        for value in attributes.values():
            if isinstance(value, Slot) and value.injections:
                value.injection_names = _named(name, value, declared.providers)
        return declared


class _Container(di_containers.DeclarativeContainer, metaclass=_Declared):
    instance_type = _Instance

    def __new__(cls, **overriding: Any) -> Any:
        instance: Any = super().__new__(cls)
        instance._scope.declared_as = cls
        _rebind_foreign(instance)
        instance._sealed = True
        for name, provider in overriding.items():
            (instance.providers.get(name) or getattr(instance, name)).override(provider)
        return instance

    @classmethod
    def load(
        cls,
        *files: str | os.PathLike[str],
        profile: str | Sequence[str] | None = None,
        sources: Sequence[SettingsSource] = (),
        environ: Mapping[str, str] = os.environ,
        overrides: Mapping[str, Any] | None = None,
    ) -> Any:
        """See ``PipelineContainer.load``."""
        return load(cls, files, profile=profile, sources=sources, environ=environ, overrides=overrides or {})


def load(
    container: type[Any],
    files: Sequence[str | os.PathLike[str]] = (),
    *,
    profile: str | Sequence[str] | None = None,
    sources: Sequence[SettingsSource] = (),
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Any] | None = None,
    flags: Sequence[str] = (),
    group: str | None = None,
    recorded: bool = False,
    lenient: bool = False,
) -> Any:
    """``Container.load`` with what the command line adds to it.

    ``flags`` are texts of the form ``path=value``, stronger than all else. ``group`` joins runs of several
    processes. ``recorded`` keeps runs in the store even if nothing else uses it. ``lenient`` lets a
    container be verified without credentials: a link to a variable that is not set is a warning then.
    """
    from pathlib import Path

    from lolpop.settings.sources import collect

    collected = collect(
        files,
        profile=profile,
        sources=sources,
        environ=environ,
        overrides=overrides or {},
        flags=flags,
        cwd=Path.cwd(),
    )
    instance = configured(
        container,
        collected.layers,
        collected,
        group=group or collected.group,
        recorded=recorded,
        lenient=lenient,
    )
    check_links(instance)
    return instance


def configured(
    container: type[Any],
    layers: Sequence[Layer],
    sources: Sources,
    *,
    profile: str | None = None,
    group: str | None = None,
    recorded: bool = False,
    lenient: bool = False,
    replays: str | None = None,
    resumes: Completed | None = None,
) -> Any:
    """An instance of ``container`` set by ``layers``, with the folder and variables of ``sources``."""
    from lolpop.settings.links import Links
    from lolpop.settings.tree import Tree

    instance = container()
    scope = scope_of(instance)
    links = Links(Tree((*scope_defaults(scope), *layers)), sources.variables, lenient)
    scope.configuration = Configuration(
        Tree(tuple(layers)),
        links,
        sources.folder,
        profile or sources.profile,
        group,
        recorded,
        replays,
        resumes,
        sources.files,
    )
    return instance


def check_links(container: Any) -> None:
    """Raise SettingsError with the links that lead nowhere."""
    broken = broken_links(scope_of(container))
    if errors := [finding for finding in broken if finding.severity == "error"]:
        raise SettingsError(errors)


def scope_of(container: Any) -> Scope:
    """The scope of an instance of a container."""
    scope: Scope = container._scope
    return scope


def scope_defaults(scope: Scope) -> list[Layer]:
    """The defaults of ``providers.Settings`` as a layer, so that links can lead to them."""
    from lolpop.annotations import REQUIRED
    from lolpop.settings.nodes import Layer, node_of

    values: dict[str, Any] = {}
    for inner in scope.walk():
        for name, provider in inner.providers.items():
            if isinstance(provider, providers.Settings) and provider.default is not REQUIRED:
                branch = values
                for step in inner.path:
                    branch = branch.setdefault(step, {})
                branch[name] = provider.default
    return [Layer("defaults", node_of(values, DEFAULT))]


if TYPE_CHECKING:

    class PipelineContainer:
        """What type checkers see: the declared providers, and nothing else but these methods."""

        @classmethod
        def load(
            cls,
            *files: str | os.PathLike[str],
            profile: str | Sequence[str] | None = None,
            sources: Sequence[SettingsSource] = ...,
            environ: Mapping[str, str] = ...,
            overrides: Mapping[str, Any] | None = None,
        ) -> Self:
            """A container with its settings.

            Sources, weakest first: defaults; ``[tool.lolpop]`` of pyproject.toml and lolpop.yaml of the
            current directory, or ``files`` in their place; the files of each profile in turn; ``sources``;
            ``.env``; the
            environment; ``overrides`` by dotted path. Nothing is built yet.

            Raises SettingsError, all at once, for what prevents a tree of settings: syntax, a missing file
            or profile, links. Everything else is a finding of ``verify``.
            """

        def verify(self) -> list[Finding]:
            """Prove the wiring and every setting, building nothing, and return the warnings.

            Raises VerificationError with everything that was found if any of it is an error.
            """

        def reset_override(self) -> None:
            """End the overrides of every provider here and in nested containers."""

        def __enter__(self) -> Self: ...
        def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None: ...

    class RunnerContainer(PipelineContainer):
        """What type checkers see: the declared providers, the inherited ones, and these methods."""

        store: providers.Component[Store]
        seed: providers.Settings[int]
        interceptors: providers.Components[Interceptor]
        folder: providers.Folder
        claimed_places: providers.Places

        def runs(self) -> list[RunRecord]:
            """The runs that are recorded where this container records its own, newest first."""

else:

    class PipelineContainer(_Container):
        """Local components of a pipeline, the pipeline itself, and pipelines nested in it."""

    class RunnerContainer(_Container):
        """Global components, the containers of the pipelines, and the runner that coordinates them."""

        store = providers.Component(Store, default="sql")
        seed = providers.Settings(int, default=0)
        interceptors = providers.Components(Interceptor)
        folder = providers.Folder()
        claimed_places = providers.Places()


def _rebind_foreign(instance: Any) -> None:
    """Let providers of dependency-injector that refer to a redeclared slot see the one that replaced it."""
    for provider in instance.providers.values():
        if isinstance(provider, Slot | Nested):
            continue
        for related in related_slots(provider):
            if related.scope is None and related.name in instance.providers:
                related.bind(scope_of(instance), related.name)
                related.override(instance.providers[related.name])
