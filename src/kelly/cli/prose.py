"""Plain words: readings, emotions and reports told to a person.

Conventions: every function takes plain data, as `--json` prints it and files keep it, and yields lines of text. A
report from a file may hold anything: what is missing or of another kind raises KeyError, TypeError or the like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

__all__ = ["UNHEARD", "both", "clock", "emotions", "listened", "reading", "report", "summary", "timeline"]

Data = Mapping[str, Any]
_REST = {"valence": 0.0, "arousal": 0.3, "dominance": 0.5}  # neutral,
_NEAR = 0.02  # and how near to it no name lies
MOST_WORDS = 12  # that are told of a long text
MOST_CLASSES = 3  # that are told of a recording
CONTRARY = 2.0  # standard deviations from which on words and a voice contradict each other
MOVED = 4  # words that are told with what they did
MOST_PASSAGES = 6  # that are told of a section
LONGEST_PASSAGE = 60  # characters of one in a table
UNHEARD = "no feeling is heard in the text; it is read as neutral"


def label(emotion: Data) -> str:
    """The name of a feeling as the command line takes it: "grief", "grief:low"; "neutral" where there is none."""
    if all(abs(emotion[axis] - rest) < _NEAR for axis, rest in _REST.items()):
        return "neutral"
    return emotion["name"] if emotion["tier"] == "full" else f"{emotion['name']}:{emotion['tier']}"


def clock(seconds: float) -> str:
    """A length of time as minutes and seconds: "2:05"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def reading(heard: Data) -> Iterator[str]:
    """How a text was heard: the feeling and its numbers, other readings, the words, the wound."""
    emotion = heard["emotion"]
    yield "neutral" if label(emotion) == "neutral" else f"{label(emotion)} ({emotion['category']})"
    yield _row("valence", f"{emotion['valence']:+.2f}   unpleasant -1 .. 1 pleasant")
    yield _row("arousal", f" {emotion['arousal']:.2f}   asleep 0 .. 1 frantic")
    yield _row("dominance", f" {emotion['dominance']:.2f}   overwhelmed 0 .. 1 in control")
    yield _row("intensity", f" {emotion['intensity']:.2f}")
    yield _row("confidence", f" {emotion['confidence']:.2f}")
    yield from _heard(heard)


def both(heard: Data) -> Iterator[str]:
    """How words and a voice were heard together, and each of them alone."""
    yield from reading(heard)
    for name, one in heard["from"].items():
        emotion = one["emotion"]
        numbers = f"{emotion['valence']:+.2f} {emotion['arousal']:.2f} {emotion['dominance']:.2f}"
        yield _row(f"by {name}", f"{numbers}  {label(emotion)}")
    far = [axis for axis, distance in heard["apart"].items() if distance > CONTRARY]
    if far:
        yield _row("contrary", f"words and voice differ in {' and '.join(far)}")


def listened(heard: Data) -> Iterator[str]:
    """How a score or a recording was heard, as a whole, and as it goes on where that was asked for."""
    yield from reading(heard)
    if "kind" in heard:
        yield from _recorded(heard)
    if heard.get("passages"):
        yield ""
        yield "   from      to  valence arousal dominance confidence  feeling"
    for row in heard.get("passages", ()):
        emotion = row["emotion"]
        numbers = f"{emotion['valence']:+8.2f} {emotion['arousal']:7.2f} {emotion['dominance']:9.2f}"
        where = f"{clock(row['start']):>7} {clock(row['end']):>7}"
        yield f"{where} {numbers} {emotion['confidence']:10.2f}  {label(emotion)}"


def _recorded(heard: Data) -> Iterator[str]:
    if heard["emotion"]["confidence"]:
        yield from _kind(heard)
    else:
        yield _row("kind", f"silence, {clock(heard['seconds'])}")
    if heard.get("timeline"):
        yield ""
        yield "   time  valence arousal dominance  feeling"
    for row in heard.get("timeline", ()):
        where = f"{clock(int(row['time']))}.{row['time'] % 1 * 10:.0f}"
        if row["name"] is None:
            yield f"{where:>7}  silence"
            continue
        numbers = f"{row['valence']:+8.2f} {row['arousal']:7.2f} {row['dominance']:9.2f}"
        yield f"{where:>7} {numbers}  {row['name']}"


def _kind(heard: Data) -> Iterator[str]:
    """What kind of sound it is, and what else is heard in it."""
    sure = heard["kinds"].get(heard["kind"], 0.0)
    yield _row("kind", f"{heard['kind']} ({_percent(sure)}), {clock(heard['seconds'])}")
    ranked = sorted(heard["classes"].items(), key=lambda one: -one[1])
    yield _row("class", ", ".join(f"{name} {_percent(share)}" for name, share in ranked[:MOST_CLASSES]))
    moved = sorted(heard["scales"].items(), key=lambda one: -one[1])[:MOST_CLASSES]
    if moved:
        yield _row("rouses", ", ".join(f"{name.replace('_', ' ')} {_percent(share)}" for name, share in moved))
    if heard["arc"]:
        yield _row("arc", heard["arc"])


def _heard(heard: Data) -> Iterator[str]:
    if len(heard["readings"]) > 1:
        yield _row("readings", ", ".join(f"{label(one)} {one['weight']:.0%}" for one in heard["readings"]))
    if heard["words"]:
        yield _row("words", _shortened(_words(heard["words"])))
    if heard.get("influences"):
        yield _row("moved by", ", ".join(_influences(heard["influences"])))
    if heard.get("wound"):
        words = _shortened(_quoted(heard["wound_words"]))
        yield _row("wound", f"{heard['wound']} ({words})" if words else heard["wound"])


def _words(evidence: Sequence[Data]) -> list[str]:
    """The words that were heard, those of a refrain once, with what they say and their share of the reading."""
    shares: dict[tuple[str, str], float] = {}
    for one in evidence:
        said = ("not " if one["negated"] else "") + one["name"]
        key = _quoted([one["word"]])[0], said
        shares[key] = shares.get(key, 0.0) + one["weight"]
    return [f"{word} ({said}, {_percent(share)})" for (word, said), share in shares.items()]


def _influences(moved: Sequence[Data]) -> Iterator[str]:
    """The words that moved the reading most, with what each did to valence, arousal and dominance."""
    axes = ("valence", "arousal", "dominance")
    ranked = sorted(moved, key=lambda one: -max(abs(one[axis]) for axis in axes))
    for one in ranked[:MOVED]:
        yield f"{_quoted([one['text']])[0]} " + " ".join(f"{axis[0].upper()} {one[axis]:+.2f}" for axis in axes)


def _shown(text: str) -> str:
    """A text on one line, cut where it is long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_PASSAGE else plain[: LONGEST_PASSAGE - 1].rstrip() + "…"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "under 1%"


def _quoted(texts: Sequence[str]) -> list[str]:
    """Each text once, on one line and in quotes."""
    return list(dict.fromkeys('"' + " ".join(text.split()) + '"' for text in texts))


def _shortened(items: Sequence[str]) -> str:
    more = f" and {len(items) - MOST_WORDS} more" if len(items) > MOST_WORDS else ""
    return ", ".join(items[:MOST_WORDS]) + more


def _row(name: str, content: str) -> str:
    return f"  {name:<11}{content}"


def timeline(heard: Data) -> Iterator[str]:
    """How a story was heard: its passages in a table, the stretches of the song that they make, and all as one."""
    yield "valence arousal dominance confidence  feeling            sentence"
    for row in heard["passages"]:
        numbers = f"{row['valence']:+7.2f} {row['arousal']:7.2f} {row['dominance']:9.2f} {row['confidence']:10.2f}"
        yield f"{numbers}  {label(row):<18} {_shown(row['text'])}"
    yield ""
    yield f"Stretches ({heard['journey']['arc']})"
    for section, stretch in enumerate(heard["journey"]["stretches"]):
        first = next((i for i, row in enumerate(heard["passages"], 1) if row["section"] == section), None)
        which = f", from sentence {first}" if first else ""
        head = f"{stretch['role']:<11} {_bars(stretch['bars']):<8} energy {stretch['energy']:.2f}"
        yield f"  {head}  {label(stretch)}, {_point(stretch)}{which}"
    yield ""
    yield "All in all"
    yield from ("  " + line if i == 0 else line for i, line in enumerate(reading(heard["summary"])))


def emotions(rows: Sequence[Data]) -> Iterator[str]:
    """A table of feelings, by category unless they come with distances."""
    near = bool(rows) and "distance" in rows[0]
    yield f"{'name':<18}{'category':<14}valence arousal dominance" + ("  distance" if near else "")
    for row in rows:
        category = row["category"] + (" *" if row["blend"] else "")
        line = f"{row['name']:<18}{category:<14}{row['valence']:+7.2f} {row['arousal']:7.2f} {row['dominance']:9.2f}"
        yield line + (f"{row['distance']:10.2f}" if near else "")
    if any(row["blend"] for row in rows):
        yield "* a blend of several feelings"


def summary(told: Data) -> Iterator[str]:
    """A song in one line, then the rules it broke and what one may wonder at."""
    music, emotion = told["parameters"], told["emotion"]
    goal = told["journey"]["to"]
    way = f" to {label(goal)}" if _moves(told) else ""
    yield (
        f"{label(emotion)}{way}: {music['tempo']:g} BPM, {music['key']}, {music['genre']}, "
        f"{_bars(music['bars'])}, {clock(music['seconds'])}, seed {told['seed']}"
    )
    if told.get("story"):
        yield "story: " + ", ".join(f"{one['role']} {label(one['emotion'])}" for one in told["sections"])
    yield from (f"broken: {line}" for line in _broken(told))
    yield from told["remarks"]


def report(told: Data) -> Iterator[str]:
    """Everything that a song's report says of how it was made."""
    yield f'"{told["title"]}", composed by Kelly {told["version"]} with seed {told["seed"]}.'
    yield ""
    yield "Feeling"
    yield from ("  " + line if i == 0 else line for i, line in enumerate(reading(told)))
    if _moves(told):
        yield _row("leads to", f"{label(told['journey']['to'])}, {_point(told['journey']['to'])}")
    yield ""
    yield "Music"
    yield from _music(told)
    yield ""
    yield f"Sections ({told['journey']['arc']})"
    bar = 1
    for number, section in enumerate(told["sections"]):
        yield from _section(section, told["sections"][0], bar)
        yield from _driving([row for row in told.get("story", ()) if row["section"] == number])
        bar += section["bars"]
    yield ""
    yield from _fit(told)
    yield "Rules broken"
    yield from ("  " + line for line in (*_broken(told),) or ("none",))
    if told["remarks"]:
        yield ""
        yield from told["remarks"]


def fit(told: Data) -> Iterator[str]:
    """Asked and heard, section by section, with the ear's own error; nothing where nobody listened."""
    bar = 1
    for section in told["sections"]:
        if "heard" in section:
            yield f"  bar {bar:>3}  {section['role']:<11} {_compared(section['emotion'], section['heard'])}"
        bar += section["bars"]


def _fit(told: Data) -> Iterator[str]:
    rows = list(fit(told))
    if rows:
        yield "Asked and heard (by the judge)"
        yield from rows
        yield ""


def _compared(asked: Data, heard: Data | None) -> str:
    if heard is None:
        return "too little to hear"
    pairs = zip(("valence", "arousal"), ("+.2f", ".2f"), heard["error"], strict=True)
    told = (f"{axis} {asked[axis]:{form}} -> {heard[axis]:{form}} (± {error:.2f})" for axis, form, error in pairs)
    return ", ".join((*told, f"off by {heard['miss']:.2f}"))


def _moves(told: Data) -> bool:
    way = told["journey"]
    return any(way["from"][axis] != way["to"][axis] for axis in ("valence", "arousal", "dominance"))


def _point(emotion: Data) -> str:
    return f"valence {emotion['valence']:+.2f}, arousal {emotion['arousal']:.2f}, dominance {emotion['dominance']:.2f}"


def _music(told: Data) -> Iterator[str]:
    music, asked, first = told["parameters"], told["settings"], told["sections"][0]["emotion"]
    valence, arousal, dominance = (first[axis] for axis in ("valence", "arousal", "dominance"))
    why = "as you asked" if "tempo" in asked else f"60 + 120 x arousal {arousal:.2f}"
    yield _row("tempo", f"{music['tempo']:g} BPM ({why})")
    yield _row("velocity", f"{music['velocity']:.0f} (60 + 67 x dominance {dominance:.2f})")
    yield _row("key", music["key"] + _asked(asked, "key", "mode"))
    if "mode" not in asked:
        yield _row("mode", f"{music['mode']} (valence {valence:+.2f}, arousal {arousal:.2f})")
    yield _row("genre", music["genre"] + _asked(asked, "genre"))
    yield _row("playing", f"{music['articulation']}, {', '.join(_figures(music))}")
    yield _row("length", f"{_bars(music['bars'])}, {clock(music['seconds'])}" + _asked(asked, "bars", "minutes"))
    shares = ("complexity", "humanise", "feel", "dynamics", "neural", "improvise", "fit")
    others = {name: value for name, value in asked.items() if name in shares}
    if others:
        yield _row("asked for", ", ".join(f"{name} {value:g}" for name, value in others.items()))
    if asked.get("mute"):
        yield _row("muted", ", ".join(asked["mute"]))
    yield from _band(told)


def _asked(asked: Data, *names: str) -> str:
    given = [name for name in names if name in asked]
    return f" ({' and '.join(given)} as you asked)" if given else ""


def _figures(music: Data) -> Iterator[str]:
    """What the parts play, said with the part: "walking bass"."""
    for kind in ("contour", "bass", "strings", "rhythm"):
        if kind in music:
            yield f"{music[kind]} {'melody' if kind == 'contour' else kind}"


def _band(told: Data) -> Iterator[str]:
    """The instruments of the parts that are heard somewhere, as many on a line as fit."""
    heard = [part for section in told["sections"] for part in section["parts"]]
    band = [f"{part}: {name}" for part, name in told["parameters"]["instruments"].items() if part in heard]
    for start in range(0, len(band), 3):
        yield _row("band" if start == 0 else "", ", ".join(band[start : start + 3]))


def _section(section: Data, first: Data, bar: int) -> Iterator[str]:
    head = f"  bar {bar:>3}  {section['role']:<11} {_bars(section['bars']):<8} energy {section['energy']:.2f}"
    head += f"  {label(section['emotion'])}"
    changes = [f"{section['tempo']:g} BPM"] if section["tempo"] != first["tempo"] else []
    changes += [section["key"]] if section["key"] != first["key"] else []
    yield ", ".join([head, *changes])
    yield f"           {_row_of_chords(section['chords'])}"


def _driving(passages: Sequence[Data]) -> Iterator[str]:
    """The sentences that a section is made from."""
    yield from (f'           "{row["text"]}" {label(row)}' for row in passages[:MOST_PASSAGES])
    if len(passages) > MOST_PASSAGES:
        yield f"           and {len(passages) - MOST_PASSAGES} more sentences"


def _row_of_chords(chords: Sequence[str]) -> str:
    """Chords in groups of four, with equal groups in a row counted: "F C Am Dm (x3) | F C Am Bb"."""
    groups = [" ".join(chords[i : i + 4]) for i in range(0, len(chords), 4)]
    counted = [(group, len(list(run))) for group, run in groupby(groups)]
    return " | ".join(group if times == 1 else f"{group} (x{times})" for group, times in counted)


def _broken(told: Data) -> Iterator[str]:
    for rule in told["rule_breaks"]:
        asked = "you asked for it" if rule["asked"] else "the feeling asks for it"
        yield f"{rule['name']} (severity {rule['severity']:.2f}, {asked}): {rule['reason']}"


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count} bars"
