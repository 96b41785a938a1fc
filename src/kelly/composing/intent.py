"""Song intent: what a song is about, what it should do, and how, as its writer states it in a song file.

Conventions: three phases. `root` tells what happened, in the person's words; `intent` what the listener should feel,
and along which arc; `technical` what the music must keep to. Everything may be left out but a feeling: without a
primary mood it is read from the words of the root. An intent becomes a `Journey` and `Settings`; how these sound is
decided elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from kelly.composing import mapping, rulebreaks, songfile, tables, theory
from kelly.composing.settings import NEURAL, RANGES, Settings, role_name
from kelly.composing.songfile import Phase, Share, Text, Word, listed, shown
from kelly.composing.storyline import Storyline
from kelly.composing.telling import Told
from kelly.emotion import journey as journeys
from kelly.emotion.journey import Journey
from kelly.errors import IntentError, UnknownNameError
from kelly.files import read_bytes
from kelly.listening.mood import mood
from kelly.listening.words import feel

__all__ = ["Aim", "BrokenRule", "Root", "SongIntent", "Technical", "dumps", "load", "loads", "reference"]

GROOVES = {"laid-back": -0.6, "relaxed": -0.3, "straight": 0.0, "driving": 0.3, "pushing": 0.6}
# How exposed the playing is: (humanise, dynamics), 0..1 each.
EXPOSED = {"low": (0.3, 0.5), "medium": (0.5, 0.6), "high": (0.7, 0.75)}
LARGEST_FILE = 2**24  # bytes; a song file of a reasonable excess is still told its own limit

Bpm = Annotated[float, Field(ge=20, le=400)]


class Root(Phase):
    """The wound: what happened, what holds the song back, what is longed for, what is at stake, and what may change."""

    core_event: Text = ""
    resistance: Text = ""
    longing: Text = ""
    stakes: Text = ""
    transformation: Text = ""


class Aim(Phase):
    """What the song should do to its listener.

    Parameters
    ----------
    primary_mood : a name of the thesaurus ("grief", "devotion:mid"), or free text that is read for its feeling.
    to : where the song arrives, said in the same ways; nowhere else when left out.
    secondary_tension : 0..1, how much the harmony strains (it sets the complexity).
    imagery : pictures that belong to the song; read for a feeling when there is no primary mood.
    vulnerability : low, medium or high, how exposed the playing is (it sets humanise and dynamics).
    narrative_arc : the name of an arc.
    """

    primary_mood: Text | None = Field(
        default=None, description="the name of a feeling, or text of at most 4000 characters"
    )
    to: Text | None = Field(default=None, description="the name of a feeling, or text of at most 4000 characters")
    secondary_tension: float | None = Field(default=None, ge=0, le=1, description="a number in 0..1")
    imagery: Text = ""
    vulnerability: Literal["low", "medium", "high"] | None = Field(default=None, description="low, medium or high")
    narrative_arc: Word | None = Field(default=None, description="the name of an arc")

    @field_validator("primary_mood", "to")
    @classmethod
    def _mood(cls, text: str | None) -> str | None:
        if text is not None:
            mood(text)
        return text

    @field_validator("narrative_arc")
    @classmethod
    def _arc(cls, name: str | None) -> str | None:
        return None if name is None else journeys.arc(name).name


class BrokenRule(Phase):
    """A rule to break, by name, and why."""

    rule: Word
    why: Annotated[str, Field(min_length=1, max_length=4000, description="the reason: text of 1 to 4000 characters")]

    @field_validator("rule")
    @classmethod
    def _rule(cls, name: str) -> str:
        return rulebreaks.describe(name).name


class Technical(Phase):
    """What the music must keep to; what is left out follows from the feeling.

    Parameters
    ----------
    genre, key, mode : names.
    tempo : BPM in 20..400; or tempo_range, lowest and highest, into which the feeling's own tempo is brought.
    groove_feel : laid-back, relaxed, straight, driving or pushing; or a number in -1 (laid back)..1 (pushing).
    rule_to_break : one rule or several, each with its reason.
    bars, minutes : length; at most one of them.
    seed : integer >= 0.
    progressions : chords by role of section: "F-C-Am-Dm", or a list of lead-sheet symbols or Roman numerals.
    complexity, humanise, dynamics : 0..1; what is said here wins over secondary_tension and vulnerability.
    neural : 0 (the rules alone)..1, how much the trained networks have to say.
    triggers : whether the feeling itself may break rules.
    mute : a part to leave out, or a list of them.
    """

    genre: Word | None = Field(default=None, description="the name of a genre")
    tempo: Bpm | None = Field(default=None, description="a number of BPM in 20..400")
    tempo_range: tuple[Bpm, Bpm] | None = Field(
        default=None, description="two numbers of BPM in 20..400, the lower first"
    )
    key: Word | None = Field(default=None, description='a note name such as "F" or "Bb"')
    mode: Word | None = Field(default=None, description="the name of a mode")
    groove_feel: float | str | None = Field(
        default=None, description=f"one of {', '.join(GROOVES)}, or a number in -1..1"
    )
    rule_to_break: tuple[BrokenRule, ...] = Field(default=(), description="a rule with its reason, or a list of such")
    bars: int | None = Field(default=None, ge=1, le=2000, description="an integer in 1..2000")
    minutes: float | None = Field(default=None, ge=RANGES["minutes"][0], le=30, description="a number in 0.1..30")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="an integer in 0..2^63-1")
    progressions: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description='a mapping from section to chords, such as verse: "F-C-Am-Dm"'
    )
    complexity: Share | None = Field(default=None, description="a number in 0..1")
    humanise: Share | None = Field(default=None, description="a number in 0..1")
    dynamics: Share | None = Field(default=None, description="a number in 0..1")
    neural: Share | None = Field(default=None, description="a number in 0..1")
    triggers: bool = Field(default=True, description="true or false")
    mute: tuple[Word, ...] = Field(default=(), description="the name of a part, or a list of such")

    @model_validator(mode="before")
    @classmethod
    def _reasoned(cls, data: Any) -> Any:  # noqa: ANN401 - anything a file may hold
        """The ways to write rules (one name with `why` beside it, one mapping, a list) brought to the last."""
        if not isinstance(data, dict):
            return data
        rules, why = data.get("rule_to_break"), data.get("why")
        if "why" in data and not isinstance(rules, str):
            raise IntentError("why gives the reason of one rule_to_break beside it; name that rule")
        if isinstance(rules, str):
            rules = [{"rule": rules, **({"why": why} if why is not None else {})}]
        listed = [rules] if isinstance(rules, dict) else rules
        if isinstance(listed, list):
            listed = tuple({"rule": rule} if isinstance(rule, str) else rule for rule in listed)
        kept = {key: value for key, value in data.items() if key not in ("why", "rule_to_break")}
        return kept if listed is None else {**kept, "rule_to_break": listed}

    @field_validator("rule_to_break")
    @classmethod
    def _once(cls, rules: tuple[BrokenRule, ...]) -> tuple[BrokenRule, ...]:
        names = [rule.rule for rule in rules]
        if len(dict.fromkeys(names)) < len(names):
            raise IntentError(f"a rule can be broken once; got {', '.join(names)}")
        return rules

    @field_validator("genre")
    @classmethod
    def _genre(cls, name: str | None) -> str | None:
        return None if name is None else tables.genre(name).name

    @field_validator("key")
    @classmethod
    def _key(cls, name: str | None) -> str | None:
        if name is not None:
            theory.parse_tonic(name)
        return name

    @field_validator("mode")
    @classmethod
    def _mode(cls, name: str | None) -> str | None:
        return None if name is None else theory.mode_name(name)

    _listed = field_validator("tempo_range", mode="before")(listed)

    @field_validator("mute", mode="before")
    @classmethod
    def _parts(cls, parts: Any) -> Any:  # noqa: ANN401 - anything a file may hold
        return (parts,) if isinstance(parts, str) else listed(parts)

    @field_validator("mute")
    @classmethod
    def _mute(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
        return Settings(mute=parts).mute

    @field_validator("tempo_range")
    @classmethod
    def _rising(cls, pair: tuple[float, float] | None) -> tuple[float, float] | None:
        if pair is not None and pair[0] > pair[1]:
            raise IntentError(f"the lower tempo comes first; got {list(pair)}")
        return pair

    @field_validator("groove_feel")
    @classmethod
    def _groove(cls, feel: float | str | None) -> float | str | None:
        if isinstance(feel, str):
            feel = "-".join(feel.casefold().replace("_", " ").replace("-", " ").split())
        if feel is None or feel in GROOVES or (not isinstance(feel, str) and -1 <= feel <= 1):
            return feel
        raise IntentError(f"it must be one of {', '.join(GROOVES)}, or a number in -1..1; got {shown(feel)}")

    @field_validator("progressions", mode="before")
    @classmethod
    def _chords(cls, progressions: Any) -> Any:  # noqa: ANN401 - anything a file may hold
        if not isinstance(progressions, dict):
            return progressions
        return {role_name(role): _progression(chords) for role, chords in progressions.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Technical:
        if self.bars is not None and self.minutes is not None:
            raise IntentError("give a length in bars or in minutes, not both")
        if self.tempo is not None and self.tempo_range is not None:
            raise IntentError("give tempo or tempo_range, not both")
        return self


class SongIntent(Phase):
    """A song intent: a title and the three phases; in place of a mood there may be a story, which has its own way and
    form. Frozen; made by `load` and `loads`, or directly.
    """

    title: Word | None = Field(default=None, description="one line of 1 to 100 characters")
    root: Root = Field(default=Root(), description="a mapping")
    intent: Aim = Field(default=Aim(), description="a mapping")
    technical: Technical = Field(default=Technical(), description="a mapping")
    story: Storyline | None = Field(default=None, description="a mapping")

    @field_validator("title")
    @classmethod
    def _one_line(cls, title: str | None) -> str | None:
        if title is not None and len(title.splitlines()) > 1:
            raise IntentError("a title must be one line; got several")
        return title

    @model_validator(mode="after")
    def _felt(self) -> SongIntent:
        if self.story is not None:
            said = [name for name in ("primary_mood", "to", "narrative_arc") if getattr(self.intent, name) is not None]
            if said:
                raise IntentError(f"story says what is felt and how the song goes; leave out intent.{said[0]}")
        elif self.intent.primary_mood is None and not feel(self._words() or "-").heard:
            raise IntentError("intent.primary_mood is missing, and no feeling is to be read in root or intent.imagery")
        return self

    def journey(self) -> Journey:
        """The curve of feelings: the story's, or from the primary mood (or what the root says) to `to`, by the arc."""
        if self.story is not None:
            return self.story.journey()
        first, aim = self.intent.primary_mood, self.intent.to
        start = mood(self._words() if first is None else first)
        end = start if aim is None else mood(aim)
        arc = self.intent.narrative_arc
        return Journey(start, end) if arc is None else Journey(start, end, journeys.arc(arc))

    def told(self) -> tuple[Told, ...]:
        """The passages of the story, where there is one."""
        return () if self.story is None else self.story.told()

    def settings(self) -> Settings:
        """What the intent asks of the music beside its feeling."""
        wanted, aim = self.technical, self.intent
        humanise, dynamics = EXPOSED[aim.vulnerability or "medium"]
        tense = None if aim.secondary_tension is None else round(0.3 + 0.7 * aim.secondary_tension, 6)
        groove = wanted.groove_feel
        return Settings(
            seed=wanted.seed,
            key=wanted.key,
            mode=wanted.mode,
            tempo=self._tempo(),
            genre=wanted.genre,
            bars=wanted.bars,
            minutes=wanted.minutes,
            complexity=tense if wanted.complexity is None else wanted.complexity,
            humanise=humanise if wanted.humanise is None else wanted.humanise,
            dynamics=dynamics if wanted.dynamics is None else wanted.dynamics,
            feel=GROOVES[groove] if isinstance(groove, str) else groove,
            progressions=dict(wanted.progressions),
            breaks={rule.rule: rule.why for rule in wanted.rule_to_break},
            neural=NEURAL if wanted.neural is None else wanted.neural,
            triggers=wanted.triggers,
            mute=wanted.mute,
        )

    def _tempo(self) -> float | None:
        """The asked tempo; within an asked range the feeling's own, brought into it where it lies outside."""
        if self.technical.tempo_range is None:
            return self.technical.tempo
        low, high = self.technical.tempo_range
        journey = self.journey()
        feelings = [feeling for _, feeling in journey.points] or [journey.start, journey.end]
        own = [mapping.tempo(feeling.arousal) for feeling in feelings]
        if all(low <= bpm <= high for bpm in own):
            return None
        return min(max(round(sum(own) / len(own), 3), low), high)

    def _words(self) -> str:
        root = self.root
        told = (root.core_event, root.resistance, root.longing, root.stakes, root.transformation, self.intent.imagery)
        return "\n".join(text for text in told if text)


def loads(text: str | bytes) -> SongIntent:
    """The intent in a song file's text (bytes are read as UTF-8).

    Raises: IntentError, one line: the field, what is allowed and what was got.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise IntentError(f"a song file must be UTF-8 text; byte {error.start} is not") from error
    data = songfile.parse(text)
    try:
        return SongIntent.model_validate(data)
    except ValidationError as error:
        raise IntentError(songfile.explained(error, SongIntent)) from error


def load(path: str | os.PathLike[str]) -> SongIntent:
    """The intent in a song file.

    Raises: FileError, the file cannot be read; IntentError, as `loads`, with the file's name in front.
    """
    data = read_bytes(path, limit=LARGEST_FILE)
    try:
        return loads(data)
    except IntentError as error:
        raise IntentError(f"{shown(os.fspath(path), 200)[1:-1]}: {error}") from error


def dumps(intent: SongIntent) -> str:
    """The intent as the text of a song file; what was left out stays out. `loads` gives the intent back."""
    data = intent.model_dump(mode="json", exclude_defaults=True)
    if "progressions" in data.get("technical", {}):
        chords = intent.technical.progressions
        data["technical"]["progressions"] = {role: " ".join(row) for role, row in chords.items()}
    return songfile.write(data)


def reference() -> SongIntent:
    """The reference song "Kelly": grief that reads first as a love song."""
    return loads(resources.files("kelly.composing").joinpath("songs/kelly.yaml").read_bytes())


def _progression(chords: object) -> tuple[str, ...]:
    """Chords as a list or as one text, parted by hyphens or, when there are any, by blanks, commas or bar lines."""
    if isinstance(chords, str):
        apart = re.split(r"[\s,|]+(?:[-–—][\s,|]+)?", chords.strip(" |\t\n"))
        chords = apart if len(apart) > 1 else re.split(r"[-–—]", apart[0])
    if not isinstance(chords, Sequence) or not 1 <= len(chords) <= 64:
        raise IntentError(f'chords must be 1 to 64, such as "F-C-Am-Dm" or a list; got {shown(chords)}')
    return tuple(_chord(chord) for chord in chords)


def _chord(chord: object) -> str:
    text = chord.strip().replace("-", "m") if isinstance(chord, str) else ""
    for read in (theory.parse_symbol, lambda numeral: theory.parse_numeral(numeral, 0)):
        try:
            read(text)
        except UnknownNameError:
            continue
        return text
    raise UnknownNameError(f'a chord must be written like "F", "Am", "Bb7", "C/E", "bVI" or "iv7"; got {shown(chord)}')
