"""Secrets stay out of what people read."""

import pytest
from pydantic import AnyUrl, BaseModel, PostgresDsn, SecretStr

from lolpop.settings.secrets import MASK, holds_secret, mask, mask_urls, secrets_of


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cret@host/db",
        "postgresql+psycopg://ada:s3@cret@host:5432/db",
        "cannot connect to s3://s3cret@bucket/path at all",
        "postgresql://ada:s3/cret@host/db",
        "postgresql://ada:s3@cr/cret@host/db",
        "postgresql://ada:s3#cret?cret@host/db",
        "postgresql://ada:s3 cret@host/db",
        "postgresql://ada s3cret:s3cret@host/db",
        "redis://:s3/cret@host:6379/0",
        "https://s3/cret@host/path",
        "http://ada:12/cret@host/path",
        "zip://a.csv::s3://key:s3/cret@bucket/a.zip",
    ],
)
def test_the_user_part_of_a_url_is_masked_whole(url):
    """The whole user part is masked, and the rest of the text stays."""
    masked = mask_urls(url)
    assert "cret" not in masked
    assert masked.endswith(url.rpartition("@")[2])
    assert MASK in masked


def test_what_is_no_user_part_stays():
    """A URL without a user part and an address without a scheme do not change."""
    for text in (
        "https://host/path?mail=a@b.org",
        "https://example.org/@ada/post",
        "s3://bucket/rows@2020.csv",
        "http://localhost:8000/path?mail=a@b.org",
        "see http://example.org: write to ada@example.org",
        "ada@example.org",
        "no url",
    ):
        assert mask_urls(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "sig", "token", "password", "PWD", "api_key", "apikey", "key", "access_token", "client_secret",
        "AccessKeyId", "AWSAccessKeyId", "GoogleAccessId", "Signature", "Key-Pair-Id", "Policy",
        "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "AccountKey",
        "code", "jwt", "session_id", "auth", "amp%3Btoken",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "text", ["http://host/t.csv?year=2020&{}=TOPSECRET&page=2", "bad http://host/#{}=TOPSECRET: no such file"]
)
def test_secret_parameters_of_a_url_are_masked(name, text):
    """Signatures, tokens and keys are masked everywhere, and nothing else."""
    text = text.format(name)
    assert mask_urls(text) == text.replace("TOPSECRET", MASK)
    assert mask_urls(mask_urls(text)) == mask_urls(text)


@pytest.mark.parametrize(
    "text",
    [
        "host=db user=ada password=TOPSECRET dbname=x",
        "host=db password='TOPSECRET and more' dbname=x",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3DX%3BPWD%3DTOPSECRET",
        "http://host/go?next=https%3A%2F%2Fada%3ATOPSECRET%40host",
        "http://host/?q=eyJhbGciOiJIUzI1NiIsTOPSECRET123",
        "Authorization: Bearer TOPSECRET0123456789",
    ],
)
def test_secrets_that_drivers_and_servers_quote_are_masked(text):
    """Driver settings, nested URLs, keys and headers are masked."""
    assert "TOPSECRET" not in mask_urls(text)


def test_harmless_parameters_stay():
    """Parameters that choose rows stay readable."""
    for text in (
        "https://host/t?format=csv&year=2020&author=ada&monkey=1&q=churn",
        "token=None, password=SecretStr('**********')",
        "f(max_tokens=5, n=3)",
    ):
        assert mask_urls(text) == text


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("postgresql://ada:s3/cr%20et@host/db", {"ada:s3/cr%20et", "s3/cr%20et", "s3/cr et", "ada:s3/cr et"}),
        ("http://host/t?sig=a%2Fb&page=2", {"a%2Fb", "a/b"}),
        ("https://t0ken@host", {"t0ken"}),
        ("http://localhost:8000/a", set()),
        ("text", set()),
    ],
)
def test_the_secrets_of_a_url_are_seen_outside_of_it_too(url, secrets):
    """A password alone is masked, in encoded and plain form."""
    assert set(secrets_of({"url": [url]})) == secrets


def test_a_type_holds_the_secrets_of_its_parts():
    """A type with a secret anywhere in it contains one; a recursive model ends."""

    class Login(BaseModel):
        password: SecretStr

    class Server(BaseModel):
        login: Login | None = None
        mirrors: list["Server"] = []

    class Plain(BaseModel):
        name: str = ""

    assert all(map(holds_secret, (SecretStr, Login, Server, dict[str, Login], list[Server] | None)))
    assert not any(map(holds_secret, (str, Plain, dict[str, Plain], int | None)))


def test_secrets_inside_values_are_masked():
    """Secrets of pydantic are masked at any depth."""
    value = {"a": [SecretStr("s3cret"), "x://u:p@h/"], "b": 1}
    assert mask(value) == {"a": [MASK, f"x://{MASK}@h/"], "b": 1}
    assert mask([AnyUrl("x://u:p@h/a"), PostgresDsn("postgresql://u:p@h/b")]) == [
        f"x://{MASK}@h/a",
        f"postgresql://{MASK}@h/b",
    ]
