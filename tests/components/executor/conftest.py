"""What tests of several executors share."""

import socket

import pytest


@pytest.fixture
def other_server():
    """The address of a server that is no cluster: it takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"
