"""What the tests of the store share: the same store on SQLite and on PostgreSQL."""

import pytest
import sqlalchemy as sql

from kelly.serving.store import jobs, songs
from kelly.serving.store.store import Store
from kelly.serving.store.tables import metadata, new_id


@pytest.fixture(scope="session")
def shared(postgresql):
    """A store on PostgreSQL that is emptied for each test, which is quicker than to make one."""
    made = Store(postgresql())
    made.open()
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """An empty store."""
    if request.param == "postgresql":
        made = request.getfixturevalue("shared")
        made.write_now(_emptied)
        yield made
        return
    made = Store(f"sqlite:///{tmp_path / 'kelly.db'}")
    sql.event.listen(made.engine, "connect", lambda there, _: there.execute("PRAGMA synchronous=OFF"))  # quicker
    made.open()
    yield made
    made.close()


@pytest.fixture(scope="session")
def emptied():
    """Removes all that is in a store."""
    return _emptied


def _emptied(connection):
    for table in metadata.sorted_tables:
        connection.execute(table.delete())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of a store that is not made yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return request.getfixturevalue("postgresql")()


@pytest.fixture
def queued(store):
    """Queues a job in that store."""

    def queue(key="a", **more):
        return store.write_now(jobs.added, "compose", key, {"feeling": {"text": "so sad"}}, 10.0, **more)

    return queue


@pytest.fixture
def claimed(store):
    """Takes a job of that store, under a name that is used for this once, for so many seconds."""
    return lambda seconds=60.0: store.write_now(jobs.claimed, new_id(), seconds)


@pytest.fixture
def job(store):
    """A job of that store as it stands."""
    return lambda name: store.read_now(jobs.found, name)


@pytest.fixture
def song():
    """A song that is not in the store yet."""
    return lambda key="a", **more: songs.made("compose", "Title", b"MThd", {"emotion": None}, key, **more)
