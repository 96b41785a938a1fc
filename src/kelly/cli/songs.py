"""The commands that make songs: `kelly compose` and `kelly demo`."""

from __future__ import annotations

import json as jsons
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kelly.cli import options, prose
from kelly.cli.output import as_json, progress, say
from kelly.cli.sounding import sounded, stem_paths, steps
from kelly.cli.sources import checked_breaks, side_b, source, wishes
from kelly.cli.writing import Output, folder, slug, write_together
from kelly.errors import UsageError
from kelly.files import make_folder, write_atomically

if TYPE_CHECKING:
    from kelly.composing.song import Song

__all__ = ["compose", "demo", "register"]

SENTENCE = "We did it! I'm so proud I could cry happy tears"


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command(short_help="Compose a song for a feeling.")(compose)
    app.command(short_help="Compose two songs to begin with.")(demo)


def compose(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What is felt, in quotes; - reads it from standard input.")
    ] = None,
    emotion: Annotated[str | None, typer.Option(metavar="NAME[:TIER]", help="A feeling by its name.")] = None,
    vad: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="V A D", help="A feeling by valence -1..1, arousal 0..1 and dominance 0..1."),
    ] = None,
    intent: Annotated[Path | None, typer.Option(metavar="FILE.yaml", help="A song-intent file.")] = None,
    story: Annotated[
        Path | None, typer.Option(metavar="FILE.txt", help="A story or lyric, heard from beginning to end; - as above.")
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(metavar="SONG.mp3", help="A recording or a MIDI file, whose feelings the song goes through."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT.mid", help="The MIDI file; named after the feeling when left out."),
    ] = None,
    musicxml: Annotated[
        Path | None, typer.Option(metavar="OUT.musicxml", help="The sheet music as well, for notation programs.")
    ] = None,
    wav: Annotated[Path | None, typer.Option(metavar="OUT.wav", help="The sound as well.")] = None,
    stems: Annotated[Path | None, typer.Option(metavar="DIR", help="A WAV file for each part.")] = None,
    soundfont: options.SoundFont = None,
    to: Annotated[str | None, typer.Option(metavar="TEXT_OR_NAME", help="The feeling the song leads to.")] = None,
    arc: Annotated[str | None, typer.Option(metavar="NAME", help="How it gets there: slow-reveal, spiral ...")] = None,
    bars: Annotated[int | None, typer.Option(metavar="N", help="Length in bars; up to 16 make one loop.")] = None,
    minutes: Annotated[float | None, typer.Option(metavar="M", help="Length in minutes.")] = None,
    key: Annotated[str | None, typer.Option(metavar="F", help="Tonic: C, F#, Bb ...")] = None,
    mode: Annotated[str | None, typer.Option(metavar="NAME", help="major, minor, dorian ...")] = None,
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
    improvise: Annotated[
        float | None, typer.Option(metavar="X", help="0 (none)..1 (all but drums): parts that the transformer writes.")
    ] = None,
    fit: Annotated[
        float | None, typer.Option(metavar="X", help="Write anew what is heard further than X from what is asked: 0.1.")
    ] = None,
    tries: Annotated[int | None, typer.Option(metavar="N", help="How often, with --fit, at most: 1..64.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Another song of the same kind.")] = None,
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
    """Compose a song for a feeling: a text, a name, three numbers, a song-intent file, a story or a recording."""
    import kelly

    _check_outputs(out, musicxml, wav, stems, soundfont)
    if tries is not None and fit is None:
        raise UsageError("--tries is for --fit: say how near is near enough, such as --fit 0.1")
    side = side_b(to, arc, story, like)
    feeling = source(text, emotion, vad, intent, story, like)
    wished = wishes(
        bars=bars,
        minutes=minutes,
        key=key,
        mode=mode,
        tempo=tempo,
        genre=genre,
        complexity=complexity,
        humanise=humanise,
        feel=feel,
        dynamics=dynamics,
        neural=neural,
        improvise=improvise,
        fit=fit,
        tries=tries,
        seed=seed,
        mute=mute,
        breaks=checked_breaks(breaks, because),
        triggers=None if triggers else False,
    )
    song = kelly.compose(feeling, to=side, arc=arc, **wished)
    midi = out if out is not None else _free_name(song)
    _save(song, midi, musicxml, wav, stems, soundfont, quiet=quiet)
    files = _files(song, midi, musicxml, wav, stems)
    if json:
        as_json({**song.report, "files": files})
    else:
        say([*prose.summary(song.report), *_paths(files)], quiet=quiet)


def _check_outputs(
    out: Path | None, musicxml: Path | None, wav: Path | None, stems: Path | None, soundfont: Path | None
) -> None:
    if out is not None:
        options.checked_suffix("-o", out, ".mid", ".midi")
    if musicxml is not None:
        options.checked_suffix("--musicxml", musicxml, ".musicxml", ".xml")
    if wav is not None:
        options.checked_suffix("--wav", wav, ".wav")
    if soundfont is not None and wav is None and stems is None:
        raise UsageError("--soundfont is for sound: give --wav or --stems as well")


def _free_name(song: Song) -> Path:
    """A file in the current folder named after the song's feeling that is not there yet: grief.mid, grief-2.mid ..."""
    taken = [path.stem for path in Path().iterdir()]
    return Path(slug(prose.label(song.report["emotion"]).partition(":")[0], taken) + ".mid")


def _save(
    song: Song,
    midi: Path,
    musicxml: Path | None,
    wav: Path | None,
    stems: Path | None,
    soundfont: Path | None,
    *,
    quiet: bool,
) -> None:
    """Notate and sound the song where that is wanted, and write all files or none."""
    work = steps(song.score, wav, stems)
    with folder(stems), progress(work, quiet=quiet or not work) as step:
        written = chain([(midi, song.save)], _notated(song, musicxml))
        write_together(chain(written, sounded(song.score, wav, stems, soundfont, step)))


def _notated(song: Song, musicxml: Path | None) -> Iterator[Output]:
    if musicxml is not None:
        from kelly.composing.notating import write

        yield musicxml, partial(write, song)


def _files(song: Song, midi: Path, musicxml: Path | None, wav: Path | None, stems: Path | None) -> dict[str, Any]:
    """The names of the files as --json tells them; sheet music is named where there is any."""
    tracks = {part: str(path) for part, path in stem_paths(song.score, stems).items()}
    files: dict[str, Any] = {"midi": str(midi), "wav": None if wav is None else str(wav), "stems": tracks}
    return files if musicxml is None else {**files, "musicxml": str(musicxml)}


def _paths(files: dict[str, Any]) -> Iterator[str]:
    yield files["midi"]
    if files.get("musicxml"):
        yield files["musicxml"]
    if files["wav"]:
        yield files["wav"]
    yield from files["stems"].values()


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write to.")] = Path("demo"),
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compose the reference song "Kelly" and one song from a sentence: notes, sound, picture and report of each."""
    import kelly
    from kelly.composing.intent import reference

    make_folder(out)
    made = []
    with progress(6, quiet=quiet) as step:
        for name, feeling in (("kelly", reference()), ("sentence", kelly.feel(SENTENCE))):
            step(f"composing {name}")
            song = kelly.compose(feeling)
            files = {kind: out / f"{name}.{kind}" for kind in ("mid", "wav", "png", "txt", "json")}
            write_together(_demonstrated(song, files, step))
            made.append({**song.report, "files": {kind: str(path) for kind, path in files.items()}})
    if json:
        as_json({"songs": made})
    else:
        say(_told(made), quiet=quiet)


def _demonstrated(song: Song, files: dict[str, Path], step: Callable[[str], None]) -> Iterator[Output]:
    from kelly.composing.picture import draw

    texts = {
        "txt": "\n".join(prose.report(song.report)),
        "json": jsons.dumps(song.report, indent=2, ensure_ascii=False),
    }
    yield files["mid"], song.save
    yield from sounded(song.score, files["wav"], None, None, step)
    step("drawing")
    yield files["png"], partial(draw, song)
    for kind, text in texts.items():
        yield files[kind], partial(write_atomically, data=f"{text}\n".encode())


def _told(made: Sequence[dict[str, Any]]) -> Iterator[str]:
    for song, origin in zip(made, ("the reference song", f'from the sentence "{SENTENCE}"'), strict=True):
        yield f"{song['title']}, {origin}"
        yield from (f"  {line}" for line in prose.summary(song))
        yield "  " + "  ".join(song["files"].values())
