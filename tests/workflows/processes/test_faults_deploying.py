"""Two runs that train, compare and deploy at once."""

from __future__ import annotations

import json
import time

from forked_commands import Command
from wholeness import check_store

from lolpop.resources import Deployment
from lolpop_containers.classification import ClassificationContainer


def with_strength(strength):
    return "run", "classification", "--json", "--set", f"train.model_trainer.params.C={strength}"


def test_a_worse_model_never_replaces_a_better_one_that_was_deployed_meanwhile(lolpop, project, tmp_path):
    """After another deployment in between, the model is compared again with that one."""
    assert lolpop(*with_strength(0.0001)).code == 0
    waiting = json.dumps([{"use": "crashing:WaitingInterceptor", "on": "deploy.deploy_model"}])
    middling = Command(project, *with_strength(0.01), "--set", f"interceptors={waiting}")
    deadline = time.monotonic() + 60
    while not (project / "waits").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    good = lolpop(*with_strength(1))
    (project / "go on").touch()
    ended = middling.end()
    assert (good.code, ended.code) == (0, 0), ended.err
    with ClassificationContainer.load(project / "lolpop.yaml", environ={}) as container:
        deployed = [
            container.metadata_tracker().get(deployment).fields["model_version"]
            for deployment in container.metadata_tracker().find(Deployment)
        ]
    assert deployed == ["model_version:tumors@1", "model_version:tumors@3"]
    assert "model_version:tumors@2 replaces model_version:tumors@1" in ended.err
    assert "model_version:tumors@1 is no longer the deployed version: comparing again" in ended.err
    assert (
        "model_version:tumors@2 is not deployed, since it is no better than model_version:tumors@3"
        in ended.err
    )
    check_store(project, tmp_path / "kept")
