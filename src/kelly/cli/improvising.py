"""The commands by which the transformer works on MIDI files: `kelly continue`, `infill`, `vary` and `accompany`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kelly.cli import options
from kelly.cli.output import progress
from kelly.cli.writing import put_score
from kelly.errors import UsageError

if TYPE_CHECKING:
    from kelly.composing.improvising.sampling import Sampling
    from kelly.emotion.space import Emotion
    from kelly.score.notes import Score

__all__ = ["accompany", "continue_", "infill", "register", "vary"]

Source = Annotated[Path, typer.Argument(metavar="IN.mid", help="A MIDI file.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="OUT.mid", help="The MIDI file; named after the first when left out."),
]
Name = Annotated[
    str | None, typer.Option("--emotion", metavar="NAME[:TIER]", help="A feeling by its name; else the file's own.")
]
Vad = Annotated[
    tuple[float, float, float] | None,
    typer.Option("--vad", metavar="V A D", help="A feeling by valence -1..1, arousal 0..1 and dominance 0..1."),
]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, metavar="N", help="Another take.")]
Temperature = Annotated[
    float | None, typer.Option(metavar="X", help="0 (the likeliest)..5 (anything); 1 is as it learned.")
]
TopK = Annotated[int | None, typer.Option(metavar="N", help="Only the N likeliest values; 0 is all.")]
TopP = Annotated[float | None, typer.Option(metavar="X", help="Only the likeliest that make up X, 0..1.")]
Repetition = Annotated[
    float | None, typer.Option(metavar="X", help="0..5: how much pitches that were played lose; .4 when left out.")
]
Guidance = Annotated[
    float | None,
    typer.Option(metavar="X", help="0..10: how strongly the feeling is said; 1 is as it learned, 1.5 when left out."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command("continue", short_help="Go on with a MIDI file.")(continue_)
    app.command(short_help="Write some bars of a MIDI file anew.")(infill)
    app.command(short_help="Write a part of a MIDI file anew.")(vary)
    app.command(short_help="Add chords and a bass to a MIDI file.")(accompany)


def continue_(
    source: Source,
    bars: Annotated[int, typer.Option(metavar="N", help="How many bars more, 1..1000.")] = 8,
    out: Out = None,
    emotion: Name = None,
    vad: Vad = None,
    seed: Seed = 0,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    repetition: Repetition = None,
    guidance: Guidance = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Go on with a MIDI file for some bars, as it is or in another feeling."""
    from kelly.composing.improvising.scores import continued

    sampling = _sampling(temperature, top_k, top_p, repetition, guidance)
    work = partial(continued, bars=bars, feeling=_feeling(emotion, vad), seed=seed, sampling=sampling)
    _made(source, out, "continued", work, json=json, quiet=quiet)


def infill(
    source: Source,
    bars: Annotated[str, typer.Option(metavar="FIRST-LAST", help="Which bars, numbered from 1: 9-12, or 9 alone.")],
    out: Out = None,
    emotion: Name = None,
    vad: Vad = None,
    seed: Seed = 0,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    repetition: Repetition = None,
    guidance: Guidance = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write some bars of a MIDI file anew, between what stands around them."""
    from kelly.composing.improvising.scores import infilled

    sampling = _sampling(temperature, top_k, top_p, repetition, guidance)
    first, last = options.span(bars)
    work = partial(infilled, first=first, last=last, feeling=_feeling(emotion, vad), seed=seed, sampling=sampling)
    _made(source, out, "infilled", work, json=json, quiet=quiet)


def vary(
    source: Source,
    part: Annotated[str, typer.Option(metavar="PART", help="The part by its name or role: melody, bass ...")],
    bars: Annotated[
        str | None, typer.Option(metavar="FIRST-LAST", help="In these bars alone: 9-12, or 9; all when left out.")
    ] = None,
    out: Out = None,
    emotion: Name = None,
    vad: Vad = None,
    seed: Seed = 0,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    repetition: Repetition = None,
    guidance: Guidance = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a part of a MIDI file anew, over the same bars and chords, beside what the others play."""
    from kelly.composing.improvising.scores import varied

    sampling = _sampling(temperature, top_k, top_p, repetition, guidance)
    span = None if bars is None else options.span(bars)
    work = partial(varied, part=part, feeling=_feeling(emotion, vad), seed=seed, sampling=sampling, bars=span)
    _made(source, out, "varied", work, json=json, quiet=quiet)


def accompany(
    source: Source,
    out: Out = None,
    emotion: Name = None,
    vad: Vad = None,
    seed: Seed = 0,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    repetition: Repetition = None,
    guidance: Guidance = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Add chords and a bass to a MIDI file, such as a melody alone."""
    from kelly.composing.improvising.scores import accompanied

    sampling = _sampling(temperature, top_k, top_p, repetition, guidance)
    work = partial(accompanied, feeling=_feeling(emotion, vad), seed=seed, sampling=sampling)
    _made(source, out, "accompanied", work, json=json, quiet=quiet)


def _sampling(
    temperature: float | None, top_k: int | None, top_p: float | None, repetition: float | None, guidance: float | None
) -> Sampling:
    from kelly.composing.improvising.sampling import Sampling

    asked = {
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "repetition": repetition,
        "guidance": guidance,
    }
    return Sampling(**{name: value for name, value in asked.items() if value is not None})  # type: ignore[arg-type]


def _feeling(emotion: str | None, vad: tuple[float, float, float] | None) -> Emotion | None:
    if emotion is not None and vad is not None:
        raise UsageError("give one feeling: --emotion or --vad; got both")
    from kelly.emotion import thesaurus
    from kelly.emotion.space import Emotion

    return Emotion(*vad) if vad is not None else None if emotion is None else thesaurus.lookup(emotion).emotion


def _made(source: Path, out: Path | None, how: str, work: partial[Score], *, json: bool, quiet: bool) -> None:
    """Read the file, do the work and write what it gives."""
    if out is not None:
        options.checked_suffix("-o", out, ".mid", ".midi")
    from kelly.score import midi

    path = out if out is not None else _free(source, how)
    given = midi.read(source)
    with progress(1, quiet=quiet) as step:
        step("writing")
        made = work(given)
    put_score(made, path, json=json, quiet=quiet)


def _free(source: Path, how: str) -> Path:
    """A file in the current folder that is not there yet: song-varied.mid, song-varied-2.mid ..."""
    taken = {path.name for path in Path().iterdir()}
    names = (f"{source.stem}-{how}{number}.mid" for number in ("", *(f"-{n}" for n in range(2, len(taken) + 3))))
    return Path(next(name for name in names if name not in taken))
