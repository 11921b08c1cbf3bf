"""Greetings of clusters: engines wait for minutes, or for ever, for what listens and is none."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

# Of HTTP/2, on which gRPC is built: who connects sends this first, with an empty frame of settings.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
_TYPE, _SETTINGS = 3, 4


def require_http2(connection: socket.socket) -> None:
    """Raise OSError if the other side of a connection does not speak HTTP/2, or not in time."""
    connection.sendall(_PREFACE)
    frame = connection.recv(_TYPE + 1, socket.MSG_WAITALL)
    if len(frame) <= _TYPE or frame[_TYPE] != _SETTINGS:
        raise OSError("what listens there is something else")


def require_dask(address: str, timeout: float) -> None:
    """Raise OSError or ValueError if nothing answers at ``address`` as Dask does, or not in time."""
    from distributed import Security
    from distributed.comm import connect

    async def greet() -> None:
        options = Security().get_connection_args("client")
        comm = await connect(address, timeout=timeout, **options)
        await comm.close()

    async def greet_in_time() -> None:
        try:
            await asyncio.wait_for(greet(), timeout)
        except TimeoutError:
            raise OSError("what listens there does not answer") from None

    # In a thread of its own, as this one may have a loop already: a notebook's has.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, greet_in_time()).result()
