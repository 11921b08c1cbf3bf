"""The audit, and what it is made of."""

import pandas as pd
import pytest
from lolpop_audit.components.row_sampler.first import FirstRowSampler
from lolpop_audit.components.row_sampler.random import RandomRowSampler
from lolpop_audit.components.shallow_tree import ShallowTreeModelTrainer
from lolpop_audit.containers import AuditRunnerContainer

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.testing.contracts import ModelTrainerContract

ROWS = pd.DataFrame({"number": range(20)})


@pytest.mark.parametrize("sampler", [FirstRowSampler(3), RandomRowSampler(3)])
def test_a_sampler_takes_as_many_rows_as_it_is_told(sampler):
    """No more than there are, and no others than there are."""
    assert len(sampler.sample(ROWS)) == 3
    assert len(sampler.sample(ROWS[:2])) == 2
    assert set(sampler.sample(ROWS)["number"]) <= set(ROWS["number"])


def test_the_containers_are_wired():
    """Three levels of containers, and nothing is wrong with them."""
    assert AuditRunnerContainer().verify() == []


def test_rows_can_be_chosen_by_a_stand_in(tmp_path):
    """An override two levels down reaches the runner."""
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    first = FirstRowSampler(1)
    with AuditRunnerContainer() as container, container.audit.sampling.row_sampler.override(first):
        assert container.runner().run(str(tmp_path / "rows.csv")) == [{"number": 0}]


class TestShallowTree(ModelTrainerContract):
    """The trainer keeps what every trainer promises."""

    @pytest.fixture
    def make(self):
        return lambda problem, seed: ShallowTreeModelTrainer(
            problem=problem, seed=seed, feature_transformer=SklearnFeatureTransformer()
        )
