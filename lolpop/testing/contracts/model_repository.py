"""The contract of model repositories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_repository import ModelRepository
from lolpop.errors import LolpopError, ReferenceNotFoundError
from lolpop.resources import ModelVersion
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ModelRepositoryContract"]

Make: TypeAlias = Callable[[], ModelRepository]


class ModelRepositoryContract(ComponentContract):
    """The checks that every model repository must pass.

    Fixtures: ``make()`` makes a repository. Within a test, every call returns a new one for the same
    location, which is empty at first. ``metadata_tracker`` creates the model versions there.
    """

    interface: ClassVar[type[Any]] = ModelRepository

    def test_version_is_approved_step_by_step(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """A version may be deployed only after it was registered, promoted and approved."""
        version, other = (metadata_tracker.create(ModelVersion, "titanic") for _ in range(2))
        require(make().registration(version) is None, "None before it is registered", "a registration")
        require(not make().is_approved(version), "a new version not to be approved", True)
        make().register(version)
        require(not make().is_approved(version), "a registered version not to be approved", True)
        make().promote(version.reference)
        make().approve(version, by="Ada")
        require(make().is_approved(version.reference), "an approved version", False)
        require(not make().is_approved(other), "another version not to be approved", True)
        life = make().registration(version)
        if life is None or life.promoted_at is None or life.approved_at is None:
            raise AssertionError(f"Expected a time of every step, but got: {life}")
        times = [life.registered_at, life.promoted_at, life.approved_at]
        require(times == sorted(times), "times in the order of the steps", times)
        require(life.approved_by == "Ada", "Ada", life.approved_by)

    def test_steps_are_taken_in_order(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Promoting an unregistered version, or approving an unpromoted one, is an error."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        raised(LolpopError, lambda: make().promote(version))
        raised(LolpopError, lambda: make().approve(version, by="Ada"))
        make().register(version)
        raised(LolpopError, lambda: make().approve(version, by="Ada"))
        require(not make().is_approved(version), "a version not to be approved", True)

    def test_steps_again_change_nothing(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Registering and promoting again is not an error, and the first times are kept."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        for _ in range(2):
            make().register(version)
            make().promote(version)
            first = make().registration(version)
        require(make().registration(version) == first, f"{first}", make().registration(version))

    def test_unknown_version_is_named(self, make: Make) -> None:
        """A version that does not exist cannot be registered."""
        error = raised(ReferenceNotFoundError, lambda: make().register("model_version:titanic@7"))
        require("titanic" in str(error), "the version named", error)
