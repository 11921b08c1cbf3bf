"""Settings of containers: which source counts, key by key."""

import json

import pytest
from settings_trainers import BOOSTED, LINEAR, Boosted, Linear, MainContainer

from lolpop.containers import load as load_with_flags
from lolpop.errors import SettingsError, VerificationError


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def load(tmp_path, text="", environ=None, **options):
    if text:
        (tmp_path / "lolpop.yaml").write_text(text)
    return MainContainer.load(environ=environ or {}, **options)


def messages(container):
    with pytest.raises(VerificationError) as error:
        container.verify()
    return {finding.path: finding for finding in error.value.findings if finding.severity == "error"}


def test_a_name_alone_is_short_for_use(tmp_path):
    """`trainer: name` means `trainer: {use: name}`, in files, variables and overrides."""
    assert type(load(tmp_path, f"train: {{trainer: '{BOOSTED}'}}").train.trainer()) is Boosted
    assert type(load(tmp_path, environ={"LOLPOP_TRAIN__TRAINER": LINEAR}).train.trainer()) is Linear
    assert type(load(tmp_path, overrides={"train.trainer": LINEAR}).train.trainer()) is Linear
    assert type(load(tmp_path, overrides={"train.trainer": Linear}).train.trainer()) is Linear


def test_another_use_drops_what_weaker_sources_set_for_the_former(tmp_path):
    """Changing the implementation drops weaker settings of the former one."""
    text = f"train: {{trainer: {{use: '{BOOSTED}', n_estimators: 200}}}}"
    assert load(tmp_path, text).train.trainer().n_estimators == 200
    for environ in ({"LOLPOP_TRAIN__TRAINER": LINEAR}, {"LOLPOP_TRAIN__TRAINER__USE": LINEAR}):
        c = load(tmp_path, environ=environ)
        assert c.verify() == []
        assert type(c.train.trainer()) is Linear


def test_another_use_than_the_default_drops_what_was_set_for_the_default(tmp_path):
    """Settings without `use` belong to the default implementation."""
    text = "train: {trainer: {estimator: forest}}"
    c = load(tmp_path, text, environ={"LOLPOP_TRAIN__TRAINER": BOOSTED})
    assert c.verify() == []
    assert c.train.trainer().n_estimators == 100


def test_the_same_use_keeps_what_weaker_sources_set(tmp_path):
    """Naming the implementation that is in use drops nothing."""
    text = f"train: {{trainer: {{use: '{BOOSTED}', n_estimators: 200}}}}"
    environ = {"LOLPOP_TRAIN__TRAINER": BOOSTED, "LOLPOP_TRAIN__TRAINER__LEARNING_RATE": "0.5"}
    trainer = load(tmp_path, text, environ=environ).train.trainer()
    assert (trainer.n_estimators, trainer.learning_rate) == (200, 0.5)


def test_the_same_class_keeps_what_weaker_sources_set(tmp_path):
    """A class counts as its short name."""
    text = f"train: {{trainer: {{use: '{BOOSTED}', n_estimators: 200}}}}"
    assert load(tmp_path, text, overrides={"train.trainer": Boosted}).train.trainer().n_estimators == 200
    c = load(tmp_path, text, overrides={"train.trainer": Linear})
    assert c.verify() == []


def test_changing_back_does_not_bring_back_what_was_dropped(tmp_path):
    """Dropped settings stay dropped, even if a stronger source names the first implementation again."""
    text = f"train: {{trainer: {{use: '{BOOSTED}', n_estimators: 200}}}}"
    (tmp_path / ".env").write_text(f"LOLPOP_TRAIN__TRAINER={LINEAR}\n")
    c = load(tmp_path, text, overrides={"train.trainer.use": BOOSTED})
    assert c.train.trainer().n_estimators == 100


def test_a_key_of_the_other_implementation_in_one_file_is_an_error(tmp_path):
    """In one source, `use` and settings belong together."""
    c = load(tmp_path, f"train: {{trainer: {{use: '{LINEAR}', n_estimators: 200}}}}")
    assert (
        "unknown setting of 'settings_trainers:Linear'" in messages(c)["train.trainer.n_estimators"].message
    )


def test_another_use_of_a_pipeline_keeps_the_sections_of_its_components(tmp_path):
    """`use` in a container's section is that of the pipeline; settings of components stay."""
    text = "train: {retrain: true, trainer: {estimator: forest}}"
    c = load(tmp_path, text, environ={"LOLPOP_TRAIN__USE": "settings_trainers:OtherTrain"})
    assert c.verify() == []
    assert type(c.train.pipeline()).__name__ == "OtherTrain"
    assert c.train.trainer().estimator == "forest"


def test_settings_of_the_pipeline_and_runner(tmp_path):
    """Settings of a pipeline are in its container's section, those of a runner at the root."""
    c = load(tmp_path, "loud: true\ntrain: {retrain: yes}\n", environ={"LOLPOP_TRAIN__RETRAIN": "false"})
    assert (c.runner().loud, c.train.pipeline().retrain) == (True, False)


def test_sources_are_merged_key_by_key(tmp_path):
    """A stronger source replaces only the keys that it has, in free-form mappings too."""
    text = "train: {trainer: {params: {C: 1, max_iter: 10, other: {a: 1, b: 2}}}}"
    c = load(tmp_path, text, overrides={"train.trainer.params.other.b": 3, "train.trainer.params.C": 2})
    assert c.train.trainer().params == {"C": 2, "max_iter": 10, "other": {"a": 1, "b": 3}}


def test_lists_replace(tmp_path):
    """A list of a stronger source replaces the whole list."""
    text = "topic: {drop: [a, b, c]}\nnotes: [settings_trainers:Note]\n"
    c = load(
        tmp_path,
        text,
        environ={
            "LOLPOP_TOPIC__DROP": '["d"]',
            "LOLPOP_NOTES": '[{"use": "settings_trainers:Note", "size": 4}]',
        },
    )
    assert c.topic().drop == ["d"]
    assert [(note.level, note.size) for note in c.notes()] == [("info", 4)]


def test_an_empty_list_replaces(tmp_path):
    """An empty list replaces a list."""
    c = load(tmp_path, "topic: {drop: [a]}\n", environ={"LOLPOP_TOPIC__DROP": "[]", "LOLPOP_NOTES": "[]"})
    assert c.topic().drop == []
    assert c.notes() == []


def test_an_index_addresses_an_element(tmp_path):
    """`NOTES__0__SIZE` sets one element of the weaker list, or of the default."""
    c = load(tmp_path, environ={"LOLPOP_NOTES__0__SIZE": "5"})
    assert [(note.level, note.size) for note in c.notes()] == [("info", 5)]
    text = "topic: {drop: [a, b]}\nnotes: [{use: 'settings_trainers:Note', level: low}, 'settings_trainers:Note']\n"
    environ = {"LOLPOP_NOTES__1__SIZE": "7", "LOLPOP_TOPIC__DROP__0": "z"}
    c = load(tmp_path, text, environ=environ)
    assert [(note.level, note.size) for note in c.notes()] == [("low", 0), ("info", 7)]
    assert c.topic().drop == ["z", "b"]


def test_an_element_may_be_another_implementation(tmp_path):
    """`NOTES__0__USE` replaces one element and drops its settings."""
    text = "notes: [{use: 'settings_trainers:Note', size: 1}, {use: 'settings_trainers:Note'}]\n"
    c = load(tmp_path, text, environ={"LOLPOP_NOTES__0__USE": "settings_trainers:Brief"})
    assert c.verify() == []
    assert [type(note).__name__ for note in c.notes()] == ["Brief", "Note"]


def test_a_list_and_an_element_of_it_in_one_source(tmp_path):
    """With a variable for the list and one for an element, the element is set in that list."""
    environ = {
        "LOLPOP_NOTES": '["settings_trainers:Note", {"use": "settings_trainers:Note", "size": 2}]',
        "LOLPOP_NOTES__1__LEVEL": "high",
    }
    c = load(tmp_path, environ=environ)
    assert c.verify() == []
    assert [(note.level, note.size) for note in c.notes()] == [("info", 0), ("high", 2)]


def test_an_element_that_does_not_exist(tmp_path):
    """An index beyond the list is a finding."""
    c = load(tmp_path, environ={"LOLPOP_NOTES__3__SIZE": "5"})
    finding = messages(c)["notes.3"]
    assert "there is no element '3'" in finding.message
    assert str(finding.origin) == "$LOLPOP_NOTES__3__SIZE"


def test_an_element_without_an_implementation(tmp_path):
    """Settings without an implementation are a finding at their place."""
    finding = messages(load(tmp_path, "notes:\n  - {size: 3}\n"))["notes.0"]
    assert "no implementation is chosen" in finding.message
    assert str(finding.origin).endswith("lolpop.yaml:2:5")


def test_a_list_of_components_that_is_no_list(tmp_path):
    """A name instead of a list is a finding that shows the list, as YAML or as text."""
    finding = messages(load(tmp_path, "notes: console"))["notes"]
    assert (finding.message, finding.hint) == ("should be a list", "Write it as a list: [one, two].")
    finding = messages(load(tmp_path, environ={"LOLPOP_NOTES": "[console]"}))["notes"]
    assert finding.hint == 'Write it as JSON: ["one", "two"].'


@pytest.mark.parametrize(
    ("text", "path", "shape"),
    [
        ("topic: {name: x, drop: one}", "topic.drop", "a list (got 'one')"),
        ("topic: [x]", "topic", "a mapping"),
        ("connection: {names: {a: b}}", "connection.names", "a list"),
        ("train: {trainer: {params: [a]}}", "train.trainer.params", "a mapping"),
    ],
)
def test_shapes_are_called_as_yaml_calls_them(tmp_path, text, path, shape):
    """Messages say list and mapping, not tuple and dict."""
    assert messages(load(tmp_path, text))[path].message == f"input should be {shape}"


def test_text_of_variables_is_json_where_the_type_takes_that(tmp_path):
    """Numbers, lists and mappings are JSON; text that looks like a number stays text."""
    environ = {
        "LOLPOP_TRAIN__TRAINER__PARAMS": '{"C": 0.5, "max_iter": 7}',
        "LOLPOP_CONNECTION__URL": "007",
        "LOLPOP_CONNECTION__NAMES": '["1", "true"]',
        "LOLPOP_CONNECTION__TOKEN": "123",
        "LOLPOP_TOPIC": json.dumps({"name": "42", "drop": ["null"]}),
        "LOLPOP_LOUD": "on",
        "LOLPOP_SEED": "12",
    }
    c = load(tmp_path, environ=environ)
    assert c.verify() == []
    assert c.train.trainer().params == {"C": 0.5, "max_iter": 7}
    assert (c.connection().url, c.connection().names) == ("007", ["1", "true"])
    assert c.connection().token.get_secret_value() == "123"
    assert (c.topic().name, c.topic().drop) == ("42", ["null"])
    assert (c.runner().loud, c.seed()) == (True, 12)


@pytest.mark.parametrize(
    "variables",
    [
        {"TRAIN": {"trainer": {"use": LINEAR, "params": {"C": 1, "tol": 3}}}},
        {"TRAIN__TRAINER": {"use": LINEAR, "params": {"C": 1, "tol": 3}}},
    ],
)
def test_a_mapping_stands_under_what_is_set_below_it_by_itself(tmp_path, variables):
    """With a section as JSON and a key of it, the key has precedence."""
    text = f"train: {{trainer: {{use: '{BOOSTED}', n_estimators: 200}}}}"
    values = {name: json.dumps(value) for name, value in variables.items()}
    environ = {f"LOLPOP_{name}": value for name, value in values.items()}
    flags = [f"{name.lower().replace('__', '.')}={value}" for name, value in values.items()]
    for c in (
        load(tmp_path, text, environ=environ | {"LOLPOP_TRAIN__TRAINER__PARAMS__C": "0.5"}),
        load_with_flags(MainContainer, environ={}, flags=[*flags, "train.trainer.params.C=0.5"]),
    ):
        assert c.verify() == []
        assert c.train.trainer().params == {"C": 0.5, "tol": 3}


@pytest.mark.parametrize(
    "text", ["123", "1e5", "true", "null", "[1]", '{"a": 1}', '"abc"', '"1"', "", " ", "1_000"]
)
def test_any_text_can_be_a_text(tmp_path, text):
    """A text setting takes the value of a variable unchanged."""
    assert load(tmp_path, environ={"LOLPOP_CONNECTION__URL": text}).connection().url == text


@pytest.mark.parametrize("text", ["123", "true", '"abc"', '"1"', " "])
def test_a_secret_is_the_text_of_its_variable(tmp_path, text):
    """Quotes are a part of it, whether the variable is the setting's own or a link leads to it."""
    for c in (
        load(tmp_path, environ={"LOLPOP_CONNECTION__TOKEN": text}),
        load(tmp_path, "connection: {token: '${env:TOKEN}'}", environ={"TOKEN": text}),
    ):
        assert c.connection().token.get_secret_value() == text


def test_names_without_case_find_declared_ones(tmp_path):
    """Variables match declared names and known keys, whatever their case."""
    environ = {"LOLPOP_TRAIN__TRAINER__PARAMS__C": "0.1", "LOLPOP_TRAIN__TRAINER__PARAMS__MAX_ITER": "5"}
    assert load(tmp_path, environ=environ).train.trainer().params == {"C": 0.1, "max_iter": 5}
    environ = {
        "LOLPOP_TRAIN__TRAINER__ESTIMATOR": "forest",
        "LOLPOP_TRAIN__TRAINER__PARAMS__MAXDEPTH": "3",
        "LOLPOP_TRAIN__TRAINER__PARAMS__OTHER": "x",
    }
    assert load(tmp_path, environ=environ).train.trainer().params == {"maxDepth": 3, "other": "x"}


def test_names_without_case_find_the_keys_of_weaker_sources(tmp_path):
    """A variable for an undeclared key matches the key of another source, whatever its case."""
    text = "train: {trainer: {params: {someKey: 1, n: 2}}}"
    c = load(tmp_path, text, environ={"LOLPOP_TRAIN__TRAINER__PARAMS__SOMEKEY": "5"})
    assert c.train.trainer().params == {"someKey": 5, "n": 2}


def test_what_is_set_to_null(tmp_path):
    """Null is a value if the type allows it; for a section it means nothing."""
    c = load(tmp_path, "train:\nconnection: {token: null}\nnotes:\n")
    assert c.verify() == []
    assert c.connection().token is None


def test_a_section_that_is_no_mapping(tmp_path):
    """Text instead of a pipeline's section is the name of an implementation."""
    assert "train" in messages(load(tmp_path, "train: nonsense"))


def test_every_problem_of_all_sources_is_told_at_once(tmp_path):
    """Problems of files, variables and links are one SettingsError."""
    (tmp_path / "lolpop.yaml").write_text("topic: {name: '${nowhere}', target: '${env:NO_SUCH}'}\n")
    with pytest.raises(SettingsError) as error:
        load(tmp_path)
    assert [finding.path for finding in error.value.findings] == ["topic.name", "topic.target"]


def test_the_profile_by_variable_and_argument(tmp_path):
    """A profile is merged over its file; the argument has precedence over the variable."""
    (tmp_path / "lolpop.dev.yaml").write_text("topic: {name: dev}\n")
    (tmp_path / "lolpop.prod.yaml").write_text("topic: {name: prod}\n")
    text = "topic: {name: base, target: t}\n"
    assert load(tmp_path, text).topic().name == "base"
    c = load(tmp_path, text, environ={"LOLPOP_PROFILE": "dev"})
    assert (c.topic().name, c.topic().target) == ("dev", "t")
    c = load(tmp_path, text, environ={"LOLPOP_PROFILE": "dev"}, profile="prod")
    assert c.topic().name == "prod"


def test_a_default_that_is_a_mapping_is_the_weakest_source(tmp_path):
    """A default of Settings is merged with the sources."""
    c = load(tmp_path, "topic: {target: t}\n")
    assert (c.topic().name, c.topic().target) == ("titanic", "t")
