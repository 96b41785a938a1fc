"""Backups: what comes back is what went in, on either database; what is damaged or no backup is refused as a whole."""

import hashlib
import io
import json
import shutil
import zipfile

import pytest
import sqlalchemy as sql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kelly.errors import FileError
from kelly.serving import backup, restore
from kelly.serving.backup import MANIFEST, backed_up
from kelly.serving.restore import restored
from kelly.serving.store import answers, jobs, opening, preferences, results, songs
from kelly.serving.store.store import Store
from kelly.serving.store.tables import metadata, new_id


def filled(store):
    """Let a store hold something of every kind."""
    odd = "Ünïcode 🎵 'quoted' \\ \r\n\u2028"
    for number, title in enumerate(("Grief", odd, "")):
        report = {"text": "\0 \ud800", "number": 0.1, "deep": [[{}]]} if number else None
        store.write_now(songs.added, songs.made("compose", title, bytes(range(256)) * number, report, f"{number:064x}"))
    for state in ("queued", "running", "stopping", "cancelled", "failed"):
        job = store.write_now(jobs.added, "compose", state, {"feeling": {"text": odd}}, 10.0)
        if state in {"running", "stopping", "failed"}:
            owner = store.write_now(jobs.claimed, new_id(), 60.0).owner
        if state in {"cancelled", "stopping"}:
            store.write_now(jobs.cancelled, job.id)
        if state == "failed":
            store.write_now(jobs.failed, job.id, owner, {"status": 500})
        if state == "queued":
            store.write_now(jobs.given_back, store.write_now(jobs.claimed, "0" * 24, 1.0).id, "0" * 24, counts=True)
    store.write_now(preferences.added, "0" * 24, "1" * 24, "neither", {"valence": 0.5})
    store.write_now(preferences.added, "0" * 24, "1" * 24, "first", None)
    store.write_now(results.kept, "a" * 64, {"timeline": [1, 2.5, None]})
    same = answers.Once("b" * 64, "c" * 64)
    store.write_now(answers._made, same, lambda _: answers.Answer(202, {"id": "x"}, "/v1/jobs/x"))


def content(store):
    """All rows of all tables."""

    def rows(connection):
        every = {}
        for table in metadata.sorted_tables:
            every[table.name] = connection.execute(sql.select(table).order_by(*table.primary_key.columns)).all()
        return every

    return store.read_now(rows)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A store with something of every kind in it, on SQLite."""
    folder = tmp_path_factory.mktemp("original")
    store = Store(f"sqlite:///{folder / 'kelly.db'}")
    store.open()
    filled(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def archive(original, tmp_path_factory):
    """A backup of it."""
    folder = tmp_path_factory.mktemp("archive")
    backed_up(original.url, folder, folder / "a.zip")
    return (folder / "a.zip").read_bytes()


@pytest.fixture
def there(tmp_path, archive):
    """That backup as a file."""
    path = tmp_path / "a.zip"
    path.write_bytes(archive)
    return path


@pytest.fixture
def new(url):
    """A store that is not made yet."""
    made = Store(url)
    yield made
    made.close()


def test_what_was_backed_up_comes_back_on_either_database(store, new, tmp_path):
    filled(store)
    before = content(store)
    made = backed_up(store.url, tmp_path, tmp_path / "a.zip")
    assert made.rows == {name: len(rows) for name, rows in before.items()}
    assert restored(tmp_path / "a.zip", new.url, tmp_path / "data") == made
    new.open()
    assert content(new) == before


def test_a_backup_is_the_store_at_one_moment_while_it_is_written_to(store, tmp_path):
    filled(store)
    before = content(store)
    told = []

    def disturb(part):
        told.append(part)
        store.write_now(songs.added, songs.made("compose", part, b"", None))
        store.write_now(songs.removed, before["songs"][0].id)
        store.write_now(jobs.added, "compose", part, {}, 1.0)

    backed_up(store.url, tmp_path, tmp_path / "a.zip", disturb)
    assert {"songs", "notes"} <= set(told)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    restored(tmp_path / "a.zip", url, tmp_path)
    new = Store(url)
    assert content(new) == before
    new.close()


def test_two_backups_of_one_store_hold_the_same(original, tmp_path):
    for name in ("a.zip", "b.zip"):
        backed_up(original.url, tmp_path, tmp_path / name)
    one, two = (zipfile.ZipFile(tmp_path / name) for name in ("a.zip", "b.zip"))
    with one, two:
        assert one.namelist() == two.namelist()
        assert all(one.read(name) == two.read(name) for name in one.namelist() if name != MANIFEST)


def test_a_backup_can_be_read_by_its_owner_alone(original, tmp_path):
    backed_up(original.url, tmp_path, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o600


def test_a_store_that_is_not_there_is_not_made_by_a_backup(tmp_path):
    with pytest.raises(FileError, match="there is no store"):
        backed_up(f"sqlite:///{tmp_path / 'kelly.db'}", tmp_path, tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_not_kellys_is_not_backed_up(new, tmp_path):
    new.write_now(lambda connection: connection.exec_driver_sql("CREATE TABLE other (id INTEGER)"))
    with pytest.raises(FileError, match="no store of Kelly's"):
        backed_up(new.url, tmp_path, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_a_backup_that_fails_leaves_the_one_before(original, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"before")

    def fail(_):
        raise FileError("no")

    with pytest.raises(FileError, match="no"):
        backed_up(original.url, tmp_path, tmp_path / "a.zip", fail)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


def test_a_store_that_is_not_empty_is_only_replaced_when_that_is_asked_for(store, there, original, song, tmp_path):
    store.write_now(songs.added, song())
    before = content(store)
    with pytest.raises(FileError, match="not empty: --replace"):
        restored(there, store.url, tmp_path)
    assert content(store) == before
    restored(there, store.url, tmp_path, replace=True)
    assert content(store) == content(original)


def test_a_job_that_ran_when_the_backup_was_made_is_taken_up_again(there, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    restored(there, url, tmp_path)
    store = Store(url)
    later = jobs.time.time() + 61
    monkeypatch.setattr(jobs.time, "time", lambda: later)
    taken = [store.write_now(jobs.claimed, new_id(), 60.0) for _ in range(3)]
    assert [None if job is None else job.key for job in taken] == ["queued", "running", None]
    store.close()


# -- other shapes


@pytest.fixture
def newer(monkeypatch, tmp_path):
    """A Kelly that knows a newer shape: songs have a colour, and preferences none at all."""
    shutil.copytree(opening.resources.files("kelly.serving.store") / "migrations", tmp_path / "migrations")
    (tmp_path / "migrations/versions/0002_colours.py").write_text(
        "import sqlalchemy as sql\nfrom alembic import op\n\nrevision = '9999'\n"
        f"down_revision = {opening.known()[-1]!r}\n\n\ndef upgrade():\n"
        "    op.add_column('songs', sql.Column('colour', sql.Text, server_default='blue'))\n"
        "    op.drop_table('preferences')\n"
    )
    monkeypatch.setattr(opening.resources, "files", lambda _: tmp_path)


@pytest.mark.usefixtures("newer")
def test_a_backup_of_an_older_shape_comes_back_in_the_newest(new, there, original, tmp_path):
    restored(there, new.url, tmp_path)
    assert new.read_now(opening.shape) == "9999"
    colours = new.read_now(lambda connection: connection.exec_driver_sql("SELECT colour FROM songs").scalars().all())
    assert colours == ["blue"] * len(content(original)["songs"])
    assert not new.read_now(lambda connection: sql.inspect(connection).has_table("preferences"))


def test_a_backup_of_a_newer_shape_is_refused(new, tmp_path, request):
    with pytest.MonkeyPatch.context() as patched:
        shown = Store(f"sqlite:///{tmp_path / 'newer.db'}")
        request.getfixturevalue("newer")
        shown.open()
        backed_up(shown.url, tmp_path, tmp_path / "a.zip")
        shown.close()
        patched.setattr(opening.resources, "files", opening.resources._common.files)
        with pytest.raises(FileError, match="of a newer Kelly"):
            restored(tmp_path / "a.zip", new.url, tmp_path)


def test_a_store_of_a_newer_shape_is_not_replaced(new, there, tmp_path):
    new.open()
    new.write_now(lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FileError, match="of a newer Kelly"):
        restored(there, new.url, tmp_path, replace=True)


# -- attacks on the archive


def packed(members, **options):
    """A zip file of (name, data); `digests` says whether the manifest is made to fit."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", options.get("packing", zipfile.ZIP_DEFLATED)) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forged(data, change):
    """The archive with its members changed, and a manifest that fits."""
    every = members(data)
    manifest = json.loads(every.pop(MANIFEST))
    change(every, manifest)
    manifest["members"] = {name: hashlib.sha256(data).hexdigest() for name, data in every.items()}
    return packed([*every.items(), (MANIFEST, json.dumps(manifest))])


def row(table, **values):
    """A change of the first row of a table."""

    def change(every, _):
        first, *rest = every[f"{table}.jsonl"].splitlines()
        every[f"{table}.jsonl"] = b"\n".join([json.dumps(json.loads(first) | values).encode(), *rest, b""])

    return change


def renamed(old, new):
    def change(every, _):
        name = next(name for name in every if name.startswith(old))
        every[new] = every.pop(name)

    return change


def twice(data):
    with pytest.warns(UserWarning, match="Duplicate name"):
        return packed([*members(data).items(), ("songs.jsonl", b"")])


def bomb(data):
    """A gigabyte of nothing, which would be a row."""
    every = members(data)
    every["songs.jsonl"] = b"\0" * 2**20 * 80
    return packed(every.items())


ATTACKS = {
    "nothing": lambda _: b"",
    "no zip": lambda _: b"no zip at all" * 100,
    "another zip": lambda _: packed([("readme.txt", b"hello")]),
    "an empty zip": lambda _: packed([]),
    "half of it": lambda data: data[: len(data) // 2],
    "a manifest that is no JSON": lambda data: packed((members(data) | {MANIFEST: b"{"}).items()),
    "a manifest nested deeply": lambda data: packed((members(data) | {MANIFEST: b"[" * 100_000}).items()),
    "a manifest of another format": lambda data: forged(data, lambda _, told: told.update(format="kelly-backup-2")),
    "a manifest with more in it": lambda data: forged(data, lambda _, told: told.update(more=1)),
    "a wrong count": lambda data: forged(data, lambda _, told: told["rows"].update(songs=7)),
    "another shape": lambda data: forged(data, lambda _, told: told.update(shape="../../0001")),
    "a member too few": lambda data: packed([one for one in members(data).items() if one[0] != "jobs.jsonl"]),
    "a member too many": lambda data: packed([*members(data).items(), ("more", b"")]),
    "a member too many that the manifest knows": lambda data: forged(data, lambda every, _: every.update(more=b"")),
    "a member that comes twice": twice,
    "a member that was changed": lambda data: packed((members(data) | {"songs.jsonl": b""}).items()),
    "a song without notes": lambda data: forged(data, renamed("songs/", "songs/0.mid")),
    "a path that leads out": lambda data: forged(data, renamed("songs/", "../../evil.mid")),
    "a path from the root": lambda data: forged(data, renamed("songs/", "/evil.mid")),
    "a model that leads out": lambda data: forged(data, lambda every, _: every.update({"models/../evil.json": b"{}"})),
    "a model with a drive": lambda data: forged(data, lambda every, _: every.update({"models/C:/evil.json": b"{}"})),
    "a model that is code": lambda data: forged(data, lambda every, _: every.update({"models/a/evil.pkl": b"{}"})),
    "packed in another way": lambda data: packed(members(data).items(), packing=zipfile.ZIP_LZMA),
    "a bomb": bomb,
    "a bomb that the manifest knows": lambda data: forged(bomb(data), lambda *_: None),
    "rows that are no JSON": lambda data: forged(data, lambda every, _: every.update({"jobs.jsonl": b"x\n" * 5})),
    "rows that are lists": lambda data: forged(data, lambda every, _: every.update({"jobs.jsonl": b"[]\n" * 5})),
    "a row that comes twice": lambda data: forged(
        data, lambda every, _: every.update({"preferences.jsonl": every["preferences.jsonl"].splitlines(True)[0] * 2})
    ),
    "a column too many": lambda data: forged(data, row("songs", more=1)),
    "an id that is a path": lambda data: forged(data, row("songs", id="../../../../../../../a.b")),
    "an id that is no text": lambda data: forged(data, row("jobs", id=["0" * 24])),
    "a text that is too long": lambda data: forged(data, row("jobs", kind="x" * 17)),
    "a title that is none": lambda data: forged(data, row("songs", title=None)),
    "half of a letter": lambda data: forged(data, row("songs", title="\ud800")),
    "a number that is none": lambda data: forged(data, row("songs", created="now")),
    "a number that is not finite": lambda data: forged(data, row("songs", created=float("nan"))),
    "a number that is too large": lambda data: forged(data, row("jobs", revision=2**63)),
    "a truth that is a number": lambda data: forged(data, row("jobs", stopping=1)),
    "a report that is no object": lambda data: forged(data, row("songs", report="x")),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_archive_that_is_not_what_it_should_be_is_refused_as_a_whole(attack, store, archive, song, tmp_path):
    store.write_now(songs.added, song())
    before = content(store)
    folder = tmp_path / "data"
    (folder / "models" / "mine").mkdir(parents=True)
    path = tmp_path / "a.zip"
    path.write_bytes(ATTACKS[attack](archive))
    files = sorted(tmp_path.rglob("*"))
    with pytest.raises(FileError) as told:
        restored(path, store.url, folder, replace=True)
    assert "\n" not in str(told.value)
    assert content(store) == before
    assert sorted(file for file in tmp_path.rglob("*") if "kelly.db" not in file.name) == [
        file for file in files if "kelly.db" not in file.name
    ]


@pytest.mark.parametrize(("limit", "value"), [("MOST", 1000), ("_MEMBERS", 5), ("_LINE", 100)])
def test_an_archive_that_holds_too_much_is_refused(limit, value, there, tmp_path, monkeypatch):
    monkeypatch.setattr(restore, limit, value)
    with pytest.raises(FileError):
        restored(there, f"sqlite:///{tmp_path / 'new.db'}", tmp_path)


def test_a_store_that_could_not_be_restored_is_not_backed_up(original, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "MOST", 1000)
    with pytest.raises(FileError, match="up to"):
        backed_up(original.url, tmp_path, tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


places = st.tuples(st.integers(0, 10**9), st.integers(1, 255))


@given(flips=st.lists(places, min_size=1, max_size=3), cut=st.sampled_from([0, 0, 0, 1, 7, 500]))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_archive_is_refused_or_means_the_same(flips, cut, archive, original, tmp_path):
    data = bytearray(archive[: len(archive) - cut])
    for place, change in flips:
        data[place % len(data)] ^= change
    (tmp_path / "a.zip").write_bytes(data)
    store = Store(f"sqlite:///{tmp_path / 'kelly.db'}")
    if not (tmp_path / "kelly.db").exists():
        store.open()
        store.write_now(preferences.added, "0" * 24, "1" * 24, "first", None)
    before = content(store)
    try:
        restored(tmp_path / "a.zip", store.url, tmp_path, replace=True)
    except FileError:
        assert content(store) == before
    else:
        assert content(store) == content(original)
    store.close()


# -- models


@pytest.fixture
def models(tmp_path):
    """A folder with a model of its own, and what is none."""
    folder = tmp_path / "data"
    (folder / "models" / "mine").mkdir(parents=True)
    for name, data in {
        "mine/model.onnx": b"\0" * 1000,
        "mine/config.json": b"{}",
        "mine/notes.exe": b"",
        "x": b"",
    }.items():
        (folder / "models" / name).write_bytes(data)
    return folder


def held(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_models_come_back_and_nothing_else_of_their_folder(original, models, tmp_path):
    made = backed_up(original.url, models, tmp_path / "a.zip")
    assert made.models == {"mine"}
    restored(tmp_path / "a.zip", f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "new")
    assert held(tmp_path / "new") == {"models/mine/model.onnx": b"\0" * 1000, "models/mine/config.json": b"{}"}


def test_models_that_are_there_are_only_replaced_when_that_is_asked_for(original, models, tmp_path):
    backed_up(original.url, models, tmp_path / "a.zip")
    (models / "models/mine/model.onnx").write_bytes(b"other")
    before = held(models)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(FileError, match="there are models"):
        restored(tmp_path / "a.zip", url, models)
    assert held(models) == before
    restored(tmp_path / "a.zip", url, models, replace=True)
    assert held(models)["models/mine/model.onnx"] == b"\0" * 1000


@pytest.mark.parametrize("there", [True, False])
def test_models_are_as_they_were_when_the_store_cannot_be_written_in_the_end(
    there, original, models, tmp_path, monkeypatch
):
    backed_up(original.url, models, tmp_path / "a.zip")
    if not there:
        shutil.rmtree(models / "models")
    before = held(models)

    def fail(_):
        raise sql.exc.OperationalError("", {}, Exception("the disk is full"))

    monkeypatch.setattr(sql.engine.default.DefaultDialect, "do_commit", lambda *_: fail(_))
    with pytest.raises(FileError, match="the store cannot be written: the disk is full"):
        restored(tmp_path / "a.zip", f"sqlite:///{tmp_path / 'new.db'}", models, replace=True)
    assert held(models) == before
    assert sorted(models.iterdir()) == ([models / "models"] if there else [])
