"""What is installed, by the folders of metadata on the search path."""

import json

import pytest

from lolpop import _distributions


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on the search path with one distribution, in front of all others."""
    folder = tmp_path / "site" / "Acme_Tools-1.2.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: Acme.Tools\nRequires-Dist: narwhals>=2\n"
        "Requires-Dist: ray; extra == 'ray'\n\nRequires-Dist: a line of the description\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    return folder


def test_names_are_compared_without_case_and_separators(site):
    """Whatever a requirement writes, it is the same distribution."""
    for name in ("acme-tools", "Acme_Tools", "acme.tools"):
        assert _distributions.version_of(name) == "1.2"
    assert _distributions.version_of("acme") is None


def test_fields_end_where_the_description_begins(site):
    """Of a field with several values all are given, and nothing of the text below."""
    assert _distributions.field_of("acme-tools", "Requires-Dist") == ["narwhals>=2", "ray; extra == 'ray'"]
    assert _distributions.field_of("acme-tools", "Name") == ["Acme.Tools"]
    assert _distributions.field_of("unknown", "Name") == []


def test_the_origin_is_that_of_direct_url(site):
    """None for an index; of a repository, what a requirement names."""
    assert _distributions.origin_of("acme-tools") is None
    source = {"url": "https://example.com/acme", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    (site / "direct_url.json").write_text(json.dumps(source))
    origin = _distributions.origin_of("acme-tools")
    assert origin == source
    assert _distributions.repository_of(origin) == "git+https://example.com/acme@abc"
    assert _distributions.repository_of({"url": "file:///acme"}) is None


def test_the_first_of_two_counts(site, tmp_path, monkeypatch):
    """As for imports: another folder in front of the search path has the version that is used."""
    (tmp_path / "front" / "acme_tools-3.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path / "front")
    assert _distributions.version_of("acme-tools") == "3.0"
