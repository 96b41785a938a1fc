import hashlib
import json
import re
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.cli.main import main
from kelly.errors import FileError, UsageError
from kelly.training.data import manifest, shards, sums
from kelly.training.data.shards import Sample, bytes_of, from_folder, read, write
from small.sounds import tone

# How webdataset tells the key of a file from its ending, by its documentation: at the first dot of the last name.
WEBDATASET = re.compile(r"^((?:.*/|)[^.]+)[.]([^/]*)$")
names = st.text("aä.% -_㐀0", min_size=1, max_size=8).filter(lambda name: name.strip("."))
keys = st.lists(names, min_size=1, max_size=3).map("/".join)
parts = st.dictionaries(st.sampled_from(["json", "npz", "left.wav"]), st.binary(max_size=2000), min_size=1)
samples = st.builds(Sample, keys, parts, st.sampled_from(["", "train", "dev"]))


def packed(tmp_path, size=shards.SMALLEST, contents=(b"x" * 3000,) * 20):
    """A folder of shards with samples 0, 1, 2 ..., and its shards."""
    place = tmp_path / "shards"
    return place, write((Sample(f"{i:02}", {"bin": content}) for i, content in enumerate(contents)), place, size)


def members(path):
    with tarfile.open(path) as tar:
        return tar.getnames()


@given(st.lists(samples, min_size=1, max_size=8, unique_by=lambda sample: sample.key))
def test_what_is_packed_is_read_again(tmp_path_factory, written):
    place = tmp_path_factory.mktemp("round") / "shards"
    write(written, place, shards.SMALLEST)
    assert sorted(read(place), key=lambda one: one.key) == sorted(written, key=lambda one: one.key)
    seen = [WEBDATASET.match(name).groups() for path in place.glob("*.tar") for name in members(path)]
    assert len({key for key, _ in seen}) == len(written)
    assert {ending for _, ending in seen} <= {"json", "npz", "left.wav"}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # webdataset leaves files open
def test_webdataset_reads_the_same(tmp_path):
    webdataset = pytest.importorskip("webdataset", reason="needs the extra `train`")
    written = [Sample(f"a.b/c.{i}%", {"txt": b"x", "left.bin": bytes([i])}) for i in range(3)]
    write(written, tmp_path / "s", shards.SMALLEST)
    rows = list(webdataset.WebDataset(str(tmp_path / "s/shard-000000.tar"), shardshuffle=False))
    assert [row["__key__"] for row in rows] == [f"a.b/c%2E{i}%25" for i in range(3)]
    assert [(row["txt"], row["left.bin"]) for row in rows] == [(b"x", bytes([i])) for i in range(3)]


def test_no_shard_is_larger_than_asked_and_the_order_is_kept(tmp_path):
    place, written = packed(tmp_path, size=30_000)
    assert [one.samples for one in written] == [5, 5, 5, 5]
    assert all((place / one.name).stat().st_size == one.size <= 30_000 for one in written)
    assert [one.key for one in read(place)] == [f"{i:02}" for i in range(20)]


def test_a_sample_that_is_larger_than_a_shard_has_one_of_its_own(tmp_path):
    _, written = packed(tmp_path, contents=[b"x", b"y" * 100_000, b"z"])
    assert [one.samples for one in written] == [1, 1, 1]
    assert written[1].size > 100_000


def test_the_same_samples_give_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert packed(tmp_path / "a")[1] == packed(tmp_path / "b")[1]


def test_the_index_and_the_sums_tell_what_is_there(tmp_path):
    place, written = packed(tmp_path)
    index = json.loads((place / "shard.json").read_text())
    assert (index["__kind__"], index["wids_version"]) == ("wids-shard-index-v1", 1)
    assert [(row["url"], row["nsamples"], row["filesize"]) for row in index["shardlist"]] == [
        (one.name, one.samples, one.size) for one in written
    ]
    stated = sums.read(place)
    assert {path.name for path in stated} == {one.name for one in written} | {"shard.json"}
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == digest for path, digest in stated.items())


def test_splits_have_shards_of_their_own(tmp_path):
    write([Sample(split, {"txt": b""}, split) for split in ("train", "dev", "test")], tmp_path / "s", 10**6)
    assert {path.name for path in (tmp_path / "s").glob("*.tar")} == {
        "train-000000.tar",
        "dev-000000.tar",
        "test-000000.tar",
    }
    assert all(sample.key == sample.split for sample in read(tmp_path / "s"))


def test_a_damaged_shard_is_refused_before_it_is_read(tmp_path):
    place, (first, *_) = packed(tmp_path)
    data = bytearray((place / first.name).read_bytes())
    data[600] ^= 1
    (place / first.name).write_bytes(data)
    with pytest.raises(FileError, match="another checksum"):
        next(read(place))
    assert next(read(place, verify=False)).key == "00"


@given(st.data())
def test_whatever_a_file_holds_reading_it_ends_well(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    place, (only,) = packed(folder, 10**6, [b"some", b"content", b"x" * 1000])
    content = bytearray((place / only.name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 6000))] = data.draw(st.integers(0, 255))
    (folder / "x.tar").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert all(sample.parts for sample in read(folder / "x.tar"))
    except FileError as error:
        assert "x.tar" in str(error)  # noqa: PT017 - either may happen


@pytest.mark.parametrize(
    "sample",
    [
        Sample("", {"txt": b""}),
        Sample("../a", {"txt": b""}),
        Sample("/a", {"txt": b""}),
        Sample("a//b", {"txt": b""}),
        Sample("a\n", {"txt": b""}),
        Sample("a\\b", {"txt": b""}),
        Sample("a\udc80", {"txt": b""}),
        Sample("a", {}),
        Sample("a", {"": b""}),
        Sample("a", {"TXT": b""}),
        Sample("a", {"txt": b""}, "validation"),
    ],
)
def test_what_webdataset_could_not_read_back_is_refused(tmp_path, sample):
    with pytest.raises(UsageError, match="must be"):
        write([sample], tmp_path / "s", 10**6)
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(UsageError, match='"a" stands twice'):
        write([Sample("a", {"txt": b"1"}), Sample("a", {"txt": b"2"})], tmp_path / "s", 10**6)


def test_nothing_to_pack_is_refused(tmp_path):
    with pytest.raises(UsageError, match="nothing to pack"):
        write([], tmp_path / "s", 10**6)


def test_shards_are_there_whole_or_not_at_all(tmp_path):
    good = [Sample(f"{i}", {"bin": b"x" * 20_000}) for i in range(3)]
    with pytest.raises(FileError, match="gone"):
        write([*good, Sample("last", {"bin": tmp_path / "gone"})], tmp_path / "s", shards.SMALLEST)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "letter").write_text("Dear Kelly")
    with pytest.raises(FileError, match="a new or an empty folder"):
        write([Sample("a", {"txt": b""})], tmp_path, 10**6)
    (tmp_path / "empty").mkdir()
    write([Sample("a", {"txt": b""})], tmp_path / "empty", 10**6)
    assert (tmp_path / "empty/shard-000000.tar").exists()


def test_a_folder_without_shards_is_refused(tmp_path):
    with pytest.raises(FileError, match="no shard"):
        next(read(tmp_path))


@pytest.mark.parametrize(
    ("text", "size"),
    [("256MB", 256_000_000), ("1 GiB", 2**30), ("1.5kb", None), ("64KiB", 65536), ("100000", 100_000), ("many", None)],
)
def test_sizes_are_read_as_people_write_them(text, size):
    if size is None:
        with pytest.raises(UsageError, match="got "):
            bytes_of(text)
    else:
        assert bytes_of(text) == size


def test_files_of_one_name_are_one_sample(tmp_path):
    for name in ("b/take.v2.wav", "b/take.v2.JSON", "a.npz", "README", ".hidden/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [(one.key, set(one.parts)) for one in from_folder(tmp_path)] == [
        ("a", {"npz"}),
        ("b/take.v2", {"json", "wav"}),
    ]
    (tmp_path / "a.NPZ").touch()
    with pytest.raises(UsageError, match="case"):
        list(from_folder(tmp_path))


def test_the_command_packs_a_manifest(tmp_path, capsys):
    for name in ("audio/x.1.wav", "audio/y.flac"):
        tone(tmp_path / name)
    (tmp_path / "lists").mkdir()
    entries, _ = manifest.listed(tmp_path / "audio", tmp_path / "lists")
    manifest.write(tmp_path / "lists/m.jsonl", entries)
    command = ["data", "shard", str(tmp_path / "lists/m.jsonl"), "-o", str(tmp_path / "s"), "--size", "20480"]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(shard["samples"] for shard in told["shards"]) == 2
    unpacked = {sample.key: sample for sample in read(tmp_path / "s")}
    assert set(unpacked) == {"audio/x.1", "audio/y"}
    assert unpacked["audio/x.1"].parts["wav"] == (tmp_path / "audio/x.1.wav").read_bytes()
    assert json.loads(unpacked["audio/y"].parts["json"])["split"] == unpacked["audio/y"].split


def test_the_command_says_when_a_sample_did_not_fit(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.bin").write_bytes(bytes(50_000))
    assert main(["data", "shard", str(tmp_path / "in"), "-o", str(tmp_path / "s"), "--size", "21kB"]) == 0
    told = capsys.readouterr()
    assert told.err == "kelly: 1 of 1 shards are larger than 21kB: each holds one sample\n"
    assert told.out.endswith("1 samples in 1 shards, 0.1 MB\n")
