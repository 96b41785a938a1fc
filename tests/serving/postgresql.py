"""A PostgreSQL for the tests, from Debian's packages: in a folder that is thrown away, on loopback, for one session."""

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

OWNER = "postgres"


@contextmanager
def started():
    """A server; yields a function that makes an empty database and gives its URL. Skips where none can be started."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), default=None)
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="kelly-pg-"))
    who = _who(folder)
    port = _free_port()
    made = [programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", OWNER, "-E", "UTF8", "--locale=C"]
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "max_connections": 80}
    settings |= {"fsync": "off", "shared_buffers": "16MB", "port": port}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    try:
        subprocess.run([*made, "--no-sync"], check=True, capture_output=True, cwd=folder, **who)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", *options], stderr=log, cwd=folder, **who
            )
        try:
            there = f"host=127.0.0.1 port={port} user={OWNER}"
            _wait(server, lambda: psycopg.connect(f"{there} dbname=postgres").close(), psycopg.OperationalError)
            numbers = itertools.count()

            def database():
                name = f"kelly_{next(numbers)}"
                with psycopg.connect(f"{there} dbname=postgres", autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}")
                return f"postgresql://{OWNER}@127.0.0.1:{port}/{name}"

            yield database
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            server.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _who(folder):
    """As whom the server runs: it refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam(OWNER)
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _wait(server, ask, away):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert server.poll() is None, "PostgreSQL ended"
        with suppress(away):
            return ask()
        time.sleep(0.05)
    raise AssertionError("PostgreSQL does not answer")
