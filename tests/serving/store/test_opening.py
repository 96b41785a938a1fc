"""Opening a store: brought to its newest shape by whoever comes first, refused with one line, and private."""

import subprocess
import sys

import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kelly.errors import FileError, UsageError
from kelly.serving.settings import Settings
from kelly.serving.store import jobs, opening, songs
from kelly.serving.store.store import Store
from kelly.serving.store.tables import metadata

OPEN = "import sys; from kelly.serving.store.store import Store; s = Store(sys.argv[1]); s.open(); s.close()"


@pytest.fixture
def new(url):
    """A store that is not made yet."""
    made = Store(url)
    yield made
    made.close()


def test_a_migrated_store_has_the_shape_that_the_code_reads(new):
    new.open()
    assert new.read_now(lambda there: compare_metadata(MigrationContext.configure(there), metadata)) == []


def test_a_store_is_opened_again_with_all_that_is_in_it(new, song):
    new.open()
    made = song()
    new.write_now(songs.added, made)
    new.open()
    assert new.read_now(songs.found, made.id) == made


def test_every_older_shape_is_brought_to_the_newest(new):
    for older in opening.known():
        new.write_now(
            lambda there: [metadata.drop_all(there), there.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")]
        )
        new.write_now(opening.upgraded, older)
        new.open()
        assert new.read_now(opening.shape) == opening.known()[-1]


def test_processes_that_open_a_new_store_at_the_same_time_all_succeed(new):
    starting = [
        subprocess.Popen([sys.executable, "-c", OPEN, new.url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate(timeout=60)[1] for process in starting] == [""] * 3
    assert new.read_now(opening.shape) == opening.known()[-1]


def test_a_store_of_a_newer_kelly_is_refused_and_left_alone(new):
    new.open()
    new.write_now(lambda there: there.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FileError, match=r"newer Kelly.* 9999"):
        new.open()
    assert new.read_now(jobs.waiting) == 0


def test_a_migration_that_fails_leaves_the_store_as_it_was(new, monkeypatch):
    """Half of the tables would be worse than none."""
    monkeypatch.setattr(opening, "shape", lambda there: there.exec_driver_sql("CREATE TABLE results (key TEXT)"))
    with pytest.raises(FileError, match="cannot be opened"):
        new.open()
    assert new.read_now(lambda there: sql.inspect(there).get_table_names()) == []


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@host/name",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///kelly.db?secret",
        "secret",
        "",
        "postgresql://user:secret@host:port/name",
        "postgresql://user:sec@ret@host/name",
    ],
)
def test_another_url_is_refused_without_its_password(url):
    with pytest.raises(UsageError, match="a store is sqlite:///FILE or postgresql://USER@HOST/NAME") as told:
        Store(url)
    assert "sec" not in str(told.value)
    assert "ret" not in str(told.value)


def test_a_database_that_cannot_be_reached_is_told_of_in_one_line_without_the_password():
    pytest.importorskip("psycopg")
    store = Store("postgresql://user:secret@127.0.0.1:1/name")
    with pytest.raises(FileError, match=r"the store cannot be opened: .*refused") as told:
        store.open()
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "kelly.db"
    path.write_bytes(b"MThd is what this begins with, and it is no database" * 100)
    before = path.read_bytes()
    store = Store(f"sqlite:///{path}")
    with pytest.raises(FileError, match="not a database"):
        store.open()
    store.close()
    assert path.read_bytes() == before


def test_a_folder_that_is_missing_is_told_of(tmp_path):
    with pytest.raises(FileError, match="No such file"):
        Store(f"sqlite:///{tmp_path / 'missing' / 'kelly.db'}").open()


@pytest.mark.parametrize("name", ["100% ünï #1", "a%20b", "a?b=c", "a@b:c"])
def test_a_store_in_a_folder_of_any_name_opens(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    store = Store(Settings(folder=folder).url)
    store.open()
    store.close()
    assert (folder / "kelly.db").is_file()


@pytest.fixture
def small(tmp_path):
    """A store on SQLite."""
    store = Store(f"sqlite:///{tmp_path / 'kelly.db'}")
    store.open()
    yield store
    store.close()


def test_a_file_of_sqlite_can_be_read_by_its_owner_alone(small, tmp_path, song):
    small.write_now(songs.added, song())
    files = sorted(tmp_path.glob("kelly.db*"))
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_store_that_is_opened_again_stays_locked_against_other_processes(small, tmp_path, song):
    """Else the next process to leave would take the log for nobody's, and remove it."""
    small.open()
    for number in range(3):
        subprocess.run([sys.executable, "-c", OPEN, small.url], check=True)
        small.write_now(songs.added, song(str(number)))
    assert (tmp_path / "kelly.db-wal").exists()
    assert small.read_now(lambda there: there.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"
    small.close()
    again = Store(small.url)
    assert len(again.read_now(songs.page, 10)) == 3
    again.close()


def test_what_was_acknowledged_is_on_the_disk(small):
    told = small.read_now(
        lambda there: [there.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    )
    assert told == ["wal", 2]


def test_the_log_of_sqlite_is_emptied_and_a_long_reader_keeps_nobody_waiting(small, tmp_path, song):
    log = tmp_path / "kelly.db-wal"
    for number in range(20):
        small.write_now(songs.added, song(str(number)))
    assert log.stat().st_size > 0

    def read(connection):
        before = len(songs.page(connection, 100))
        small.write_now(songs.added, song("more"))
        opening.checkpointed(small.engine)
        return before, len(songs.page(connection, 100))

    assert small.read_now(read) == (20, 20)
    opening.checkpointed(small.engine)
    assert log.stat().st_size == 0


def test_what_is_deleted_is_overwritten(small, tmp_path):
    text = b"a text that nobody else should read"
    name = small.write_now(jobs.added, "compose", "a", {"feeling": {"text": text.decode()}}, 1.0).id
    opening.checkpointed(small.engine)
    assert text in (tmp_path / "kelly.db").read_bytes()
    small.write_now(jobs.cancelled, name)
    opening.checkpointed(small.engine)
    assert text not in b"".join(file.read_bytes() for file in tmp_path.glob("kelly.db*"))


def test_nothing_is_logged_when_a_store_is_opened(small, caplog):
    caplog.clear()
    small.open()
    assert [record for record in caplog.records if record.levelname != "INFO"] == []
