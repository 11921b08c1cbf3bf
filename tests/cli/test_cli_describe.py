"""`lolpop describe`."""


def test_an_implementation_is_described_with_settings_and_needs(folder, lolpop):
    """Types, defaults, descriptions, choices, and what is injected."""
    described = lolpop("describe", "data_splitter.sklearn", "--json").json
    settings = {setting["name"]: setting for setting in described["settings"]}
    assert settings["test_size"]["type"] == "float"
    assert settings["test_size"]["default"] == 0.2
    assert "Share of the rows" in settings["test_size"]["description"]
    assert settings["by"]["choices"] == ["random", "group", "time", "column"]
    assert settings["column"]["type"] == "str or none"
    assert {"name": "problem", "type": "Problem", "need": "required"} in described["needs"]


def test_a_required_setting_is_told_from_one_with_a_default(folder, lolpop):
    """A required setting is marked `required`, another one has its default."""
    described = lolpop("describe", "data_transformer.python", "--json").json
    assert [(item["name"], item["required"]) for item in described["settings"]] == [("function", True)]
    assert "required" in lolpop("describe", "data_transformer.python").out


def test_a_type_is_described_by_its_methods(folder, lolpop):
    """The interface, its methods, and its implementations by the names that describe takes."""
    done = lolpop("describe", "notifier")
    assert done.code == 0
    assert "notify(message" in done.out
    assert "notifier.console" in done.out


def test_a_class_that_is_not_registered_is_described(project, lolpop):
    """An import path will do."""
    done = lolpop("describe", "app:Greeter")
    assert done.code == 0
    assert "What is said before the name." in done.out


def test_a_short_name_alone_is_shown_with_its_type(folder, lolpop):
    """`describe xgboost` lists the types that have an implementation of this name."""
    done = lolpop("describe", "xgboost")
    assert done.code == 2
    assert "model_trainer.xgboost" in done.err


def test_misspelt_names_get_near_ones(folder, lolpop):
    """Of types and of implementations."""
    assert "Did you mean model_trainer?" in lolpop("describe", "modle_trainer").err
    assert "Did you mean xgboost?" in lolpop("describe", "model_trainer.xgbost").err
