import re
import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from kelly.composing.picture import draw
from kelly.composing.report import TAG
from kelly.composing.song import compose
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import describe
from kelly.errors import FileError, UsageError
from kelly.score.notes import Marker, Note, Part, Score

GRIEF, JOY = Emotion(-0.9, 0.3, 0.25), Emotion(0.9, 0.8, 0.8)
ONE_NOTE = Score((Part("Piano", 0, 0, (Note(0.0, 1.0, 60, 90),)),))


@pytest.fixture(scope="module")
def song():
    return compose(GRIEF, to=JOY, bars=20, seed=1)


def size(path):
    return struct.unpack(">II", path.read_bytes()[16:24])


def heading(path):
    """The line of feelings above the picture; letters are drawn as shapes, so it stands in a comment."""
    found = re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"))
    return next(line for line in found if "→" in line)


def mean_colour(path):
    from matplotlib.image import imread

    # Between the legend and the axis: lanes, whose tint and notes have the colour of the feeling.
    return imread(path)[220:800, 200:1570, :3].mean(axis=(0, 1))


def test_a_picture_has_1600_by_900_points(song, tmp_path):
    draw(song, tmp_path / "roll.png")
    assert size(tmp_path / "roll.png") == (1600, 900)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_song_gives_the_same_bytes_as_a_song_or_as_a_score(song, tmp_path, kind):
    draw(song, tmp_path / f"a.{kind}")
    draw(song.score, tmp_path / f"b.{kind}")
    assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_sad_song_is_blue_and_a_joyful_one_golden(tmp_path):
    for name, feeling in (("sad", GRIEF), ("glad", JOY)):
        draw(compose(feeling, bars=8), tmp_path / f"{name}.png")
    (red, _, blue), (red_glad, _, blue_glad) = mean_colour(tmp_path / "sad.png"), mean_colour(tmp_path / "glad.png")
    assert blue > red
    assert red_glad > blue_glad


def test_a_story_is_drawn_with_every_feeling_on_its_way(tmp_path):
    calm = Emotion(0.5, 0.15, 0.65)
    way = Journey.through([(0.1, GRIEF), (0.5, JOY), (0.9, calm)], "rise-and-fall")
    draw(compose(way, bars=40), tmp_path / "story.svg")
    names = [describe(felt).name for felt in (GRIEF, JOY, calm)]
    drawn = heading(tmp_path / "story.svg")
    assert [drawn.index(name) for name in names] == sorted(drawn.index(name) for name in names)
    draw(compose(GRIEF, to=JOY, arc="rise-and-fall", bars=40), tmp_path / "sides.svg")
    assert heading(tmp_path / "sides.svg").count("→") == 1


def test_a_score_of_which_no_feeling_is_known_is_grey_and_without_a_legend(tmp_path):
    draw(ONE_NOTE, tmp_path / "x.svg")
    assert "aroused" not in (tmp_path / "x.svg").read_text(encoding="utf-8")
    draw(compose(GRIEF, bars=1), tmp_path / "song.svg")
    assert "aroused" in (tmp_path / "song.svg").read_text(encoding="utf-8")
    draw(ONE_NOTE, tmp_path / "x.png")
    assert np.ptp(mean_colour(tmp_path / "x.png")) < 0.06


@pytest.mark.parametrize(("count", "channel", "length"), [(30, 0, 1.0), (350, 0, 0.05), (350, 9, 0.05)])
def test_every_note_is_drawn(tmp_path, count, channel, length):
    from matplotlib.image import imread

    notes = tuple(Note(2.0 * i, length, 40 + i % 2, 90) for i in range(count))
    draw(Score((Part("Part", channel, 0, notes),)), tmp_path / "x.png")
    # Along the lane the columns of points that hold a note's colour are as many stretches as there are notes.
    bright = (imread(tmp_path / "x.png")[200:780, 150:1580, 0] > 0.3).any(axis=0)
    assert np.count_nonzero(np.diff(bright.astype(int), prepend=0) == 1) == count


def test_a_score_of_anothers_is_drawn_with_its_markers(tmp_path):
    marked = replace(ONE_NOTE, markers=(Marker(0.0, "Refrain"),), title="Old song")
    draw(ONE_NOTE, tmp_path / "plain.svg")
    draw(marked, tmp_path / "marked.svg")
    assert (tmp_path / "plain.svg").read_bytes() != (tmp_path / "marked.svg").read_bytes()


@pytest.mark.parametrize("name", ["$x_1$", "a\nb", "\N{CJK UNIFIED IDEOGRAPH-6B4C}" * 80, "", "<b>&amp;"])
def test_names_that_mean_something_to_a_typesetter_are_drawn_as_they_are(tmp_path, name):
    part = replace(ONE_NOTE.parts[0], name=name)
    draw(Score((part,), title=name, markers=(Marker(0.0, name),)), tmp_path / "x.png")
    assert size(tmp_path / "x.png") == (1600, 900)


def test_many_parts_long_songs_and_single_notes_are_drawn(tmp_path):
    many = Score(tuple(Part(f"Part {i}", i % 9, 0, (Note(float(i), 1.0, 30 + i, 90),)) for i in range(40)))
    far = Score((Part("Piano", 0, 0, (Note(200_000.0, 1.0, 60, 90),)),))
    drums = Score((Part("Kit", 9, 0, (Note(0.0, 0.1, 38, 90),)),))
    for score in (many, far, drums, ONE_NOTE):
        draw(score, tmp_path / "x.png")
        assert size(tmp_path / "x.png") == (1600, 900)


def test_what_cannot_be_drawn_is_said_and_leaves_no_file(song, tmp_path):
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        draw(song, tmp_path / "x.jpg")
    with pytest.raises(FileError, match="no notes"):
        draw(Score(()), tmp_path / "x.png")
    with pytest.raises(FileError, match="damaged"):
        draw(replace(ONE_NOTE, texts=(TAG + '{"emotion": 3, "sections": [{"start": "x"}]}',)), tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_drawing_leaves_pyplot_and_its_settings_alone():
    code = (
        "import sys, tempfile, matplotlib; before = dict(matplotlib.rcParams)\n"
        "from kelly.composing.song import compose; from kelly.composing.picture import draw\n"
        "draw(compose('so sad', bars=2), tempfile.mkdtemp() + '/x.svg')\n"
        "assert 'matplotlib.pyplot' not in sys.modules and dict(matplotlib.rcParams) == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_colours_stay_apart_for_the_colour_blind():
    from kelly.composing.colours import colours

    # Viénot, Brettel & Mollon (1999): what a deuteranope sees of linear RGB.
    deutan = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    ends = colours([-1.0, 1.0, -1.0, 1.0], [0.3, 0.3, 0.9, 0.9]) ** 2.2 @ deutan.T
    for unpleasant, pleasant in (ends[:2], ends[2:]):
        assert unpleasant[2] - unpleasant[0] > 0.1
        assert pleasant[0] - pleasant[2] > 0.1


def test_colours_lie_on_the_screen_and_arousal_makes_them_lighter():
    from kelly.composing.colours import colour, colours

    valence, arousal = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(0, 1, 11))
    palette = colours(valence, arousal)
    assert palette.shape == (11, 21, 3)
    assert palette.min() >= 0
    assert palette.max() <= 1
    luminance = palette**2.2 @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance, axis=0) > 0).all()
    assert colour(0.0, 0.5) == tuple(colours(0.0, 0.5))
