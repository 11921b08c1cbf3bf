"""`lolpop data`: rows without any workflow."""

import pytest


@pytest.fixture
def rows(folder):
    """A current directory with rows, and nothing else."""
    lines = [
        f"{number},{number % 9},{'ab'[number % 2]},{'yes' if number % 9 > 4 else 'no'}"
        for number in range(90)
    ]
    (folder / "rows.csv").write_text("\n".join(["id,size,kind,big", *lines, ",,,"][:-1]) + "\n")
    return folder


def test_profile_shows_each_column(rows, lolpop):
    """Kinds, distinct values and ranges, for people and as JSON."""
    done = lolpop("data", "profile", "rows.csv")
    assert done.code == 0
    assert "90 rows, 4 columns" in done.out
    profile = lolpop("data", "profile", "rows.csv", "--json").json
    columns = {column["name"]: column for column in profile["columns"]}
    assert profile["rows"] == 90
    assert columns["size"]["numbers"]["max"] == 8
    assert columns["kind"]["distinct"] == 2


def test_check_needs_no_target_and_takes_one(rows, lolpop):
    """Without a target only the rows are checked; with one, the target is checked too, with exit code 3."""
    assert lolpop("data", "check", "rows.csv").code == 0
    assert lolpop("data", "check", "rows.csv", "--target", "big").code == 0
    done = lolpop("data", "check", "rows.csv", "--target", "bg")
    assert done.code == 3
    assert "no target column 'bg'" in done.out
    assert lolpop("data", "check", "rows.csv", "--target", "bg", "--json").json["checks"]


def test_checks_are_set_as_in_the_project(rows, lolpop):
    """Only the sections of the checker and of the problem are read."""
    (rows / "lolpop.yaml").write_text(
        "problem: {name: size, target: big}\nprocess: {data_checker: {min_rows: 500}}\nunknown: {a: 1}\n"
    )
    assert "min_rows" not in lolpop("data", "check", "rows.csv").err
    checks = {
        item["check"]: item["status"] for item in lolpop("data", "check", "rows.csv", "--json").json["checks"]
    }
    assert "warn" in checks.values()


def test_compare_finds_drift(rows, lolpop):
    """The check names the column whose values changed."""
    moved = (rows / "rows.csv").read_text().splitlines()
    (rows / "moved.csv").write_text(
        "\n".join([moved[0], *(line.replace(",a,", ",c,").replace(",b,", ",c,") for line in moved[1:])])
    )
    done = lolpop("data", "compare", "moved.csv", "rows.csv", "--json")
    assert "kind" in {column["column"] for column in done.json["columns"] if column["status"] != "ok"}
    same = lolpop("data", "compare", "rows.csv", "rows.csv", "--json")
    assert {check["status"] for check in same.json["checks"]} == {"ok"}


def test_seed_copies_between_formats_and_overwrites_only_when_told(rows, lolpop):
    """The other format has equal rows; an existing file, and the source itself, are not overwritten."""
    done = lolpop("data", "seed", "rows.csv", "out/rows.parquet", "--json")
    assert (done.code, done.json["rows"]) == (0, 90), done.err
    assert (
        lolpop("data", "profile", "out/rows.parquet", "--json").json
        == lolpop("data", "profile", "rows.csv", "--json").json
    )
    before = (rows / "out/rows.parquet").read_bytes()
    done = lolpop("data", "seed", "rows.csv", "out/rows.parquet")
    assert done.code == 2
    assert "--overwrite" in done.err
    assert (rows / "out/rows.parquet").read_bytes() == before
    assert lolpop("data", "seed", "rows.csv", "out/rows.parquet", "--overwrite").code == 0
    assert lolpop("data", "seed", "rows.csv", "rows.csv", "--overwrite").code == 2
    assert len((rows / "rows.csv").read_text().splitlines()) == 91


def test_a_source_is_a_mapping_too(rows, lolpop):
    """A JSON object is accepted as a source, as in the settings."""
    (rows / "rows.txt").write_text((rows / "rows.csv").read_text().replace(",", ";"))
    source = '{"path": "rows.txt", "format": "csv", "separator": ";"}'
    assert lolpop("data", "profile", source, "--json").json["rows"] == 90
    assert lolpop("data", "profile", "{nonsense").code == 2


def test_a_missing_file_gets_a_near_name(rows, lolpop):
    """The error proposes a file whose name is near."""
    done = lolpop("data", "profile", "row.csv")
    assert done.code == 1
    assert "Did you mean rows.csv?" in done.err


def test_synthetic_rows_are_like_real_ones_and_no_copies(rows, lolpop):
    """Columns and correlations are similar, names are made up, and the scores measure the quality."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(0)
    size = random.normal(50, 10, 400)
    real = pd.DataFrame(
        {
            "name": [f"Ada {number}" for number in range(400)],
            "size": size,
            "weight": size * 2 + random.normal(0, 5, 400),
            "kind": random.choice(["a", "b"], 400, p=[0.8, 0.2]),
            "visits": random.poisson(3, 400),
            "since": pd.date_range("2024-01-01", periods=400).strftime("%Y-%m-%d"),
            "note": np.where(random.random(400) < 0.3, None, "x"),
        }
    )
    real.to_csv(rows / "real.csv", index=False)
    done = lolpop("data", "synthesize", "real.csv", "made.csv", "-n", "500", "--json")
    assert done.code == 0, done.err
    assert done.json["rows"] == 500
    assert done.json["quality"] > 0.9
    assert done.json["copied"] == 0
    assert done.json["privacy"] > 0.8
    made = pd.read_csv(rows / "made.csv")
    assert list(made.columns) == list(real.columns)
    assert not set(made["name"]) & set(real["name"])
    assert made[["size", "weight"]].corr().iloc[0, 1] > 0.9
    assert 0.7 < (made["kind"] == "a").mean() < 0.9
    assert 0.2 < made["note"].isna().mean() < 0.4
    assert (made["visits"] % 1 == 0).all()
    assert made["since"].between("2024-01-01", "2025-02-04").all()


def test_synthesize_overwrites_only_when_told(rows, lolpop):
    """An existing file is safe, and so is the source."""
    assert lolpop("data", "synthesize", "rows.csv", "made.csv").code == 0
    assert lolpop("data", "synthesize", "rows.csv", "made.csv").code == 2
    assert lolpop("data", "synthesize", "rows.csv", "rows.csv", "--overwrite").code == 2
