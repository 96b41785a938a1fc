"""Song intents: what a file says is what the composer gets, and whatever is wrong with a file is told in one line."""

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.composing import intent as intents
from kelly.composing import mapping, rulebreaks
from kelly.composing.intent import Aim, BrokenRule, Root, SongIntent, Technical, dumps, load, loads, reference
from kelly.composing.settings import Settings
from kelly.composing.songfile import LARGEST, parse
from kelly.emotion.thesaurus import lookup, names
from kelly.errors import FileError, IntentError

GRIEF = "intent: {primary_mood: grief}\n"

lines = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Z", "S")), max_size=40).map(str.strip)
texts = st.lists(lines, max_size=3).map(lambda row: "\n".join(row).strip())


def maybe(values):
    return st.none() | values


words = lines.filter(lambda text: text and len(text.splitlines()) == 1)
roots = st.builds(Root, core_event=texts, resistance=texts, longing=texts, stakes=texts, transformation=texts)
moods = st.sampled_from([node.name for node in names()] + ["grief:low", "tender grief", "I am so happy today"])
aims = st.builds(
    Aim,
    primary_mood=moods,
    to=maybe(moods),
    secondary_tension=maybe(st.floats(0, 1)),
    imagery=texts,
    vulnerability=maybe(st.sampled_from(["low", "medium", "high"])),
    narrative_arc=maybe(st.sampled_from(["slow-reveal", "classic", "spiral"])),
)
rules = st.lists(st.sampled_from(rulebreaks.names()), unique=True, max_size=3).flatmap(
    lambda chosen: st.tuples(*(st.builds(BrokenRule, rule=st.just(name), why=words) for name in chosen))
)
bpms = st.floats(20, 400)
technicals = st.builds(
    Technical,
    genre=maybe(st.sampled_from(["lo-fi", "jazz"])),
    tempo_range=maybe(st.tuples(bpms, bpms).map(sorted).map(tuple)),
    key=maybe(st.sampled_from(["F", "Bb", "c#"])),
    mode=maybe(st.sampled_from(["ionian", "minor"])),
    groove_feel=maybe(st.sampled_from(["laid-back", "pushing"]) | st.floats(-1, 1)),
    rule_to_break=rules,
    bars=maybe(st.integers(1, 2000)),
    seed=st.integers(0, 2**63 - 1),
    progressions=st.dictionaries(
        st.sampled_from(["verse", "chorus"]), st.lists(st.sampled_from(["F", "Am7", "C/E", "bVI", "iv7"]), min_size=1)
    ),
    complexity=maybe(st.floats(0, 1)),
    humanise=maybe(st.floats(0, 1)),
    dynamics=maybe(st.floats(0, 1)),
    triggers=st.booleans(),
    mute=st.sampled_from([(), ("drums",), ("bass", "melody")]),
)
song_intents = st.builds(SongIntent, title=maybe(words), root=roots, intent=aims, technical=technicals)


@given(song_intents)
@settings(max_examples=60)
def test_what_is_written_is_read_back(intent):
    assert loads(dumps(intent)) == intent


scalars = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats() | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)


@given(values)
@settings(max_examples=40)
def test_any_value_in_any_place_gives_an_intent_or_one_line(value):
    mood = {"primary_mood": "grief"}
    for place in ("title", "root", "intent", "technical", "story"):
        refused(yaml.safe_dump({"intent": mood, place: value}))
    for field in Aim.model_fields:
        refused(yaml.safe_dump({"intent": mood | {field: value}}))
    for field in (*Technical.model_fields, "why"):
        refused(yaml.safe_dump({"intent": mood, "technical": {field: value}}))


def refused(text):
    """The text's one-line refusal, or None when it is a song intent."""
    try:
        loads(text)
    except IntentError as error:
        told = str(error)
    else:
        return None
    assert told
    assert told.splitlines() == [told]
    assert len(told) < 500
    return told


@given(st.text(max_size=200) | st.binary(max_size=200))
@settings(max_examples=200)
def test_any_text_or_bytes_give_an_intent_or_one_line(text):
    refused(text)


@given(st.text("[]{}:-?&*!|>'\"#%@`,\n\t ab1.~<", max_size=60))
@settings(max_examples=300)
def test_any_yaml_punctuation_gives_an_intent_or_one_line(text):
    refused(text)
    refused(GRIEF + "technical: " + text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must be a mapping with root, intent and technical; got nothing"),
        ("- grief", "must be a mapping"),
        ("root: {}", "intent.primary_mood is missing"),
        ("intent: {primary_mood: greif}", "did you mean grief"),
        ("intent: {primary_mood: 'grief:huge'}", 'intent.primary_mood: tier must be one of full, mid, low; got "huge"'),
        ("intent: {primary_mood: zzz qqq}", "no feeling is heard"),
        ("intent: {primary_moood: grief}", "intent.primary_moood is not known; did you mean primary_mood?"),
        ("intent: {primary_mood: 7}", "intent.primary_mood must be the name of a feeling"),
        (
            "intent: {primary_mood: grief, secondary_tension: 1.5}",
            "intent.secondary_tension must be a number in 0..1; got 1.5",
        ),
        ("intent: {primary_mood: grief, secondary_tension: .nan}", "must be a number in 0..1; got '.nan'"),
        ("intent: {primary_mood: grief, vulnerability: huge}", "must be low, medium or high; got 'huge'"),
        ("intent: {primary_mood: grief, narrative_arc: slow-reveel}", "did you mean slow-reveal?"),
        (GRIEF + "technical: {tempo: fast}", "technical.tempo must be a number of BPM in 20..400; got 'fast'"),
        (GRIEF + "technical: {tempo: 4000}", "technical.tempo must be a number of BPM in 20..400; got 4000"),
        (GRIEF + "technical: {tempo: true}", "technical.tempo must be a number"),
        (GRIEF + "technical: {tempo: 1:30}", "technical.tempo must be a number"),
        (GRIEF + "technical: {tempo: 2001-01-01}", "technical.tempo must be a number"),
        (GRIEF + "technical: {tempo: .inf}", "technical.tempo must be a number"),
        (GRIEF + "technical: {tempo_range: [90, 80]}", "the lower tempo comes first; got [90.0, 80.0]"),
        (GRIEF + "technical: {tempo_range: [90]}", "technical.tempo_range"),
        (GRIEF + "technical: {tempo: 80, tempo_range: [80, 90]}", "give tempo or tempo_range, not both"),
        (GRIEF + "technical: {bars: 8, minutes: 2}", "in bars or in minutes, not both"),
        (GRIEF + "technical: {bars: 0}", "technical.bars must be an integer in 1..2000; got 0"),
        (GRIEF + "technical: {genre: polka}", "technical.genre: genre must be one of lo-fi"),
        (GRIEF + "technical: {mode: locrian}", "technical.mode: mode must be one of"),
        (GRIEF + "technical: {key: H}", "technical.key: key must be a note name"),
        (GRIEF + "technical: {seed: -1}", "technical.seed must be an integer"),
        (GRIEF + "technical: {groove_feel: wobbly}", "one of laid-back, relaxed, straight, driving, pushing"),
        (GRIEF + "technical: {progressions: {vers: F-C}}", "did you mean verse?"),
        (GRIEF + "technical: {progressions: {verse: F-H}}", "got 'H'"),
        (GRIEF + "technical: {progressions: {verse: []}}", "chords must be 1 to 64"),
        ("a: 1\na: 2", "a (line 2) must stand once; got it twice"),
        ("a: &x [1]\nb: *x", "anchors (&) and aliases (*) are not allowed"),
        ("a: *x", "anchors (&) and aliases (*) are not allowed"),
        ("a: !!python/object/apply:os.system [x]", "values have no tags"),
        ("a: !!binary aGk=", "values have no tags"),
        ("<<: {a: b}", "<< is not known"),
        ("? [a]\n: b", "a key must be a word"),
        ("a: 1\n---\nb: 2", "one YAML document"),
        ('a: "\\ud800"', "must be readable text"),
        ('a: "\\0"', "must be readable text"),
        ('a: "\\UFFFFFFFF"', "must be YAML"),
        ("a: [1, 2", "must be YAML; line 1"),
        ("title: |\n  a\n  b\n" + GRIEF, "a title must be one line"),
        (b"\xff\xfe\x00", "must be UTF-8 text; byte 0 is not"),
        (b"MThd\x00\x00\x00\x06", "must be YAML"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(text, told):
    assert told in refused(text)


@pytest.mark.parametrize(
    "rule",
    [
        "rule_to_break: distortion",
        "rule_to_break: [distortion]",
        "rule_to_break: {rule: distortion}",
        "rule_to_break: [{rule: distortion, why: ''}]",
        "rule_to_break: distortion\n  why: '  '",
        "why: because",
    ],
)
def test_a_rule_to_break_without_a_reason_is_an_error(rule):
    assert "why" in refused(f"{GRIEF}technical:\n  {rule}")


def test_an_unknown_rule_is_told_the_nearest_names():
    text = GRIEF + "technical: {rule_to_break: modal-interchang, why: x}"
    assert "did you mean modal-interchange?" in refused(text)
    twice = GRIEF + "technical: {rule_to_break: [{rule: distortion, why: x}, {rule: Distortion, why: y}]}"
    assert "a rule can be broken once" in refused(twice)


def test_a_rule_may_stand_alone_with_its_reason_or_in_a_list():
    alone = loads(GRIEF + "technical: {rule_to_break: Modal Interchange, why: to darken}")
    listed = loads(GRIEF + "technical: {rule_to_break: [{rule: modal-interchange, why: to darken}]}")
    assert alone == listed
    assert alone.settings().breaks == {"modal-interchange": "to darken"}


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x, x]\n" + "\n".join(f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefghi", "bcdefghij", strict=True)),
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: " + "[" * 900 + "]" * 900,
        "\n".join(f"k{i}: {i}" for i in range(30_000)),
        "x" * (LARGEST + 1),
        "'" + "é" * (LARGEST // 2) + "'",
        "%YAML " + "9" * 10_000 + "\n---\na: b",
        "a: " + "9" * 10_000,
        "a: " + "9" * 10_000 + ".5",
    ],
)
def test_a_bomb_is_refused_at_once(bomb):
    start = time.perf_counter()
    assert refused(bomb)
    assert time.perf_counter() - start < 2


def test_words_that_yaml_would_turn_into_something_else_stay_words():
    assert parse("no: yes\nwhen: 2019-03-02\nlength: 1:30\nroom: 007\nnothing:") == {
        "no": "yes",
        "when": "2019-03-02",
        "length": "1:30",
        "room": "007",
        "nothing": None,
    }


def test_a_file_that_is_wrong_is_named(tmp_path):
    path = tmp_path / "song.yaml"
    path.write_text("intent: {primary_mood: greif}", encoding="utf-8")
    with pytest.raises(IntentError, match=r"song\.yaml: intent\.primary_mood"):
        load(path)
    with pytest.raises(FileError, match="missing"):
        load(tmp_path / "missing.yaml")
    path.write_text("\ufeff" + GRIEF, encoding="utf-8")
    assert load(path).intent.primary_mood == "grief"


def test_an_intent_becomes_settings():
    intent = loads(
        GRIEF + "technical: {genre: LoFi, tempo: 82, key: F, mode: major, bars: 16, seed: 7, groove_feel: laid back,"
        " progressions: {Verse: F - C | Am Dm, chorus: [I, 'V7', vi, IV]}}"
    )
    assert intent.settings() == Settings(
        seed=7,
        key="F",
        mode="ionian",
        tempo=82,
        genre="lo-fi",
        bars=16,
        feel=-0.6,
        progressions={"verse": ("F", "C", "Am", "Dm"), "chorus": ("I", "V7", "vi", "IV")},
    )


def test_a_vulnerable_song_is_played_with_less_control_than_a_guarded_one():
    exposed, guarded = (
        loads(f"intent: {{primary_mood: grief, vulnerability: {level}}}").settings() for level in ("high", "low")
    )
    assert exposed.humanise > guarded.humanise
    assert exposed.dynamics > guarded.dynamics


def test_secondary_tension_sets_the_complexity():
    tense, plain = (
        loads(f"intent: {{primary_mood: grief, secondary_tension: {t}}}").settings().complexity for t in (0.9, 0.1)
    )
    assert tense > plain
    assert loads(GRIEF).settings().complexity is None


@pytest.mark.parametrize(("pair", "tempo"), [([90, 100], None), ([60, 80], 80), ([120, 140], 120)])
def test_a_tempo_range_wins_over_the_formula_only_where_the_formula_lies_outside(pair, tempo):
    assert mapping.tempo(lookup("grief").emotion.arousal) == pytest.approx(96)
    assert loads(GRIEF + f"technical: {{tempo_range: {pair}}}").settings().tempo == tempo


def test_a_mood_may_be_a_name_a_tier_or_words():
    named = loads("intent: {primary_mood: 'Grief:low', to: tender grief}").journey()
    assert named.start == lookup("grief", "low").emotion
    assert named.end == lookup("tender grief").emotion
    told = loads("intent: {primary_mood: I am so happy and so proud of her}").journey()
    assert told.start.valence > 0.4
    assert not told.moves


def test_without_a_mood_the_feeling_is_read_from_what_happened():
    intent = loads("root: {core_event: My brother died last week and I cannot stop crying.}")
    assert intent.journey().start.valence < -0.4


def test_the_reference_song_is_a_love_song_that_turns_out_to_be_grief():
    intent = reference()
    journey, wanted = intent.journey(), intent.settings()
    assert journey.start.valence > 0.3
    assert journey.end == lookup("grief").emotion
    assert [stretch.bars for stretch in journey.arc.stretches] == [16, 16, 12, 8, 8]
    assert (wanted.key, wanted.mode, wanted.tempo, wanted.genre) == ("F", "ionian", 82, "lo-fi")
    assert wanted.progressions["verse"] == ("F", "C", "Am", "Dm")
    assert wanted.progressions["chorus"] == ("F", "C", "Am", "Bb")
    assert wanted.progressions["bridge"] == ("F", "C", "Bbm", "F")
    assert list(wanted.breaks) == ["modal-interchange"]
    assert all(getattr(intent.root, field) for field in Root.model_fields)


def test_grooves_and_exposures_lie_in_the_ranges_of_settings():
    for feel in intents.GROOVES.values():
        assert Settings(feel=feel).feel == feel
    for humanise, dynamics in intents.EXPOSED.values():
        assert Settings(humanise=humanise, dynamics=dynamics).humanise == humanise
