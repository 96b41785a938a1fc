"""Bad input: one line, the right exit code, and never a half-written file.

Every test starts with a folder whose content is known and looks at it again in the end.
"""

import errno
import io
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kelly.cli.main import main

KELLY = Path(sys.executable).with_name("kelly")
USAGE, FAILURE = 2, 1
LOOP = ("--bars", "2", "-o", "song.mid")
BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def refused(capsys, tmp_path, monkeypatch):
    """Run a command line that must fail; gives its one line of complaint."""
    monkeypatch.chdir(tmp_path)

    def run(code, *arguments):
        before = contents(tmp_path)
        capsys.readouterr()
        assert main([str(argument) for argument in arguments]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("kelly: ")
        assert err.count("\n") == 1, err
        assert contents(tmp_path) == before
        return err

    return run


def contents(folder):
    return {path.relative_to(folder): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def given_on_standard_input(monkeypatch, data):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("command", ["feel", "compose"])
@pytest.mark.parametrize("text", ["", " ", "\t\n\u3000"])
def test_empty_text(refused, command, text):
    assert "at least one word" in refused(USAGE, command, text)


@pytest.mark.parametrize("command", ["feel", "compose"])
@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "at least one word"),
        (b"sad " * 250_000, "100,000 characters"),
        (b"x" * 1_000_000, "100,000 characters"),
        (("\N{SLIGHTLY SMILING FACE}" * 99_999 + "sad").encode(), "100,000 characters"),
        (bytes(range(256)), "UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", "control characters"),
        (b"sad\x00sad", "control characters"),
    ],
)
def test_standard_input_that_is_no_text(refused, monkeypatch, command, data, complaint):
    given_on_standard_input(monkeypatch, data)
    assert complaint in refused(USAGE, command, "-")


def test_a_megabyte_as_an_argument(refused):
    assert "100,000" in refused(USAGE, "compose", "sad " * 250_000)


@pytest.mark.parametrize(
    "text", ["\N{LOUDLY CRYING FACE}", "\N{BROKEN HEART}\N{BROKEN HEART}", "\N{HEAVY BLACK HEART}"]
)
def test_emoji_alone_are_read(capsys, text):
    assert main(["feel", text, "--json"]) == 0
    assert '"valence"' in capsys.readouterr().out


@pytest.mark.parametrize("text", ["אני עצוב מאוד", "أنا حزين جدا", "私は悲しい", "\N{MOYAI}\N{ABACUS}"])
def test_what_is_not_understood_is_neutral_with_a_note_and_still_a_song(capsys, tmp_path, text):
    assert main(["compose", text, "--bars", "1", "-o", str(tmp_path / "song.mid")]) == 0
    assert "no word of the text names a feeling" in capsys.readouterr().out
    assert (tmp_path / "song.mid").exists()


@pytest.mark.parametrize("option", ["--vad", "--near"])
@pytest.mark.parametrize(
    ("numbers", "axis"),
    [
        (("nan", "0.5", "0.5"), "valence"),
        (("0", "nan", "0.5"), "arousal"),
        (("0", "0.5", "-nan"), "dominance"),
        (("-1.01", "0.5", "0.5"), "valence"),
        (("0", "-0.1", "0.5"), "arousal"),
        (("0", "0.5", "1e9"), "dominance"),
        (("inf", "0.5", "0.5"), "valence"),
    ],
)
def test_numbers_outside_the_space(refused, option, numbers, axis):
    command = ("emotions",) if option == "--near" else ("compose",)
    assert f"{axis} must be a number in" in refused(USAGE, *command, option, *numbers)


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--emotion", "gleefulnes", "no emotion is called"),
        ("--emotion", "gref", "grief"),
        ("--emotion", "grief:tiny", "full, mid, low"),
        ("--to", "hopee", "hope"),
        ("--to", "asdf qwer", 'it takes the name of a feeling or a text that tells one; got "asdf qwer"'),
        ("--arc", "slow-reveall", "did you mean slow-reveal"),
        ("--genre", "polka", "lo-fi, pop"),
        ("--mode", "dorain", "dorian"),
        ("--key", "H", "note name"),
        ("--mute", "drum", "drums"),
    ],
)
def test_unknown_names_are_answered_with_known_ones(refused, option, value, hint):
    feeling = () if option == "--emotion" else ("--emotion", "grief")
    assert hint in refused(USAGE, "compose", *feeling, option, value, *LOOP)


def test_an_unknown_rule_is_answered_with_the_rules(refused):
    told = refused(USAGE, "compose", "sad", "--break", "mono-colapse", "--because", "why not", *LOOP)
    assert "mono-collapse" in told


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--bars", ("0", "-1", "2001", "1.5", "many", "")),
        ("--minutes", ("0", "-1", "31", "nan", "inf")),
        ("--tempo", ("0", "19", "401", "nan", "-inf")),
        ("--complexity", ("-0.1", "1.1", "nan")),
        ("--humanise", ("-0.1", "1.1", "nan")),
        ("--dynamics", ("-0.1", "1.1", "nan")),
        ("--feel", ("-1.1", "1.1", "nan")),
        ("--seed", ("-1", "1.5", "x")),
    ],
)
def test_numbers_out_of_range(refused, option, values):
    for value in values:
        assert option.strip("-") in refused(USAGE, "compose", "sad", option, value, "-o", "song.mid")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("sad", "--emotion", "grief"),
        ("--emotion", "grief", "--vad", "0", "0.5", "0.5"),
        ("sad", "--intent", "song.yaml"),
        ("sad", "--bars", "8", "--minutes", "2"),
        ("sad", "--break", "mono-collapse"),
        ("sad", "--because", "no reason"),
        ("sad", "--break", "mono-collapse", "--because", "a", "--break", "mono-collapse", "--because", "b"),
        ("sad", "--break", "mono-collapse", "--because", ""),
        ("sad", "-o", "song.wav"),
        ("sad", "-o", "song"),
        ("sad", "--wav", "song.mid"),
        ("sad", "-o", "song.mid", "--wav", "song.mid"),
        ("sad", "--soundfont", "font.sf2"),
    ],
)
def test_options_that_contradict_each_other(refused, arguments):
    refused(USAGE, "compose", *arguments)


def test_files_that_would_cover_each_other(refused):
    refused(USAGE, "compose", "calm", "--bars", "1", "-o", "song.mid", "--wav", "st/melody.wav", "--stems", "st")


@pytest.mark.parametrize("content", [b"", b"junk", b"RIFF\x00\x00\x00\x00sfbk", b"RIFF\xff\xff\xff\xffsfbkLIST", None])
def test_an_unreadable_soundfont(refused, tmp_path, content):
    if content is not None:
        (tmp_path / "font.sf2").write_bytes(content)
    told = refused(FAILURE, "compose", "sad", *LOOP, "--wav", "song.wav", "--stems", "st", "--soundfont", "font.sf2")
    assert "font.sf2" in told


def test_a_folder_as_a_soundfont(refused, tmp_path):
    refused(FAILURE, "compose", "sad", *LOOP, "--wav", "song.wav", "--soundfont", tmp_path)


@pytest.mark.parametrize("path", ["no/such/folder/song.mid", "/proc/song.mid", "file.txt/song.mid"])
def test_a_place_that_cannot_be_written_to(refused, tmp_path, path):
    (tmp_path / "file.txt").write_bytes(b"mine")
    assert "cannot write" in refused(FAILURE, "compose", "sad", "--bars", "2", "-o", path)


def test_a_folder_in_place_of_the_file(refused, tmp_path):
    (tmp_path / "song.mid").mkdir()
    assert "it is a folder" in refused(FAILURE, "compose", "sad", *LOOP)


@pytest.mark.parametrize("failing", ["kelly.files.os.replace", "pathlib.Path.write_bytes", "pathlib.Path.touch"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_full_or_read_only_disk(refused, tmp_path, monkeypatch, failing, number):
    (tmp_path / "song.mid").write_bytes(b"mine")

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(failing, refuse)
    assert refused(FAILURE, "compose", "sad", *LOOP) == f"kelly: cannot write song.mid: {os.strerror(number)}\n"


def test_a_disk_that_fills_up_while_the_sound_is_written(refused, tmp_path, monkeypatch):
    (tmp_path / "song.mid").write_bytes(b"mine")
    write = Path.write_bytes

    def filling(path, data):
        if len(data) < 200_000:
            return write(path, data)
        write(path, data[:1000])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", filling)
    asked = ("compose", "calm", "--bars", "1", "-o", "song.mid", "--wav", "song.wav", "--stems", "st")
    assert refused(FAILURE, *asked) == f"kelly: cannot write song.wav: {os.strerror(errno.ENOSPC)}\n"


def test_a_limit_that_the_system_sets(tmp_path):
    """The kernel itself refuses here, in a process of its own."""
    done = subprocess.run(
        [KELLY, "compose", "sad", *LOOP],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert (done.returncode, done.stdout) == (FAILURE, "")
    assert done.stderr == f"kelly: cannot write song.mid: {os.strerror(errno.EFBIG)}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "intent: &x {primary_mood: grief}\ntechnical: *x\n",
        "!!python/object/apply:os.system ['touch owned']",
        "intent: {primary_mood: 3}",
        "intent: {primary_mod: grief}",
        "intent: [grief]",
        "intent: {primary_mood: grief}\nintent: {primary_mood: joy}",
        "intent: {primary_mood: grief}\ntechnical: {tempo: .nan}",
        "intent: {primary_mood: grief}\ntechnical: {tempo: fast}",
        "intent: {primary_mood: grief}\ntechnical: {bars: 0}",
        "intent: {primary_mood: grief}\ntechnical: {rule_to_break: {rule: mono-collapse}}",
        "[" * 5000,
        "{" * 5000 + "}" * 5000,
        "- a\n- b",
        "42",
        "",
        "\x00",
        "a: 'unclosed",
        "x" * 300_000,
    ],
)
def test_a_hostile_intent(refused, tmp_path, text):
    (tmp_path / "song.yaml").write_text(text, encoding="utf-8")
    assert "song.yaml" in refused(USAGE, "compose", "--intent", "song.yaml", *LOOP)


def test_an_intent_that_is_binary_or_not_there(refused, tmp_path):
    (tmp_path / "song.yaml").write_bytes(bytes(range(256)))
    refused(USAGE, "compose", "--intent", "song.yaml", *LOOP)
    refused(FAILURE, "compose", "--intent", "other.yaml", *LOOP)
    refused(FAILURE, "compose", "--intent", tmp_path, *LOOP)


@pytest.mark.parametrize("command", [("explain",), ("show", "-o", "x.png"), ("render", "-o", "x.wav")])
@pytest.mark.parametrize(
    "content", [None, b"", b"MThd", b"MThd\x00\x00\x00\x06\x00\x01\xff\xff\x01\xe0", b"junk" * 999]
)
def test_a_file_that_is_not_midi(refused, tmp_path, command, content):
    if content is not None:
        (tmp_path / "song.mid").write_bytes(content)
    assert "song.mid" in refused(FAILURE, command[0], "song.mid", *command[1:])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["feel", "emotions", "--vad", "--near", "--json", "-1", "nan", "--", "-"]),
            st.text(max_size=8),
        ),
        max_size=6,
    )
)
@example(["feel", "\ud800"])
@example(["emotions", "--near", "1e400", "0", "0"])
def test_any_command_line_ends_with_an_exit_code_and_at_most_a_line(capsys, monkeypatch, tmp_path, arguments):
    monkeypatch.chdir(tmp_path)
    given_on_standard_input(monkeypatch, b"")
    # Making songs is left to the tests above: here it would take too long.
    code = main([argument for argument in arguments if argument not in ("compose", "demo", "render")])
    told = capsys.readouterr().err
    assert code in (0, 1, 2)
    assert "Traceback" not in told
    assert "unexpected " not in told.replace("unexpected extra argument", "")
    assert told.count("\n") <= 1
    assert list(tmp_path.iterdir()) == []
