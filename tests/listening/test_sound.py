"""Hearing a recording: what holds whichever networks hear it, and how what they tell becomes feelings and their course.

Where it matters what the networks tell, made-up ones stand in for them.
"""

import csv
import json
import math
from importlib import resources
from types import SimpleNamespace

import numpy as np
import pytest

from kelly.emotion.journey import arcs
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UnknownNameError
from kelly.listening import sound
from kelly.listening.reading import Reading
from kelly.models import ears
from small.sounds import tone

AXES = ("valence", "arousal", "dominance")
SPEECH = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
KINDS = [None, *sound.KINDS]
TAUGHT = {"speech": ("training/data/speech.csv", "emotion"), "gems": ("training/data/gems.csv", "feeling")}


def noise(seconds, level=0.1, seed=0):
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * ears.RATE))).astype(np.float32)


def table(path):
    with resources.files("kelly").joinpath(path).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def told(monkeypatch):
    """Ears that tell what functions of a wave say: told(speech=..., gems=..., ...)."""

    def set_(**heads):
        def hear(waves):
            return {head: np.array([tell(wave) for wave in waves]) for head, tell in heads.items()}

        one = {"mean": [0.1, 0.2], "deviation": [0.1, 0.1]}
        scale = {"vgmidi": one, "emopia": one, "gems": one, "together": [1.0, 2.0]}
        gems = tuple(row["label"] for row in table("listening/labels.csv") if row["head"] == "gems")
        ear = SimpleNamespace(hear=hear, names={"gems": gems}, config={"scale": scale})
        monkeypatch.setattr(sound.ears, "shipped", lambda _: ear)

    return set_


def buzz(levels, seconds):
    """A tone as high as there is, so loud for so long each."""
    wave = np.repeat(np.array(levels, np.float32), round(seconds * ears.RATE))
    return wave * np.where(np.arange(len(wave)) % 2, -1, 1).astype(np.float32)


def chances(**shares):
    return [shares.get(name, 0.0) for name in SPEECH]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [0.31, 0.5, 3, 4.5, 20.2])
def test_whatever_is_heard_lies_in_the_space_of_feelings(kind, seconds):
    heard = sound.hear(noise(seconds), "noise.wav", kind)
    assert heard.kind == (kind or heard.kind)
    assert heard.kinds[heard.kind] == max(heard.kinds.values())
    assert sum(heard.kinds.values()) == pytest.approx(1, abs=1e-5)
    assert set(heard.classes) == set(sound.CLASSES)
    assert min(heard.classes.values()) >= 0
    assert sum(heard.classes.values()) == pytest.approx(1, abs=1e-5)
    assert heard.classes[heard.primary] == max(heard.classes.values())
    assert heard.reading.heard
    assert all(0 < spread < 2 for spread in heard.reading.spreads)
    assert ((heard.course >= [-1, 0, 0]) & (heard.course <= 1)).all()


@pytest.mark.parametrize("seconds", [0.31, 0.5, 0.51, 3, 7.3, 20.2, 61])
def test_the_timeline_has_two_points_a_second_to_the_end(seconds):
    heard = sound.hear(noise(seconds), kind="speech")
    assert heard.seconds == pytest.approx(seconds)
    assert heard.times.tolist() == [row / 2 for row in range(math.ceil(2 * seconds))]
    assert heard.course.shape == (len(heard.times), 3)
    assert np.isfinite(heard.course).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_is_heard_every_time(kind):
    one, other = (sound.hear(noise(9), kind=kind) for _ in range(2))
    assert one.as_dict(timeline=True) == other.as_dict(timeline=True)


@pytest.mark.parametrize("seconds", [2, 13])
def test_how_loud_music_was_mastered_changes_nothing(seconds):
    loud, soft = (sound.hear(gain * noise(seconds), kind="music") for gain in (1, 0.1))
    assert soft.reading.emotion.vad == pytest.approx(loud.reading.emotion.vad, abs=1e-3)
    assert soft.classes == pytest.approx(loud.classes, abs=1e-3)
    assert soft.scales == pytest.approx(loud.scales, abs=1e-3)
    np.testing.assert_allclose(soft.course, loud.course, rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "wave",
    [np.zeros(0), np.ones(1), np.zeros(100_000), noise(3, 1e-5), noise(0.1), np.full(50_000, 0.3)],
    ids=["empty", "one sample", "zeros", "soft", "a click", "constant"],
)
def test_nothing_is_heard_in_silence(kind, wave):
    heard = sound.hear(wave.astype(np.float32), "silent.wav", kind)
    assert not heard.reading.heard
    assert heard.reading.emotion == Emotion(0, 0.3, 0.5, confidence=0)
    assert heard.reading.spreads == (math.inf,) * 3
    assert np.isnan(heard.course).all()
    assert (heard.arc, heard.primary) == ("", "neutral")
    assert (heard.kind, heard.kinds) == (kind or "", {})
    assert not heard.journey().moves
    plain = json.loads(json.dumps(heard.as_dict(timeline=True), allow_nan=False))
    assert plain["emotion"]["confidence"] == 0
    assert {row["valence"] for row in plain["timeline"]} == {None}
    assert [row["time"] for row in plain["timeline"]] == heard.times.tolist()


def test_a_pause_is_no_part_of_what_is_heard():
    pause = np.zeros(15 * ears.RATE, np.float32)
    paused = sound.hear(np.concatenate([noise(6), pause, noise(6)]), kind="music")
    silent = np.isnan(paused.course).all(1)
    assert silent[(paused.times > 11) & (paused.times < 16)].all()
    assert not silent[(paused.times < 5.5) | (paused.times > 21.5)].any()
    assert paused.reading.heard
    assert paused.arc
    names = [row["name"] for row in paused.as_dict(timeline=True)["timeline"]]
    assert (np.array([name is None for name in names]) == silent).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("before", "after"), [(3, 0), (0, 6), (1.37, 10)])
def test_silence_around_a_sound_changes_nothing_of_what_is_heard(kind, before, after):
    wave = noise(7) * np.linspace(0.2, 1, 7 * ears.RATE, dtype=np.float32)
    around = [np.zeros(round(seconds * 20) * 800, np.float32) for seconds in (before, after)]
    one, other = sound.hear(wave, kind=kind), sound.hear(np.concatenate([around[0], wave, around[1]]), kind=kind)
    assert other.kinds == pytest.approx(one.kinds, abs=1e-3)
    assert other.reading.emotion.vad == pytest.approx(one.reading.emotion.vad, abs=1e-3)
    assert other.classes == pytest.approx(one.classes, abs=1e-3)
    start = len(around[0]) / ears.RATE
    silent = np.isnan(other.course).all(1)
    assert silent[(other.times < start - 0.5) | (other.times > start + 7.5)].all()
    assert not silent[(other.times > start) & (other.times < start + 7)].any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_beside_the_sound_is_not_heard(kind):
    plain, lifted = (sound.hear(noise(5) + np.float32(off), kind=kind) for off in (0, 0.3))
    assert lifted.reading.emotion.vad == pytest.approx(plain.reading.emotion.vad, abs=1e-3)


def test_music_that_changes_is_less_sure_than_music_that_stays(told):
    told(**music([0.1, 0.2], [0.25] * 4, 0.125) | {"vgmidi": lambda wave: [0.1, 0.2 + abs(wave[0]) / 2]})
    steady, changing = (sound.hear(buzz(levels, 10), kind="music") for levels in ([0.2, 0.2], [0.1, 0.6]))
    assert changing.reading.spreads[1] > steady.reading.spreads[1]
    assert steady.reading.spreads == pytest.approx(sound.SPREADS)


def test_what_is_short_has_no_arc():
    assert sound.hear(noise(9), kind="music").arc == ""
    assert sound.hear(noise(21), kind="music").arc


def test_between_the_middles_of_windows_lie_straight_lines(told):
    told(speech=lambda wave: chances(angry=abs(wave[0]), calm=1 - abs(wave[0])))
    heard = sound.hear(buzz([0.2, 0.8, 0.4, 0.6, 0.9], 2), kind="speech")
    angry, calm = (np.array([float(row[axis]) for axis in AXES]) for row in _rows("angry", "calm"))
    for axis, (high, low) in enumerate(zip(angry, calm, strict=True)):
        shares = np.interp(heard.times, [2, 4, 6, 8], [0.2, 0.8, 0.4, 0.6])
        np.testing.assert_allclose(heard.course[:, axis], low + shares * (high - low), atol=1e-6)
    assert heard.reading.emotion.vad == pytest.approx(tuple(0.5 * angry + 0.5 * calm), abs=1e-6)


def _rows(*labels):
    rows = {row["label"]: row for row in table("listening/labels.csv") if row["head"] == "speech"}
    return [rows[label] for label in labels]


def test_the_end_is_heard_where_it_fits_no_window(told):
    told(speech=lambda wave: chances(angry=abs(wave[-1]), calm=1 - abs(wave[-1])))
    wave = buzz([0.1], 5.5)
    wave[-1] = 1
    heard = sound.hear(wave, kind="speech")
    assert heard.course[-1, 1] > heard.course[0, 1] + 0.3


def test_the_kind_is_told_by_what_sounds(told):
    told(
        kind=lambda wave: [0.1, 0.7, 0.2] if abs(wave[0]) > 0.3 else [0.7, 0.1, 0.2],
        song=lambda _: chances(happy=1)[:6],
        speech=lambda _: chances(sad=1),
    )
    loud, soft = (sound.hear(buzz([level], 9)) for level in (0.5, 0.2))
    assert (loud.kind, loud.primary) == ("singing", "happy")
    assert (soft.kind, soft.primary) == ("speech", "sad")
    assert loud.kinds == pytest.approx({"speech": 0.1, "singing": 0.7, "music": 0.2})


@pytest.mark.parametrize("kind", ["Music", "music", "SINGING"])
def test_the_kind_may_be_given(kind):
    heard = sound.hear(noise(1), kind=kind)
    assert heard.kind == kind.lower()
    assert heard.kinds == {one: float(one == heard.kind) for one in sound.KINDS}


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(UnknownNameError, match=r"speach.*speech"):
        sound.hear(noise(1), kind="speach")


@pytest.mark.parametrize(
    ("shares", "classes"),
    [
        ({"happy": 0.6, "surprised": 0.4}, {"excited": 0.6, "surprised": 0.4}),
        ({"happy": 1.0}, {"happy": 1.0}),
        ({"happy": 0.5, "angry": 0.5}, {"happy": 0.5, "angry": 0.5}),
        ({"happy": 0.7, "calm": 0.3}, {"happy": 0.7, "neutral": 0.3}),
        ({"neutral": 0.5, "calm": 0.3, "disgust": 0.2}, {"neutral": 0.8, "disgusted": 0.2}),
        ({"sad": 0.5, "fearful": 0.5}, {"sad": 0.5, "fearful": 0.5}),
    ],
)
def test_a_voices_classes_are_what_actors_were_asked_for_and_a_great_happiness_is_excitement(told, shares, classes):
    told(speech=lambda _: chances(**shares))
    heard = sound.hear(noise(1), kind="speech")
    assert heard.classes == pytest.approx(dict.fromkeys(sound.CLASSES, 0.0) | classes)
    assert heard.primary == max(classes, key=classes.get)


def test_a_singer_is_asked_for_six_emotions(told):
    told(song=lambda _: chances(happy=0.25, calm=0.75)[:6])
    heard = sound.hear(noise(1), kind="singing")
    assert heard.classes == pytest.approx(dict.fromkeys(sound.CLASSES, 0.0) | {"neutral": 0.75, "happy": 0.25})
    assert heard.reading.emotion.vad == pytest.approx((0.55, 0.325, 0.675))


def test_a_voice_that_may_be_several_things_is_less_sure(told):
    told(speech=lambda wave: chances(angry=abs(wave[0]), calm=1 - abs(wave[0])))
    sure, torn = (sound.hear(buzz([share], 1), kind="speech").reading for share in (1, 0.5))
    assert torn.spreads > sure.spreads
    assert torn.emotion.confidence < sure.emotion.confidence


def music(vgmidi, emopia, joy):
    """What the heads tell of any music: VGMIDI's ratings, EMOPIA's quadrants, joy beside an eighth of the rest."""
    shares = np.full(8, 0.125)
    shares[5] = joy
    return {"vgmidi": lambda _: vgmidi, "emopia": lambda _: emopia, "gems": lambda _: shares}


def test_three_heads_have_one_say_each_in_units_of_their_own(told):
    even = [0.25] * 4
    told(**music([0.1, 0.2], even, 0.125))
    low = sound.hear(noise(1), kind="music").reading.emotion
    told(**music([0.15, 0.3], even, 0.125))
    high = sound.hear(noise(1), kind="music").reading.emotion
    # Half a unit of valence and one of arousal, which are half as long together; it is one head of three.
    weights = sound.WEIGHTS["vgmidi"]
    assert high.valence - low.valence == pytest.approx(0.5 * weights[0] * sound.REACH[0])
    assert high.arousal - low.arousal == pytest.approx(0.5 * weights[1] * sound.REACH[1])
    assert high.dominance == low.dominance


@pytest.mark.parametrize(("quadrant", "signs"), [(0, (1, 1)), (1, (-1, 1)), (2, (-1, -1)), (3, (1, -1))])
def test_emopias_quadrants_go_round_from_what_is_pleasant_and_aroused(quadrant, signs):
    sources = sound.music_sources(
        {"vgmidi": np.zeros((1, 2)), "emopia": np.eye(4)[[quadrant]], "gems": np.full((1, 8), 0.125)}
    )
    assert set(sources) == {"vgmidi", "emopia", "gems"}
    assert tuple(sources["emopia"][0]) == signs


def test_the_classes_of_music_are_the_nearest(told):
    places = {}
    for valence, arousal in ((15, 15), (-15, -15), (-15, 15)):
        by_valence, by_arousal = sound.WEIGHTS["vgmidi"]
        told(**music([0.1 + valence / 60 / by_valence, 0.2 + arousal / 60 / by_arousal], [0.25] * 4, 0.125))
        heard = sound.hear(noise(1), kind="music")
        assert sum(heard.classes.values()) == pytest.approx(1)
        assert [name for name, share in heard.classes.items() if not share] == ["disgusted"]
        places[valence, arousal] = heard.primary
    assert places[15, 15] in {"excited", "happy"}
    assert places[-15, -15] == "sad"
    assert places[-15, 15] in {"angry", "fearful"}


def recorded(course):
    course = np.asarray(course, float)
    reading = Reading("made", Emotion(0, 0.3, 0.5, 0.5), (), (), reader="sound")
    return sound.Recording(
        "made", max(30, len(course) / 2), "music", {}, reading, {}, {}, np.arange(len(course)) / 2, course
    )


def followed(arc, points, start, end):
    """The course of a recording that does what an arc says."""
    where, centres = np.linspace(0, 1, points), arc.centres()
    energy = np.interp(where, centres, [stretch.energy for stretch in arc.stretches])
    travel = np.interp(where, centres, [stretch.travel for stretch in arc.stretches])
    return np.column_stack([start + (end - start) * travel, energy, np.full(points, 0.5)])


@pytest.mark.parametrize("name", arcs())
@pytest.mark.parametrize(("start", "end"), [(-0.6, 0.6), (0.6, -0.6), (-0.2, 0.2)])
def test_an_arc_is_recognized_whichever_way_it_goes_and_however_long(name, start, end):
    for points in (24, 400):
        course = followed(arcs()[name], points, start, end)
        assert recorded(course).arc == name
        course[points // 2] = np.nan
        assert recorded(course).arc == name


@pytest.mark.parametrize(
    ("arousals", "name"),
    [([0.5, 0.5, 0.5], "static-reflection"), ([0, 0.5, 1], "climb-to-climax"), ([1, 0.5, 0], "descent")],
)
def test_what_stays_rises_and_falls_is_called_so(arousals, name):
    assert recorded([(0.2, arousal, 0.5) for arousal in arousals]).arc == name


def test_a_moment_has_no_arc():
    assert recorded([(0.5, 0.5, 0.5)]).arc == ""
    assert recorded(np.full((9, 3), np.nan)).arc == ""


@pytest.mark.parametrize("points", [10, 600, 7200])
def test_the_journey_leads_through_what_was_heard(points):
    grief, joy = (-0.8, 0.2, 0.25), (0.7, 0.8, 0.75)
    way = recorded([grief] * (points // 2) + [joy] * (points // 2)).journey()
    assert way.start.vad == pytest.approx(grief, abs=0.1)
    assert way.end.vad == pytest.approx(joy, abs=0.1)
    assert way.at(0.05).vad == pytest.approx(grief, abs=0.1)


def test_what_stays_is_a_journey_that_stays():
    way = recorded([(0.4, 0.4, 0.6)] * 50).journey()
    assert not way.moves
    assert way.start.vad == pytest.approx((0.4, 0.4, 0.6), abs=0.02)


def test_plain_data_says_what_is_derived(tmp_path):
    path = tone(tmp_path / "tone.wav", seconds=6)
    for kind, derived in (("music", ["dominance"]), ("speech", list(AXES)), ("singing", list(AXES))):
        heard = sound.listen(path, kind)
        plain = json.loads(json.dumps(heard.as_dict(timeline=True), allow_nan=False))
        assert (plain["kind"], plain["seconds"], plain["reader"]) == (kind, 6.0, "sound")
        assert plain["derived"] == derived
        assert set(plain["scales"]) == (set(ears.shipped("music").names["gems"]) if kind == "music" else set())
        assert [set(row) for row in plain["timeline"]] == [{"time", *AXES, "name"}] * 12
        assert "timeline" not in heard.as_dict()


def test_a_file_is_heard_as_its_wave_at_any_rate_and_with_any_channels(tmp_path):
    one, other = (
        sound.listen(tone(tmp_path / name, seconds=4, rate=rate, channels=channels), "music")
        for name, rate, channels in (("one.wav", 16_000, 1), ("other.flac", 44_100, 2))
    )
    assert one.name == str(tmp_path / "one.wav")
    assert other.reading.emotion.vad == pytest.approx(one.reading.emotion.vad, abs=0.1)


def test_what_cannot_be_read_is_told(tmp_path):
    with pytest.raises(FileError, match=r"none\.wav.*no such file"):
        sound.listen(tmp_path / "none.wav")


def test_a_lively_phrase_is_heard_as_more_aroused_than_a_mournful_one(root):
    lively, mournful = (
        sound.listen(root / f"tests/small/recordings/{name}.ogg", "music") for name in ("lively", "mournful")
    )
    assert lively.reading.emotion.arousal > mournful.reading.emotion.arousal


def test_the_table_of_labels_is_in_the_order_of_the_ears_heads():
    labels = {head: tuple(r["label"] for r in table("listening/labels.csv") if r["head"] == head) for head in TAUGHT}
    assert labels["speech"] == ears.shipped("voice").names["speech"]
    assert labels["speech"][:6] == ears.shipped("voice").names["song"]
    assert labels["gems"] == ears.shipped("music").names["gems"]
    assert ears.shipped("voice").names["kind"] == sound.KINDS
    assert {row["class"] for row in table("listening/labels.csv")} - {""} == set(sound.CLASSES)


@pytest.mark.parametrize("head", TAUGHT)
def test_what_is_heard_lies_where_the_networks_were_taught_that_it_lies(head):
    path, column = TAUGHT[head]
    taught = {row[column]: row for row in table(path) if row["valence"]}
    for row in table("listening/labels.csv"):
        if row["head"] == head:
            assert [float(row[axis]) for axis in AXES[:2]] == [float(taught[row["label"]][axis]) for axis in AXES[:2]]
