"""Containers: providers by name, nested like the layers of a workflow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

from dependency_injector import providers as di

from lolpop import providers as _slots
from lolpop.components.cache_manager import CacheManager
from lolpop.components.interceptor import Interceptor
from lolpop.components.orchestrator import Orchestrator
from lolpop.components.store import RunRecord, Store
from lolpop.components.test_recorder import TestRecorder
from lolpop.errors import WiringError
from lolpop.kernel.declarations import check_attribute, check_declared, check_no_provider, is_declared
from lolpop.kernel.lazy_wiring import containers as di_containers
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.slots import Slot, bind_slot, is_bound
from lolpop.kernel.providers.uncached import Uncached, taken_over
from lolpop.kernel.providers.uncached_cells import uncached_cell
from lolpop.kernel.scopes import Scope, scope_of
from lolpop.running.open_runs import RunOptions, runs_of
from lolpop.running.runtime import ContainerRuntime

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

    from lolpop.errors import Finding
    from lolpop.kernel.overrides import Overrides
    from lolpop.kernel.units import ChildScope
    from lolpop.settings.protocol import SettingsSource

__all__ = ["PipelineContainer", "RunnerContainer", "load", "scope_of"]

# Names that belong to containers themselves, dependency-injector's own among them.
_RESERVED = frozenset(
    name
    for owner in (di_containers.DynamicContainer(), di_containers.DeclarativeContainer)
    for name in dir(owner)
    if not name.startswith("_")
) | {"aclose", "close", "include", "load", "lolpop", "runs", "scope", "verify"}


class _Instance(di_containers.DynamicContainer):
    """An instance of a declared container: its own copies of the providers, bound to its scope."""

    def __init__(self) -> None:
        super().__init__()
        self._scope = Scope(self, self.providers, ContainerRuntime(_INHERITED))
        self._sealed = False

    def __setattr__(self, name: str, value: Any) -> None:
        if is_declared(value) and name != "parent":
            if self._sealed:
                raise WiringError(
                    f"{name!r} cannot be put into a container that exists",
                    "Override a provider, or declare it in a subclass.",
                )
            if isinstance(value, Slot):
                self._scope.cells[name] = bind_slot(value, self._scope, name)
            elif isinstance(value, Nested | Uncached):
                value.bind(self._scope, name)
        else:
            check_no_provider(self.__dict__.get("providers", {}), name, value)
        super().__setattr__(name, value)
        if isinstance(value, Nested):
            # The attribute is the container itself; its provider stays among the providers.
            self.__dict__[name] = value.container

    def __delattr__(self, name: str) -> None:
        if is_declared(self.providers.get(name)):
            raise WiringError(f"{name!r} cannot be taken out of a container", "Override it instead.")
        super().__delattr__(name)

    def __getattr__(self, name: str) -> Any:
        declared = self.__dict__.get("declarative_parent")
        owner = declared.__name__ if declared else type(self).__name__
        near = None if name.startswith("_") else self._near(name)
        near = f"It is a method of the class: {owner}.load(…)." if name == "load" else near
        raise AttributeError(f"{owner} has no provider {name!r}. {near or ''}".strip())

    def _near(self, name: str) -> str | None:
        """The sentence that proposes providers: of this container, else of the whole tree."""
        from lolpop.kernel.paths import TreePaths

        if "_scope" not in self.__dict__:
            return None
        own_paths, all_paths = TreePaths(self._scope), TreePaths(self._scope.root)
        near = own_paths.same_name(name) or all_paths.same_name(name) or own_paths.near(name)
        return f"Did you mean {' or '.join(near)}?" if near else None

    def __repr__(self) -> str:
        path = ".".join(self._scope.path)
        return f"<{self._scope.declared_as.__name__}{path and f' {path!r}'}>"

    def _repr_html_(self) -> str:
        """Return the picture of the wiring for notebooks."""
        from lolpop.kernel.drawing.notebooks import container_html

        return container_html(self._scope, repr(self))

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
        except Exception as failure:  # noqa: BLE001  (it is raised, or added to the error)
            _add_closing_failure(error, failure)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            await self._scope.lifetime.aclose()
        except Exception as failure:  # noqa: BLE001  (it is raised, or added to the error)
            _add_closing_failure(error, failure)

    def close(self) -> None:
        """Close what was built, last first; asking for anything raises after it. Again it does nothing."""
        self._scope.lifetime.close()

    async def aclose(self) -> None:
        """``close``, awaiting what closes asynchronously."""
        await self._scope.lifetime.aclose()

    def verify(self) -> list[Finding]:
        """Prove the wiring and every setting, building nothing, and return the warnings.

        Raises VerificationError with everything that is wrong if any of it is an error.
        """
        from lolpop.kernel.verification import verify

        return verify(self._scope.root)

    def scope(self) -> ChildScope[Self]:
        """The ``with`` block of one unit of work, such as one request, for which scoped components are built.

        It gives the container as the unit sees it. At its end, what was built for the unit is closed.
        """
        from lolpop.kernel.units import ChildScope

        return ChildScope(self, self._scope.lifetime)

    def runs(self) -> list[RunRecord]:
        """The runs that are recorded where this container records its own, newest first."""
        from lolpop.running.recorders import recorder_for

        return recorder_for(self._scope).runs()

    def wire(self, *arguments: Any, **options: Any) -> None:
        """Let markers in modules and packages stand for the providers of this container."""
        super().wire(*arguments, **options)
        self._scope.lifetime.verified = False  # verification covers the markers too

    def override(self, stand_ins: Mapping[str, Any]) -> Overrides:  # type: ignore[override]  # by path
        """Override providers by their paths from here: all of them, or none if one path is wrong.

        They are overridden until the ``with`` block ends, or during each call of a function that the result
        decorates. Raises WiringError with every path that names no provider.
        """
        if isinstance(stand_ins, Mapping):
            from lolpop.kernel.overrides import override_all

            return override_all(self._scope, stand_ins)
        path = self._scope.path
        names = [name for name, provider in self.providers.items() if not isinstance(provider, Nested)]
        raise WiringError(
            f"{'.'.join(path) or self._scope.declared_as.__name__} is a container and cannot be overridden",
            "Override its providers by their paths, override({path: stand_in}): "
            f"{', '.join('.'.join((*path, name)) for name in names)}.",
        )

    def reset_override(self) -> None:
        """End the overrides of every provider here and in nested containers."""
        for provider in self.providers.values():
            if not isinstance(provider, di.Self):
                provider.reset_override()


def _add_closing_failure(error: BaseException | None, failure: Exception) -> None:
    """Raise a failure to close a container, or add it as a note to an earlier error, which matters more."""
    if error is None:
        raise failure
    error.add_note(f"Closing the container failed too: {failure!r}")


class _Declared(type(di_containers.DeclarativeContainer)):  # type: ignore[misc]  # not in the stubs by name
    """Checks what a container class declares, when it is defined."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> _Declared:
        for key, value in attributes.items():
            check_attribute(name, key, value, _RESERVED)
        inherited = {
            key: provider for base in bases for key, provider in getattr(base, "providers", {}).items()
        }
        taken = taken_over(attributes, inherited)
        declared = cast("_Declared", super().__new__(cls, name, bases, taken))
        check_declared(declared, taken)
        return declared

    def __setattr__(cls, name: str, value: Any) -> None:
        if is_declared(value):
            raise WiringError(
                f"{name!r} cannot be put into {cls.__name__}, which exists",
                "Declare it in the class, or in a subclass.",
            )
        check_no_provider(cls.__dict__.get("providers", {}), name, value)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        if is_declared(cls.__dict__.get(name)):
            raise WiringError(f"{name!r} cannot be taken out of {cls.__name__}", "Define another container.")
        super().__delattr__(name)


class _Container(di_containers.DeclarativeContainer, metaclass=_Declared):
    instance_type = _Instance

    def __new__(cls, **overriding: Any) -> Any:
        instance: Any = super().__new__(cls)
        _rebind_referred(instance)
        instance._sealed = True
        for name, provider in overriding.items():
            try:
                overridden = instance.providers.get(name) or getattr(instance, name)
            except AttributeError as error:
                raise WiringError(f"{error}") from None
            overridden.override(provider)
        return instance

    @classmethod
    def load(
        cls,
        *files: str | os.PathLike[str],
        profile: str | Sequence[str] | None = None,
        sources: Sequence[SettingsSource] = (),
        settings: BaseSettings | None = None,
        environ: Mapping[str, str] = os.environ,
        overrides: Mapping[str, Any] | None = None,
    ) -> Any:
        """A container with its settings.

        Sources, weakest first: defaults; ``[tool.lolpop]`` of pyproject.toml and lolpop.yaml of the
        current directory, or ``files`` in their place; the files of each profile in turn; ``sources``;
        a ``settings`` object of pydantic-settings, as far as the container has its fields; ``.env``; the
        environment; ``overrides`` by dotted path. Nothing is built yet.

        Raises SettingsError, all at once, for what prevents a tree of settings: syntax, a missing file
        or profile, links. Everything else is a finding of ``verify``.
        """
        from lolpop.settings.arguments import check_arguments

        check_arguments(files, profile, environ, overrides or {})
        if settings is not None:
            from lolpop.kernel.loading import settings_keys
            from lolpop.settings.base_settings import SettingsObject

            sources = (*sources, SettingsObject(settings, settings_keys(cls)))
        return load(cls, files, profile=profile, sources=sources, environ=environ, overrides=overrides or {})

    @classmethod
    def override(cls, overriding: object) -> NoReturn:
        """Refuse: override providers of an instance instead."""
        del overriding
        raise WiringError(
            f"{cls.__name__} is a container class and cannot be overridden",
            "Override the providers of an instance.",
        )


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
    cache: bool = False,
    step: str | None = None,
    swept: Sequence[str] = (),
) -> Any:
    """``Container.load`` with the options of the command line.

    ``flags`` are texts of the form ``path=value``, stronger than all else. ``group`` joins runs of several
    processes. ``recorded`` keeps runs in the store even if nothing else uses it. ``lenient`` lets a
    container be verified without credentials: a link to a variable that is not set is a warning then. With
    ``cache``, results of all earlier calls are reused. ``step`` names the call in its group. ``swept`` are
    the paths of settings that a sweep varies.
    """
    from pathlib import Path

    from lolpop.kernel.loading import check_links, configured
    from lolpop.registry import make_importable
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
    if collected.files:
        make_importable(collected.folder)
    instance = configured(container, collected.layers, collected, lenient=lenient)
    runs_of(scope_of(instance)).options = RunOptions(
        group or collected.group, recorded=recorded, cache=cache, step=step, swept=tuple(swept)
    )
    check_links(instance)
    return instance


def _rebind_referred(instance: Any) -> None:
    """Redirect references from a base class's provider to the one that a subclass declares in its place."""
    scope = scope_of(instance)
    for provider in instance.providers.values():
        if isinstance(provider, Slot | Nested | di.Self):
            continue
        for referred in list(provider.traverse()):
            name = getattr(referred, "name", "")
            if name not in instance.providers:
                continue
            if isinstance(referred, Slot) and not is_bound(referred):
                bind_slot(referred, scope, name)
                referred.override(instance.providers[name])
            elif isinstance(referred, Uncached) and uncached_cell(referred) is None:
                referred.bind(scope, name)
                referred.override(instance.providers[name])


if TYPE_CHECKING:

    class PipelineContainer:
        """The type of a container for type checkers: the declared providers and these methods."""

        def __init__(self, **overriding: object) -> None:
            """A container with defaults only, whose providers of these names are overridden."""

        @classmethod
        def load(
            cls,
            *files: str | os.PathLike[str],
            profile: str | Sequence[str] | None = None,
            sources: Sequence[SettingsSource] = ...,
            settings: BaseSettings | None = None,
            environ: Mapping[str, str] = ...,
            overrides: Mapping[str, Any] | None = None,
        ) -> Self:
            """A container with its settings."""

        def verify(self) -> list[Finding]:
            """Prove the wiring and every setting, building nothing, and return the warnings."""

        def override(self, stand_ins: Mapping[str, object]) -> Overrides:
            """Override providers by their paths from here: all of them, or none if one path is wrong."""

        def scope(self) -> ChildScope[Self]:
            """The ``with`` block of one unit of work, for which scoped components are built."""

        def close(self) -> None:
            """Close what was built, as leaving the ``with`` block does."""

        async def aclose(self) -> None:
            """``close``, awaiting what closes asynchronously."""

        @classmethod
        def reset_override(cls) -> None:
            """End the overrides of every provider here and in nested containers."""

        @property
        def providers(self) -> dict[str, di.Provider[Any]]:
            """The providers by name."""

        def wire(
            self,
            modules: Iterable[str | ModuleType] | None = None,
            packages: Iterable[str | ModuleType] | None = None,
            from_package: str | None = None,
        ) -> None:
            """Let markers in modules and packages stand for the providers of this container."""

        def unwire(self) -> None:
            """End what ``wire`` began."""

        def __enter__(self) -> Self: ...
        def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None: ...
        async def __aenter__(self) -> Self: ...
        async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None: ...

    class RunnerContainer(PipelineContainer):
        """The type of a runner container for type checkers: declared and inherited providers, and these
        methods.
        """

        store: _slots.Component[Store]
        seed: _slots.Settings[int]
        interceptors: _slots.Components[Interceptor]
        orchestrator: _slots.Component[Orchestrator]
        cache_manager: _slots.Component[CacheManager]
        test_recorders: _slots.Components[TestRecorder]
        folder: _slots.Folder
        claimed_places: _slots.Places

        def runs(self) -> list[RunRecord]:
            """The runs that are recorded where this container records its own, newest first."""

else:

    class PipelineContainer(_Container):
        """Local components of a pipeline, the pipeline itself, and pipelines nested in it."""

    class RunnerContainer(_Container):
        """Global components, the containers of the pipelines, and the runner that coordinates them."""

        store = _slots.Component(Store, default="sql")
        seed = _slots.Settings(int, default=0)
        interceptors = _slots.Components(Interceptor)
        orchestrator = _slots.Component(Orchestrator, default="cron")
        cache_manager = _slots.Component(CacheManager, default="local")
        test_recorders = _slots.Components(TestRecorder, default=["console"])
        folder = _slots.Folder()
        claimed_places = _slots.Places()


_INHERITED: frozenset[str] = frozenset(RunnerContainer.__dict__["providers"])
"""The providers that every runner container has, whether or not anything uses them."""
