"""Links: settings that stand for another setting, or for a variable."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from settings_trainers import MainContainer

from lolpop.containers import load as load_container
from lolpop.errors import Origin, SettingsError, VerificationError
from lolpop.settings.links import Links, escaped, has_link
from lolpop.settings.nodes import Node, node_of
from lolpop.settings.reading import read, shown
from lolpop.settings.secrets import MASK
from lolpop.settings.tree import Tree
from lolpop.signatures import Parameter


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def load(tmp_path, text, environ=None, **arguments):
    (tmp_path / "lolpop.yaml").write_text(text)
    return MainContainer.load(environ=environ or {}, **arguments)


def broken(tmp_path, text, environ=None):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, text, environ)
    (finding,) = error.value.findings
    return finding


def test_a_link_gives_the_other_setting_as_it_is(tmp_path):
    """A link that is the whole text keeps the type of its target."""
    text = "seed: 7\nconnection: {names: '${topic.drop}', options: {seed: '${seed}', all: '${topic}'}}\n"
    text += "topic: {drop: [a, b], name: n}\n"
    connection = load(tmp_path, text).connection()
    assert connection.names == ["a", "b"]
    assert connection.options == {"seed": 7, "all": {"drop": ["a", "b"], "name": "n"}}


def test_a_link_inside_a_text_gives_its_text(tmp_path):
    """All links inside a text are replaced."""
    text = "seed: 7\nconnection: {url: 'x/${topic.name}/${seed}/y'}\n"
    assert load(tmp_path, text + "topic: {name: t}").connection().url == "x/t/7/y"


def test_a_link_leads_to_defaults_too(tmp_path):
    """The default of a Settings section can be linked."""
    assert load(tmp_path, "connection: {options: {s: '${seed}'}}").connection().options == {"s": 0}


def test_a_link_leads_to_what_counts(tmp_path):
    """A link gives the value of the strongest source, merged key by key."""
    text = "topic: {name: weak, target: t}\nconnection: {url: '${topic.name}', options: {all: '${topic}'}}\n"
    connection = load(tmp_path, text, environ={"LOLPOP_TOPIC__NAME": "strong"}).connection()
    assert connection.url == "strong"
    assert connection.options == {"all": {"name": "strong", "target": "t"}}


def test_links_lead_to_links(tmp_path):
    """A link to a link gives the value at the end."""
    text = "topic: {name: '${topic.target}', target: '${env:T}'}\nconnection: {url: '${topic.name}'}\n"
    assert load(tmp_path, text, environ={"T": "end"}).connection().url == "end"


def test_a_link_to_a_variable(tmp_path):
    """`${env:X}` is the variable X, of the environment or, weaker, of .env."""
    (tmp_path / ".env").write_text("X=dotenv\nY=only\n")
    text = "connection: {url: '${env:X}/${env:Y}'}"
    assert load(tmp_path, text, environ={"X": "real"}).connection().url == "real/only"


def test_a_variable_is_read_as_the_type_asks(tmp_path):
    """The text of a variable becomes a number for a number, and stays text for text."""
    text = "seed: '${env:S}'\nconnection: {url: '${env:S}'}\n"
    c = load(tmp_path, text, environ={"S": "007"})
    assert (c.seed(), c.connection().url) == (7, "007")


def test_links_in_variables_and_overrides(tmp_path):
    """Every source can have links."""
    c = load(tmp_path, "topic: {name: n}", environ={"LOLPOP_CONNECTION__URL": "${topic.name}"})
    assert c.connection().url == "n"
    c = load(tmp_path, "topic: {name: n}", overrides={"connection.names": ["${topic.name}"]})
    assert c.connection().names == ["n"]


def test_a_doubled_dollar_is_the_text_itself(tmp_path):
    """`$${x}` is the text `${x}`."""
    text = "connection: {url: 'a $${topic.name} b ${topic.name}', names: ['$${x}']}\ntopic: {name: n}\n"
    connection = load(tmp_path, text).connection()
    assert (connection.url, connection.names) == ("a ${topic.name} b n", ["${x}"])


def test_a_link_that_chooses_the_implementation(tmp_path):
    """`use` may be a link."""
    c = load(
        tmp_path,
        "train: {trainer: {use: '${env:TRAINER}'}}",
        environ={"TRAINER": "settings_trainers:Boosted"},
    )
    assert type(c.train.trainer()).__name__ == "Boosted"


def test_a_cycle_of_links_is_drawn(tmp_path):
    """Links that lead to each other are an error for each of them."""
    with pytest.raises(SettingsError) as error:
        load(tmp_path, "topic: {name: '${topic.target}', target: '${topic.name}'}")
    text = str(error.value)
    assert "lolpop.yaml:1:15  topic.name: the link" in text
    assert "is circular: topic.target -> topic.name -> topic.target" in text


def test_a_link_to_its_own_section_is_a_circle(tmp_path):
    """A link to the section that contains it is a cycle."""
    assert "is circular" in broken(tmp_path, "topic: {name: '${topic}'}").message


def test_a_link_that_leads_nowhere_proposes_a_near_one(tmp_path):
    """A link to an unknown setting is an error with its place and a near name."""
    finding = broken(tmp_path, "topic: {name: n}\nconnection: {url: '${topic.nam}'}")
    assert (finding.path, str(finding.origin)) == ("connection.url", "lolpop.yaml:2:19")
    assert "points to an unknown setting" in finding.message
    assert "Did you mean topic.name?" in str(finding)


def test_an_unset_variable(tmp_path):
    """A link to an unset variable is an error; with lenient=True it is a warning."""
    text = "connection: {url: '${env:URL}', token: '${env:TOKEN}'}\ntrain: {trainer: {use: '${env:USE}'}}"
    with pytest.raises(SettingsError, match="the variable URL is not set"):
        load(tmp_path, text)
    warnings = load_container(MainContainer, environ={}, lenient=True).verify()
    assert {(finding.path, finding.severity) for finding in warnings} == {
        ("connection.url", "warning"),
        ("connection.token", "warning"),
        ("train.trainer.use", "warning"),
    }


def test_a_link_that_was_dropped_or_overruled_does_not_matter(tmp_path):
    """A link that a stronger source replaces is not resolved."""
    text = "connection: {url: '${env:NO_SUCH}'}\ntrain: {trainer: {use: 'settings_trainers:Linear', estimator: '${env:NO}'}}"
    environ = {"LOLPOP_CONNECTION__URL": "x", "LOLPOP_TRAIN__TRAINER": "settings_trainers:Boosted"}
    c = load(tmp_path, text, environ=environ)
    assert c.verify() == []
    assert c.connection().url == "x"


def options(settings):
    """The options of a connection, all of them links to each other."""
    return MainContainer.load(environ={}, overrides={"connection.options": settings}).connection().options


def test_a_chain_of_links_may_be_long():
    """Hundreds of links in a row are resolved, without recursion."""
    chain = {"a0": "end", **{f"a{at}": f"${{connection.options.a{at - 1}}}" for at in range(1, 800)}}
    assert set(options(chain).values()) == {"end"}


def test_a_chain_of_links_has_a_limit():
    """A longer chain is an error with the limit."""
    chain = {"a0": "end", **{f"a{at}": f"${{connection.options.a{at - 1}}}" for at in range(1, 1500)}}
    with pytest.raises(SettingsError, match="a chain of more than 1000 links"):
        options(dict(reversed(chain.items())))


@pytest.mark.parametrize("double", ["{0}{0}", ["{0}", "{0}"], {"x": "{0}", "y": "{0}"}], ids=type)
def test_links_that_double_their_value_have_a_limit(double):
    """Forty short lines cannot make a value that fills the memory."""

    def doubled(shape, link):
        if isinstance(shape, str):
            return shape.format(link)
        if isinstance(shape, list):
            return [doubled(inner, link) for inner in shape]
        return {key: doubled(inner, link) for key, inner in shape.items()}

    settings = {f"a{at}": doubled(double, f"${{connection.options.a{at - 1}}}") for at in range(1, 40)}
    with pytest.raises(SettingsError, match="more than 1,000,000 characters"):
        options({"a0": "x", **settings})


def test_settings_that_link_to_one_list_share_nothing():
    """Each link gives its own copy of a list."""
    linked = options({"a": ["x"], "b": "${connection.options.a}", "c": "${connection.options.a}"})
    linked["b"].append("y")
    assert (linked["a"], linked["c"]) == (["x"], ["x"])


@given(st.text(alphabet=st.sampled_from("a.${}:$"), max_size=20))
def test_any_text_can_be_written_so_that_it_is_no_link(text):
    """Escaped text is read as that text, whatever it contains."""
    node = Node(escaped(text), Origin("a test"))
    assert Links(Tree(), {}).resolve(node) == text
    assert not has_link(node)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_what_is_shown_of_a_value_is_read_as_that_value(value):
    """A shown setting without secrets can be set again, as a replay does."""
    parameter = Parameter("anything", Any)
    written = shown(None, parameter, value)
    assume(MASK not in str(written))
    assert read(node_of(written, Origin("a test")), parameter, Links(Tree(), {})) == (value, [])


def test_sets_are_shown_in_one_order_and_with_their_links():
    """A set is shown sorted, and elements from variables are shown as links."""
    parameter = Parameter("names", frozenset[str])
    names = [f"name-{number}" for number in range(20)]
    assert shown(None, parameter, frozenset(names)) == sorted(names)
    links = Links(Tree(), {"SECRET": "hunter22"})
    for name in names:
        node = node_of([name, "${env:SECRET}"], Origin("a test"))
        value, _ = read(node, parameter, links)
        assert value == {name, "hunter22"}
        assert shown(node, parameter, value) == ["${env:SECRET}", name]


@pytest.mark.parametrize(
    ("target", "kind"), [("topic.drop", "a list"), ("topic", "a mapping"), ("connection.names", "null")]
)
def test_a_link_inside_a_text_leads_to_text_or_a_number(tmp_path, target, kind):
    """A list or null in the middle of a text would be Python's spelling of it."""
    text = "topic: {drop: [a], name: n}\nconnection: {names: ~, url: 'x/${" + target + "}'}\n"
    finding = broken(tmp_path, text)
    assert finding.message == f"the link ${{{target}}} is inside of a text, but points to {kind}"
    assert "whole value" in finding.hint


def test_a_boolean_inside_a_text_is_spelled_as_in_files(tmp_path):
    """`true` in a file is `true` in a text."""
    text = "connection: {options: {on: true}, url: 'x?on=${connection.options.on}'}\n"
    assert load(tmp_path, text).connection().url == "x?on=true"


@pytest.mark.parametrize(
    ("link", "hint"),
    [
        ("${HOST}", "Write ${env:HOST} for the variable."),
        ("${ENV:HOST}", "Write ${env:HOST} for the variable."),
        ("${env:PORT:-80}", "without a default: ${env:NAME}"),
        ("${env:}", "without a default: ${env:NAME}"),
    ],
)
def test_links_that_other_tools_write_are_corrected(tmp_path, link, hint):
    """A variable without `env:`, or with a default, gets the form that lolpop reads."""
    finding = broken(tmp_path, f"connection: {{url: '{link}'}}\n", environ={"HOST": "h"})
    assert hint in finding.hint


def test_a_link_to_a_number_where_text_is_wanted_says_what_to_quote(tmp_path):
    """Quotes around the link itself would not help."""
    container = load(tmp_path, "seed: 3\ntopic: {name: '${seed}'}\n")
    with pytest.raises(VerificationError, match="Put the linked value in quotes, where it is set"):
        container.verify()
