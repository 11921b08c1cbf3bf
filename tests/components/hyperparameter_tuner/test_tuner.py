import logging
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lolpop.components.hyperparameter_tuner.grid import GridHyperparameterTuner
from lolpop.components.hyperparameter_tuner.optuna import OptunaHyperparameterTuner
from lolpop.components.model_trainer import Choice, Float, Int, ModelTrainer
from lolpop.errors import DataError, StoreError, TrainingError


class Named(ModelTrainer):
    """A trainer that nothing is fitted with: a tuner only hands it back."""

    def __init__(self, name):
        self.name = name

    def fit(self, frame, target, params=None):
        raise NotImplementedError

    def search_space(self):
        return {}

    def save(self, model, folder):
        raise NotImplementedError

    @classmethod
    def load(cls, folder, trusted=()):
        raise NotImplementedError


TREE, LINE = Named("tree"), Named("line")
SPACE = {
    "rate": Float(0.001, 1.0, log=True),
    "depth": Int(1, 9),
    "loss": Choice(("squared", "absolute", None)),
}


def closeness(trainer, params):
    return -abs(params["depth"] - 4) - abs(params["rate"] - 0.1)


def shown(search):
    return [(trial.trainer.name, dict(trial.params), trial.score) for trial in search.trials]


def test_no_search_unless_trials_are_asked_for():
    """By default there is no search; calling it then is an error that says what to set."""
    tuner = OptunaHyperparameterTuner(seed=0)
    assert not tuner.enabled
    assert OptunaHyperparameterTuner(1, seed=0).enabled
    with pytest.raises(DataError, match="n_trials"):
        tuner.search(closeness, [(TREE, SPACE)])


@pytest.mark.parametrize("setting", [{"n_trials": -1}, {"n_trials": 1, "timeout": 0}])
def test_senseless_settings_are_refused(setting):
    """The constructor raises, with the value in the message."""
    with pytest.raises(ValueError, match=r"-1|0\.$"):
        OptunaHyperparameterTuner(**setting, seed=0)


def test_trials_stay_in_their_space_and_the_best_is_the_best():
    """All values are in the search space, and no trial has a greater score than the best."""
    search = OptunaHyperparameterTuner(25, seed=1).search(closeness, [(TREE, SPACE)])
    assert len(search.trials) == 25
    for trial in search.trials:
        assert set(trial.params) == set(SPACE)
        assert 0.001 <= trial.params["rate"] <= 1
        assert trial.params["depth"] in range(1, 10)
        assert trial.params["loss"] in SPACE["loss"].values
    assert search.best.score == max(trial.score for trial in search.trials)
    assert search.best.params["depth"] in (3, 4, 5)


def test_smaller_is_better_where_the_direction_says_so():
    """Minimizing returns the smallest score."""
    search = OptunaHyperparameterTuner(20, seed=1).search(
        lambda trainer, params: -closeness(trainer, params), [(TREE, SPACE)], "minimize"
    )
    assert search.best.score == min(trial.score for trial in search.trials)


def test_trainers_are_searched_together_with_their_own_parameters():
    """Equal names in two trainers are kept apart, and the better trainer is tried more often."""
    spaces = [(TREE, {"size": Int(1, 3)}), (LINE, {"size": Float(10.0, 20.0), "fit": Choice(("a", "b"))})]
    search = OptunaHyperparameterTuner(40, seed=3).search(
        lambda trainer, params: params["size"] if trainer is TREE else 100 + params["size"], spaces
    )
    for trial in search.trials:
        assert set(trial.params) == ({"size"} if trial.trainer is TREE else {"size", "fit"})
        assert isinstance(trial.params["size"], int if trial.trainer is TREE else float)
    assert search.best.trainer is LINE
    assert sum(trial.trainer is LINE for trial in search.trials) > 20


def test_a_trainer_without_space_takes_part_beside_one_with():
    """It is tried with its own defaults."""
    search = OptunaHyperparameterTuner(12, seed=0).search(
        lambda trainer, params: 1.0 if trainer is LINE else 0.0, [(TREE, SPACE), (LINE, {})]
    )
    assert (search.best.trainer, dict(search.best.params)) == (LINE, {})


def test_the_same_seed_gives_the_same_trials():
    """Another seed gives others; any whole number is a seed."""
    one, again, other = (
        shown(OptunaHyperparameterTuner(15, seed=seed).search(closeness, [(TREE, SPACE), (LINE, SPACE)]))
        for seed in (-5, -5, 8)
    )
    assert one == again
    assert one != other


def test_one_tuner_in_two_threads_is_two_tuners():
    """A search stores nothing on the instance."""
    tuner = OptunaHyperparameterTuner(15, seed=4)
    alone = shown(OptunaHyperparameterTuner(15, seed=4).search(closeness, [(TREE, SPACE)]))
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: shown(tuner.search(closeness, [(TREE, SPACE)])), range(2)))
    assert both == [alone, alone]


def test_failed_trials_have_no_score_and_the_search_goes_on():
    """Refused parameters and scores that are no number are recorded as failed trials."""

    def objective(trainer, params):
        if params["depth"] > 6:
            raise TrainingError("too deep")
        return float("nan") if params["depth"] < 3 else 1.0

    search = OptunaHyperparameterTuner(30, seed=0).search(objective, [(TREE, {"depth": Int(1, 9)})])
    assert len(search.trials) == 30
    for trial in search.trials:
        assert trial.score == (1.0 if 3 <= trial.params["depth"] <= 6 else None)


def test_nothing_but_failures_is_an_error_with_the_reason():
    """The text has the last reason, which is also the cause."""

    def objective(trainer, params):
        raise TrainingError("no depth will do")

    with pytest.raises(TrainingError, match=r"All of 3 trials failed.*no depth will do") as raised:
        OptunaHyperparameterTuner(3, seed=0).search(objective, [(TREE, SPACE)])
    assert isinstance(raised.value.__cause__, TrainingError)


def test_an_unexpected_exception_ends_the_search():
    """A bug is not a failed trial."""

    def objective(trainer, params):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        OptunaHyperparameterTuner(3, seed=0).search(objective, [(TREE, SPACE)])


@pytest.mark.parametrize("spaces", [[], [(TREE, {})], [(TREE, {}), (LINE, {})]])
def test_nothing_to_search_is_an_error(spaces):
    """No trainer, or no parameter with a search space."""
    with pytest.raises(DataError, match=r"has no trainers|has a search space"):
        OptunaHyperparameterTuner(3, seed=0).search(closeness, spaces)


@pytest.mark.parametrize("space", [Int(5, 1), Float(0.0, 1.0, log=True), Choice(())])
def test_a_space_that_is_none_is_named(space):
    """The error names the parameter with the invalid search space."""
    with pytest.raises(TrainingError, match="'depth' of Named"):
        OptunaHyperparameterTuner(3, seed=0).search(closeness, [(TREE, {"depth": space})])


def test_no_trial_begins_after_the_timeout():
    """At least one trial is made."""
    search = OptunaHyperparameterTuner(1_000_000, 1e-9, seed=0).search(closeness, [(TREE, SPACE)])
    assert len(search.trials) == 1


def test_optunas_log_is_as_it_was(capfd):
    """Nothing is logged, and the level of the user stays."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.DEBUG)
    try:
        OptunaHyperparameterTuner(3, seed=0).search(closeness, [(TREE, SPACE)])
        assert optuna.logging.get_verbosity() == logging.DEBUG
    finally:
        optuna.logging.set_verbosity(level)
    assert capfd.readouterr() == ("", "")


TUNERS = [
    lambda **settings: OptunaHyperparameterTuner(24, seed=2, **settings),
    lambda **settings: GridHyperparameterTuner(values={"depth": list(range(24))}, **settings),
]


def learning(trainer, params, share=1.0):
    """Few rows say roughly what all of them say."""
    return closeness(trainer, {"rate": 0.1, **params}) - 0.1 / share


@pytest.mark.parametrize("make", TUNERS, ids=["optuna", "grid"])
def test_bad_trials_are_pruned(make):
    """The first trials are not pruned; later ones are if they are worse than the median."""
    search = make(prune_at=(0.1, 0.5)).search(learning, [(TREE, {"depth": Int(0, 23)})])
    assert len(search.trials) == 24
    assert {trial.share for trial in search.trials[:5]} == {1.0}
    given_up = [trial for trial in search.trials if trial.share < 1]
    assert 5 < len(given_up) < 24
    assert search.best.share == 1
    assert search.best.score == max(trial.score for trial in search.trials if trial.share == 1)
    for at, trial in enumerate(search.trials):
        if trial.share == 0.1:
            before = [learning(TREE, other.params, 0.1) for other in search.trials[:at]]
            assert trial.score < statistics.median(before)


@pytest.mark.parametrize("make", TUNERS, ids=["optuna", "grid"])
@pytest.mark.parametrize("n_jobs", [2, 3])
def test_who_ends_first_changes_nothing(make, n_jobs):
    """Random durations of trials do not change their choice, pruning or order."""

    def hesitant(trainer, params, share=1.0):
        time.sleep(random.uniform(0, 0.01))
        return learning(trainer, params, share)

    tuner = make(n_jobs=n_jobs, prune_at=(0.2,))
    spaces = [(TREE, {"depth": Int(0, 23)}), (LINE, {"depth": Int(0, 23)})]
    assert tuner.n_jobs == n_jobs
    one, again = (
        [(*summary, trial.share) for summary, trial in zip(shown(search), search.trials, strict=True)]
        for search in (tuner.search(hesitant, spaces) for _ in range(2))
    )
    assert one == again


@pytest.mark.parametrize("prune_at", [(0,), (1,), (0.5, 0.2), (0.2, 0.2)])
def test_shares_that_do_not_grow_are_refused(prune_at):
    """The constructor fails at once, and prints the value."""
    for make in TUNERS:
        with pytest.raises(ValueError, match=r"prune_at must be growing shares.*but got \["):
            make(prune_at=prune_at)


def test_failures_and_no_numbers_on_few_rows():
    """A failure on a share of the rows is final; a missing score there is replaced by one on all rows."""

    def objective(trainer, params, share=1.0):
        if params["depth"] == 1:
            raise DataError("one class only")
        return float("nan") if share < 1 else 1.0

    search = GridHyperparameterTuner(values={"depth": [1, 2]}, prune_at=(0.1,)).search(
        objective, [(TREE, {"depth": Int(1, 2)})]
    )
    assert [(trial.score, trial.share) for trial in search.trials] == [(None, 1.0), (1.0, 1.0)]


def test_disk_errors_end_the_search():
    """The search continues only after errors of data and parameters."""

    def objective(trainer, params):
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="disk is full"):
        OptunaHyperparameterTuner(3, n_jobs=2, seed=0).search(objective, [(TREE, SPACE)])


@pytest.mark.parametrize("setting", [{"timeout": 60}, {"prune_at": [0.1]}, {"n_trials": 0, "n_jobs": 2}])
def test_settings_of_a_search_that_is_off_are_noticed(setting):
    """Verification warns of search settings without trials, and only then."""
    findings = list(OptunaHyperparameterTuner.check_settings(setting))
    assert [(finding.path, finding.severity) for finding in findings] == [("n_trials", "warning")]
    assert list(OptunaHyperparameterTuner.check_settings({**setting, "n_trials": 5})) == []
    for off in ({}, {"n_trials": 0}, {"n_trials": 0, "timeout": None, "n_jobs": 1, "prune_at": ()}):
        assert list(OptunaHyperparameterTuner.check_settings(off)) == []
