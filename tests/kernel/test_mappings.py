"""Components by key: their settings, what verify says of them, overriding, closing and records."""

import json
from collections.abc import Mapping

import pytest

from lolpop import Component, Runner, RunnerContainer, providers, workflow
from lolpop.cli._schema import schema_of
from lolpop.containers import scope_of
from lolpop.errors import VerificationError, WiringError
from lolpop.kernel.explanation import explain
from lolpop.running.replaying import load_replay
from lolpop.running.snapshots import snapshot
from lolpop.settings.sources import collect


class Trainer(Component):
    pass


class Forest(Trainer):
    def __init__(self, trees: int = 100):
        self.trees = trees

    def close(self):
        CLOSED.append(self.trees)


class Line(Trainer):
    def __init__(self, slope: float = 1.0, *, seed: int):
        self.slope, self.seed = slope, seed


CLOSED: list[int] = []


class Compare(Runner):
    def __init__(self, *, trainers: Mapping[str, Trainer]):
        self.trainers = trainers

    @workflow
    def run(self) -> str:
        return ", ".join(f"{key} {type(trainer).__name__}" for key, trainer in self.trainers.items())


class CompareContainer(RunnerContainer):
    trainers = providers.Mapping(Trainer, default={"fast": Line, "best": Forest})
    runner = providers.Runner(Compare)


def load(overrides=None, environ=None, *files):
    return CompareContainer.load(*files, overrides=overrides or {}, environ=environ or {})


def findings(container):
    with pytest.raises(VerificationError) as error:
        container.verify()
    return [str(finding) for finding in error.value.findings]


def test_the_components_are_injected_by_their_keys():
    """A mapping has one component for each key, in the declared order, each with its dependencies."""
    c = load({"seed": 7})
    assert c.runner().run() == "fast Line, best Forest"
    assert c.trainers()["fast"].seed == 7
    assert c.trainers()["best"] is c.trainers()["best"]


def test_whoever_asks_gets_a_mapping_of_their_own():
    """Changing an injected mapping changes no other."""
    c = load()
    c.trainers().clear()
    assert list(c.trainers()) == ["fast", "best"]


def test_settings_merge_by_key():
    """A source sets, replaces, adds and removes one key each; the other keys stay."""
    c = load({"trainers.best.trees": 5, "trainers.third": "test_mappings:Forest"})
    assert (c.trainers()["best"].trees, list(c.trainers())) == (5, ["fast", "best", "third"])
    c = load({"trainers": {"fast": {"use": "test_mappings:Forest", "trees": 3}, "best": None}})
    assert [(key, trainer.trees) for key, trainer in c.trainers().items()] == [("fast", 3)]


def test_variables_address_a_key_whatever_its_case():
    """One variable sets one key, and JSON in one variable sets several."""
    c = load(environ={"LOLPOP_TRAINERS__BEST__TREES": "8"})
    assert c.trainers()["best"].trees == 8
    c = load(environ={"LOLPOP_TRAINERS": json.dumps({"best": {"trees": 9}, "fast": None})})
    assert [(key, trainer.trees) for key, trainer in c.trainers().items()] == [("best", 9)]


def test_wrong_keys_and_values_are_findings():
    """Misspelt keys and settings get near names, and a list instead of a mapping is refused."""
    [misspelt] = findings(load({"trainers.bset.trees": 3}))
    assert misspelt.startswith("overrides  trainers.bset: there is no element 'bset'. Did you mean best?")
    assert (
        "trainers.best.tres: unknown setting of 'Forest'. Did you mean trees?"
        in findings(load({"trainers.best.tres": 3}))[0]
    )
    assert "trainers: should be a mapping. Write it as a mapping" in findings(load({"trainers": ["a"]}))[0]
    assert "trainers.best.trees" in findings(load({"trainers.best.trees": "many"}))[0]


def test_an_implementation_of_another_kind_is_a_finding():
    """Each component must implement the interface."""
    assert "Compare is not a Trainer" in findings(load({"trainers.best": "test_mappings:Compare"}))[0]


def test_a_parameter_of_another_type_is_a_finding():
    """The parameter must be a mapping of the interface."""

    class Wrong(Runner):
        def __init__(self, *, trainers: list[Trainer]):
            pass

    class WrongContainer(CompareContainer):
        runner = providers.Runner(Wrong)

    assert "requires trainers: list" in findings(WrongContainer())[0]


def test_a_key_is_text_without_dots():
    """A key that settings could not address is refused in the declaration."""
    for key in ("a.b", "", "use", 3):
        with pytest.raises(WiringError, match=r"cannot be a key of providers\.Mapping"):
            providers.Mapping(Trainer, default={key: Line})


def test_a_mapping_is_overridden_as_a_whole_and_wrapped():
    """It is overridden by an object, another Mapping, or a wrapper."""
    c = load()
    with c.trainers.override({"only": Forest()}):
        assert c.runner().run() == "only Forest"
    with c.trainers.override(providers.Mapping(Trainer, default={"other": Forest})):
        assert c.runner().run() == "other Forest"
    with c.trainers.wrap(lambda real: {key: real[key] for key in sorted(real)}):
        assert c.runner().run() == "best Forest, fast Line"
    assert c.runner().run() == "fast Line, best Forest"


def test_what_it_built_is_closed():
    """Every component of a mapping is closed with the container."""
    CLOSED.clear()
    with load({"trainers.best.trees": 4}) as c:
        c.runner()
    assert CLOSED == [4]


def test_it_is_recorded_explained_and_described():
    """The snapshot of a run, the explanation and the schema have each key."""
    root = scope_of(load({"trainers.best.trees": 4}))
    components = snapshot(root, full=False)["components"]
    assert components["trainers.best"] == {"use": "test_mappings:Forest", "settings": {"trees": 4}}
    assert "trainers.fast" in components
    [setting] = explain(root, "trainers.best.trees")
    assert (setting.value, setting.origin.source, setting.default) == (4, "overrides", 100)
    schema = schema_of(root, "compare")["properties"]["trainers"]
    assert sorted(schema["properties"]) == ["best", "fast"]
    assert schema["additionalProperties"] is not False


def test_a_replay_has_the_components_of_then(tmp_path):
    """Added keys return with their settings, and removed ones stay removed."""
    c = load({"trainers": {"third": {"use": "test_mappings:Forest", "trees": 6}, "best": None}})
    c.runner().run()
    [run] = c.runs()
    again = load_replay(CompareContainer, run, collect(cwd=tmp_path)).container
    assert list(again.trainers()) == ["fast", "third"]
    assert again.trainers()["third"].trees == 6


def test_a_mapping_that_nothing_uses_is_a_warning():
    """As any other provider."""

    class IdleContainer(CompareContainer):
        others = providers.Mapping(Trainer, default={"one": Forest})

    assert [str(warning) for warning in IdleContainer().verify()] == ["others: nothing uses it."]
