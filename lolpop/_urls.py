"""Secrets in URLs: user parts, and parameters such as those of signed URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator

MASK = "**********"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}://")
_TOKEN = re.compile(r'[^\s"<>]*')
_HEAD = re.compile(r'[^\s"<>/?#]*')
_PORT = re.compile(r"\d{0,5}")
_SPACED_USER = re.compile(r"[^\s:@/?#]+(?: [^\s:@/?#]+){1,3}:[^\s@]+@")
_SPACED_PASSWORD = re.compile(r'[^\n"]{1,200}?@')

_WEB = frozenset({"http", "https"})
"""Of these, a query often holds addresses of people, which are no user parts."""

_PATHS = frozenset(
    {"abfs", "abfss", "adl", "az", "file", "gcs", "gs", "hdfs", "memory", "s3", "s3a", "sqlite"}
)
"""Of these, what stands before the first slash is a bucket or a folder, and @ is a character of paths."""

_PARAMETER = re.compile(
    r"(?P<start>[?&;#])(?P<name>[\w.~%\[\]-]+)=(?P<value>[^&#\s\"<>]*?)(?=[:,.;)\]'}]{0,3}(?:[&#\s\"<>]|$))"
)
_SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|pwd|signature|credential|auth(?!or)|session|jwt"
    r"|api[-_.]?key|access[-_.]?(?:key|id)|(?:^|[-_.]|app|account|shared|master)key(?:[-_.]pair[-_.]id)?$"
    r"|^(?:sig|sign|sas|code|pass|pw|hmac|policy)$",
    re.IGNORECASE,
)
"""Names of parameters that hold a secret: of signed URLs, of databases, of servers."""

# In the text of a driver, and in the settings that some drivers read: host=db password=…
_ASSIGNMENT = re.compile(
    r"(?P<name>(?<![\w?&;#-])(?:password|passwd|pwd|passphrase|secret|token|api[-_]?key|access[-_]?token"
    r"|auth[-_]?token|client[-_]?secret|(?:secret[-_]?)?access[-_]?key|secret[-_]?key))=(?P<value>'[^']*'|[^\s,;&)'\"]+)",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"None|True|False|null|\*+|\w+\(.*|\$\{.*|<.*|", re.DOTALL)
_BEARER = re.compile(r"(?P<kind>\b(?:Bearer|Basic) )(?=\S*\d)[\w.~+/=-]{16,}", re.IGNORECASE)

_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/=_-]{20,}|[0-9a-fA-F]{32,}")
"""Text that nobody writes by hand: a key, a signature or a digest, under any name."""


def mask_urls(text: str) -> str:
    """The text with the user part, and the secret parameters, of every URL in it masked."""
    if "://" in text:
        text = _mask_user_parts(text)
    if "=" in text:
        text = _PARAMETER.sub(_masked_parameter, text)
        text = _ASSIGNMENT.sub(_masked_assignment, text)
    return _BEARER.sub(rf"\g<kind>{MASK}", text) if "earer " in text or "asic " in text else text


def url_secrets(value: str) -> Iterator[str]:
    """The secrets of a text that is one URL, escaped and unescaped.

    A library may quote them apart from the URL, where they cannot be recognised by their place.
    """
    from urllib.parse import unquote, unquote_plus

    schemes = list(_SCHEME.finditer(value)) if _SCHEME.match(value) or "::" in value else []
    for scheme, following in zip(schemes, [*schemes[1:], None][: len(schemes)], strict=True):
        rest = value[scheme.end() : following.start() if following else len(value)]
        for secret in _secrets_in(scheme[0], rest):
            yield from dict.fromkeys((secret, unquote(secret), unquote_plus(secret)))


def _secrets_in(scheme: str, rest: str) -> Iterator[str]:
    head = re.split("[/?#]", rest, maxsplit=1)[0]
    end = _end_of_user(scheme, rest, rest, head)
    if end >= 0 and not _PORT.fullmatch(head.partition(":")[2] or "0x"):
        user, _, password = rest[:end].partition(":")
        yield rest[:end]
        yield password or user
    for parameter in re.split("[?&;#]", rest[end + 1 :])[1:]:
        name, _, content = parameter.partition("=")
        if _is_secret(name, content):
            yield content


def _mask_user_parts(text: str) -> str:
    schemes = list(_SCHEME.finditer(text))
    parts = [text[: schemes[0].start()] if schemes else text]
    for scheme, following in zip(schemes, [*schemes[1:], None][: len(schemes)], strict=True):
        rest = text[scheme.end() : following.start() if following else len(text)]
        end = _end_of_user_in_text(scheme[0], rest)
        parts += [scheme[0], f"{MASK}{rest[end:]}" if end >= 0 and rest[:end] != MASK else rest]
    return "".join(parts)


def _end_of_user_in_text(scheme: str, rest: str) -> int:
    """Where the user part of a URL ends that other words may follow; -1 if it has none."""
    token, head = (pattern.match(rest) for pattern in (_TOKEN, _HEAD))
    assert token is not None  # noqa: S101  (they match nothing, too)
    assert head is not None  # noqa: S101
    end = _end_of_user(scheme, rest, token[0], head[0])
    if end < 0 and (spaced := _SPACED_USER.match(rest)):
        end = spaced.end() - 1
    return end


def _end_of_user(scheme: str, rest: str, token: str, head: str) -> int:
    """Where the user part of a URL ends; -1 if it has none.

    ``token`` is all of the URL behind its scheme, ``head`` what stands before the first slash of it.
    Passwords hold slashes and @ that should have been escaped: what may be a part of one is taken for it.
    """
    kind = scheme.removesuffix("://").lower()
    path = re.split("[?#]", token, maxsplit=1)[0]
    if "@" in head:
        return path.rfind("@")
    name, colon, password = head.partition(":")
    if colon and not _PORT.fullmatch(password):
        end = token.rfind("@")
        if end < 0 and (spaced := _SPACED_PASSWORD.match(rest)):
            end = spaced.end() - 1
        return end
    if colon:
        return (path if kind in _WEB else token).rfind("@")
    is_host = not name or "." in name or name == "localhost" or kind in _PATHS
    return -1 if is_host else path.rfind("@")


def _masked_parameter(match: re.Match[str]) -> str:
    if not _is_secret(match["name"], match["value"]):
        return match[0]
    return f"{match['start']}{match['name']}={MASK}"


def _masked_assignment(match: re.Match[str]) -> str:
    value = match["value"].strip("'")
    return match[0] if _NO_SECRET.fullmatch(value) else f"{match['name']}={MASK}"


def _is_secret(name: str, value: str) -> bool:
    if not value or set(value) == {"*"}:
        return False
    if _SECRET_NAME.search(name) or _RANDOM.fullmatch(value):
        return True
    if "%" not in name + value:
        return False
    from urllib.parse import unquote  # imported here, since all errors import this module

    # A whole URL, or a list of settings, may be the value of a parameter.
    return _SECRET_NAME.search(unquote(name)) is not None or mask_urls(unquote(value)) != unquote(value)
