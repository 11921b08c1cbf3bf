import json

import pytest

WITH_SECRETS = """
from pydantic import BaseModel, SecretStr
from lolpop import Component, Runner, RunnerContainer, providers, workflow

class Service(Component):
    def __init__(self, url: str = "https://example.org", token: SecretStr = SecretStr("built in"), size: int = 1):
        ...

class Other(Component):
    def __init__(self, size: int = 1): ...

class Account(BaseModel):
    name: str = "me"
    password: SecretStr = SecretStr("built in")
    limit: int = 1

class Calls(Runner):
    def __init__(self, limits: dict[str, int] | None = None, *, service: Component, services: list[Component], account: Account):
        ...
    @workflow
    def run(self) -> None: ...

class CallsContainer(RunnerContainer):
    service = providers.Component(Component, default=Service)
    services = providers.Components(Component)
    account = providers.Settings(Account, default={})
    runner = providers.Runner(Calls)
"""


@pytest.fixture
def calls(folder):
    (folder / "calls.py").write_text(WITH_SECRETS)
    return folder


def test_show_prints_every_setting_and_its_origin(project, lolpop):
    """Defaults and explicit settings are shown with their origins."""
    (project / "lolpop.yaml").write_text("seed: 7\n")
    document = lolpop("config", "show", "app.py", "--json").json
    assert document["seed"] == {"value": 7, "origin": {"source": "lolpop.yaml", "line": 1, "column": 7}}
    assert document["greet.greeter.greeting"] == {
        "value": "hello",
        "origin": {"source": "default", "line": None, "column": None},
    }
    assert document["greet.greeter.use"]["value"] == "app:Greeter"
    lines = [line.split() for line in lolpop("config", "show", "app.py").out.splitlines()]
    assert ["seed", "7", "lolpop.yaml:1:7"] in lines
    assert ["greet.greeter.greeting", "hello", "default"] in lines


def test_show_prints_settings_with_errors(project, lolpop):
    """A wrong setting is shown as it is written, with a note to run `verify`."""
    done = lolpop("config", "show", "app.py", "--set", "seed=many")
    assert done.code == 0
    assert "1 error in these settings" in done.err


def test_explain_lists_every_source_the_winner_first(project, lolpop, monkeypatch):
    """Flag, variable, profile, file and default are listed, the strongest first."""
    (project / "lolpop.yaml").write_text("greet: {greeter: {greeting: file}}\n")
    (project / "lolpop.prod.yaml").write_text("greet: {greeter: {greeting: profile}}\n")
    (project / ".env").write_text("LOLPOP_GREET__GREETER__GREETING=dotenv\n")
    monkeypatch.setenv("LOLPOP_GREET__GREETER__GREETING", "variable")
    words = ["app.py", "greet.greeter.greeting", "--profile", "prod", "--set", "greet.greeter.greeting=flag"]
    [setting] = lolpop("config", "explain", *words, "--json").json
    assert setting["value"] == "flag"
    assert setting["description"] == "What is said before the name."
    assert [statement["value"] for statement in setting["statements"]] == [
        "flag",
        "variable",
        "dotenv",
        "profile",
        "file",
    ]
    assert [statement["standing"] for statement in setting["statements"]] == [
        "effective",
        *["overridden"] * 4,
    ]
    assert setting["default"] == "hello"
    lines = lolpop("config", "explain", *words).out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [
        "flag",
        "variable",
        "dotenv",
        "profile",
        "file",
        "hello",
    ]
    assert lines[-1].split()[1] == "default"


def test_explain_shows_what_a_change_of_use_dropped(folder, lolpop, monkeypatch):
    """Settings of the former implementation are shown as dropped, with the source that chose another one."""
    settings = "problem: {name: p, target: y}\ndata: {train: x.csv}\n"
    (folder / "lolpop.yaml").write_text(
        f"{settings}train:\n  model_trainer: {{use: xgboost, n_estimators: 200}}\n"
    )
    key = "train.model_trainer.n_estimators"
    [setting] = lolpop("config", "explain", "classification", key, "--json").json
    assert (setting["value"], setting["in_force"]) == (200, True)
    monkeypatch.setenv("LOLPOP_TRAIN__MODEL_TRAINER", "sklearn")
    [setting] = lolpop("config", "explain", "classification", key, "--json").json
    assert setting["in_force"] is False
    [statement] = setting["statements"]
    assert (statement["value"], statement["standing"]) == (200, "dropped")
    assert "sklearn" in statement["reason"]
    assert statement["origin"]["line"] == 4
    section = lolpop("config", "explain", "classification", "train.model_trainer")
    assert f"{key} has no effect" in section.out
    assert "dropped: environment uses 'sklearn' instead" in section.out


def test_explain_a_key_of_a_free_form_mapping(folder, lolpop, monkeypatch):
    """Parameters of an estimator are explained key by key, also those that nobody sets."""
    (folder / "lolpop.yaml").write_text(
        "problem: {name: p, target: y}\ndata: {train: x.csv}\n"
        "train: {model_trainer: {params: {max_iter: 100}}}\n"
    )
    key = "train.model_trainer.params.max_iter"
    monkeypatch.setenv("LOLPOP_TRAIN__MODEL_TRAINER__PARAMS__MAX_ITER", "150")
    words = ["classification", key, "--set", 'train.model_trainer.params={"max_iter": 200}']
    [setting] = lolpop("config", "explain", *words, "--json").json
    assert [statement["value"] for statement in setting["statements"]] == [200, 150, 100]
    done = lolpop("config", "explain", "classification", "train.model_trainer.params.learning_rate")
    assert done.code == 0
    assert "is not set" in done.out


def test_explain_a_parameter_of_a_listed_trainer_that_nobody_sets(folder, lolpop):
    """Elements of a list are explained as single components are."""
    (folder / "lolpop.yaml").write_text(
        "problem: {name: p, target: y}\ndata: {train: x.csv}\ntrain: {candidates: [sklearn]}\n"
    )
    done = lolpop("config", "explain", "classification", "train.candidates.0.params.max_iter")
    assert (done.code, "is not set" in done.out) == (0, True)


def test_explain_shows_dropped_keys_of_a_free_form_mapping(folder, lolpop):
    """A parameter of the former estimator is shown as dropped, although the new one has parameters too."""
    (folder / "lolpop.yaml").write_text(
        "problem: {name: p, target: y}\ndata: {train: x.csv}\n"
        "train: {model_trainer: {params: {max_iter: 100}}}\n"
    )
    words = ["classification", "train.model_trainer.params.max_iter", "--set", "train.model_trainer=xgboost"]
    [setting] = lolpop("config", "explain", *words, "--json").json
    [statement] = setting["statements"]
    assert (statement["value"], statement["standing"]) == (100, "dropped")
    assert setting["in_force"] is False
    words[1] = "train.model_trainer.params"
    assert lolpop("config", "explain", *words).out.splitlines()[-1].split() == [
        "null",
        "default",
        "effective",
    ]


def test_explain_a_key_that_the_implementation_does_not_know(folder, lolpop):
    """A parameter that the estimator does not have is reported as unknown, not as unset."""
    (folder / "lolpop.yaml").write_text("problem: {name: p, target: y}\ndata: {train: x.csv}\n")
    done = lolpop("config", "explain", "classification", "train.model_trainer.params.max_itr")
    assert done.code == 2
    assert "Did you mean max_iter?" in done.err


def test_explain_an_unknown_key_proposes_a_near_one(project, lolpop):
    """An unknown key exits with 2, and a near name is proposed."""
    done = lolpop("config", "explain", "app.py", "greet.greter.greeting")
    assert done.code == 2
    assert "Did you mean greet.greeter.greeting?" in done.err


def test_secrets_are_never_shown(calls, lolpop, monkeypatch):
    """Secrets, values from ${env:…} and users of URLs are masked, in losing and dropped settings too."""
    (calls / "lolpop.yaml").write_text(
        "service: {use: 'calls:Service', token: hush-file, url: 'https://me:hush-url@example.org'}\n"
    )
    monkeypatch.setenv("LOLPOP_SERVICE__TOKEN", "hush-variable")
    monkeypatch.setenv("SIZE", "12345")
    flags = ["--set", "service.size=${env:SIZE}"]
    shown = lolpop("config", "show", "calls.py", *flags)
    explained = lolpop("config", "explain", "calls.py", "service", *flags)
    changed = lolpop("config", "explain", "calls.py", "service", "--set", "service.use=calls:Other")
    for done in (shown, explained, changed):
        assert done.code == 0, done.err
        for secret in ("hush", "built in", "12345"):
            assert secret not in done.out
    assert "${env:SIZE}" in shown.out
    assert "service.token has no effect" in changed.out


@pytest.mark.parametrize(
    "settings",
    [
        "service: {use: 'calls:Service', tokn: hush}",
        "service: {use: 'calls:Gone', token: hush}",
        "services: [{use: 'calls:Service', token: hush}]",
        "account: {password: hush, limit: many}",
        "account: {pasword: hush}",
        "account: {password: {value: hush}}",
    ],
)
def test_secrets_in_settings_that_are_wrong_are_not_shown(calls, lolpop, monkeypatch, settings):
    """A misspelt key, a lost class, a list that is replaced, a section that does not validate: all are masked."""
    (calls / "lolpop.yaml").write_text(settings)
    section = settings.partition(":")[0]
    for words in ([], ["--set", 'services=["calls:Other"]'], ["--set", "service=calls:Other"]):
        shown = lolpop("config", "show", "calls.py", *words)
        explained = lolpop("config", "explain", "calls.py", section, *words)
        for done in (shown, explained):
            assert done.code == 0, done.err
            assert "hush" not in done.out + done.err


def test_a_setting_of_the_runner_itself_stands_at_the_root(calls, lolpop):
    """The runner's settings are explained by their bare names."""
    [setting] = lolpop(
        "config", "explain", "calls.py", "limits", "--set", 'limits={"calls": 3}', "--json"
    ).json
    assert setting["path"] == "limits.calls"
    assert setting["value"] == 3


def test_lists_are_explained_as_wholes_and_by_element(project, lolpop, monkeypatch):
    """The list shows its implementations, each element its settings."""
    monkeypatch.setenv("LOLPOP_INTERCEPTORS__0__ON", "greet.*")
    document = lolpop(
        "config", "explain", "app.py", "interceptors", "--set", 'interceptors=["timing"]', "--json"
    ).json
    by_path = {setting["path"]: setting for setting in document}
    assert by_path["interceptors"]["value"] == ["timing"]
    assert by_path["interceptors.0.use"]["origin"]["source"] == "--set interceptors"


def test_schema_describes_the_tree(project, lolpop):
    """The schema has every section, names what is registered, and refers to nothing that it does not hold."""
    schema = json.loads(lolpop("config", "schema", "app.py").out)
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {
        "store", "seed", "interceptors", "cache_manager", "orchestrator", "test_recorders", "clock", "greet",
        "use", "lolpop",
    }  # fmt: skip
    greeter = schema["properties"]["greet"]["properties"]["greeter"]["anyOf"]
    [own] = [form for form in greeter if "greeting" in form.get("properties", {})]
    assert own["properties"]["greeting"]["description"] == "What is said before the name."
    assert {"enum": ["sql"]} in schema["properties"]["store"]["anyOf"]


def test_keys_of_a_class_that_the_settings_name_are_closed(project, lolpop):
    """Under `use: module:Class`, the schema refuses an unknown key, and still accepts any other class."""
    flag = ("--set", "greet.greeter.use=app:Greeter")
    schema = json.loads(lolpop("config", "schema", "app.py", *flag).out)
    forms = schema["properties"]["greet"]["properties"]["greeter"]["anyOf"]
    objects = [form for form in forms if form.get("type") == "object"]
    [open_form] = [form for form in objects if form.get("additionalProperties") is not False]
    assert open_form["properties"]["use"]["not"] == {"const": "app:Greeter"}
    [own] = [form for form in objects if form is not open_form and "greeting" in form["properties"]]
    assert own["properties"]["use"] == {"const": "app:Greeter"}


def test_references_of_the_schema_lead_somewhere(lolpop, folder):
    """Every $ref of a schema with models in it is among its $defs."""
    done = lolpop("config", "schema", "classification")
    assert done.code == 0, done.err
    schema = json.loads(done.out)
    references = []

    def look(part):
        if isinstance(part, dict):
            references.extend(value for key, value in part.items() if key == "$ref")
            for value in part.values():
                look(value)
        elif isinstance(part, list):
            for value in part:
                look(value)

    look(schema)
    assert {reference.removeprefix("#/$defs/") for reference in references} <= set(schema["$defs"])


LINKED = """
problem: {name: churn, target: y, index: id}
data: {train: known.csv, predictions: "out/${problem.name}.csv", truth: "${x-hidden}"}
x-hidden: "truth_${env:TRUTH}.csv"
x-strength: 0.5
store: {url: "${x-store}"}
x-store: "postgresql://ada:secret@db/x"
train: {model_trainer: {estimator: logistic_regression, params: {C: "${x-strength}"}}}
"""


def test_links_are_shown_with_what_they_lead_to(lolpop, folder, monkeypatch):
    """The value is shown before its link; a value from a variable is shown as the link only."""
    monkeypatch.setenv("TRUTH", "ab")
    (folder / "linked.yaml").write_text(LINKED)
    words = ("config", "show", "classification", "-c", "linked.yaml")
    shown = lolpop(*words).out
    assert lolpop(*words, "--resolved").out == shown
    assert "out/churn.csv  (out/${problem.name}.csv)" in shown
    assert "0.5  (${x-strength})" in shown
    assert "truth_ab" not in shown
    assert "secret" not in shown
    settings = json.loads(lolpop(*words, "--json").out)
    assert settings["train.model_trainer.params.C"]["resolved"] == 0.5
    assert settings["train.model_trainer.params.C"]["value"] == "${x-strength}"
    assert settings["data.truth"]["value"] == "${x-hidden}"
    assert not {"data.truth", "store.url"} & {
        path for path, setting in settings.items() if "resolved" in setting
    }


def test_the_last_of_several_profiles_is_the_strongest(project, lolpop):
    """--profile may be given again; each is read over the one before."""
    for name, seed in (("lolpop", 1), ("lolpop.dev", 2), ("lolpop.eu", 3)):
        (project / f"{name}.yaml").write_text(f"seed: {seed}\n")

    def seed_of(*profiles):
        words = [word for profile in profiles for word in ("--profile", profile)]
        return lolpop("config", "show", "app.py", *words, "--json").json["seed"]["value"]

    assert (seed_of(), seed_of("dev", "eu"), seed_of("eu", "dev")) == (1, 3, 2)
