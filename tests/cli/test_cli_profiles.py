"""`lolpop config show --yaml` and `lolpop config diff`."""

import pytest

SETTINGS = """\
problem: {name: churn, target: churned}
data: {train: rows.csv, predictions: "out/${problem.name}.csv"}
notifiers: [console, {use: console, level: error}]
train: {model_trainer: {use: sklearn, params: {max_iter: 20}}}
"""


@pytest.fixture
def settled(folder):
    (folder / "lolpop.yaml").write_text(SETTINGS)
    return folder


@pytest.mark.parametrize("words", [(), ("--resolved",)])
def test_what_is_printed_as_yaml_gives_the_same_settings_again(settled, lolpop, words):
    """A printed file, loaded again, gives every setting in force, defaults included."""
    before = lolpop("config", "show", "classification", "--json").json
    (settled / "pinned.yaml").write_text(lolpop("config", "show", "classification", "--yaml", *words).out)
    assert lolpop("verify", "classification", "-c", "pinned.yaml").code == 0
    after = lolpop("config", "show", "classification", "-c", "pinned.yaml", "--json").json

    def values(shown):
        return {path: setting.get("resolved", setting["value"]) for path, setting in shown.items()}

    assert values(before) == values(after)
    assert after["train.model_trainer.params.max_iter"]["origin"]["source"] == "pinned.yaml"


def test_links_stay_unless_they_are_resolved(settled, lolpop):
    """--resolved writes the values of links."""
    output = lolpop("config", "show", "classification", "--yaml").out
    resolved = lolpop("config", "show", "classification", "--yaml", "--resolved").out
    assert "predictions: out/${problem.name}.csv" in output
    assert "predictions: out/churn.csv" in resolved


def test_secrets_are_left_out_of_the_file_and_named(settled, lolpop, monkeypatch):
    """A password is not in the file; a link to a variable stays a link, resolved or not."""
    monkeypatch.setenv("PLACE", "t0psecret.csv")
    words = ("--set", "store.url=postgresql://ada:s3cr3t@host/db", "--set", "data.train=${env:PLACE}")
    out = lolpop("config", "show", "classification", "--yaml", "--resolved", *words).out
    assert "s3cr3t" not in out
    assert "t0psecret" not in out
    assert "# store.url is a secret, and is left out." in out
    assert "train: ${env:PLACE}" in out


def test_profiles_are_compared_by_what_links_lead_to(settled, lolpop):
    """A link whose value changes is a difference; equal values are none."""
    (settled / "lolpop.dev.yaml").write_text("problem: {name: try}\n")
    (settled / "lolpop.prod.yaml").write_text(
        "train: {model_trainer: {use: sklearn, params: {max_iter: 90}}}\n"
    )
    changes = {
        change["path"]: (change.get("old"), change.get("new"))
        for change in lolpop("config", "diff", "classification", "dev", "prod", "--json").json
    }
    assert changes == {
        "problem.name": ("try", "churn"),
        "data.predictions": ("out/try.csv", "out/churn.csv"),
        "train.model_trainer.params.max_iter": (20, 90),
    }
    out = lolpop("config", "diff", "classification", "-", "prod").out
    assert "no profile" in out
    assert "lolpop.prod.yaml:1:" in out


def test_another_implementation_brings_its_own_settings(settled, lolpop):
    """Settings that only one side has are shown on that side."""
    (settled / "lolpop.prod.yaml").write_text("train: {model_trainer: xgboost}\n")
    changes = {
        change["path"]: change
        for change in lolpop("config", "diff", "classification", "-", "prod", "--json").json
    }
    assert changes["train.model_trainer.use"] == {
        "path": "train.model_trainer.use", "old": "sklearn", "new": "xgboost",
    }  # fmt: skip
    assert "old" not in changes["train.model_trainer.max_depth"]


def test_the_same_profile_twice_differs_in_nothing(settled, lolpop):
    """A sentence says that there are no differences."""
    assert lolpop("config", "diff", "classification", "-", "-").out.endswith("give the same settings.\n")


def test_a_profile_that_does_not_exist_is_refused(settled, lolpop):
    """The error lists the existing profiles."""
    (settled / "lolpop.prod.yaml").write_text("seed: 1\n")
    done = lolpop("config", "diff", "classification", "prod", "prd")
    assert done.code == 2
    assert "Did you mean prod?" in done.err
    assert lolpop("config", "diff", "classification").code == 2
