"""What all tests share: the tree, other readers of MIDI files, no screen, and the same random examples twice in CI."""

import importlib.util
import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def root():
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def benchmark(root):
    """The script of a benchmark as a module: benchmark("pairs"), or another of its folder: benchmark("words",
    "feelings")."""

    def load(name, script="run"):
        title = f"benchmark_{name}_{script}"
        if title not in sys.modules:
            spec = importlib.util.spec_from_file_location(title, root / "benchmarks" / name / f"{script}.py")
            module = importlib.util.module_from_spec(spec)
            sys.modules[title] = module  # dataclasses look their module up while it is being run
            spec.loader.exec_module(module)
        return sys.modules[title]

    return load


@pytest.fixture(scope="session")
def readers():
    """Three readers that are not Kelly's, by name: functions from a file's bytes to its notes, in order.

    A note is (onset and end in ticks, pitch, velocity, whether it lies on channel 10, program).
    """
    return {"mido": _by_mido, "pretty_midi": _by_pretty_midi, "symusic": _by_symusic}


def _by_mido(data):
    """The strictest of them: every note is ended by a note-off of its own before its pitch sounds again."""
    import mido

    rows = []
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        now, program, sounding = 0, 0, {}
        for message in track:
            now += message.time
            if message.type == "program_change":
                program = message.program
            elif message.type == "note_on":
                assert (message.channel, message.note) not in sounding
                sounding[message.channel, message.note] = now, message.velocity
            elif message.type == "note_off":
                onset, velocity = sounding.pop((message.channel, message.note))
                rows.append((onset, now, message.note, velocity, message.channel == 9, program))
        assert not sounding
    return sorted(rows)


def _by_pretty_midi(data):
    import pretty_midi

    song = pretty_midi.PrettyMIDI(io.BytesIO(data))
    return sorted(
        (song.time_to_tick(n.start), song.time_to_tick(n.end), n.pitch, n.velocity, part.is_drum, part.program)
        for part in song.instruments
        for n in part.notes
    )


def _by_symusic(data):
    import symusic

    return sorted(
        (n.time, n.end, n.pitch, n.velocity, part.is_drum, part.program)
        for part in symusic.Score.from_midi(data).tracks
        for n in part.notes
    )
