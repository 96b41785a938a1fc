"""The commands about corpora and other data to learn from: `kelly data check`, `manifest` and `shard`.

They need the extra `train`, so they import what they call when they run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kelly.cli import options
from kelly.cli.extras import extra
from kelly.cli.output import as_json, note, say
from kelly.errors import CorpusError, FileError

if TYPE_CHECKING:
    from kelly.training.data.checking import Checked

__all__ = ["check", "manifest", "register", "shard"]

MOST_TOLD = 20  # faults of a corpus; --json has them all

Workers = Annotated[int, typer.Option(min=0, help="Processes that work at a time; 0 for one a core.")]
Engine = Annotated[str, typer.Option(help="local, or ray: the cluster of RAY_ADDRESS, which sees the same files.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    data = typer.Typer(name="data", rich_markup_mode=None)
    data.callback(invoke_without_command=True)(overview)
    data.command(short_help="Check corpora: counts, labels, splits, files, checksums.")(check)
    data.command(short_help="List audio files with their labels, for training.")(manifest)
    data.command(short_help="Pack many files into few, in the webdataset format.")(shard)
    app.add_typer(data, short_help="Check corpora, list audio files, pack them.")


def overview(context: typer.Context) -> None:
    """Check corpora, list audio files, and pack what is large for training."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def check(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="A folder of corpora, or one of them.")],
    corpus: Annotated[
        list[str] | None, typer.Option("--corpus", metavar="NAME", help="Check this one only; again for more.")
    ] = None,
    write_sums: Annotated[
        bool, typer.Option("--write-sums", help="Write SHA256SUMS into corpora without faults, for later checks.")
    ] = False,
    workers: Workers = 0,
    engine: Engine = "local",
    json: options.Json = False,
) -> None:
    """Check the corpora below a folder: whether they are whole, readable and honestly split."""
    with extra():
        from kelly.training.data import checking

        checked = checking.check(root, corpus or (), workers=workers, engine=engine, write_sums=write_sums)
        told = [_told(one) for one in checked]
    if json:
        as_json({"corpora": told})
    else:
        say(line for one in told for line in _lines(one))
    faulty = [one.name for one in checked if one.faults]
    if faulty:
        raise CorpusError(f"{len(faulty)} of {len(checked)} corpora have faults: {', '.join(faulty)}")


def manifest(
    folder: Annotated[Path, typer.Argument(metavar="AUDIO_DIR", help="A folder of audio files, or a corpus of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MANIFEST.jsonl", help="The file to write.")],
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Unreadable files are told, and are no failure.")
    ] = False,
    workers: Workers = 0,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """List the audio files below a folder with split, duration and what is known of their feeling."""
    options.checked_suffix("-o", out, ".jsonl")
    with extra():
        from kelly.training.data import manifest

        entries, complaints = manifest.listed(folder, out.parent, workers=workers)
        manifest.write(out, entries)
    for complaint in complaints:
        note(complaint)
    splits = dict(sorted(Counter(entry.split for entry in entries).items()))
    if json:
        as_json({"manifest": str(out), "files": len(entries), "splits": splits, "unreadable": complaints})
    else:
        counts = ", ".join(f"{split} {count:,}" for split, count in splits.items())
        say([f"{out}: {len(entries):,} files ({counts or 'none'})"], quiet=quiet)
    if complaints and not skip_unreadable:
        raise FileError(f"{len(complaints)} of {len(complaints) + len(entries)} files cannot be read; {out} lacks them")


def shard(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A manifest (.jsonl), or a folder of files, such as prepared ones.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="A new or empty folder for the shards.")],
    size: Annotated[str, typer.Option(help="What a shard may have at most: 256MB, 1GiB.")] = "256MB",
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Pack the audio files of a manifest, or the files of a folder, into tar files that are read in a stream."""
    with extra():
        from kelly.training.data import shards

        largest = shards.bytes_of(size)
        samples = shards.from_folder(source) if source.is_dir() else shards.from_manifest(source)
        written = shards.write(samples, out, largest)
    large = sum(one.size > largest for one in written)
    if large:
        note(f"{large} of {len(written)} shards are larger than {size}: each holds one sample")
    if json:
        as_json({"folder": str(out), "shards": [asdict(one) for one in written]})
    else:
        packed, total = sum(one.samples for one in written), sum(one.size for one in written)
        say([f"{out}: {packed:,} samples in {len(written):,} shards, {total / 1e6:,.1f} MB"], quiet=quiet)


def _told(one: Checked) -> dict[str, Any]:
    from kelly.training.data.registry import reader

    corpus = reader(one.name).CORPUS
    return {
        "name": one.name,
        "title": corpus.title,
        "licence": corpus.licence,
        "folder": str(one.folder),
        "group": corpus.group,
        "counts": dict(one.counts),
        "known_counts": dict(corpus.counts),
        "groups": dict(one.groups),
        "files": one.files,
        "sums": one.sums,
        "faults": list(one.faults),
        "warnings": list(one.warnings),
        "remarks": list(one.remarks),
    }


def _lines(one: dict[str, Any]) -> Iterator[str]:
    yield f"{one['name']}: {one['title']}, {one['licence']}, in {one['folder']}"
    counts = (f"{split} {count:,} ({one['groups'][split]:,})" for split, count in one["counts"].items())
    yield f"  records (groups: {one['group']}): {', '.join(counts) or 'none'}"
    if one["files"]:
        yield f"  files: {one['files']:,}, checksums {one['sums'] or 'not stated'}"
    yield from (f"  remark: {text}" for text in one["remarks"])
    yield from (f"  warning: {text}" for text in one["warnings"])
    yield from (f"  fault: {text}" for text in one["faults"][:MOST_TOLD])
    if len(one["faults"]) > MOST_TOLD:
        yield f"  and {len(one['faults']) - MOST_TOLD} more faults (--json lists all)"
