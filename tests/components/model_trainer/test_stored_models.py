"""Stored models that are loaded when they are first used."""

import pickle
import threading

import pytest

from lolpop.components.model_trainer.stored import StoredModel, loaded
from lolpop.testing.contracts._samples import ScoreTrainer, sample


@pytest.fixture
def model():
    rows = sample()
    return ScoreTrainer().fit(rows.features, rows.target)


def test_a_stored_model_is_loaded_once_and_is_the_model(model):
    """It is loaded at the first use, once for all threads."""
    loads = []

    def load():
        loads.append(threading.get_ident())
        return model

    stored = StoredModel(load)
    assert not loads
    threads = [threading.Thread(target=lambda: stored.predict(sample().features)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert loaded(stored) is model
    assert loaded(model) is model
    assert (stored.columns, stored.classes) == (model.columns, model.classes)
    assert (stored.left_out, stored.categories) == (model.left_out, model.categories)


def test_classes_that_are_known_load_nothing():
    """The classes are stored next to the model, which is not loaded for them."""

    def load():
        raise AssertionError("it is loaded")

    assert StoredModel(load, ("no", "yes")).classes == ("no", "yes")


def test_in_another_process_it_is_the_model(model):
    """A pickled model contains the model, as its folder may not exist elsewhere."""
    copy = pickle.loads(pickle.dumps(StoredModel(lambda: model)))
    assert type(copy) is type(model)
