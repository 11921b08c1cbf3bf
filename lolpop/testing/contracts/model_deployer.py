"""The contract of model deployers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeAlias

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_deployer import ModelDeployer
from lolpop.errors import ReferenceNotFoundError, ReplacedMeanwhileError
from lolpop.resources import ModelVersion
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["ModelDeployerContract"]

Make: TypeAlias = Callable[[], ModelDeployer]


class ModelDeployerContract(ComponentContract):
    """The checks that every model deployer must pass.

    Fixtures: ``make()`` makes a deployer. Within a test, every call returns a new one for the same
    location, where nothing is deployed at first. ``metadata_tracker`` creates the model versions there.
    """

    interface: ClassVar[type[Any]] = ModelDeployer

    def test_one_version_is_in_use(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """The version deployed last is in use for its model. Other models have none."""
        one, other = (metadata_tracker.create(ModelVersion, "titanic") for _ in range(2))
        self._require_deployed(make, None)
        make().deploy(one)
        self._require_deployed(make, one)
        make().deploy(other.reference)
        self._require_deployed(make, other)
        require(make().deployed("model:churn") is None, "no version of another model", "one")

    def test_deploys_once(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Deploying the version in use returns its existing deployment."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        first, second = make().deploy(version), make().deploy(version)
        require(first == second, f"{first}", second)

    def test_undeploys(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """After undeploying, no version is in use. It can be repeated, and redeploying works."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        deployment = make().deploy(version)
        for reference in (deployment, deployment.reference):
            make().undeploy(reference)
        self._require_deployed(make, None)
        require(make().deploy(version) != deployment, "a new deployment", "the one that ended")
        self._require_deployed(make, version)

    def test_replaces_only_what_was_meant(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Deploying instead of a version that is no longer in use is refused, and changes nothing."""
        one, two, three = (metadata_tracker.create(ModelVersion, "titanic") for _ in range(3))
        make().deploy(one, instead_of=None)
        make().deploy(two, instead_of=one)
        raised(ReplacedMeanwhileError, lambda: make().deploy(three, instead_of=one))
        raised(ReplacedMeanwhileError, lambda: make().deploy(three, instead_of=None))
        self._require_deployed(make, two)

    def test_of_two_at_once_one_is_deployed(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Of threads that deploy in place of the same version, one succeeds and the others are refused."""
        first, *others = (metadata_tracker.create(ModelVersion, "titanic") for _ in range(4))
        make().deploy(first)

        def deploy(version: ModelVersion) -> ModelVersion | None:
            try:
                make().deploy(version, instead_of=first)
            except ReplacedMeanwhileError:
                return None
            return version

        with ThreadPoolExecutor(3) as pool:
            deployed = [version for version in pool.map(deploy, others) if version is not None]
        require(len(deployed) == 1, "one deployment", deployed)
        self._require_deployed(make, deployed[0])

    def test_records_fields(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Fields are recorded with the deployment. Its parent is the model version."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        deployment = make().deploy(version, fields={"by": "Ada"})
        record = metadata_tracker.get(deployment)
        require(record.fields.get("by") == "Ada", "the field by: Ada", record.fields)
        parents = metadata_tracker.parents(deployment)
        require(parents == [version], f"{[version]}", parents)

    def test_unknown_version_is_named(self, make: Make) -> None:
        """A version that does not exist cannot be deployed."""
        error = raised(ReferenceNotFoundError, lambda: make().deploy("model_version:titanic@7"))
        require("titanic" in str(error), "the version named", error)

    def _require_deployed(self, make: Make, version: ModelVersion | None) -> None:
        deployed = make().deployed("model:titanic")
        require(deployed == version, f"{version} in use", deployed)
