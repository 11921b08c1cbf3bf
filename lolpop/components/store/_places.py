"""The location of a store, and its display without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from lolpop._urls import MASK

_URL = re.compile(
    r"(?P<scheme>[a-z0-9+]+)://(?:(?P<user>.*)@)?(?P<rest>[^?]*)(?:\?(?P<query>.*))?", re.DOTALL
)
_TEMPORARY = ("sqlite://", "sqlite:///:memory:")
_SCHEMES = ("sqlite", "postgresql+psycopg", "postgresql", "postgres")


@dataclass(frozen=True)
class DatabasePlace:
    """The URL of a database, ``sqlite:///relative/or/absolute`` or ``postgresql+psycopg://…``.

    Raises ValueError, without secrets, if it is neither.
    """

    url: str

    def __post_init__(self) -> None:
        if self.is_temporary:
            return
        match = _URL.fullmatch(self.url)
        if match is None or match["scheme"] not in _SCHEMES or (self.is_sqlite and len(match["rest"]) < 2):
            raise ValueError(
                f"A store cannot be at {shown(self.url)!r}. Expected sqlite:///folder/store.db, "
                "postgresql+psycopg://host/database, or sqlite:// for a temporary store."
            )

    @property
    def is_temporary(self) -> bool:
        """Whether the store is removed with its container, like SQLite's in-memory databases."""
        return self.url in _TEMPORARY

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.url.startswith("sqlite:")

    def path(self, folder: Path) -> Path:
        """The file of a SQLite database. A relative or temporary one is in ``folder``."""
        if self.is_temporary:
            return folder / "store.db"
        return folder / self.url.removeprefix("sqlite:///").partition("?")[0]

    @property
    def driver_url(self) -> str:
        """The URL for SQLAlchemy, with the supported driver."""
        # Airflow's connections, and some database hosts, use postgres:// as psql does.
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.url)

    def __str__(self) -> str:
        return shown(self.url)

    def __repr__(self) -> str:
        return f"DatabasePlace({shown(self.url)!r})"

    def scrub(self, message: str) -> str:
        """``message``, for example of a driver, without the user part and the parameters of the URL."""
        return self._secret.sub(MASK, message) if self._secret else message

    @cached_property
    def _secret(self) -> re.Pattern[str] | None:
        match = _URL.fullmatch(self.url)
        if match is None:
            return None
        user, _, password = (match["user"] or "").partition(":")
        values = {self.url, user, password, *(value for _, value in parse_qsl(match["query"] or ""))}
        words = sorted({form for value in values for form in (value, unquote(value)) if form}, key=len)
        return re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in reversed(words)))


def shown(url: str) -> str:
    """The URL without secrets: the user part is masked, parameters are omitted."""
    match = _URL.fullmatch(url)
    if match is None:
        return url.rpartition("@")[2]
    return f"{match['scheme']}://{f'{MASK}@' if match['user'] else ''}{match['rest']}"
