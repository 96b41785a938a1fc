import json
import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.cli.main import main
from kelly.emotion import thesaurus
from kelly.errors import CorpusError, FileError, UsageError
from kelly.training.data.corpora import emotify as emotify_corpus
from kelly.training.data.manifest import Entry, listed, read, write
from small import deam, emotify, ravdess
from small.sounds import tone

KEYS = ["audio_path", "split", "duration", "tempo", "emotions", "valence", "arousal", "dominance", "group", "metadata"]
ENTRY = Entry("a.wav", "train", 1.5, None, None, None, None, None, "a", {})

WHOLE = asdict(ENTRY)

units = st.floats(0, 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
entries = st.builds(
    Entry,
    audio_path=texts.map(lambda text: "x" + text.replace("\0", "")),
    split=st.just("dev"),
    duration=st.floats(1e-6, 1e6),
    tempo=st.none() | st.floats(1, 400),
    emotions=st.none() | st.tuples(*[units] * 8),
    valence=st.none() | st.floats(-1, 1),
    arousal=st.none() | units,
    dominance=st.none() | units,
    group=texts,
    metadata=st.dictionaries(texts, values, max_size=3),
)


def of(folder, **options):
    """The entries of a folder by path."""
    found, complaints = listed(folder, folder, **options)
    assert complaints == []
    return {entry.audio_path: entry for entry in found}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "manifest.jsonl"


@given(st.lists(entries, max_size=4, unique_by=lambda entry: entry.audio_path))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "round.jsonl"
    write(path, rows)
    assert read(path) == rows


def test_a_line_has_exactly_the_keys_in_their_order(path):
    write(path, [ENTRY])
    assert list(json.loads(path.read_text())) == KEYS


@given(
    key=st.sampled_from(KEYS),
    value=st.sampled_from([-2.0, 9.0, [], "", [0.5] * 7, {}, None, True]),
)
def test_a_value_of_another_kind_is_named(tmp_path_factory, key, value):
    path = tmp_path_factory.getbasetemp() / "wrong.jsonl"
    line = {**WHOLE, key: value}
    path.write_text(f"\n{json.dumps(line)}\n")
    allowed = {"duration": [9.0], "tempo": [9.0, None], "metadata": [{}]}
    if value in allowed.get(key, [None] if WHOLE[key] is None else []):
        (entry,) = read(path)
        assert getattr(entry, key) == value
    else:
        with pytest.raises(CorpusError, match=f"line 2: {key}.*; got "):
            read(path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"audio_path": "/music/a.wav"}, "relative to the manifest's folder"),
        ({"valence": "high"}, 'valence: input should be a valid number; got "high"'),
        ({"split": "valid"}, "'train', 'dev' or 'test'"),
        ({"mood": "sad"}, "mood"),
        ({"duration": float("nan")}, "duration"),
        ({"emotions": [0.5] * 9}, "emotions"),
    ],
)
def test_an_error_says_what_is_allowed_and_what_was_got(path, change, complaint):
    path.write_text(json.dumps(WHOLE | change))
    with pytest.raises(CorpusError, match="line 1: ") as refused:
        read(path)
    assert complaint in str(refused.value)


def test_a_missing_key_and_a_line_that_is_no_json_are_named(path):
    line = {key: value for key, value in WHOLE.items() if key != "group"}
    path.write_text(f"{json.dumps(line)}\n{{\n")
    with pytest.raises(CorpusError, match=r"line 1: group: field required.*line 2: the line: invalid JSON"):
        read(path)


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        (ENTRY, "stands in line 1 already"),
        (Entry("b.wav", "dev", *[1.0, *[None] * 5], "a", {}), "is in train by line 1"),
    ],
)
def test_lines_may_not_contradict_each_other(path, second, complaint):
    write(path, [ENTRY, second])
    with pytest.raises(CorpusError, match=f"line 2: .* {complaint}"):
        read(path)


def test_of_many_errors_the_first_are_told(path):
    path.write_text("x\n" * 9)
    with pytest.raises(CorpusError, match=r"line 5: .*; and 4 more$"):
        read(path)


@pytest.mark.parametrize("metadata", [{"x": float("nan")}, {"x": "\udc80"}])
def test_what_json_cannot_say_is_refused_and_nothing_written(path, metadata):
    with pytest.raises(UsageError, match="metadata"):
        write(path, [Entry("a.wav", "train", 1.0, None, None, None, None, None, "a", metadata)])
    assert not path.exists()


def test_audio_files_of_all_kinds_are_listed_in_order(tmp_path):
    for name in ("b.wav", "a.mp3", "sub/c.OGG", "sub/d.flac"):
        tone(tmp_path / name, seconds=0.5)
    tone(tmp_path / ".hidden/e.wav")
    (tmp_path / "notes.txt").write_text("no sound")
    found = of(tmp_path)
    assert list(found) == ["a.mp3", "b.wav", "sub/c.OGG", "sub/d.flac"]
    assert found["b.wav"].duration == 0.5
    assert found["sub/d.flac"].group == "sub"
    assert of(tmp_path, workers=2) == found


def test_paths_are_relative_to_the_folder_of_the_manifest(tmp_path):
    tone(tmp_path / "audio/a.wav")
    (tmp_path / "lists").mkdir()
    ((entry,), _) = listed(tmp_path / "audio", tmp_path / "lists")
    assert entry.audio_path == "../audio/a.wav"


def test_a_folder_called_after_a_feeling_labels_its_files(tmp_path):
    for name in ("grief/a.wav", "Sad/b.wav", "holiday/c.wav", "neutral/d.wav"):
        tone(tmp_path / name)
    found = of(tmp_path)
    grief = found["grief/a.wav"]
    assert (grief.valence, grief.arousal, grief.dominance) == thesaurus.lookup("grief").emotion.vad
    assert grief.emotions == (0, 1, 0, 0, 0, 0, 0, 0)
    assert found["Sad/b.wav"].emotions == grief.emotions
    assert (found["holiday/c.wav"].valence, found["holiday/c.wav"].emotions) == (None, None)
    assert (found["neutral/d.wav"].valence, sum(found["neutral/d.wav"].emotions)) == (0, 0)


def test_files_of_one_feeling_are_not_all_in_one_split(tmp_path):
    first = tone(tmp_path / "joy/0.wav")
    for i in range(1, 60):
        (tmp_path / f"joy/{i}.wav").write_bytes(first.read_bytes())
    counts = Counter(entry.split for entry in of(tmp_path).values())
    assert set(counts) == {"train", "dev", "test"}
    assert counts["train"] > 35


def test_files_of_one_folder_are_in_one_split(tmp_path):
    for i in range(30):
        tone(tmp_path / f"album {i % 10}/{i}.wav")
    found = of(tmp_path).values()
    assert len({entry.group for entry in found}) == len({(entry.group, entry.split) for entry in found}) == 10


def test_a_table_beside_the_files_labels_them(tmp_path):
    tone(tmp_path / "a.wav")
    tone(tmp_path / "grief/b.wav")
    (tmp_path / "labels.csv").write_text(
        "audio_path,split,tempo,emotions,valence,arousal,group,metadata,artist\n"
        'a.wav,test,120,0 0 0 0 0 0 0 1,-0.5,0.25,song,"{""year"": 1999}",Nina\n'
        "grief/b.wav,,,,,,song,,\n"
    )
    a, b = of(tmp_path).values()
    assert a == Entry(
        "a.wav", "test", 0.25, 120, (0, 0, 0, 0, 0, 0, 0, 1), -0.5, 0.25, None, "song", {"artist": "Nina", "year": 1999}
    )
    assert (b.split, b.valence) == ("test", None)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("b.wav,,,,,", "a file below that folder; got 'b.wav'"),
        ("a.wav,valid,,,,", "must be one of train, dev, test"),
        ("a.wav,,fast,,,", "tempo of a.wav must lie in 10..1000"),
        ("a.wav,,,1 0,,", "eight numbers"),
        ("a.wav,,,,1.5,", "valence of a.wav must lie in -1..1"),
        ("a.wav,,,,,[1]", "a JSON object"),
    ],
)
def test_a_wrong_row_of_the_table_is_told(tmp_path, row, complaint):
    tone(tmp_path / "a.wav")
    (tmp_path / "labels.csv").write_text(f"audio_path,split,tempo,emotions,valence,metadata\n{row}\n")
    with pytest.raises(CorpusError, match=r"labels\.csv") as refused:
        listed(tmp_path, tmp_path)
    assert complaint in str(refused.value)


def test_a_group_cannot_be_put_into_two_splits(tmp_path):
    tone(tmp_path / "a.wav")
    tone(tmp_path / "b.wav")
    (tmp_path / "labels.csv").write_text("audio_path,split,group\na.wav,train,g\nb.wav,dev,g\n")
    with pytest.raises(CorpusError, match="'g' must be in one split; it is in train and dev"):
        listed(tmp_path, tmp_path)


def test_takes_of_ravdess_are_labelled_by_their_names(tmp_path):
    ravdess.write(tmp_path)
    found = {entry.audio_path.rpartition("/")[2]: entry for entry in of(tmp_path).values()}
    strong, neutral = found["03-01-05-02-01-02-01.ogg"], found["03-01-01-01-01-02-01.ogg"]
    assert strong.emotions == (0, 0, 1, 0, 0, 0, 0, 0)
    assert strong.valence < -0.5
    assert (neutral.valence, neutral.arousal, neutral.dominance) == (0, 0.3, 0.5)
    assert (strong.group, strong.metadata["emotion"]) == ("ravdess/Actor_01", "angry")


def test_tracks_of_emotify_carry_their_listeners_answers(tmp_path):
    found = of(emotify.write(tmp_path))
    track = found["emotifymusic/classical/1.ogg"]
    assert (track.valence, track.emotions) == (None, None)
    assert track.metadata["raters"] == 2
    assert track.metadata["proportions"]["calmness"] == 1


def test_songs_of_deam_carry_their_ratings(tmp_path):
    deam.write(tmp_path)
    song = of(tmp_path)["DEAM/DEAM_audio/MEMD_audio/1001.mp3"]
    assert (song.valence, song.arousal, song.group) == (0.5, 0.25, "deam/1001")


def test_songs_of_two_corpora_that_have_one_number_are_not_one_song(tmp_path, monkeypatch):
    monkeypatch.setattr(emotify_corpus, "split_of", lambda *_: "test")
    deam.write(tmp_path)
    emotify.write(tmp_path)
    tone(tmp_path / "DEAM/DEAM_audio/MEMD_audio/1.mp3")
    table = next(tmp_path.rglob("static_annotations_averaged_songs_1_2000.csv"))
    table.write_text(table.read_text() + "1,5,1,5,1\n")
    found = of(tmp_path)
    deams, other = found["DEAM/DEAM_audio/MEMD_audio/1.mp3"], found["emotify/emotifymusic/classical/1.ogg"]
    assert (deams.group, other.group) == ("deam/1", "emotify/1")
    assert (deams.split, other.split) == ("train", "test")  # which no one song could be in


def test_a_folder_without_sound_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"no audio file \(\.wav"):
        listed(tmp_path, tmp_path)


def test_unreadable_files_are_told_left_out_and_counted(tmp_path, capsys):
    tone(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    tone(tmp_path / "c.wav", seconds=0)
    command = ["data", "manifest", str(tmp_path), "-o", str(tmp_path / "m.jsonl"), "--workers", "1"]
    assert main(command) == 1
    told = capsys.readouterr()
    assert told.err.count("cannot read") == 2
    assert told.err.splitlines()[-1].startswith("kelly: 2 of 3 files cannot be read")
    assert [entry.audio_path for entry in read(tmp_path / "m.jsonl")] == ["a.wav"]
    assert main([*command, "--skip-unreadable", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["files"], len(told["unreadable"])) == (1, 2)


def test_a_name_that_is_not_utf_8_keeps_none_of_the_others_from_being_listed(tmp_path, capsys):
    first = tone(tmp_path / "a.wav")
    for name in ("b\udcff.wav", "\udcfe/c.wav"):
        try:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(first.read_bytes())
        except OSError:
            pytest.skip("this system has no such names")
    command = ["data", "manifest", str(tmp_path), "-o", str(tmp_path / "m.jsonl"), "--workers", "1"]
    assert main([*command, "--skip-unreadable"]) == 0
    assert [entry.audio_path for entry in read(tmp_path / "m.jsonl")] == ["a.wav"]
    _, (one, other) = listed(tmp_path, tmp_path)
    assert "must be UTF-8" in one
    assert "must be UTF-8" in other
    assert capsys.readouterr().err.count("must be UTF-8") == 2
    assert main(command) == 1
    assert "kelly: 2 of 3 files" in capsys.readouterr().err


def test_a_manifest_must_be_called_so(tmp_path, capsys):
    assert main(["data", "manifest", str(tmp_path), "-o", "m.json"]) == 2
    assert "ending in .jsonl" in capsys.readouterr().err


def test_a_folder_that_nobody_may_look_into_is_told(tmp_path, monkeypatch):
    tone(tmp_path / "open" / "a.wav")
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refusing(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    entries, complaints = listed(tmp_path, tmp_path)
    assert [entry.audio_path for entry in entries] == ["open/a.wav"]
    assert [(one[:18], one[-17:]) for one in complaints] == [('cannot look into "', "Permission denied")]
