"""Secrets stay out of what people read."""

import pytest
from pydantic import SecretStr

from lolpop.settings.secrets import MASK, mask, mask_urls


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cret@host/db",
        "postgresql+psycopg://ada:s3@cret@host:5432/db",
        "cannot connect to s3://s3cret@bucket/path at all",
    ],
)
def test_the_user_part_of_a_url_is_masked_whole(url):
    """Nothing of a user part is left, whatever characters it has, and the rest of the text is."""
    masked = mask_urls(url)
    assert "cret" not in masked
    assert masked.endswith(url.rpartition("@")[2])
    assert MASK in masked


def test_what_is_no_user_part_stays():
    """A URL without a user part and an address without a scheme are left as they are."""
    for text in ("https://host/path?mail=a@b.org", "ada@example.org", "no url"):
        assert mask_urls(text) == text


def test_secrets_inside_values_are_masked():
    """Secrets of pydantic's are masked at any depth."""
    value = {"a": [SecretStr("s3cret"), "x://u:p@h/"], "b": 1}
    assert mask(value) == {"a": [MASK, f"x://{MASK}@h/"], "b": 1}
