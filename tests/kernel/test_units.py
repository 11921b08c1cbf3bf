"""Child scopes: what is built for one unit of work, what is shared, when it is closed, and who is isolated."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import scope_of
from lolpop.errors import VerificationError, WiringError
from lolpop.kernel.specs import Call, Worker, spec_of


class Engine(Component):
    def __init__(self):
        self.closed: list[str] = []


class Session(Component):
    def __init__(self, *, engine: Engine):
        self.engine = engine

    def close(self):
        self.engine.closed.append("session")


class Basket(Component):
    def __init__(self, size: int = 3, *, session: Session):
        self.size, self.session = size, session

    def close(self):
        self.session.engine.closed.append("basket")


class Buy(Pipeline):
    def __init__(self, *, basket: Basket):
        self.basket = basket

    @task
    def buy(self) -> Basket:
        return self.basket


class Shop(Runner):
    def __init__(self, *, buy: Buy, session: Session):
        self.pipeline, self.session = buy, session

    @workflow
    def run(self) -> bool:
        return self.pipeline.buy().session is self.session


class BuyContainer(PipelineContainer):
    basket = providers.Component(Basket, default=Basket, scoped=True)
    pipeline = providers.Pipeline(Buy, scoped=True)


class ShopContainer(RunnerContainer):
    engine = providers.Component(Engine, default=Engine)
    session = providers.Component(Session, default=Session, scoped=True)
    buy = providers.nested(BuyContainer)
    runner = providers.Runner(Shop, scoped=True)


@pytest.fixture
def c():
    with ShopContainer() as container:
        yield container


def test_each_scope_has_instances_of_its_own_and_shares_the_others(c):
    """A scoped component is another object in each scope, others are shared."""
    with c.scope() as first:
        session = first.session()
        assert first.session() is session is c.session()
        assert first.buy.basket().session is session
        assert first.engine() is c.engine() is session.engine
    with c.scope() as second:
        assert second.session() is not session


def test_a_scope_closes_what_was_built_for_it_last_first(c):
    """The end of the block closes scoped components, and not shared ones."""
    with c.scope() as request:
        request.buy.basket()
        assert c.engine().closed == []
    assert c.engine().closed == ["basket", "session"]
    with c.scope():
        pass
    assert c.engine().closed == ["basket", "session"]


def test_an_exception_in_the_block_closes_the_scope_too(c):
    """Scoped components are closed, and the exception is raised."""
    with pytest.raises(ZeroDivisionError), c.scope() as request:
        raise ZeroDivisionError(request.session())
    assert c.engine().closed == ["session"]


def test_asking_outside_of_a_scope_is_an_error(c):
    """The message has the provider, and says how to open a scope."""
    with pytest.raises(WiringError, match=r"session is built for each scope.*container\.scope\(\)"):
        c.session()
    with c.scope() as request:
        request.session()
    with pytest.raises(WiringError, match="session: its scope is closed"):
        request.session()
    with pytest.raises(WiringError, match="session is built for each scope"):
        c.session()


def test_a_scope_is_entered_once(c):
    """A scope cannot be used again."""
    scope = c.scope()
    with scope:
        pass
    with pytest.raises(WiringError, match="was entered before"), scope:
        pass


def test_a_workflow_runs_in_its_scope(c):
    """A scoped runner uses one scope, in another thread too; runs are recorded."""
    with c.scope() as request:
        assert request.runner().run()
        runner = request.runner()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(runner.run).result()
    assert len(c.runs()) == 2


def test_threads_are_isolated(c):
    """Sixteen threads with a scope each get sixteen sessions, closed sixteen times, and one engine."""
    barrier = threading.Barrier(16)

    def work(_):
        with c.scope() as request:
            barrier.wait()
            assert request.session() is c.session()
            return request.session()

    with ThreadPoolExecutor(16) as pool:
        sessions = list(pool.map(work, range(16)))
    assert len(set(map(id, sessions))) == 16
    assert len({session.engine for session in sessions}) == 1
    assert c.engine().closed == ["session"] * 16


def test_threads_of_one_scope_share_its_instances(c):
    """The container of a scope may be used from other threads: they get one session."""
    with c.scope() as request, ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(lambda _: request.session(), range(32)))
        with pytest.raises(WiringError, match="built for each scope"):
            pool.submit(c.session).result()
    assert len(set(map(id, sessions))) == 1


def test_asyncio_tasks_are_isolated_and_scopes_close_asynchronously():
    """Each task has its own session; aclose is awaited at the end of each block."""
    closed = []

    class AsyncSession(Session):
        async def aclose(self):
            await asyncio.sleep(0)
            closed.append(self)

    async def request(c):
        async with c.scope() as unit:
            session = c.session()
            await asyncio.sleep(0.01)
            assert c.session() is session is unit.session()
            inner = asyncio.create_task(asyncio.to_thread(c.session))
            assert await inner is session  # a task that began in the block belongs to it
            return session

    async def main():
        async with ShopContainer.load(overrides={"session": AsyncSession}, environ={}) as c:
            return await asyncio.gather(*(request(c) for _ in range(5)))

    sessions = asyncio.run(main())
    assert len({id(session) for session in sessions}) == 5
    assert sorted(map(id, closed)) == sorted(map(id, sessions))


def test_a_generator_that_is_finished_in_another_context_ends_its_scope(c):
    """Web frameworks may run the two halves of a dependency in two threads."""

    @contextmanager
    def dependency():
        with c.scope() as request:
            yield request

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        manager = dependency()
        request = one.submit(manager.__enter__).result()
        session = request.session()
        assert one.submit(request.session).result() is session
        two.submit(manager.__exit__, None, None, None).result()
    assert c.engine().closed == ["session"]


def test_a_component_that_lives_longer_may_not_keep_a_scoped_one():
    """It would keep the instance of the first scope: verification reports it, through factories too."""

    class Holder(Component):
        def __init__(self, *, session: Session):
            self.session = session

    class HolderContainer(ShopContainer):
        holder = providers.Component(Holder, default=Holder)

    with pytest.raises(
        VerificationError, match=r"holder: '.*Holder' lives as long as the container.*scoped=True"
    ):
        HolderContainer().verify()

    class Anyone(Component):
        def __init__(self, *, made: object):
            self.made = made

    class FactoryContainer(ShopContainer):
        made = providers.Factory(dict, session=ShopContainer.session)
        holder = providers.Component(Anyone, default=Anyone)

    with pytest.raises(VerificationError, match=r"holder: '.*Anyone' lives as long as the container"):
        FactoryContainer().verify()


def test_a_component_that_lives_longer_may_ask_later():
    """A lazy parameter gives the session of the current scope."""

    class Later(Component):
        def __init__(self, *, session: providers.Lazy[Session]):
            self.session = session

    class LaterContainer(ShopContainer):
        later = providers.Component(Later, default=Later)

    with LaterContainer() as c:
        assert [warning.path for warning in c.verify()] == ["later"]
        later = c.later()
        with c.scope() as one:
            first = later.session()
            assert first is one.session()
        with c.scope():
            assert later.session() is not first


def test_overrides_hold_in_scopes(c):
    """An override applies in every scope, and its dependents are built for each."""
    fake = Session(engine=Engine())
    with c.scope() as request:
        real = request.buy.basket()
        with c.session.override(fake):
            assert request.session() is fake
            assert request.buy.basket().session is fake
            with c.scope() as other:
                assert other.buy.basket() is not request.buy.basket()
        assert request.buy.basket() is real
        with c.session.override(providers.Component(Session, default=Session, scoped=True)):
            assert request.session() is not real.session
    assert fake.engine.closed == ["basket", "basket"]


def test_a_scoped_stand_in_is_built_for_each_scope(c):
    """An override by a scoped provider has an instance in each scope, which that closes."""
    engines = []
    with c.session.override(providers.Component(Session, default=Session, scoped=True)):
        for _ in range(2):
            with c.scope() as request:
                session = request.session()
                assert session is c.session() is request.buy.basket().session
                assert session.engine.closed == ["basket", "session"] * len(engines)
                engines.append(session.engine)
    assert engines[0].closed == ["basket", "session"] * 2


def test_a_scoped_stand_in_of_another_slot_is_built_for_each_scope():
    """A slot that is overridden by a scoped slot of its container follows the scope, as that does."""

    class Two(PipelineContainer):
        engine = providers.Component(Engine, default=Engine)
        session = providers.Component(Session, default=Session)
        of_request = providers.Component(Session, default=Session, scoped=True)

    c = Two()
    with c.session.override(c.of_request):
        with c.scope():
            first = c.session()
            assert first is c.of_request()
        with c.scope():
            assert c.session() is c.of_request() is not first
        with pytest.raises(WiringError, match="no scope is open"):
            c.session()


def test_a_wrapped_object_of_a_scope_is_wrapped_for_each(c):
    """The wrapper of a scoped provider gets the object of its own scope, once."""
    wrapped = []

    class Recording(Session):
        def __init__(self, real):
            super().__init__(engine=real.engine)
            self.real = real
            wrapped.append(self)

    for begin in (
        lambda: c.session.wrap(Recording),
        lambda: c.override({"session": providers.Wrap(Recording)}),
    ):
        wrapped.clear()
        with begin():
            for _ in range(2):
                with c.scope() as request:
                    assert request.session() is request.buy.basket().session is c.session() is wrapped[-1]
        assert len(wrapped) == 2
        assert wrapped[0].real is not wrapped[1].real


def test_a_component_that_lives_longer_may_not_keep_a_scoped_stand_in():
    """An override by a scoped provider is a finding of what would keep its object."""

    class Plain(PipelineContainer):
        engine = providers.Component(Engine, default=Engine)
        session = providers.Component(Session, default=Session)
        basket = providers.Component(Basket, default=Basket)

    c = Plain()
    c.verify()
    c.session.override(providers.Component(Session, default=Session, scoped=True))
    with pytest.raises(VerificationError, match="basket: 'Basket' lives as long as the container"):
        c.verify()


def test_a_container_that_is_closed_closes_its_open_scopes():
    """Scoped components are closed before the shared ones."""
    c = ShopContainer()
    scope = c.scope()
    request = scope.__enter__()
    engine = request.session().engine
    c.close()
    assert engine.closed == ["session"]
    with pytest.raises(WiringError, match="its container is closed"):
        request.session()
    scope.__exit__(None, None, None)
    assert engine.closed == ["session"]


def test_scopes_of_two_containers_do_not_mix():
    """Each container uses its own scope."""
    with ShopContainer() as one, ShopContainer() as two, one.scope() as first, two.scope() as second:
        assert one.session() is first.session()
        assert two.session() is second.session() is not first.session()


def test_each_call_in_a_worker_has_a_scope_of_its_own():
    """A worker opens a scope for each call."""

    class ScopedContainer(RunnerContainer):
        engine = providers.Component(Engine, default=Engine)
        session = providers.Component(Session, default=WorkerSession, scoped=True)

    globals()["ScopedContainer"] = ScopedContainer
    ScopedContainer.__qualname__ = "ScopedContainer"
    worker = Worker(spec_of(scope_of(ScopedContainer())))
    first, second = (worker.call(Call("session", "describe"), None) for _ in range(2))
    assert first != second
    worker.close()


class WorkerSession(Session):
    count = 0

    def __init__(self, *, engine: Engine):
        super().__init__(engine=engine)
        type(self).count += 1

    def describe(self, _: object) -> int:
        return self.count
