"""The command that plays a song's melody and chords again in another feeling: `kelly reperform`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kelly.cli import options, prose
from kelly.cli.output import as_json, say
from kelly.cli.sources import checked_breaks, one_of, wishes
from kelly.cli.writing import put_score, slug, write_together

if TYPE_CHECKING:
    from kelly.emotion.space import Emotion

__all__ = ["register", "reperform"]


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command(short_help="Play a song's melody and chords in another feeling.")(reperform)


def reperform(
    source: Annotated[
        Path, typer.Argument(metavar="IN.mid", help="A MIDI file in 4/4: a song of Kelly's, or any with a melody.")
    ],
    feeling: Annotated[
        str | None,
        typer.Argument(metavar="TEXT_OR_NAME", help="What is felt, in quotes, or a feeling by its name."),
    ] = None,
    vad: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="V A D", help="A feeling by valence -1..1, arousal 0..1 and dominance 0..1."),
    ] = None,
    bars: Annotated[
        str | None,
        typer.Option(metavar="FIRST-LAST", help="These bars alone, by the parts that are there: 9-12, or 9."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT.mid", help="The MIDI file; named after both when left out."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="F", help="Tonic: C, F#, Bb ...; the file's when left out.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(metavar="NAME", help="major, minor, dorian ...; the feeling's when left out.")
    ] = None,
    tempo: Annotated[float | None, typer.Option(metavar="BPM", help="20..400.")] = None,
    genre: Annotated[
        str | None, typer.Option(metavar="NAME", help="lo-fi, pop, rock, jazz, hip-hop, edm, ambient or ballad.")
    ] = None,
    complexity: Annotated[float | None, typer.Option(metavar="X", help="0..1.")] = None,
    humanise: Annotated[float | None, typer.Option(metavar="X", help="0..1.")] = None,
    feel: Annotated[float | None, typer.Option(metavar="X", help="-1 (laid back)..1 (pushing).")] = None,
    dynamics: Annotated[float | None, typer.Option(metavar="X", help="0..1.")] = None,
    neural: Annotated[
        float | None, typer.Option(metavar="X", help="0 (the rules alone)..1: how much trained networks have to say.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Another band for the same melody.")] = None,
    mute: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="A part to leave out: drums, bass ...; repeatable.")
    ] = None,
    breaks: Annotated[
        list[str] | None,
        typer.Option("--break", metavar="RULE", help="A rule to break; repeatable."),
    ] = None,
    because: Annotated[list[str] | None, typer.Option(metavar="WHY", help="The reason, one for each --break.")] = None,
    triggers: Annotated[bool, typer.Option("--triggers/--no-triggers", help="Let the feeling break rules.")] = True,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Play a song's melody and chords again in another feeling: in its tempo, its mode, and with its band."""
    from kelly.composing.reperforming import reperformed, reperformed_bars
    from kelly.score import midi

    if out is not None:
        options.checked_suffix("-o", out, ".mid", ".midi")
    asked = _feeling(feeling, vad)
    wished = wishes(
        key=key,
        mode=mode,
        tempo=tempo,
        genre=genre,
        complexity=complexity,
        humanise=humanise,
        feel=feel,
        dynamics=dynamics,
        neural=neural,
        seed=seed,
        mute=mute,
        breaks=checked_breaks(breaks, because),
        triggers=None if triggers else False,
    )
    if bars is not None:
        first, last = options.span(bars)
        score = reperformed_bars(midi.read(source), first, last, asked, **wished)
        put_score(score, out if out is not None else _free(source, asked), json=json, quiet=quiet)
        return
    song = reperformed(midi.read(source), asked, **wished)
    path = out if out is not None else _free(source, asked)
    write_together([(path, song.save)])
    if json:
        as_json({**song.report, "files": {"midi": str(path), "wav": None, "stems": {}}})
    else:
        say([*prose.summary(song.report), str(path)], quiet=quiet)


def _feeling(text: str | None, vad: tuple[float, float, float] | None) -> Emotion:
    """The one feeling that was given. Raises: UsageError, there is none, there are two, or it tells nothing."""
    one_of("feeling", {"TEXT_OR_NAME": text, "--vad": vad})
    if vad is not None:
        from kelly.emotion.space import Emotion

        return Emotion(*vad)
    from kelly.listening.mood import mood

    return mood(options.read_text(text or ""))


def _free(source: Path, feeling: Emotion) -> Path:
    """A file in the current folder that is not there yet, named after the song and the feeling: hymn-grief.mid ..."""
    from kelly.emotion import thesaurus

    taken = [path.stem for path in Path().iterdir()]
    felt = thesaurus.describe(feeling).name
    return Path(slug(f"{source.stem} {felt}", taken) + ".mid")
