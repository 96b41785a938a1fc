"""Opening a store: SQLite on one machine, PostgreSQL where several share it, brought to the newest shape.

Conventions: what is acknowledged is on the disk (SQLite in WAL mode with full synchronisation, PostgreSQL as it is set
up). A transaction of SQLite that writes takes the lock when it begins, so that none fails half way through; those that
only read are begun on `reading(engine)`, see the store as it was when they began, and wait for nobody. A file of SQLite
can be read by its owner alone, and what is deleted in it is overwritten.
"""

from __future__ import annotations

import os
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from kelly.errors import FileError, UsageError

if TYPE_CHECKING:
    from alembic.config import Config  # loaded where a store is brought to a shape: workers never do

__all__ = [
    "CONNECTIONS",
    "alone",
    "checkpointed",
    "file_of",
    "known",
    "made_private",
    "migrated",
    "opened",
    "reading",
    "said",
    "shape",
    "still",
    "upgraded",
]

CONNECTIONS = 12  # of one replica

_PATIENCE = 10.0  # seconds that a writer waits for another
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
_LOCK = 0x6B656C6C79  # of who gives the store another shape; other locks have 32 bits
_SHAPE = "a store is sqlite:///FILE or postgresql://USER@HOST/NAME"
_SQLITE = (
    f"busy_timeout={int(1000 * _PATIENCE)}",  # before all others, which may have to wait
    "journal_mode=WAL",
    "journal_size_limit=16777216",  # the log is cut to 16 MiB once what is in it has been taken over
    "synchronous=FULL",
    "secure_delete=ON",
)
# A database that has gone without a word is noticed within half a minute.
_POSTGRESQL = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def opened(url: str) -> sql.Engine:
    """The store at a URL: sqlite:///FILE or postgresql://USER@HOST/NAME; nothing is read or written yet.

    Raises: UsageError, it is another URL, or psycopg is missing; the message repeats nothing of a password.
    """
    place = _place(url)
    if place.get_backend_name() == "sqlite":
        engine = _engine(place, "sqlite")
        sql.event.listen(engine, "connect", _settled)
        sql.event.listen(engine, "begin", _begun)
        return engine
    usual = {name: value for name, value in _POSTGRESQL.items() if name not in place.query}
    return _engine(place, "postgresql", pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=usual)


def _place(url: str) -> URL:
    try:
        place = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number, which may be part of a password
        raise UsageError(_SHAPE) from error
    if place.get_backend_name() not in _DRIVERS:
        raise UsageError(f"{_SHAPE}; got {place.get_backend_name()}://...")
    if place.get_backend_name() == "sqlite" and place.database in {None, "", ":memory:"}:
        raise UsageError(f"{_SHAPE}; got sqlite without a file")
    if place.get_backend_name() == "sqlite" and "?" in url:  # what follows would be left out of the name
        raise UsageError(f"{_SHAPE}; a ? in the name of a file is written %3F")
    if "@" in (place.host or ""):
        raise UsageError(f"{_SHAPE}; an @ in a password is written %40")
    return place


def _engine(place: URL, backend: str, **options: Any) -> sql.Engine:  # noqa: ANN401 - SQLAlchemy's own
    try:
        return sql.create_engine(
            place.set(drivername=_DRIVERS[backend]),
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=0,
            **options,
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError("PostgreSQL needs psycopg: pip install 'kelly-music[postgres]'") from error


def reading(engine: sql.Engine) -> sql.Engine:
    """The same store for transactions that only read."""
    return engine.execution_options(reading=True)


def still(engine: sql.Engine) -> sql.Engine:
    """The same store for transactions that only read, and see it all along as it was when they began."""
    if engine.dialect.name == "sqlite":
        return reading(engine)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def file_of(engine: sql.Engine) -> Path | None:
    """The file of a store that is SQLite's; None of another."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def migrated(engine: sql.Engine) -> None:
    """Bring a store to its newest shape. Raises: FileError, it cannot be reached, or is of a newer Kelly."""
    from alembic.util import CommandError

    try:
        made_private(engine)
        with engine.begin() as connection:
            alone(connection)
            upgraded(connection)
    except (DBAPIError, CommandError) as error:
        raise FileError(f"the store cannot be opened: {said(error)}") from error


def alone(connection: sql.Connection, lock: int = _LOCK) -> None:
    """Keep out who asks for the same lock, until the transaction ends; SQLite has one writer anyway.

    Parameters: lock, of 32 bits; when left out, that of who gives the store another shape.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sql.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def said(error: Exception) -> str:
    """What a database says is wrong, in one line."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def made_private(engine: sql.Engine) -> None:
    """Let a new file of SQLite be its owner's alone; the files that SQLite puts beside it follow it in that.

    A file that is there is never opened here: to close it would take from this process the locks that it has on it, and
    another would write where it must not.
    """
    file = file_of(engine)
    if file is not None:
        try:
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise FileError(f"the store cannot be opened: {error.strerror}") from error


def checkpointed(engine: sql.Engine) -> None:
    """Let SQLite take what is in its log over into its file, unless somebody reads for long just now.

    It does so by itself, but may never come to the end while many read.
    """
    if file_of(engine) is None:
        return
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        for setting in ("busy_timeout=100", "wal_checkpoint(TRUNCATE)", _SQLITE[0]):  # else writers would wait, too
            cursor.execute(f"PRAGMA {setting}").fetchall()


def shape(connection: sql.Connection) -> str | None:
    """The shape that a store has; None of one that is not made yet. Raises: FileError, it is of a newer Kelly."""
    from alembic.migration import MigrationContext

    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known():
        raise FileError(f"the store is of a newer Kelly: it has the shape {found}; this one knows {known()[-1]}")
    return found


def known() -> list[str]:
    """The shapes that this Kelly knows, the oldest first."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def upgraded(connection: sql.Connection, to: str = "head") -> None:
    """Bring a store to a newer shape, in a transaction. Raises: FileError, it is of a newer Kelly."""
    from alembic import command

    shape(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    place = str(resources.files("kelly.serving.store") / "migrations")
    config.set_main_option("script_location", place.replace("%", "%%"))
    return config


def _settled(connection: Any, _: object) -> None:  # noqa: ANN401 - of the driver
    connection.isolation_level = None  # transactions are begun below, and not by the driver
    for setting in _SQLITE:
        connection.execute(f"PRAGMA {setting}")


def _begun(connection: sql.Connection) -> None:
    reads = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
