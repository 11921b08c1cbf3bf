"""Sources of settings: what each says, and where it says so."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings

from lolpop.errors import Finding, Origin, SettingsError
from lolpop.settings.nodes import Layer, Node, plain
from lolpop.settings.settings_source import LolpopSettingsSource
from lolpop.settings.sources import Sources, collect
from lolpop.settings.toml import read_toml
from lolpop.settings.yaml import read_yaml


def written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")


def at(root: Node, path: str) -> Node:
    node = root
    for step in path.split("."):
        node = node.value[int(step)] if isinstance(node.value, tuple) else node.value[step]
    return node


def place(node: Node) -> tuple[int | None, int | None]:
    return node.origin.line, node.origin.column


def names(sources: Sources) -> list[str]:
    return [layer.name for layer in sources.layers]


def layer(sources: Sources, name: str) -> Layer:
    return next(layer for layer in sources.layers if layer.name == name)


def problems(*files: str, cwd: Path, **how) -> tuple[Finding, ...]:
    with pytest.raises(SettingsError) as caught:
        collect(files, cwd=cwd, **how)
    return caught.value.findings


def leaves(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    yield path, node
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from leaves(child, (*path, key))
    elif isinstance(node.value, tuple):
        for index, child in enumerate(node.value):
            yield from leaves(child, (*path, str(index)))


# Which sources there are


def test_a_folder_without_settings_has_no_layers(tmp_path):
    """With nothing to read there are no layers, and the folder is the current one."""
    sources = collect(cwd=tmp_path)
    assert sources == Sources(folder=tmp_path)


def test_sources_come_weakest_first(tmp_path):
    """Every source is a layer, and stronger ones come later."""
    written(
        tmp_path,
        pyproject__toml="[tool.lolpop]\nseed = 1",
        lolpop__yaml="seed: 2",
        lolpop__prod__yaml="seed: 3",
        __env="LOLPOP_SEED=4",
    )
    sources = collect(
        cwd=tmp_path,
        profile="prod",
        environ={"LOLPOP_SEED": "5"},
        overrides={"seed": 6},
        flags=["seed=7"],
    )
    assert names(sources) == [
        "pyproject.toml",
        "lolpop.yaml",
        "lolpop.prod.yaml",
        ".env",
        "environment",
        "overrides",
        "command line",
    ]
    assert [plain(layer.root) for layer in sources.layers] == [
        {"seed": value} for value in (1, 2, 3, "4", "5", 6, "7")
    ]


def test_a_pyproject_of_another_tool_says_nothing(tmp_path):
    """A pyproject.toml without [tool.lolpop] is no source."""
    written(tmp_path, pyproject__toml="[tool.other]\nseed = 1")
    assert collect(cwd=tmp_path).layers == ()


def test_explicit_files_replace_those_of_the_folder(tmp_path):
    """Named files are read in their order, and no others."""
    written(tmp_path, pyproject__toml="[tool.lolpop]\nseed = 1", lolpop__yaml="seed: 2")
    written(tmp_path, a__yaml="seed: 3", b__toml="seed = 4")
    sources = collect(["b.toml", tmp_path / "a.yaml"], cwd=tmp_path)
    assert names(sources) == ["b.toml", "a.yaml"]
    assert plain(sources.layers[0].root) == {"seed": 4}


def test_an_explicit_pyproject_means_its_table(tmp_path):
    """A named pyproject.toml is read at [tool.lolpop]."""
    written(tmp_path, pyproject__toml='[project]\nname = "x"\n[tool.lolpop]\nseed = 1')
    sources = collect(["pyproject.toml"], cwd=tmp_path)
    assert plain(sources.layers[0].root) == {"seed": 1}


def test_the_folder_is_that_of_the_first_file(tmp_path):
    """Relative paths, and .env, start from the folder of the first settings file."""
    (tmp_path / "conf").mkdir()
    written(tmp_path / "conf", a__yaml="", __env="LOLPOP_SEED=4")
    written(tmp_path, b__yaml="", __env="LOLPOP_SEED=5")
    sources = collect(["conf/a.yaml", "b.yaml"], cwd=tmp_path)
    assert sources.folder == tmp_path / "conf"
    assert names(sources) == ["conf/a.yaml", "b.yaml", "conf/.env"]


def test_an_empty_file_is_an_empty_mapping(tmp_path):
    """A file with comments only has no settings, and is a source."""
    written(tmp_path, a__yaml="# nothing yet\n", b__yaml="", c__toml="")
    sources = collect(["a.yaml", "b.yaml", "c.toml"], cwd=tmp_path)
    assert [plain(layer.root) for layer in sources.layers] == [{}, {}, {}]


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    """Files of Windows editors are read."""
    (tmp_path / "lolpop.yaml").write_bytes(b"\xef\xbb\xbfseed: 7\r\ntrain:\r\n  x: 1\r\n")
    (tmp_path / "pyproject.toml").write_bytes(b"\xef\xbb\xbf[tool.lolpop]\r\nseed = 7\r\n")
    sources = collect(cwd=tmp_path)
    assert [at(layer.root, "seed").value for layer in sources.layers] == [7, 7]
    assert at(sources.layers[1].root, "train.x").origin == Origin("lolpop.yaml", 3, 6)


# Profiles


def test_a_profile_is_stronger_than_its_file_and_weaker_than_the_next(tmp_path):
    """x.prod.yaml follows x.yaml, and files without a profile do not change."""
    written(tmp_path, a__yaml="", a__prod__yaml="", b__yaml="")
    sources = collect(["a.yaml", "b.yaml"], cwd=tmp_path, profile="prod")
    assert names(sources) == ["a.yaml", "a.prod.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("profile", "environ", "dotenv", "expected"),
    [
        (None, {}, "", None),
        (None, {}, "LOLPOP_PROFILE=c", "c"),
        (None, {"LOLPOP_PROFILE": "b"}, "LOLPOP_PROFILE=c", "b"),
        ("a", {"LOLPOP_PROFILE": "b"}, "LOLPOP_PROFILE=c", "a"),
        (None, {"LOLPOP_PROFILE": ""}, "", None),
    ],
)
def test_the_profile_is_named_by_argument_environment_or_dotenv(tmp_path, profile, environ, dotenv, expected):
    """The precedence is argument, environment, .env."""
    written(tmp_path, lolpop__yaml="", __env=dotenv)
    written(tmp_path, lolpop__a__yaml="", lolpop__b__yaml="", lolpop__c__yaml="")
    sources = collect(cwd=tmp_path, profile=profile, environ=environ)
    assert sources.profile == expected
    assert names(sources) == ["lolpop.yaml", *([f"lolpop.{expected}.yaml"] if expected else [])]


@pytest.mark.parametrize(
    ("profile", "environ"),
    [
        (["dev", "prod"], {}),
        ("dev,prod", {}),
        (None, {"LOLPOP_PROFILE": "dev, prod"}),
        (("dev", "prod", "dev"), {}),
    ],
)
def test_several_profiles_are_applied_in_their_order(tmp_path, profile, environ):
    """The last profile is the strongest, for each file before the next one."""
    written(tmp_path, a__yaml="", a__prod__yaml="", a__dev__yaml="", b__yaml="", b__prod__yaml="")
    sources = collect(["a.yaml", "b.yaml"], cwd=tmp_path, profile=profile, environ=environ)
    assert names(sources) == ["a.yaml", "a.dev.yaml", "a.prod.yaml", "b.yaml", "b.prod.yaml"]
    assert sources.profile == "dev,prod"


def test_of_several_profiles_the_one_that_no_file_has_is_named(tmp_path):
    """Although the others exist."""
    written(tmp_path, lolpop__yaml="", lolpop__dev__yaml="")
    (problem,) = problems(cwd=tmp_path, profile=["dev", "prdo"])
    assert "there is no profile 'prdo'" in problem.message


def test_an_unknown_profile_lists_those_that_exist(tmp_path):
    """The error lists the profiles, and has the place of the wrong one."""
    written(tmp_path, lolpop__yaml="", lolpop__prod__yaml="", lolpop__dev__yaml="")
    (problem,) = problems(cwd=tmp_path, environ={"LOLPOP_PROFILE": "prdo"})
    assert str(problem) == (
        "$LOLPOP_PROFILE  there is no profile 'prdo' for lolpop.yaml. Did you mean prod? Profiles: dev, prod."
    )


def test_a_profile_needs_no_plain_file(tmp_path):
    """lolpop.prod.yaml is read without a lolpop.yaml."""
    written(tmp_path, lolpop__prod__yaml="seed: 3")
    assert names(collect(cwd=tmp_path, profile="prod")) == ["lolpop.prod.yaml"]


@pytest.mark.parametrize("profile", ["../a", "*", "prod/../prod"])
def test_a_profile_is_no_path(tmp_path, profile):
    """A profile cannot lead to another folder."""
    written(tmp_path, lolpop__yaml="", lolpop__prod__yaml="", a__yaml="")
    (problem,) = problems(cwd=tmp_path, profile=profile)
    assert "there is no profile" in problem.message


# Files that cannot be read


def test_a_missing_file_names_what_is_there(tmp_path):
    """The error has a near name, or all names of the folder."""
    written(tmp_path, settings__yaml="")
    near, far = problems("setings.yaml", "q.yaml", cwd=tmp_path)
    assert str(near) == "setings.yaml  there is no such file. Did you mean settings.yaml?"
    assert far.hint == "Settings files there: settings.yaml."


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    """One error has all problems of all sources, each with its place."""
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: é".encode("latin-1"))
    written(tmp_path, list__yaml="\n- 1", syntax__yaml="a: [1\n", syntax__toml="\na = ", data__csv="a,b")
    findings = problems(
        *("folder.yaml", "latin.yaml", "list.yaml", "syntax.yaml", "syntax.toml", "data.csv", "no/x.yaml"),
        cwd=tmp_path,
        environ={"LOLPOP_A____B": "1"},
        overrides={"a..b": 1},
        flags=["a.b"],
    )
    assert [(str(problem.origin), problem.message) for problem in findings] == [
        ("folder.yaml", "is a folder, not a file"),
        ("latin.yaml:2:4", "is not UTF-8"),
        ("list.yaml:2:1", "contains no settings: its top level is not a mapping"),
        (
            "syntax.yaml:1:4",
            "is not valid YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'",
        ),
        ("syntax.toml:2:5", "is not valid TOML: Invalid value"),
        ("data.csv", "is not a settings file"),
        ("no/x.yaml", "there is no such file"),
        ("$LOLPOP_A____B", "LOLPOP_A____B names no setting: a part of it is empty"),
        ("overrides", "the override 'a..b' names no setting: a part of its path is empty"),
        ("--set a.b", "the flag gives no value"),
    ]


def test_a_settings_file_with_the_other_suffix_is_reported(tmp_path):
    """A lolpop.yml is reported, since it is not read."""
    written(tmp_path, lolpop__yml="seed: 7")
    (problem,) = problems(cwd=tmp_path)
    assert str(problem) == "lolpop.yml  is not read automatically. Rename it to lolpop.yaml."


def test_a_tool_section_that_is_no_table_is_reported(tmp_path):
    """A lolpop = 3 under [tool] is an error with its place."""
    written(tmp_path, pyproject__toml="[tool]\nlolpop = 3")
    (problem,) = problems(cwd=tmp_path)
    assert str(problem) == "pyproject.toml:2:10  contains no settings: tool.lolpop is not a table."


# YAML


def test_yaml_nodes_know_line_and_column():
    """Values and keys have their own places, counted from 1, in blocks, flows and lists."""
    root, findings = read_yaml(
        "seed: 7\ntrain:\n  model_trainer: {use: xgboost, n: 200}\nnotifiers:\n- use: console\n- x", "f"
    )
    assert not findings
    assert plain(root) == {
        "seed": 7,
        "train": {"model_trainer": {"use": "xgboost", "n": 200}},
        "notifiers": [{"use": "console"}, "x"],
    }
    trainer = at(root, "train.model_trainer.n")
    assert (trainer.key_origin, trainer.origin) == (Origin("f", 3, 33), Origin("f", 3, 36))
    assert place(at(root, "train")) == (3, 3)
    assert at(root, "notifiers.0.use").origin == Origin("f", 5, 8)
    assert at(root, "notifiers.1") == Node("x", Origin("f", 6, 3))


def test_an_empty_value_stands_at_its_key():
    """A key without a value is None, and its place is on its own line."""
    root, _ = read_yaml("a:\n\n\nb: 1", "f")
    assert at(root, "a") == Node(None, Origin("f", 1, 1), Origin("f", 1, 1))


def test_yaml_scalars_are_those_of_version_1_2():
    """The word yes is text and 010 is ten; dates are dates; quotes and !!str make text."""
    text = (
        "a: yes\nb: 010\nc: 0o10\nd: 1e3\ne: ~\nf: true\ng: 2026-01-31\nh: '7'\ni: !!str 7\n"
        "j: 12:30:00\nk: .inf\nl: ${problem.name}\nm: 0x1F\nn: 2026-01-31 10:00:00+02:00"
    )
    root, findings = read_yaml(text, "f")
    assert not findings
    zone = dt.timezone(dt.timedelta(hours=2))
    assert plain(root) == {
        "a": "yes",
        "b": 10,
        "c": 8,
        "d": 1000.0,
        "e": None,
        "f": True,
        "g": dt.date(2026, 1, 31),
        "h": "7",
        "i": "7",
        "j": "12:30:00",
        "k": float("inf"),
        "l": "${problem.name}",
        "m": 31,
        "n": dt.datetime(2026, 1, 31, 10, tzinfo=zone),
    }


def test_keys_that_are_not_text_become_their_text():
    """A number or a boolean as a key is text as written."""
    root, findings = read_yaml("1: a\ntrue: b\n2026-01-31: c", "f")
    assert not findings
    assert plain(root) == {"1": "a", "true": "b", "2026-01-31": "c"}


def test_anchors_aliases_and_merges_work():
    """A merge adds keys that the mapping does not set; the first of several mappings counts."""
    root, findings = read_yaml(
        "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  y: 5\n  <<: *a\nd: {<<: [*a, *b]}\ne: *a\na2: &a 1",
        "f",
    )
    assert not findings
    assert plain(root)["c"] == {"x": 1, "y": 5}
    assert plain(root)["d"] == {"x": 1, "y": 2, "z": 4}
    assert plain(root)["e"] == {"x": 1, "y": 2}
    assert at(root, "c.x").origin == Origin("f", 1, 11)
    assert at(root, "e").key_origin == Origin("f", 7, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: 1}\na: 2", "f:2:1  a: is set twice: first at f:1:1"),
        ("a:\n  b: 1\n  c: 2\n  'b': 3", "f:4:3  a.b: is set twice: first at f:2:3"),
        ("1: a\n'1': b", "f:2:1  1: is set twice: first at f:1:1"),
        (
            "a: !!python/object/apply:os.system [x]",
            "f:1:4  a: the tag !!python/object/apply:os.system is not",
        ),
        ("a: !!python/name:os.system", "f:1:4  a: the tag !!python/name:os.system is not"),
        ("a: !Secret x", "f:1:4  a: the tag !Secret is not"),
        ("a: !!set {x, y}", "f:1:4  a: the tag !!set is not"),
        ("a: !!int [1]", "f:1:4  a: the tag !!int is not"),
        ("a: !!int abc", "f:1:4  a: the value is not of type int"),
        ("a: !!float", "f:1:4  a: the value is not of type float"),
        ("a: 2026-02-30", "f:1:4  a: the value is not of type timestamp"),
        ("a: &x [1, *x]", "f:1:4  a.1: *x is an alias of a node that contains it"),
        ("a: &x {<<: *x}", "f:1:8  a.<<: *x is an alias of a node that contains it"),
        ("a: {<<: 1}", "f:1:5  a.<<: merges a value that is not a mapping"),
        ("a: *x", "f:1:4  is not valid YAML: found undefined alias 'x'"),
        ("a: 1\n---\nb: 2", "f:2:1  is not valid YAML: expected a single document"),
        ("? [a]\n: 1", "f:1:3  has a key that is empty"),
        ("'': 1", "f:1:1  has a key that is empty"),
        ("a: b: c", "f:1:5  is not valid YAML: mapping values are not allowed here"),
        ("a:\n\t- 1", "f:2:1  is not valid YAML: while scanning for the next token, found character '\\t'"),
        ("a: 1\nb: '\x01'", "f:2:5  is not valid YAML: the character U+0001 is not allowed"),
        ('a: "\\Uffffffff"', "f:1:1  is not valid YAML: a \\U escape"),
        ("# c\n%YAML 1.1\n---\na: no", "f:2:1  declares another version of YAML"),
        ("a: 1\n%YAML 1.21\n---\n", "f:2:1  declares another version of YAML"),
        ("[" * 1000, "f:1:101  is not valid YAML: maximum depth"),
        ("3", "f:1:1  contains no settings"),
    ],
)
def test_what_is_wrong_in_yaml_has_its_place(text, expected):
    """Each fault of a document is one finding at its line and column."""
    _, (problem,) = read_yaml(text, "f")
    assert str(problem).startswith(expected)


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n\tb: 1", "f:2:1", "Write spaces in place of the tab"),
        ("a: @b", "f:1:4", "Put the value in quotes"),
        ("a: %b", "f:1:4", "Put the value in quotes"),
        ("a: {{ b }}", "f:1:5", "Put the value in quotes if it is text that begins with {."),
        ("a: b: c", "f:1:5", "Indent the keys of one mapping alike"),
        ("a: [1,\nb: 2\n", "f:1:4", "Close the bracket or the quote"),
        ("a: 'b\nc: 2\n", "f:1:4", "Close the bracket or the quote"),
    ],
)
def test_usual_mistakes_in_yaml_come_with_advice(text, place, hint):
    """What is left open is reported where it is opened, and each finding says how to mend it."""
    _, (problem,) = read_yaml(text, "f")
    assert str(problem.origin) == place
    assert hint in problem.hint


def test_aliases_that_multiply_are_refused():
    """A document whose aliases would give a billion values is refused quickly."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    _, (problem,) = read_yaml("\n".join(lines), "f")
    assert str(problem) == "f:6:5  a5: contains more than 100,000 values, including repetitions by aliases."


def test_aliases_that_nest_without_end_are_refused():
    """A chain of aliases that is deeper than any settings are is refused."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 150))]
    _, (problem,) = read_yaml("\n".join(lines), "f")
    assert problem.message == "contains more than 100 levels, including repetitions by aliases"


def test_aliases_share_what_they_repeat():
    """Repeated nodes are one object."""
    root, _ = read_yaml("a: &a {x: [1, 2]}\nb: *a", "f")
    assert at(root, "a").value is at(root, "b").value


@given(st.text(alphabet="ab:-[]{}#&*!<>|'\"%@,? \n\t\\0.~1e\x01é", max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text):
    """Any text gives a mapping, or findings with a place; nothing is raised."""
    root, findings = read_yaml(text, "f")
    assert isinstance(root.value, dict)
    assert all(problem.origin and problem.origin.line for problem in findings)


json_texts = st.text(st.characters(max_codepoint=126) | st.sampled_from("é\U00010000"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | json_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_texts.filter(bool), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(json_texts.filter(bool), json_values, max_size=4))
@settings(deadline=None)
def test_yaml_reads_json_as_json_does(document):
    """A JSON mapping is read unchanged."""
    root, findings = read_yaml(json.dumps(document, indent=2, ensure_ascii=False), "f")
    assert not findings
    assert plain(root) == document


# TOML


def test_toml_nodes_know_line_and_column(tmp_path):
    """Values and keys have their own places, in headers, dotted keys, inline tables and arrays."""
    written(
        tmp_path,
        pyproject__toml='''[project]
description = """
[tool.lolpop]
seed = 0
"""
[tool.lolpop]  # settings
seed = 7
train.model_trainer = { use = 'xgboost', "n_estimators" = 200 }
"a b".'c.d' = "]} # ="
[tool . lolpop . "predict"]
on = 2026-01-31 10:00:00
[[tool.lolpop.notifiers]]
use = "console"
[[tool.lolpop.notifiers]]
levels = [
  "warning", # and up
  [1, {x = 2}],
]
[tool.lolpop.notifiers.params]
deep = true
''',
    )
    root = collect(cwd=tmp_path).layers[0].root
    expected = {
        "": (6, 7, 6, 7),
        "seed": (7, 1, 7, 8),
        "train": (8, 1, 8, 1),
        "train/model_trainer": (8, 7, 8, 23),
        "train/model_trainer/use": (8, 25, 8, 31),
        "train/model_trainer/n_estimators": (8, 42, 8, 59),
        "a b": (9, 1, 9, 1),
        "a b/c.d": (9, 7, 9, 15),
        "predict": (10, 18, 10, 18),
        "predict/on": (11, 1, 11, 6),
        "notifiers": (12, 15, 12, 15),
        "notifiers/0": (None, None, 12, 1),
        "notifiers/0/use": (13, 1, 13, 7),
        "notifiers/1": (None, None, 14, 1),
        "notifiers/1/levels": (15, 1, 15, 10),
        "notifiers/1/levels/0": (None, None, 16, 3),
        "notifiers/1/levels/1": (None, None, 17, 3),
        "notifiers/1/levels/1/0": (None, None, 17, 4),
        "notifiers/1/levels/1/1": (None, None, 17, 7),
        "notifiers/1/levels/1/1/x": (17, 8, 17, 12),
        "notifiers/1/params": (19, 24, 19, 24),
        "notifiers/1/params/deep": (20, 1, 20, 8),
    }
    places = {
        "/".join(path): (
            *((node.key_origin.line, node.key_origin.column) if node.key_origin else (None, None)),
            *place(node),
        )
        for path, node in leaves(root)
    }
    assert places == expected
    assert at(root, "predict.on").value == dt.datetime(2026, 1, 31, 10)  # noqa: DTZ001  (TOML's local time)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\na = 2", "f:2:6  is not valid TOML: Cannot overwrite a value"),
        ('a = """x', "f:1:9  is not valid TOML: Unterminated"),
        ("a = [", "f:1:6  is not valid TOML: "),
        ("'' = 1", "f:1:1  has a key that is empty"),
        ("x = {y.'' = 1}", "f:1:8  x.y: has a key that is empty"),
        ("a = " + "[" * 3000, "f:1:1  the file nests settings more than 100 levels deep"),
    ],
)
def test_what_is_wrong_in_toml_has_its_place(text, expected):
    """Each fault of a document is one finding at its line and column."""
    _, (problem,) = read_toml(text, "f")
    assert str(problem).startswith(expected)


bare_keys = st.text(alphabet="ab1_-", min_size=1, max_size=3)
quoted_keys = st.text(alphabet="a. #]'=é\"\\\n", min_size=1, max_size=4).map(json.dumps)
toml_keys = bare_keys | quoted_keys | st.text(alphabet='b."# ', min_size=1, max_size=3).map("'{}'".format)
toml_scalars = st.sampled_from(
    [
        "1",
        "-2.5e3",
        "true",
        "2026-01-31",
        "2026-01-31 10:00:00Z",
        "07:30:00",
        "0xFF",
        "inf",
        "''",
        '""',
        "'a#]}\"'",
        '"a\\"#]}="',
        "'''\n[x]\ny = 1\n'''",
        '"""\n"" a\\""""""',
        '"""a\\\n  b"""',
        "'''''x'''''",
    ]
)
gaps = st.sampled_from(["", " ", "\t "])
breaks = st.sampled_from(["", " ", "\n", " # ], }\n", "\n\n  "])


@st.composite
def toml_values(draw, depth=2):
    kind = draw(st.sampled_from(["scalar", "scalar", "array", "table"])) if depth else "scalar"
    if kind == "array":
        elements = draw(st.lists(toml_values(depth=depth - 1), max_size=3))
        parts = [draw(breaks) + element + draw(breaks) for element in elements]
        comma = draw(st.sampled_from(["", ","])) if parts else ""
        return f"[{draw(breaks)}{','.join(parts)}{comma}{draw(breaks)}]"
    if kind == "table":
        pairs = draw(st.lists(toml_pairs(depth=depth - 1), max_size=3))
        return "{" + ",".join(draw(gaps) + pair + draw(gaps) for pair in pairs) + "}"
    return draw(toml_scalars)


@st.composite
def toml_pairs(draw, depth=2):
    dot = f"{draw(gaps)}.{draw(gaps)}"
    dotted = dot.join(draw(st.lists(toml_keys, min_size=1, max_size=3)))
    return f"{dotted}{draw(gaps)}={draw(gaps)}{draw(toml_values(depth=depth))}"


@st.composite
def toml_documents(draw):
    lines = []
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["pair", "pair", "pair", "table", "tables", "comment"]))
        if kind == "pair":
            line = draw(toml_pairs())
        elif kind == "comment":
            line = draw(st.sampled_from(["", "# [a]", "   "]))
        else:
            header = draw(gaps) + ".".join(draw(st.lists(toml_keys, min_size=1, max_size=3))) + draw(gaps)
            line = f"[{header}]" if kind == "table" else f"[[{header}]]"
        lines.append(draw(gaps) + line + draw(st.sampled_from(["", " # = ["])))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@given(toml_documents())
@settings(max_examples=400, deadline=None)
def test_what_stands_at_a_toml_origin_is_the_value(document):
    """The text at the place of each scalar is that scalar, and of each key that key."""
    try:
        expected = tomllib.loads(document)
    except tomllib.TOMLDecodeError:
        _, (problem,) = read_toml(document, "f")
        assert problem.origin.line
        return
    root, findings = read_toml(document, "f")
    assert not findings
    assert str(plain(root)) == str(expected)
    lines = document.replace("\r\n", "\n").split("\n")
    for path, node in leaves(root):
        if not path or isinstance(node.value, dict | tuple):
            continue
        line, column = place(node)
        assert _scalar_at("\n".join([lines[line - 1][column - 1 :], *lines[line:]])) == node.value
        if node.key_origin is not None:
            key = lines[node.key_origin.line - 1][node.key_origin.column - 1 :]
            assert any(key.startswith(form) for form in (path[-1], json.dumps(path[-1]), f"'{path[-1]}'"))


def _scalar_at(text: str) -> object:
    """The TOML scalar that the text begins with: the one of the shortest valid prefix before a delimiter."""
    for end in range(1, len(text) + 1):
        if end < len(text) and text[end] not in " \t\n,]}#":
            continue
        try:
            value = tomllib.loads(f"k = {text[:end]}\n")["k"]
        except tomllib.TOMLDecodeError:
            continue
        if text[end : end + 1] == " " and text[end + 1 : end + 2].isdigit():
            continue  # a date, and its time follows
        return value
    raise AssertionError(f"no scalar in {text!r}")


# Variables


def test_variables_set_what_their_names_spell():
    """Double underscores separate the parts of a path; values are text with their variable as origin."""
    environ = {
        "LOLPOP_TRAIN__MODEL_TRAINER__PARAMS__MAX_ITER": "200",
        "LOLPOP_NOTIFIERS__0__USE": "console",
        "LOLPOP_PROBLEM": '{"name": "x"}',
        "HOME": "/home/ada",
        "LOLPOPX": "no",
    }
    sources = collect(cwd=Path(), environ=environ)
    environment = layer(sources, "environment")
    assert environment.case_insensitive
    assert plain(environment.root) == {
        "train": {"model_trainer": {"params": {"max_iter": "200"}}},
        "notifiers": {"0": {"use": "console"}},
        "problem": '{"name": "x"}',
    }
    origin = Origin("$LOLPOP_NOTIFIERS__0__USE")
    assert at(environment.root, "notifiers.0.use") == Node("console", origin, origin, text=True)
    assert at(environment.root, "notifiers").origin == origin


def test_reserved_variables_are_no_settings(tmp_path):
    """LOLPOP_PROFILE and LOLPOP_GROUP are no settings."""
    written(tmp_path, lolpop__yaml="", lolpop__prod__yaml="", __env="LOLPOP_GROUP=from-file")
    environ = {"LOLPOP_PROFILE": "prod", "LOLPOP_GROUP": "nightly-7"}
    sources = collect(cwd=tmp_path, environ=environ)
    assert names(sources) == ["lolpop.yaml", "lolpop.prod.yaml"]
    assert (sources.profile, sources.group) == ("prod", "nightly-7")
    assert collect(cwd=tmp_path).group == "from-file"


def test_variables_are_those_of_the_environment_over_dotenv(tmp_path):
    """Links read the environment first, then .env."""
    written(tmp_path, __env="A=1\nB=2\nLOLPOP_GROUP=g")
    sources = collect(cwd=tmp_path, environ={"B": "3", "C": "4"})
    assert sources.variables == {"A": "1", "B": "3", "C": "4", "LOLPOP_GROUP": "g"}


def test_a_variable_beside_those_below_it_is_kept(tmp_path):
    """LOLPOP_STORE next to LOLPOP_STORE__URL is the mapping's own value."""
    environ = {"LOLPOP_STORE__URL": "u", "LOLPOP_STORE": "sql"}
    root = collect(cwd=tmp_path, environ=environ).layers[0].root
    store = at(root, "store")
    assert plain(store) == {"url": "u"}
    assert (store.own.value, store.own.origin) == ("sql", Origin("$LOLPOP_STORE"))


@pytest.mark.parametrize("name", ["LOLPOP_", "LOLPOP___A", "LOLPOP_A__", "LOLPOP_A____B"])
def test_a_variable_with_an_empty_part_is_reported(tmp_path, name):
    """An invalid name is reported, in the environment and in .env."""
    written(tmp_path, __env=f"\n{name}=hush")
    findings = problems(cwd=tmp_path, environ={name: "hush"})
    assert [str(problem.origin) for problem in findings] == [".env:2", f"${name}"]
    assert all("names no setting" in problem.message for problem in findings)


def test_variables_that_differ_in_case_only_are_reported(tmp_path):
    """Names have no case, so both would be the same setting."""
    (problem,) = problems(cwd=tmp_path, environ={"LOLPOP_A__b": "1", "LOLPOP_A__B": "2"})
    assert problem.path == "a.b"
    assert problem.message == "LOLPOP_A__B and LOLPOP_A__b are the same setting"


def test_dotenv_is_read_as_dotenv_is(tmp_path):
    """Comments, export and quotes work, links stay, places are lines, and the last one counts."""
    written(
        tmp_path,
        __env="# settings\n\nexport LOLPOP_A='x y' # c\nOTHER\nLOLPOP_B=${env:HOME}/b\n\nLOLPOP_C=\"1\n2\"\nLOLPOP_D=1\nLOLPOP_D=2",
    )
    dotenv = layer(collect(cwd=tmp_path), ".env")
    assert dotenv.case_insensitive
    assert plain(dotenv.root) == {"a": "x y", "b": "${env:HOME}/b", "c": "1\n2", "d": "2"}
    lines = {key: node.origin.line for key, node in dotenv.root.value.items()}
    assert lines == {"a": 3, "b": 5, "c": 7, "d": 10}


def test_only_the_lines_of_lolpop_are_judged_in_dotenv(tmp_path):
    """An invalid line is an error only if its name starts with LOLPOP_."""
    written(tmp_path, __env="FOO='unclosed\nBAR\nLOLPOP_A='unclosed\nLOLPOP_B\n")
    findings = problems(cwd=tmp_path)
    assert [str(problem.origin) for problem in findings] == [".env:3", ".env:4"]


def test_a_virtual_environment_called_dotenv_is_left_alone(tmp_path):
    """A folder called .env is no source."""
    (tmp_path / ".env").mkdir()
    assert collect(cwd=tmp_path).layers == ()


secrets = st.text(alphabet="xyz0123456789'\"\\ =#", min_size=1).map("hush{}".format)


@given(secrets, st.sampled_from(["LOLPOP_", "LOLPOP_A____B", "LOLPOP_A", "LOLPOP_GROUP"]))
def test_no_message_quotes_a_variable(tmp_path_factory, secret, name):
    """Messages about variables do not have their values."""
    folder = tmp_path_factory.mktemp("secrets")
    written(folder, __env=f"{name}={secret}\n{name}='{secret}\n{name} {secret}\n")
    environ = {name: secret, name.lower(): secret, "LOLPOP_A____B": secret, "LOLPOP_a__b": secret}
    with pytest.raises(SettingsError) as caught:
        collect(cwd=folder, environ=environ | {"LOLPOP_A__B": secret})
    assert "hush" not in repr(caught.value.findings)
    assert "hush" not in str(caught.value)


# Overrides and flags


def test_overrides_keep_the_types_that_they_have(tmp_path):
    """Values in code keep their types; mappings and lists become nodes."""
    value = object()
    root = (
        collect(
            cwd=tmp_path,
            overrides={
                "train.model_trainer.params.max_iter": 200,
                "train": {"model_trainer": {"params": {"a.b": None}}},
                "notifiers.0.use": "console",
                "logger": [{"use": "console"}, ("x",)],
                "problem": value,
                "empty": {},
            },
        )
        .layers[0]
        .root
    )
    assert plain(root) == {
        "train": {"model_trainer": {"params": {"max_iter": 200, "a.b": None}}},
        "notifiers": {"0": {"use": "console"}},
        "logger": [{"use": "console"}, ["x"]],
        "problem": value,
        "empty": {},
    }
    assert at(root, "notifiers.0.use") == Node("console", Origin("overrides"), Origin("overrides"))


def test_overrides_may_contradict_one_another(tmp_path):
    """A value next to values below it is the mapping's own value."""
    root = collect(cwd=tmp_path, overrides={"a.b": 2, "a": 1, "c": {}, "c.d": 3}).layers[0].root
    assert (at(root, "a").own.value, plain(root)["a"]) == (1, {"b": 2})
    assert plain(root)["c"] == {"d": 3}


@pytest.mark.parametrize("overrides", [{"": 1}, {"a.": 1}, {"a": {"": 1}}])
def test_an_override_without_a_path_is_reported(tmp_path, overrides):
    """An empty path names no setting."""
    (problem,) = problems(cwd=tmp_path, overrides=overrides)
    assert "names no setting" in problem.message


def test_flags_are_texts_at_dotted_paths(tmp_path):
    """The value follows the first equals sign, the last flag counts, and origins have no values."""
    flags = ["a.b=x=y", "a.0.use=z", "c=1", "c=2", "d=", "a.b.e=f"]
    root = collect(cwd=tmp_path, flags=flags).layers[0].root
    assert plain(root) == {
        "a": {"b": {"e": "f"}, "0": {"use": "z"}},
        "c": "2",
        "d": "",
    }
    assert at(root, "a.b").own.value == "x=y"
    origin = Origin("--set a.0.use")
    assert at(root, "a.0.use") == Node("z", origin, origin, text=True)


@pytest.mark.parametrize("flag", ["=1", "a..b=1", ".=1"])
def test_a_flag_without_a_path_is_reported(tmp_path, flag):
    """An empty path names no setting."""
    (problem,) = problems(cwd=tmp_path, flags=[flag])
    assert "names no setting" in problem.message


# Cost


def test_importing_the_sources_imports_no_parser():
    """A parser is imported when there is a file for it."""
    heavy = ["ruamel.yaml", "tomllib", "dotenv", "pydantic", "pydantic_settings"]
    code = f"import sys, lolpop.settings.sources; print([m for m in {heavy} if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


# pydantic-settings


class Warehouse(BaseModel):
    url: SecretStr
    maxRows: int = 10
    options: dict[str, int] = {}


class Reader(BaseSettings):
    seed: int
    name: str = "none"
    tags: list[str] = []
    warehouse: Warehouse


def reading(sources: Sources, section: str = "") -> type[Reader]:
    class Read(Reader):
        @classmethod
        def settings_customise_sources(cls, settings_cls, init_settings, **others):
            return init_settings, LolpopSettingsSource(settings_cls, sources, section)

    return Read


def test_a_settings_class_of_pydantic_reads_the_same_sources(tmp_path):
    """Its fields come from files, profiles, variables and flags, with links and JSON."""
    written(
        tmp_path,
        lolpop__yaml="seed: 1\nproblem: {name: x}\nwarehouse: {url: '${env:URL}', maxRows: 3, options: {a: 1}}",
        lolpop__prod__yaml="name: ${problem.name}",
        __env="URL=sqlite://hush",
    )
    environ = {
        "LOLPOP_WAREHOUSE__MAXROWS": "5",
        "LOLPOP_TAGS": '["a", "b"]',
        "LOLPOP_WAREHOUSE__OPTIONS__A": "2",
    }
    sources = collect(cwd=tmp_path, profile="prod", environ=environ, flags=["seed=7"])
    read = reading(sources)()
    assert (read.seed, read.name, read.tags) == (7, "x", ["a", "b"])
    assert (read.warehouse.maxRows, read.warehouse.options) == (5, {"a": 2})
    assert read.warehouse.url.get_secret_value() == "sqlite://hush"
    assert reading(sources)(seed=8).seed == 8


def test_a_settings_class_of_pydantic_may_read_one_section(tmp_path):
    """A section can fill a class, and a broken link is an error with its place."""
    written(tmp_path, lolpop__yaml="here:\n  seed: 1\n  name: '[1]'\n  warehouse: {url: x}")
    sources = collect(cwd=tmp_path, flags=["here.name=[2]"])
    assert reading(sources, "here")().name == "[2]"
    written(tmp_path, lolpop__yaml="seed: 1\nwarehouse: {url: '${env:NOWHERE}'}")
    with pytest.raises(
        SettingsError, match=r"^lolpop.yaml:2:18  warehouse.url: the variable NOWHERE is not set"
    ):
        reading(collect(cwd=tmp_path))()
