"""`lolpop graph` in its formats."""

import re
import xml.etree.ElementTree as ET

import pytest


def test_the_tree_shows_what_each_is_built_from(project, lolpop):
    """Containers are nested, and a pipeline names what is injected."""
    done = lolpop("graph", "app.py", "--set", "greet.greeter.greeting=ahoy")
    assert done.code == 0
    assert re.search(r"greet +Greet +<- greeter", done.out)
    assert re.search(r"greeter +Greeter +greeting=ahoy +<- clock", done.out)


def test_json_has_every_provider_and_injection(project, lolpop):
    """JSON has paths, implementations, settings, and the injections of each provider."""
    graph = lolpop("graph", "app.py", "--json").json
    providers = {provider["path"]: provider for provider in graph["providers"]}
    assert providers["greet.greeter"]["use"] == "Greeter"
    assert {"into": "greet.greeter", "parameter": "clock", "provider": "clock"} in graph["injections"]
    assert {"into": "", "parameter": "greet", "provider": "greet"} in graph["injections"]


def test_mermaid_has_a_subgraph_for_each_container_and_an_arrow_for_each_injection(project, lolpop):
    """Every node that an arrow names is declared once, with a label of its own."""
    text = lolpop("graph", "app.py", "--format", "mermaid").out
    assert text.startswith("flowchart LR\n")
    assert text.count("subgraph ") == text.count("    end") == 2
    declared = dict(re.findall(r"^\s+(n\d+)[(\[/]+\"([^\"]*)\"", text, re.MULTILINE))
    names = [label.partition("<br>")[0].partition(" ")[0] for label in declared.values()]
    assert {"app.py", "clock", "greet", "greeter", "seed", "store"} <= set(names)
    arrows = re.findall(r"(n\d+) -->(?:\|[^|]*\|)? (n\d+)", text)
    assert {node for arrow in arrows for node in arrow} <= set(declared)
    named = {
        (declared[source].partition("<br>")[0], declared[target].partition("<br>")[0])
        for source, target in arrows
    }
    assert ("clock", "greeter") in named


def test_dot_is_a_graph_of_graphviz(project, lolpop):
    """Each container is a cluster, and every name is quoted."""
    text = lolpop("graph", "app.py", "--format", "dot", "--set", 'greet.greeter.greeting="a\\"b"').out
    assert text.startswith("digraph wiring {")
    assert text.count("{") == text.count("}")
    assert 'subgraph "cluster_greet" {' in text
    assert '"clock" -> "greet.greeter"' in text
    assert '\\"b' in text


def test_svg_is_a_picture_in_which_nothing_overlaps(project, lolpop):
    """It is well-formed, shows every provider by name, and its cards do not overlap."""
    text = lolpop("graph", "app.py", "--format", "svg", "--set", "greet.greeter.greeting=<b>&").out
    root = ET.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    words = [element.text for element in root.iter(f"{space}text")]
    assert {"app.py", "clock", "greet", "greeter", "Greeter", "greeting=<b>&"} <= set(words)
    boxes = [
        tuple(float(element.get(name)) for name in ("x", "y", "width", "height"))
        for element in root.iter(f"{space}rect")
        if element.get("class", "").split(" ")[0] in ("card", "settings")
    ]
    assert len(boxes) >= 4
    for at, (x, y, width, height) in enumerate(boxes):
        assert x + width <= float(root.get("width"))
        assert y + height <= float(root.get("height"))
        for left, top, across, down in boxes[at + 1 :]:
            assert x + width <= left or left + across <= x or y + height <= top or top + down <= y


def test_an_unknown_format_is_refused(project, lolpop):
    """The error lists the formats."""
    done = lolpop("graph", "app.py", "--format", "png")
    assert done.code == 2
    assert "svg" in done.err


@pytest.mark.parametrize("form", ["tree", "mermaid", "dot", "svg"])
def test_secrets_are_in_no_drawing(folder, lolpop, form):
    """A password in a URL is masked in every format."""
    done = lolpop(
        "graph", "classification", "--format", form, "--set", "store.url=postgresql://ada:s3cr3t@host/db"
    )
    assert done.code == 0
    assert "s3cr3t" not in done.out
