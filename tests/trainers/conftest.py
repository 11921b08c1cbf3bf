import pytest


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small fits are slower in several threads, and far slower beside other tests."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
