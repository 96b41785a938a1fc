"""A tune stays the tune in another feeling: its rhythm to the tick, its chords, its way; the rest is the feeling's."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing.reperforming import lead_sheet, recognisable, reperformed, reperformed_bars
from kelly.composing.report import TAG, read_report
from kelly.composing.song import compose
from kelly.composing.tables import instruments
from kelly.emotion import thesaurus
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.score import midi
from kelly.score.notes import DRUM_CHANNEL, Meter, Note, Part, Score, Tempo

GRIEF, JOY, RAGE, CALM = (thesaurus.lookup(name).emotion for name in ("grief", "joy", "rage", "calm"))
LEGATO = Emotion(0.4, 0.1, 0.5)
# Two bars a row: (beats, pitch), and a chord each half bar.
TUNE = (
    ((1, 64), (1, 67), (0.5, 69), (0.5, 67), (1, 64), (1.5, 65), (0.5, 64), (2, 62)),
    ((1, 62), (1, 65), (1, 71), (1, 67), (1, 64), (0.5, 62), (0.5, 64), (2, 60)),
)
ROOTS = {"C": (48, 52, 55), "F": (53, 57, 60), "G": (55, 59, 62), "Am": (57, 60, 64), "Dm": (50, 53, 57)}
CHORDS = ("C", "Am", "F", "G"), ("G", "G", "Am", "C")


def tune(bars=16, up=0):
    notes, onset = [], 0.0
    while onset < 4 * bars:
        for length, pitch in TUNE[int(onset // 8) % 2]:
            notes.append(Note(onset, 0.9 * length, pitch + up, 70 + 20 * (onset % 4 == 0)))
            onset += length
    return tuple(notes)


def comping(bars=16, up=0):
    row = [name for at in range(bars // 2) for name in CHORDS[at % 2]]
    return tuple(Note(2.0 * i, 2.0, pitch + up, 60) for i, name in enumerate(row) for pitch in ROOTS[name])


def lead_and_chords(bars=16, up=0):
    """As a notation program writes it."""
    parts = (Part("Voice", 0, 52, tune(bars, up)), Part("Piano", 1, 0, comping(bars)))
    return Score(parts, tempos=(Tempo(0.0, 100.0),), title="Ours")


def piano(bars=16):
    return Score((Part("Piano", 0, 0, tuple(sorted(tune(bars) + comping(bars, -12)))),))


def melody(song):
    return song.score.part("Melody").notes


def onsets(notes):
    return [int(note.onset * 480 + 0.5) for note in notes]


@pytest.mark.parametrize("feeling", [GRIEF, JOY, RAGE, CALM, Emotion(0.3, 0.55, 0.4)])
@pytest.mark.parametrize("score", [lead_and_chords(), piano()], ids=["lead and chords", "piano"])
def test_tempo_mode_and_loudness_are_the_feelings_and_the_rhythm_is_the_files(score, feeling):
    song = reperformed(score, feeling)
    music = song.report["parameters"]
    assert music["tempo"] == pytest.approx(60 + 120 * feeling.arousal)
    assert [tempo.bpm for tempo in song.score.tempos] == [pytest.approx(60 + 120 * feeling.arousal)]
    assert music["velocity"] == pytest.approx(60 + 67 * feeling.dominance, abs=0.001)
    assert music["key"].startswith("C ")
    assert song.score.keys[0].minor == (feeling.valence <= 0)
    assert music["bars"] == 16
    assert onsets(melody(song)) == onsets(tune())


@pytest.mark.parametrize("feeling", [GRIEF, JOY, RAGE, CALM])
def test_the_tune_is_recognised(feeling):
    assert recognisable(tune(), melody(reperformed(lead_and_chords(), feeling))) >= 0.8


def test_in_the_same_mode_every_tone_stays_but_for_its_octave():
    song = reperformed(lead_and_chords(), JOY)
    assert song.report["parameters"]["key"] == "C ionian"
    assert [note.pitch % 12 for note in melody(song)] == [note.pitch % 12 for note in tune()]
    assert recognisable(tune(), melody(song)) >= 0.95


def test_in_minor_thirds_sixths_and_sevenths_are_minor_and_all_else_stays():
    song = reperformed(lead_and_chords(), GRIEF)
    minor = {0: 0, 2: 2, 4: 3, 5: 5, 7: 7, 9: 8, 11: 10}
    assert song.report["parameters"]["key"] == "C aeolian"
    assert [note.pitch % 12 for note in melody(song)] == [minor[note.pitch % 12] for note in tune()]


def test_what_is_foreign_to_the_key_keeps_its_place():
    sharp = replace(tune()[3], pitch=66)  # F sharp in C, on its way to G
    flat = replace(tune()[5], pitch=63)  # E flat, which minor has
    notes = tuple({3: sharp, 5: flat}.get(place, note) for place, note in enumerate(tune()))
    score = Score((Part("Voice", 0, 52, notes), Part("Piano", 1, 0, comping())))
    minor = melody(reperformed(score, GRIEF))
    assert [minor[place].pitch % 12 for place in (3, 5)] == [6, 3]


def chords(song):
    """(beat, numeral) of all chords where they change."""
    start, row = 0.0, []
    for section in song.report["sections"]:
        row += [(start + at, name) for at, name in zip(section["onsets"], section["numerals"], strict=True)]
        start += 4 * section["bars"]
    return [one for place, one in enumerate(row) if not place or row[place - 1][1] != one[1]]


@pytest.mark.parametrize("score", [lead_and_chords(32), piano(32)], ids=["lead and chords", "piano"])
def test_chords_stay_where_they_are(score):
    told = chords(reperformed(score, JOY))
    assert told[:8] == [
        *((0.0, "I"), (2.0, "vi"), (4.0, "IV"), (6.0, "V")),
        *((12.0, "vi"), (14.0, "I"), (18.0, "vi"), (20.0, "IV")),
    ]


def test_in_minor_chords_are_those_of_the_same_degrees_and_no_feeling_breaks_them():
    song = reperformed(lead_and_chords(32), GRIEF)
    assert [name for _, name in chords(song)[:6]] == ["i", "bVI", "iv", "v", "bVI", "i"]
    assert not {"modal-interchange", "avoid-tonic-resolution"} & {rule["name"] for rule in song.report["rule_breaks"]}


def test_the_whole_band_plays():
    played = {part.name for part in reperformed(lead_and_chords(48), RAGE).score.parts if part.notes}
    assert {"Chords", "Melody", "Bass", "Drums"} <= played


def test_the_same_arguments_give_the_same_bytes_and_another_seed_another_band():
    one, same, other = (midi.to_bytes(reperformed(piano(), CALM, seed=seed).score) for seed in (3, 3, 4))
    assert one == same
    assert one != other
    assert onsets(melody(reperformed(piano(), CALM, seed=4))) == onsets(tune())


def test_what_is_asked_for_wins_over_the_file_and_the_feeling():
    song = reperformed(lead_and_chords(), GRIEF, key="Eb", mode="major", tempo=72, genre="jazz", mute=("drums",))
    music = song.report["parameters"]
    assert (music["key"], music["tempo"], music["genre"]) == ("Eb ionian", 72, "jazz")
    assert [note.pitch % 12 for note in melody(song)] == [(note.pitch + 3) % 12 for note in tune()]
    assert chords(song)[:3] == [(0.0, "I"), (2.0, "vi"), (4.0, "IV")]
    assert "Drums" not in {part.name for part in song.score.parts}


@pytest.mark.parametrize(
    "wish", [{"bars": 8}, {"minutes": 1.0}, {"progressions": {"verse": ("I",)}}, {"improvise": 1.0}]
)
def test_what_the_sheet_settles_cannot_be_wished_for(wish):
    with pytest.raises(UsageError, match=f'a wish must be one of .*; got "{next(iter(wish))}"'):
        reperformed(piano(), JOY, **wish)


@pytest.mark.parametrize("up", [-24, 0, 24, 36])
@pytest.mark.parametrize("feeling", [GRIEF, JOY, RAGE])
def test_the_melody_lies_where_the_feeling_and_the_instrument_have_it(feeling, up):
    song = reperformed(lead_and_chords(up=up), feeling)
    music, pitches = song.report["parameters"], [note.pitch for note in melody(song)]
    instrument = next(one for one in instruments() if one.name == music["instruments"]["melody"])
    assert instrument.low <= min(pitches)
    assert max(pitches) <= instrument.high
    assert pitches == [note.pitch for note in melody(reperformed(lead_and_chords(), feeling))]


def test_loud_notes_stay_louder_and_notes_of_one_loudness_are_stressed_by_metre():
    for score in (lead_and_chords(), flattened(lead_and_chords())):
        sung = melody(reperformed(score, JOY, triggers=False, dynamics=0.0))
        first, rest = ([n.velocity for n in sung if (n.onset % 4 == 0) == down] for down in (True, False))
        assert sum(first) / len(first) > sum(rest) / len(rest) + 3


def flattened(score):
    return replace(
        score, parts=tuple(replace(p, notes=tuple(replace(n, velocity=80) for n in p.notes)) for p in score.parts)
    )


def test_lengths_are_the_articulations():
    legato, marcato = (melody(reperformed(lead_and_chords(), feeling)) for feeling in (LEGATO, RAGE))
    assert legato[0].duration == pytest.approx(0.9, abs=1 / 480)
    assert marcato[0].duration == pytest.approx(0.75 * 0.9, abs=1 / 480)


def test_a_note_is_held_over_the_seam_of_two_sections_and_may_begin_a_little_early():
    held = Note(63.0, 4.0, 64, 90)
    early = Note(127.98, 1.0, 67, 90)
    voice = [note for note in tune(64) if not (62.9 < note.onset < 68 or 127 < note.onset < 129)]
    score = Score((Part("Voice", 0, 52, tuple(sorted([*voice, held, early]))), Part("Piano", 1, 0, comping(64))))
    song = reperformed(score, LEGATO)
    assert [section["bars"] for section in song.report["sections"]][:1] == [16]
    sung = {round(note.onset, 2): note.duration for note in melody(song)}
    assert sung[63.0] == pytest.approx(4.0, abs=1 / 480)
    assert sung[127.98] == pytest.approx(1.0, abs=1 / 480)


def test_the_networks_may_have_their_say():
    song = reperformed(lead_and_chords(32), JOY, neural=1.0)
    assert onsets(melody(song)) == onsets(tune(32))
    assert chords(song)[0] == (0.0, "I")


@pytest.fixture(scope="module")
def kellys():
    return compose(thesaurus.lookup("hope").emotion, bars=40, seed=5, key="Eb")


def test_a_song_of_kellys_is_read_from_its_report(kellys):
    sheet = lead_sheet(kellys.score)
    told = kellys.report["sections"]
    assert (sheet.key.name, sheet.bars, sheet.tonic, sheet.minor) == (kellys.report["parameters"]["key"], 40, 3, False)
    assert [(s.role, s.bars, s.energy) for s in sheet.form.stretches] == [
        (s["role"], s["bars"], s["energy"]) for s in told
    ]
    again = reperformed(kellys.score, JOY)
    assert again.report["parameters"]["key"] == "Eb ionian"
    roots = {"ionian": kellys.report["sections"]}
    for before, after in zip(roots["ionian"], again.report["sections"], strict=True):
        numerals = dict(zip(before["onsets"], before["numerals"], strict=True))
        assert {
            at: name for at, name in zip(after["onsets"], after["numerals"], strict=True) if at in numerals
        } == numerals


def test_a_song_of_kellys_keeps_its_tune_there_and_back(kellys):
    sad = reperformed(kellys.score, GRIEF, seed=1)
    back = reperformed(sad.score, thesaurus.lookup("hope").emotion, seed=2)
    first = melody(kellys)
    assert onsets(melody(sad)) == onsets(first) == onsets(melody(back))
    assert recognisable(first, melody(sad)) >= 0.8
    assert [note.pitch % 12 for note in melody(back)] == [note.pitch % 12 for note in first]
    assert sad.score.keys[0].minor


def test_a_song_that_turns_from_minor_to_major_is_carried_over_section_by_section():
    turning = compose(GRIEF, to="joy", arc="sudden-shift", bars=48, key="A").score
    sheet = lead_sheet(turning)
    assert {key.minor for _, key in sheet.keys} == {False, True}
    sad = reperformed(turning, GRIEF)
    assert sad.report["reperformed"]["keys"][0] == "A aeolian"
    assert "A ionian" in sad.report["reperformed"]["keys"]
    assert all(key.minor for key in sad.score.keys)
    inside = [note.pitch % 12 in {9, 11, 0, 2, 4, 5, 7} for note in melody(sad)]
    assert sum(inside) > 0.95 * len(inside)


def test_staccato_notes_are_written_long_so_that_calm_may_sing_them():
    angry = compose(RAGE, bars=8, seed=1)
    gate = {"staccato": 0.5, "marcato": 0.75}[angry.report["parameters"]["articulation"]]
    calm = melody(reperformed(angry.score, LEGATO))
    for before, after in zip(melody(angry), calm, strict=True):
        assert before.duration - 0.01 <= after.duration <= before.duration / gate + 0.01
    assert sum(n.duration for n in calm) > 1.1 * sum(n.duration for n in melody(angry))


def test_a_report_tells_no_more_of_a_file_that_has_grown(kellys):
    longer = Part("More", 6, 0, (Note(4 * 44.0, 1.0, 60, 80),))
    sheet = lead_sheet(replace(kellys.score, parts=(*kellys.score.parts, longer)))
    assert sheet.bars == 45


@pytest.mark.parametrize(
    "change",
    [
        {"sections": []},
        {"sections": 3},
        {"sections": [{}]},
        {"parameters": {}},
        {"emotion": {"valence": "x"}},
        {"bars": -1},
        {"bars": 1.5},
        {"bars": 10**9},
        {"key": "H ionian"},
        {"chords": ["nonsense"]},
        {"onsets": [4.0, 0.0]},
        {"energy": float("nan")},
    ],
)
def test_a_damaged_report_is_one_line(kellys, change):
    told = json.loads(json.dumps(kellys.report))
    inside = told if next(iter(change)) in told else told["sections"][0]
    inside.update(change)
    with pytest.raises(FileError, match="report is damaged"):
        lead_sheet(replace(kellys.score, texts=(TAG + json.dumps(told),)))


def test_the_report_says_what_was_performed_again(kellys):
    song = reperformed(lead_and_chords(), GRIEF)
    assert song.report["title"] == song.score.title == "Ours"
    assert song.report["reperformed"] == {"title": "Ours", "keys": ["C ionian"]}
    assert song.report["remarks"][0] == (
        "the melody and the chords are a lead sheet's, carried over from C ionian to C aeolian"
    )
    assert song.report["settings"] == {}
    assert reperformed(piano(), GRIEF, key="D", seed=0).report["settings"] == {"key": "D"}
    assert read_report(song.score) == json.loads(json.dumps(song.report))
    assert reperformed(kellys.score, GRIEF).report["title"] == "Grief"  # it was called "Hope" after its feeling


def test_a_pianos_highest_voice_is_its_melody():
    assert onsets(lead_sheet(piano()).melody) == onsets(tune())
    assert [n.pitch for n in lead_sheet(piano()).melody] == [n.pitch for n in tune()]


def test_chords_in_the_rests_of_a_melody_are_none_of_it():
    sparse = tuple(note for note in tune() if note.onset % 8 < 4)
    score = Score((Part("Piano", 0, 0, tuple(sorted(sparse + comping(up=-12)))),))
    assert onsets(lead_sheet(score).melody) == onsets(sparse)


def test_a_melody_alone_gets_chords_that_fit_it():
    song = reperformed(Score((Part("Flute", 0, 73, tune()),)), CALM)
    assert all(at % 4 == 0 for at, _ in chords(song))
    assert {"Chords", "Melody"} <= {part.name for part in song.score.parts if part.notes}


@pytest.mark.parametrize(
    ("score", "complaint"),
    [
        (replace(piano(), meters=(Meter(0.0, 3, 4),)), "4/4 throughout to be performed again; got 3/4"),
        (replace(piano(), meters=(Meter(0.0), Meter(32.0, 6, 8))), "got 6/8"),
        (Score(()), "must have tones to be performed again; it has none"),
        (Score((Part("Piano", 0),)), "it has none"),
        (Score((Part("Kit", DRUM_CHANNEL, 0, (Note(0.0, 1.0, 36, 90),)),)), "it has drums alone"),
        (
            Score((Part("Piano", 0, 0, (Note(4 * 2000.0, 1.0, 60, 90),)),)),
            "up to 2000 bars to be performed again; got 2001",
        ),
    ],
)
def test_what_cannot_be_performed_again_is_refused_in_one_line(score, complaint):
    with pytest.raises(UsageError, match=complaint) as refused:
        reperformed(score, JOY)
    assert "\n" not in str(refused.value)


def test_another_meter_after_the_last_note_does_no_harm():
    score = piano()
    assert (
        reperformed(replace(score, meters=(Meter(0.0), Meter(4 * 16.0, 3, 4))), JOY).report["parameters"]["bars"] == 16
    )


def test_one_note_is_enough():
    song = reperformed(Score((Part("Piano", 0, 0, (Note(0.0, 1.0, 60, 90),)),)), GRIEF)
    assert len(melody(song)) == 1


NOTES = st.lists(st.tuples(st.sampled_from((0.25, 0.5, 1.0, 2.0)), st.integers(40, 90)), max_size=30)


def line(rows):
    onset, notes = 0.0, []
    for length, pitch in rows:
        notes.append(Note(onset, length, pitch, 80))
        onset += length
    return notes


@given(NOTES, NOTES, st.integers(-12, 12), st.sampled_from((0.5, 2.0, 3.0)))
def test_likeness_knows_neither_key_nor_tempo_nor_order(one, other, up, slower):
    a, b = line(one), line(other)
    moved = [Note(slower * n.onset, slower * n.duration, n.pitch + up, n.velocity) for n in a]
    assert recognisable(a, moved) == 1.0
    assert recognisable(a, b) == recognisable(b, a)
    assert 0.0 <= recognisable(a, b) <= 1.0


def test_another_tune_is_not_recognised():
    other = line([(0.5, 60), (0.25, 72), (2.0, 55), (0.25, 67), (1.0, 48), (0.5, 60)] * 8)
    assert recognisable(tune(), other) < 0.3
    assert recognisable(tune(), ()) == 0.0


def test_half_a_tune_is_half_recognised():
    assert recognisable(tune(16), tune(8)) == pytest.approx(0.5, abs=0.05)


def inside(part, begin=8.0, end=16.0):
    """The notes of a part that belong to some bars, and what comes a little early."""
    return [note for note in part.notes if begin - 0.1 <= note.onset < end - 0.1]


def test_some_bars_are_performed_again_and_the_others_are_as_they_were():
    before = compose("joy", bars=8, seed=1).score
    after = reperformed_bars(before, 3, 4, GRIEF)
    assert [part.name for part in after.parts] == [part.name for part in before.parts]
    for one, other in zip(before.parts, after.parts, strict=True):
        assert (one.channel, one.program) == (other.channel, other.program)
        kept, there = ([note for note in part.notes if note not in inside(part)] for part in (one, other))
        assert [(note.onset, note.pitch, note.velocity) for note in kept] == [
            (note.onset, note.pitch, note.velocity) for note in there
        ]
    tunes = [inside(score.part("Melody")) for score in (before, after)]
    assert recognisable(*tunes) > 0.7
    assert [note.pitch for note in tunes[0]] != [note.pitch for note in tunes[1]]
    spans = [score.seconds([8.0, 16.0, 24.0]) for score in (before, after)]
    assert spans[1][1] - spans[1][0] > 1.2 * (spans[0][1] - spans[0][0]), "grief is slower than joy"
    assert spans[1][2] - spans[1][1] == pytest.approx(spans[0][2] - spans[0][1], abs=0.01)
    assert read_report(after) is None
    assert reperformed_bars(before, 3, 4, GRIEF) == after


@pytest.mark.parametrize("score", [lead_and_chords(), piano()], ids=["voice and piano", "piano alone"])
def test_bars_of_what_others_wrote_are_performed_by_who_is_there(score):
    after = reperformed_bars(score, 3, 4, GRIEF)
    assert [part.name for part in after.parts] == [part.name for part in score.parts]
    assert all(inside(part) for part in after.parts)
    assert {note.onset for note in tune() if 8 <= note.onset < 16} <= {
        round(2 * note.onset) / 2 for note in inside(after.parts[0])
    }


@pytest.mark.parametrize(("first", "last"), [(0, 2), (5, 4), (8, 9), (9, 9)])
def test_bars_that_are_not_there_are_not_performed(first, last):
    with pytest.raises(UsageError, match=rf"bars must lie in 1\.\.8, the first before the last; got {first}-{last}"):
        reperformed_bars(lead_and_chords(8), first, last, JOY)


@pytest.mark.parametrize(("first", "last"), [(1.0, 2), ("1", 2), (1, True), (1, None)])
def test_bars_are_told_by_whole_numbers(first, last):
    with pytest.raises(UsageError, match="must be an integer"):
        reperformed_bars(lead_and_chords(8), first, last, JOY)


def test_bars_of_a_waltz_are_not_performed_again():
    waltz = replace(lead_and_chords(8), meters=(Meter(0.0, 3, 4),))
    with pytest.raises(UsageError, match="must be in 4/4 throughout to be performed again; got 3/4"):
        reperformed_bars(waltz, 1, 2, JOY)
