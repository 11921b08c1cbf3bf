"""Tests without a network: every connection fails, and fails the test."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

_LOCAL = getattr(socket, "AF_UNIX", None)


@contextmanager
def no_network(allow: Collection[str] = ()) -> Iterator[None]:
    """Forbid connections and look-ups of names, but for hosts in ``allow``, inside the ``with`` block.

    An attempt fails at once. One whose failure was swallowed, or that another thread made, fails the test at
    its end. Connections of libraries that do not use Python's sockets are not seen.
    """
    attempts: list[str] = []

    def refuse(host: object) -> None:
        attempts.append(str(host))
        pytest.fail(f"The test is marked no_network and connects to {host}.", pytrace=False)

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: socket.socket, *args: Any) -> Any:
            address = args[-1] if args else None
            if self.family != _LOCAL:
                host = address[0] if isinstance(address, tuple) else address
                if host not in allow:
                    refuse(host)
            return original(self, *args)

        return method

    def looked_up(original: Callable[..., Any]) -> Callable[..., Any]:
        def function(host: Any, *args: Any, **kwargs: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            if name is not None and name not in allow:
                refuse(name)
            return original(host, *args, **kwargs)

        return function

    with (
        mock.patch.object(socket.socket, "connect", guarded(socket.socket.connect)),
        mock.patch.object(socket.socket, "connect_ex", guarded(socket.socket.connect_ex)),
        mock.patch.object(socket.socket, "sendto", guarded(socket.socket.sendto)),
        mock.patch.object(socket, "getaddrinfo", looked_up(socket.getaddrinfo)),
    ):
        yield
    if attempts:
        hosts = ", ".join(dict.fromkeys(attempts))
        pytest.fail(f"The test is marked no_network and connected to {hosts}.", pytrace=False)
