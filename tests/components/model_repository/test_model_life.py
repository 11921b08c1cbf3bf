"""Model versions: registered, promoted, approved, deployed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from lolpop.components.model_deployer.local import LocalModelDeployer
from lolpop.components.model_repository.sql import SQLModelRepository
from lolpop.errors import LolpopError, ReferenceNotFoundError, ReplacedMeanwhileError
from lolpop.resources import Deployment, Model, ModelVersion


@pytest.fixture
def version(tracker):
    return tracker.create(ModelVersion, "titanic")


@pytest.fixture
def deployer(store, tracker):
    return LocalModelDeployer(metadata_tracker=tracker, store=store)


def test_promoted_version_counts_as_approved(store, tracker, version):
    """If no approval is required, a promoted version can be deployed."""
    repository = SQLModelRepository(store=store, metadata_tracker=tracker)
    assert not repository.is_approved(version)
    repository.register(version)
    assert not repository.is_approved(version)
    repository.promote(version)
    assert repository.is_approved(version)


def test_required_approval_is_given_by_somebody(store, tracker, version):
    """A required approval is recorded with the first person and time."""
    repository = SQLModelRepository(True, store=store, metadata_tracker=tracker)
    before = datetime.now(UTC)
    repository.register(version)
    repository.promote(version)
    assert not repository.is_approved(version)
    repository.approve(version, by="Ada")
    repository.approve(version, by="Grace")
    assert repository.is_approved(version)
    registration = repository.registration(version)
    assert registration.approved_by == "Ada"
    assert before < registration.registered_at < registration.promoted_at < registration.approved_at


def test_steps_are_taken_in_order(store, tracker, version):
    """A version must be registered before it is promoted, and promoted before it is approved."""
    repository = SQLModelRepository(store=store, metadata_tracker=tracker)
    with pytest.raises(LolpopError, match=r"register it first"):
        repository.promote(version)
    with pytest.raises(LolpopError, match=r"promote it first"):
        repository.approve(version, by="Ada")
    repository.register(version)
    with pytest.raises(LolpopError, match=r"promote it first"):
        repository.approve(version, by="Ada")
    repository.promote(version)
    with pytest.raises(LolpopError, match=r"name the person who approves it"):
        repository.approve(version, by=" ")


def test_steps_taken_again_change_nothing(store, tracker, version):
    """Registering and promoting again is no error, and the first times stay."""
    repository = SQLModelRepository(store=store, metadata_tracker=tracker)
    repository.register(version)
    repository.promote(version)
    first = repository.registration(version)
    repository.register(version)
    repository.promote(version)
    assert repository.registration(version) == first


def test_unknown_version_cannot_be_registered(store, tracker):
    """An unknown version cannot be registered, and has no registration."""
    repository = SQLModelRepository(store=store, metadata_tracker=tracker)
    ghost = ModelVersion(name="titanic", number=7)
    with pytest.raises(ReferenceNotFoundError):
        repository.register(ghost)
    assert repository.registration(ghost) is None


def test_deployment_replaces_the_one_before(deployer, tracker, version):
    """A deployment replaces the earlier one, which stays in the history."""
    model, other = Model(name="titanic"), tracker.create(ModelVersion, "titanic")
    assert deployer.deployed(model) is None
    first = deployer.deploy(version)
    assert deployer.deployed(model) == version
    second = deployer.deploy(other)
    assert deployer.deployed(model) == other
    assert [tracker.get(deployment).fields["active"] for deployment in (first, second)] == [False, True]
    assert tracker.parents(second) == [other]
    assert deployer.deploy(version).number == 3


def test_deploying_what_is_deployed_changes_nothing(deployer, tracker, version):
    """Deploying the deployed version returns the existing deployment."""
    assert deployer.deploy(version) == deployer.deploy(version) == Deployment(name="titanic", number=1)
    assert len(tracker.find(Deployment)) == 1


def test_undeployed_model_is_not_in_use(deployer, tracker, version):
    """After undeploying, no version is deployed; undeploying again is no error."""
    deployer.deploy(tracker.create(ModelVersion, "titanic"))
    deployment = deployer.deploy(version)
    deployer.undeploy(deployment)
    deployer.undeploy(deployment)
    assert deployer.deployed(Model(name="titanic")) is None
    assert deployer.deploy(version).number == 3


def test_unknown_version_cannot_be_deployed(deployer):
    """An unknown version cannot be deployed, and an unknown deployment cannot end."""
    with pytest.raises(ReferenceNotFoundError):
        deployer.deploy(ModelVersion(name="titanic", number=7))
    with pytest.raises(ReferenceNotFoundError):
        deployer.undeploy(Deployment(name="titanic", number=7))


def test_threads_that_deploy_at_once_leave_one_active(deployer, tracker):
    """If threads deploy versions at once, exactly one is deployed at the end."""
    versions = [tracker.create(ModelVersion, "titanic") for _ in range(6)]
    threads = [threading.Thread(target=deployer.deploy, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    active = [tracker.get(deployment).fields["active"] for deployment in tracker.find(Deployment)]
    assert active == [False] * 5 + [True]
    assert deployer.deployed(Model(name="titanic")) in versions


def test_only_the_compared_deployment_is_replaced(deployer, tracker, version):
    """A version replaces only the deployment that it was compared with, or none if there was none."""
    better, later = (tracker.create(ModelVersion, "titanic") for _ in range(2))
    with pytest.raises(ReplacedMeanwhileError, match=r"instead of .*@2: nothing is in use by now"):
        deployer.deploy(version, instead_of=better)
    deployer.deploy(version, instead_of=None)
    for wrong in (None, later):
        with pytest.raises(ReplacedMeanwhileError, match=r"titanic@1 is in use by now"):
            deployer.deploy(better, instead_of=wrong)
    assert deployer.deployed(Model(name="titanic")) == version
    deployer.deploy(better, instead_of=version)
    # Whoever is asked to deploy what is deployed has nothing to do, whatever it was compared with.
    assert deployer.deploy(better, instead_of=version) == Deployment(name="titanic", number=2)
