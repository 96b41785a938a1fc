"""Sounds: what is told of each, how scores are played and cut, and that what is damaged does not end a reading."""

import json
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.errors import FileError, MissingCorpusError, SoundError, UnknownNameError
from kelly.models.ears import LONGEST
from kelly.sound import soundfont
from kelly.sound.features import FRAMES, SCALES
from kelly.training.data import sounds
from kelly.training.data.preparing import Item
from kelly.training.data.rated import Curve, RatedSong
from kelly.training.data.sounds import FULL, TASKS, decoded, performed, wave16
from kelly.training.tasks.context import Context
from small import deam as small_deam
from small import emopia as small_emopia
from small import emotify as small_emotify
from small import mirex_mood as small_mirex
from small import pmemo as small_pmemo
from small import ravdess as small_ravdess
from small import vgmidi as small_vgmidi
from small.sounds import tone

RATE = SCALES[0].rate
BAR = 12.5 / small_vgmidi.BARS  # seconds


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def told():
    return []


@pytest.fixture
def context(cache, told):
    return Context(cache, note=told.append)


@pytest.fixture(scope="module")
def upside_down(tmp_path_factory):
    """A second SoundFont: every sample of the first one, its sign turned."""
    data = bytearray(soundfont.find().read_bytes())
    begin = data.index(b"smpl") + 8
    pool = np.frombuffer(data, "<i2", int.from_bytes(data[begin - 4 : begin], "little") // 2, begin)
    pool[:] = ~pool
    path = tmp_path_factory.mktemp("fonts") / "upside_down.sf2"
    path.write_bytes(data)
    return path


def test_speech_and_song_are_the_takes_of_one_corpus(tmp_path, context):
    small_ravdess.write(tmp_path)
    spoken, sung = (sounds.sounds(tmp_path, context, [task]) for task in ("speech", "song"))
    assert (len(spoken), len(sung)) == (16, 6)
    assert {one.group for one in sung} == {"Actor_02"}
    assert {one.key for one in sung} == {"ravdess/Actor_02"}
    assert [len(one.told) for one in (spoken[0], sung[0])] == [8, 6]
    happy = next(one for one in spoken if one.id == "03-01-03-02-01-02-01")
    assert TASKS["speech"].names[happy.told.argmax()] == "happy"
    assert happy.told.sum() == 1


def test_several_tasks_come_one_after_the_other(tmp_path, context):
    small_ravdess.write(tmp_path)
    found = sounds.sounds(tmp_path, context, ["song", "speech"])
    assert [one.task for one in found] == ["song"] * 6 + ["speech"] * 16
    assert {one.split for one in found} == {"train"}  # both of these actors are


def test_the_feelings_of_music_are_shares_weighed_by_who_listened(tmp_path, context):
    small_emotify.write(tmp_path)
    found = {one.id: one for one in sounds.sounds(tmp_path, context, ["gems"])}
    names = TASKS["gems"].names
    assert "amazement" not in names
    assert len(names) == 8
    assert found["301"].told[names.index("joyful_activation")] == 1
    assert found["301"].told[names.index("tension")] == pytest.approx(1 / 3)
    assert (found["1"].weight, found["301"].weight) == (2, 3)


def test_a_recording_is_one_channel_at_one_rate_and_as_loud_as_it_was(tmp_path):
    path = tone(tmp_path / "take.wav", seconds=0.5, rate=44_100, channels=2)
    wave = decoded(Item(path, {"voice": False}))["wave"]
    assert (wave.dtype, len(wave)) == (np.int16, RATE // 2)
    assert np.abs(wave[2000:-2000]).max() == pytest.approx(0.3 * FULL, rel=0.01)  # the mean of .2 and .4


def test_of_a_voice_the_silence_around_it_is_left_out(tmp_path):
    import soundfile

    word = 0.3 * np.sin(np.arange(RATE) / 3)
    soundfile.write(tmp_path / "take.wav", np.concatenate([np.zeros(RATE), word, np.zeros(RATE)]), RATE)
    whole, cut = (decoded(Item(tmp_path / "take.wav", {"voice": voice}))["wave"] for voice in (False, True))
    assert len(whole) == 3 * RATE
    assert len(cut) == pytest.approx(RATE, abs=2 * 2048)


def test_what_is_louder_than_full_scale_is_kept_at_it():
    assert wave16([-2.0, -1.0, 0.0, 0.5, 1.5]).tolist() == [-FULL, -FULL, 0, round(FULL / 2), FULL]


def test_a_voice_that_cannot_be_read_is_left_out_and_told(tmp_path, context, told):
    small_ravdess.write(tmp_path)
    damaged = next((tmp_path / "ravdess_song").glob("**/*.ogg"))
    damaged.write_bytes(b"no sound")
    found = sounds.sounds(tmp_path, context, ["song"])
    assert len(found) == 5
    assert damaged.stem not in {one.id for one in found}
    assert damaged.name in told[0]


def test_where_no_file_can_be_read_that_is_an_error(tmp_path, context):
    small_ravdess.write(tmp_path)
    for path in (tmp_path / "ravdess_song").glob("**/*.ogg"):
        path.write_bytes(b"no sound")
    with pytest.raises(FileError, match="6 of 6 items could not be prepared"):
        sounds.sounds(tmp_path, context, ["song"])


def test_scores_are_played_with_each_font(tmp_path, context, upside_down, monkeypatch):
    monkeypatch.setattr(sounds, "_LONGEST", {"emopia": 2.0})
    small_emopia.write(tmp_path, ["val"])
    found = sounds.sounds(tmp_path, context, ["emopia"], [soundfont.find(), upside_down])
    assert [one.font for one in found] == [soundfont.find().stem] * 2 + ["upside_down"] * 2
    assert [one.id for one in found] == ["ddd_0", "ddd_0-2"] * 2
    assert [one.told.tolist() for one in found] == [[0, 1, 0, 0], [0, 0, 1, 0]] * 2
    for first, second in ((found[0], found[2]), (found[1], found[3])):
        assert len(first.wave) == len(second.wave) == 2 * RATE
        assert first.wave.any()
        assert first.wave == pytest.approx(-second.wave, abs=20)


def test_without_a_font_kelly_plays_with_its_own(tmp_path, context, upside_down, monkeypatch):
    monkeypatch.setenv(soundfont.VARIABLE, str(upside_down))
    small_emopia.write(tmp_path, ["test"])
    assert {one.font for one in sounds.sounds(tmp_path, context, ["emopia"])} == {"upside_down"}


def test_a_font_that_is_none_is_refused_where_one_is_needed(tmp_path, context):
    small_emopia.write(tmp_path)
    small_ravdess.write(tmp_path)
    none = tmp_path / "none.sf2"
    none.write_bytes(b"no font")
    with pytest.raises(SoundError, match="not a SoundFont 2"):
        sounds.sounds(tmp_path, context, ["emopia"], [none])
    with pytest.raises(FileError, match="cannot read the SoundFont"):
        sounds.sounds(tmp_path, context, ["emopia"], [tmp_path / "missing.sf2"])
    assert sounds.sounds(tmp_path, context, ["speech"], [none])


def test_a_score_is_played_for_so_many_seconds_and_no_more(tmp_path):
    path = small_emopia.write(tmp_path, ["test"]) / "midis/Q4_eee_0.mid"
    font = str(soundfont.find())
    whole, cut = (performed(Item(path, {"seconds": end, "soundfont": font}))["wave"] for end in (30.0, 1.0))
    assert len(whole) > 5 * RATE
    assert len(cut) == RATE
    assert (whole[:RATE] == cut).all()


def test_long_music_is_cut_into_even_stretches():
    parts = sounds._stretches(np.zeros(30 * RATE + 1, np.int16), RATE)
    assert [round(len(part) / RATE, 1) for _, part in parts] == [10, 10, 10]
    assert [start for start, _ in parts] == pytest.approx([0, 10, 20], abs=1e-3)
    assert len(sounds._stretches(np.zeros(RATE, np.int16), RATE)) == 1


@given(st.integers(1, 200 * RATE))
@example(round(14.9 * RATE))
@example(round(24.9 * RATE))
def test_no_stretch_is_longer_than_what_is_heard_at_once(samples):
    parts = [part for _, part in sounds._stretches(np.zeros(samples, np.int16), RATE)]
    assert sum(map(len, parts)) == samples
    assert max(map(len, parts)) <= LONGEST * RATE
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def rated(place, bars):
    """Let all raters of every piece agree on a curve."""
    for path in place.glob("labelled/annotations/*.json"):
        content = json.loads(path.read_text())
        for answer in content["annotations"].values():
            answer |= {"valence": list(bars), "arousal": [-value for value in bars]}
        path.write_text(json.dumps(content))


def test_stretches_of_a_score_have_the_ratings_of_their_own_bars(tmp_path, context, monkeypatch):
    monkeypatch.setattr(sounds, "STRETCH", BAR)
    rated(small_vgmidi.write(tmp_path), (0.9, 0.9, 0.9, 0.9, -0.5, 0.5))
    found = [one for one in sounds.sounds(tmp_path, context, ["vgmidi"]) if one.id == small_vgmidi.CHASE]
    assert {one.group for one in found} == {small_vgmidi.CHASE}
    valence, arousal = np.stack([one.told for one in found], axis=1)
    assert arousal == pytest.approx(-valence, abs=1e-6)
    assert (np.diff(valence) > -1e-6).all()  # from the fifth bar to the sixth; the first four say nothing
    assert (valence[0], valence[-1]) == pytest.approx((-0.5, 0.5), abs=1e-6)


def test_a_stretch_over_two_bars_is_rated_by_the_time_that_it_shares_with_each(tmp_path):
    rated(small_vgmidi.write(tmp_path), (0.9, 0.9, 0.9, 0.9, -0.5, 0.5))
    piece = next(sounds.vgmidi.load(tmp_path))
    rate = lambda start, end: sounds._rated(piece, start * BAR, end * BAR).tolist()  # noqa: E731 - one line's worth
    assert rate(4.75, 5.25) == pytest.approx([0, 0], abs=1e-6)
    assert rate(4.5, 5.25) == pytest.approx([-1 / 6, 1 / 6], abs=1e-6)
    assert rate(3, 5) == pytest.approx([-0.5, 0.5])  # none of the warm-up
    assert rate(5.5, 9) == pytest.approx([0.5, -0.5])  # the last note rings on
    assert np.isnan(rate(0, 4)).all()
    assert np.isnan(rate(6, 7)).all()


def test_a_piece_that_is_no_longer_than_the_warm_up_is_rated_from_its_beginning(tmp_path, context):
    place = small_vgmidi.write(tmp_path)
    rated(place, (0.25,) * 4)
    for path in place.glob("labelled/annotations/*.json"):
        path.write_text(re.sub(r'"measures": \d+', '"measures": 4', path.read_text()))
    found = sounds.sounds(tmp_path, context, ["vgmidi"])
    assert len({one.id for one in found}) == 4
    assert all(one.told.tolist() == [0.25, -0.25] for one in found)


def test_of_rated_songs_those_with_sound_are_heard_with_their_ratings(tmp_path, context, told):
    small_deam.write(tmp_path)
    small_pmemo.write(tmp_path)
    found = {one.id: one for one in sounds.sounds(tmp_path, context, ["deam", "pmemo"])}
    assert found.keys() == {"3", "1001", "1"}
    assert found["3"].told == pytest.approx(small_deam.RATINGS[3])
    assert found["1001"].told == pytest.approx(small_deam.RATINGS[1001])
    assert found["1"].told == pytest.approx((0.5, 0.0))  # 0..1 in their own tables
    assert [line for line in told if "no sound" in line] == [
        "7 of 9 songs of deam have no sound here",
        "2 of 3 songs of pmemo have no sound here",
    ]


def test_a_stretch_of_a_song_is_rated_by_its_curve_where_that_has_moments(tmp_path):
    del tmp_path
    curve = Curve.of([(15.0, 0.2, 0.4), (15.5, 0.4, 0.6), (16.0, -1.0, -1.0)])
    song = RatedSong("1", "train", "1", None, 0.9, -0.9, curve=curve)
    assert sounds._felt(song, 15, 16) == pytest.approx([0.3, 0.5])
    assert sounds._felt(song, 0, 15) == pytest.approx([0.9, -0.9])


def test_the_moods_are_the_pictures_of_their_archive(tmp_path, context):
    place = small_mirex.write(tmp_path)
    rng = np.random.default_rng(0)
    names = [line[:3] for line in small_mirex.CLIPS]
    pictures = {name: rng.integers(0, 256, (FRAMES.bands, 5 + row), np.uint8) for row, name in enumerate(names)}
    np.savez_compressed(place / "features/logmel128_u8.npz", **pictures)
    found = {one.id: one for one in sounds.sounds(tmp_path, context, ["moods"])}
    assert found.keys() == pictures.keys()
    for name, one in found.items():
        assert one.wave.dtype == np.uint8
        assert (one.wave == pictures[name].T).all()
    assert [found[name].told.argmax() + 1 for name in names] == [1, 5, 3, 2]
    assert found["001"].group == found["002"].group == "10"


@pytest.fixture
def everything(tmp_path):
    for small in (small_ravdess, small_emotify, small_emopia, small_vgmidi):
        small.write(tmp_path)
    return tmp_path


def test_a_kind_is_told_by_a_few_seconds_of_each_record(everything, context, upside_down, monkeypatch):
    monkeypatch.setattr(sounds, "STRETCH", BAR)
    found = sounds.sounds(everything, context, ["kind"], [soundfont.find(), upside_down])
    kinds = [TASKS["kind"].names[one.told.argmax()] for one in found]
    assert {kind: kinds.count(kind) for kind in kinds} == {"speech": 16, "singing": 6, "music": 3 + 8 + 4}
    music = [one for one, kind in zip(found, kinds, strict=True) if kind == "music"]
    assert [one.corpus for one in music] == ["emotify"] * 3 + ["emopia"] * 8 + ["vgmidi"] * 4
    assert len({(one.corpus, one.id) for one in found}) == len(found)  # of stretches and fonts the first
    assert {one.key.partition("/")[0] for one in found[:22]} == {"ravdess"}
    assert {one.task for one in found} == {"kind"}


def test_of_a_longer_record_a_kind_has_four_seconds(everything, context):
    found = [one for one in sounds.sounds(everything, context, ["kind"]) if one.corpus == "emopia"]
    assert {len(one.wave) for one in found} == {4 * RATE}


def test_waves_may_be_asked_for_at_another_rate(everything, context):
    for tasks in (["speech"], ["gems"], ["vgmidi"], ["kind"]):
        plain = sounds.sounds(everything, context, tasks)
        wide = sounds.sounds(everything, context, tasks, rate=44_100)
        assert [one.id for one in wide] == [one.id for one in plain]
        assert {one.rate for one in wide} == {44_100}
        lengths = [
            (len(one.wave) / one.rate, len(other.wave) / other.rate) for one, other in zip(wide, plain, strict=True)
        ]
        assert all(one == pytest.approx(other, abs=0.05) for one, other in lengths)


def test_unknown_tasks_are_refused(tmp_path, context):
    with pytest.raises(UnknownNameError, match="speech"):
        sounds.sounds(tmp_path, context, ["speach"])


@pytest.mark.parametrize("task", TASKS)
def test_a_corpus_that_is_not_there_is_told_by_its_name(tmp_path, context, task):
    with pytest.raises(MissingCorpusError, match=TASKS[task].corpus):
        sounds.sounds(tmp_path, context, [task])


def test_tasks_of_classes_say_so_and_ratings_have_a_unit():
    assert {name for name, asked in TASKS.items() if not asked.classes} == {"gems", "vgmidi", "deam", "pmemo"}
    assert all(asked.unit == 1 for asked in TASKS.values() if asked.classes)
    assert {name for name, asked in TASKS.items() if asked.played} == {"vgmidi", "emopia"}
    assert all(one.rate == other.rate for asked in TASKS.values() for one, other in pairwise(asked.mels))
