"""Fingerprints of calls: the dependencies of a method, and its arguments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from lolpop._temporary import temporary_folder
from lolpop.components.model_trainer import FittedModel
from lolpop.data.content import Opaque, digest_of_value, is_plain
from lolpop.integrations import StoreState, call_kind, reads_of
from lolpop.kernel.providers.cells import cell_of
from lolpop.kernel.providers.main_slots import MainSlot
from lolpop.resources import Experiment, Resource, holds_resource
from lolpop.running.fingerprints.contents import classes_of
from lolpop.running.fingerprints.contributions import Contributions
from lolpop.running.fingerprints.distributions import version_of
from lolpop.running.fingerprints.files import file_digest
from lolpop.running.fingerprints.parts import Part, PartKind, Parts, combined_digest
from lolpop.running.fingerprints.reached import reached_parts
from lolpop.running.fingerprints.wired import MethodParts, method_parts
from lolpop.running.snapshots import type_and_shape
from lolpop.runs import redacted, requires_of, resource_of

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["CallFingerprint", "CallFingerprints"]

_SHORTEST_DIGEST = 32
_LONGEST = 1_000
"""Characters of an argument that a record keeps."""


class CallFingerprint(NamedTuple):
    """The dependencies of one call."""

    method: Parts
    """The dependencies of every call of the method."""
    inputs: Parts
    """Its arguments and its other inputs."""
    by_content: bool = False
    """Whether rows are hashed, and models known by their experiments."""
    names_resources: bool = False
    """Whether a part is a resource by its name, which says what it is in one store only."""

    @property
    def digest(self) -> str | None:
        """Equal for calls that give the same; None if that cannot be determined."""
        return combined_digest(self.method, self.inputs)

    @property
    def lasting_digest(self) -> str | None:
        """The digest without what the run itself may change, for a run that is resumed."""
        return combined_digest(self.method, self.inputs.lasting)

    @property
    def parts(self) -> Parts:
        """All parts."""
        return Parts([*self.method, *self.inputs])


class CallFingerprints:
    """Makes the fingerprints of calls in one tree of containers, which stays as it is meanwhile."""

    def __init__(self, root: Scope) -> None:
        self._folder = root.configuration.folder or Path.cwd()
        self._root = root
        self._owners = {
            ".".join(scope.path): provider
            for scope in root.walk()
            for provider in scope.providers.values()
            if isinstance(provider, MainSlot)
        }
        self._methods: dict[str, MethodParts] = {}
        self._contributions = Contributions(self._folder)
        self._lock = Lock()

    def of(self, path: str, arguments: Mapping[str, Any], *, by_content: bool = False) -> CallFingerprint:
        """The fingerprint of the call of ``path``, such as ``train.train_model``, with ``arguments``.

        Rows and models as arguments are compared ``by_content``; without it, they are unknown.
        """
        method = self._method(path)
        inputs = Parts(self._inputs(path, arguments, by_content))
        names = any(part.kind == "state" for part in inputs) or any(map(_names, arguments.values()))
        return CallFingerprint(method.parts, inputs, by_content, names)

    def settled(self, fingerprint: CallFingerprint, path: str, arguments: Mapping[str, Any]) -> str | None:
        """The digest of a call that is done; None if what it read, or got, was changed in the meantime."""
        digest = fingerprint.digest
        if digest is None or self.method(path).digest != fingerprint.method.digest:
            return None
        before = fingerprint.inputs.lasting if fingerprint.by_content else _files(fingerprint.inputs)
        if not list(before):
            return digest
        inputs = Parts(self._inputs(path, arguments, fingerprint.by_content))
        now = inputs.lasting if fingerprint.by_content else _files(inputs)
        return digest if now.digest == before.digest else None

    def method(self, path: str) -> Parts:
        """The dependencies of every call of ``path``."""
        return self._method(path).parts

    def body_digest(self, path: str) -> str | None:
        """The digest of what the method at ``path`` does besides the calls in it; None if it is not known.

        Where it is the same, and so are the results of the calls, they are called with the same arguments.
        """
        owner, _, name = path.rpartition(".")
        body = method_parts(self._owners[owner], name, self._contributions, apart=True)
        return None if body.reads_outside else body.parts.digest

    def has(self, path: str) -> bool:
        """Whether there is such a method."""
        owner, _, name = path.rpartition(".")
        slot = self._owners.get(owner)
        return slot is not None and hasattr(cell_of(slot).plan.implementation, name)

    def is_workflow(self, path: str) -> bool:
        """Whether the method at ``path`` is a workflow."""
        owner, _, name = path.rpartition(".")
        return call_kind(getattr(type(self._owners[owner]()), name, None)) == "workflow"

    def has_effects(self, path: str) -> bool:
        """Whether the method at ``path``, or what it calls, acts outside the store."""
        return self._method(path).has_effects

    def _read_parts(self, path: str, arguments: Mapping[str, Any]) -> Iterator[Part]:
        """The inputs of a call besides its arguments, by content."""
        owner, _, name = path.rpartition(".")
        instance = self._owners[owner]()
        reads = reads_of(getattr(type(instance), name, None))
        if callable(reads):
            for subject, digest in reads(instance, **arguments).items():
                shown = digest if digest is not None and not _is_digest(digest) else ""
                kind: PartKind = "state" if isinstance(digest, StoreState) else "file"
                yield Part(kind, subject, digest if digest is None else str(digest), shown)
        elif not reads and self._method(path).reads_outside:
            yield Part("file", "what it reads", None)

    def _method(self, path: str) -> MethodParts:
        with self._lock:
            method = self._methods.get(path)
            if method is None:
                owner, _, name = path.rpartition(".")
                method = self._methods[path] = method_parts(self._owners[owner], name, self._contributions)
        return method

    def _inputs(self, path: str, arguments: Mapping[str, Any], by_content: bool) -> Iterator[Part]:
        for name, value in arguments.items():
            if by_content and isinstance(value, FittedModel):
                yield from self._model_parts(name, value)
                continue
            yield Part("input", name, *self._input(value, by_content))
            if isinstance(value, Path) and (self._folder / value).is_file():
                yield Part("file", str(value), file_digest(self._folder / value))
        # A task that calls a method of an argument depends on its code.
        yield from reached_parts(classes_of(arguments.values()))
        yield from self._read_parts(path, arguments)

    def _input(self, value: Any, by_content: bool) -> tuple[str | None, str]:
        """The digest of an argument, and the argument as people may read it."""
        if isinstance(value, Resource):
            return value.reference, value.reference
        if (
            isinstance(value, list | tuple)
            and value
            and all(isinstance(resource, Resource) for resource in value)
        ):
            references = ", ".join(resource.reference for resource in value)
            listed = f"[{references}]" if isinstance(value, list) else f"({references})"
            return listed, listed
        if not is_plain(value):
            # Rows are hashed only where that can spare a call.
            return self.content_of(value) if by_content else None, type_and_shape(value)
        return self.content_of(value), _written(value)

    def content_of(self, value: Any) -> str | None:
        """The digest of rows, collections and models; None for what cannot be compared."""
        if isinstance(experiment := resource_of(value), Experiment):
            return experiment.reference
        if isinstance(value, FittedModel):
            return self._written_model(value)[0]
        try:
            return digest_of_value(value)
        except Opaque:
            return None

    def _model_parts(self, name: str, model: FittedModel) -> Iterator[Part]:
        """A model, and the libraries that it works with."""
        experiment = resource_of(model)
        if isinstance(experiment, Experiment):
            digest: str | None = experiment.reference
            requires: Sequence[str] = requires_of(model)
        else:
            digest, requires = self._written_model(model)
        yield Part("input", name, digest, type_and_shape(model))
        for module in requires:
            version = version_of(module)
            yield Part("library", module, version, version)

    def _written_model(self, model: FittedModel) -> tuple[str | None, Sequence[str]]:
        """The digest of what a trainer of the container writes of ``model``, and the modules it requires.

        None if no trainer can keep it.
        """
        from lolpop.components.model_trainer.folders import save_by_any
        from lolpop.running.trainers import trainers_of

        with suppress(Opaque):
            return digest_of_value(model), ()
        with temporary_folder() as temporary:
            folder = Path(temporary, "model")
            trainer = save_by_any(model, trainers_of(self._root), folder)
            return (None, ()) if trainer is None else (file_digest(folder), trainer.requires)


def _is_digest(text: str) -> bool:
    return len(text) >= _SHORTEST_DIGEST and not text.strip("0123456789abcdef")


def _files(inputs: Iterable[Part]) -> Parts:
    """The files that are read besides the arguments."""
    return Parts(part for part in inputs if part.kind == "file")


def _names(value: Any) -> bool:
    """Whether a value is or holds a resource, or is a model that counts as its experiment."""
    return holds_resource(value) or isinstance(resource_of(value), Experiment)


def _written(value: Any) -> str:
    """A value as JSON, if it is one of JSON's and holds no secret: so it can be read again."""
    try:
        written = json.dumps(value)
    except (TypeError, ValueError):
        return type(value).__name__
    return written if len(written) <= _LONGEST and redacted(value) == value else type(value).__name__
