"""Specs: values from which a worker builds a container again in another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from lolpop._names import one_of
from lolpop.errors import ReferenceNotFoundError, WiringError
from lolpop.integrations import binding_of
from lolpop.kernel.masking import masker
from lolpop.kernel.providers import Component
from lolpop.kernel.providers.cells import cell_of
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.scopes import Configuration, Scope, scope_of
from lolpop.registry import import_object, make_importable
from lolpop.runs import RUN, OpenRun

if TYPE_CHECKING:
    from lolpop.integrations import Pipeline, Runner
    from lolpop.kernel.providers.cells import Cell

__all__ = ["Call", "Spec", "Worker", "spec_of"]


@dataclass(frozen=True, slots=True)
class Call:
    """A method of a provider's object, by the path of the provider: ``Call("train.model_trainer",
    "fit")``.
    """

    provider: str
    method: str

    @classmethod
    def of(cls, integration: Pipeline | Runner, method: str) -> Call:
        """The call of a method of ``integration``. Raises WiringError if no container built it."""
        binding = binding_of(integration)
        if binding is None:
            raise WiringError(
                f"a {type(integration).__name__} that no container built cannot be called in other processes",
                "Get it from a container.",
            )
        return cls(binding.provider, method)


@dataclass(frozen=True, slots=True)
class Spec:
    """What another process needs to build a container again. All values can be pickled.

    ``overrides`` holds providers by the path that they override: the interface, the import path of the
    implementation, and its settings. ``recorded`` says whether the store of the container knows the run.
    """

    container: str
    configuration: Configuration
    overrides: tuple[tuple[str, type, str, dict[str, Any]], ...] = ()
    run_id: str | None = None
    recorded: bool = False

    def build(self) -> Any:
        """The container, built again; the caller closes it."""
        if self.configuration.files and self.configuration.folder is not None:
            make_importable(self.configuration.folder)
        declared: Any = import_object(self.container)
        container = declared()
        scope_of(container).configuration = self.configuration
        for path, interface, use, settings in self.overrides:
            provider = Component(interface, default=use, settings=settings)
            find(scope_of(container), path).override(provider)
        return container

    def resolve(self, container: Any, call: Call) -> Callable[..., Any]:
        """The method that ``call`` names, in a container that was built from this spec."""
        built = find(scope_of(container), call.provider)()
        method: Callable[..., Any] | None = getattr(built, call.method, None)
        if method is None:
            public = [name for name in dir(built) if not name.startswith("_")]
            raise WiringError(
                f"{call.provider} has no method {call.method!r}", one_of(call.method, public, what="Methods")
            )
        return method


def spec_of(root: Scope, run_id: str | None = None, *, recorded: bool = False) -> Spec:
    """The spec of a container. Raises WiringError if an override cannot be sent to another process."""
    overrides = []
    for scope in root.walk():
        for name, provider in scope.providers.items():
            if isinstance(provider, Slot):
                if cell_of(provider).overrides:
                    overrides.append(_stand_in(cell_of(provider)))
                elif (elsewhere := _set_elsewhere(cell_of(provider))) is not None:
                    overrides.append(elsewhere)
            elif provider.last_overriding is not None:
                raise _cannot_travel(scope.path_of(name), "an object or a provider of this process")
    return Spec(_import_path(root.declared_as), root.configuration, tuple(overrides), run_id, recorded)


def _stand_in(cell: Cell) -> tuple[str, type, str, dict[str, Any]]:
    """An override as another process makes it again."""
    active = cell.active
    if not isinstance(active, Slot):
        raise _cannot_travel(cell.path, "a live object")
    if cell_of(active).stands_in is None:
        raise _cannot_travel(cell.path, f"the provider {cell_of(active).path}")
    if not isinstance(active, Component) or active.injections or active.default is None:
        raise _cannot_travel(cell.path, "a provider that is more than an implementation and its settings")
    use: Any = active.default
    interface: Any = active.interface
    _import_path(interface)
    path = use if isinstance(use, str) else _import_path(use)
    return cell.path, interface, path, dict(active.settings or {})


def _set_elsewhere(cell: Cell) -> tuple[str, type, str, dict[str, Any]] | None:
    """The settings of a component in another process, if it declares any: a temporary store stays the same
    store.
    """
    implementation: Any = cell.plan.implementation
    if not isinstance(cell.slot, Component) or not hasattr(implementation, "settings_elsewhere"):
        return None
    if getattr(cell.slot, "scoped", False):
        return None
    component: Any = cell.slot()
    settings = component.settings_elsewhere()
    interface: Any = cell.slot.interface
    return None if settings is None else (cell.path, interface, _import_path(implementation), dict(settings))


def _cannot_travel(path: str, by: str) -> WiringError:
    return WiringError(
        f"{path} is overridden by {by}, which other processes cannot use",
        "Override it by providers.Component(interface, default=…, settings={…}).",
    )


def _import_path(declared: type) -> str:
    path = f"{declared.__module__}:{declared.__qualname__}"
    if "<locals>" in path:
        raise WiringError(
            f"{declared.__qualname__} cannot be imported by other processes", "Define it in a module."
        )
    return path


def find(root: Scope, path: str) -> Slot[Any]:
    """The slot at a dotted path. Raises WiringError, with a near name, if there is none."""
    *outer, name = path.split(".")
    scope = root
    for step in outer:
        inner = {nested.name: nested for nested in scope.inner()}
        if step not in inner:
            raise WiringError(f"there is no provider {path!r}", one_of(step, inner, what="Containers"))
        scope = inner[step]
    provider = scope.providers.get(name)
    if not isinstance(provider, Slot):
        raise WiringError(f"there is no provider {path!r}", one_of(name, scope.providers, what="Providers"))
    return provider


class Worker:
    """A container in a process of its own, built from its spec at the first call."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        # One container for all calls: later calls reuse what the first one read.
        self._run = (
            None
            if spec.run_id is None
            else OpenRun(spec.run_id, lambda: spec, self._mask, partial(self._mask, names=False))
        )
        self._container: Any = None

    def call(self, call: Call, item: Any) -> Any:
        """The result of ``call`` for ``item``; ``current_run`` is the run that the spec is of."""
        container = self._built()
        token = RUN.set(self._run)
        try:
            with container.scope():  # one unit of work for each call
                return self._spec.resolve(container, call)(item)
        finally:
            RUN.reset(token)

    def require_store(self) -> None:
        """Raise WiringError if the store that this process reaches is not the one that records the run."""
        if not self._spec.recorded:
            return
        try:
            self._built().store().run(self._spec.run_id)
        except ReferenceNotFoundError as error:
            folder = self._spec.configuration.folder
            raise WiringError(
                f"the store of a worker does not have the run {self._spec.run_id}: its settings put it "
                f"on the worker's own disk, in {folder}",
                "Set store: {url: postgresql+psycopg://…, artifacts: s3://…}, or mount the folder on them.",
            ) from error

    def _built(self) -> Any:
        if self._container is None:
            self._container = self._spec.build()
        return self._container

    def _mask(self, text: str, *, names: bool = True) -> str:
        return masker(scope_of(self._container), names=names)(text)

    def close(self) -> None:
        """Close the container."""
        if self._container is not None:
            with self._container:
                self._container = None
