import json
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import CorpusError, FileError, MissingCorpusError, UsageError
from kelly.training.data.corpora import vgmidi
from small import vgmidi as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


@pytest.fixture
def pieces(root):
    return {piece.id: piece for piece in vgmidi.load(root)}


def changed(root, change):
    """Change what the first file of ratings holds."""
    path = root / "vgmidi/labelled/annotations/vgmidi_raw_1.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_piece_is_found_by_its_file_though_two_files_number_pieces_alike(pieces):
    assert set(pieces) == {small.CHASE, small.ANGEL, small.REBORN, small.SLEEP}
    assert pieces[small.CHASE].summary == pytest.approx((-0.4, 0.8))
    assert pieces[small.SLEEP].summary == pytest.approx((0.4, -0.8))


def test_a_piece_says_where_it_is_from(pieces):
    angel = pieces[small.ANGEL]
    assert (angel.series, angel.game, angel.title) == ("Final Fantasy", "Final Fantasy VII", "One Winged Angel")


def test_rated_bars_are_equal_shares_of_the_sound(pieces):
    np.testing.assert_allclose(pieces[small.ANGEL].edges, np.arange(7) * 12.5 / 6)


def test_the_curves_are_means_over_raters_bar_by_bar(pieces):
    chase = pieces[small.CHASE]
    assert (chase.raters, chase.bars) == (4, small.BARS)
    np.testing.assert_allclose(chase.valence, [0, 0, 0, 0, -0.4, -0.4], atol=1e-6)
    np.testing.assert_allclose(chase.arousal, [0, 0, 0, 0, 0.8, 0.8], atol=1e-6)


def test_raters_who_differ_leave_an_error(pieces):
    chase = pieces[small.CHASE]
    assert chase.spread[0, -1] == pytest.approx(np.std([-0.2, -0.1, 0.1, 0.2], ddof=1), abs=1e-6)
    np.testing.assert_allclose(chase.error, chase.spread / 2)


def test_the_spread_of_one_rater_is_unknown(root):
    def alone(content):
        content["annotations"] = {"piece0_1": small.answer(0.1, 0.2), "piece1_1": small.answer(0.1, 0.2)}

    changed(root, alone)
    assert np.isnan(next(vgmidi.load(root)).error).all()


def test_the_summary_leaves_the_warm_up_out_unless_that_is_all_there_is(root):
    def short(content):
        for answer in content["annotations"].values():
            answer["valence"], answer["arousal"] = [0.5, 0.7], [0.0, 0.0]

    changed(root, short)
    assert next(vgmidi.load(root)).summary == pytest.approx((0.6, 0.0))


def test_arrangements_of_one_tune_are_one_group(pieces):
    assert pieces[small.ANGEL].group == pieces[small.REBORN].group
    assert len({piece.group for piece in pieces.values()}) == 3


def test_a_piece_that_was_never_seen_is_of_the_test_split(pieces):
    assert pieces[small.CHASE].split == "test"


def test_phrases_go_where_their_piece_goes(root, pieces, monkeypatch):
    monkeypatch.setattr(vgmidi, "split_of", lambda _, name: {small.ANGEL: "dev"}.get(name, "train"))
    phrases = list(vgmidi.phrases(root))
    assert len({phrase.id for phrase in phrases}) == len(phrases) == 8
    assert {(phrase.piece, phrase.group, phrase.split) for phrase in phrases} == {
        (small.ANGEL, pieces[small.ANGEL].group, "dev"),
        ("Chases_Sleep", "Chases_Sleep", "train"),
    }
    assert Counter(phrase.bars for phrase in phrases) == {1: 4, 2: 4}
    assert {(phrase.valence, phrase.arousal) for phrase in phrases} == {(0, 1)}


def test_phrases_alone_will_do(root):
    for path in (root / "vgmidi/labelled/annotations").iterdir():
        path.unlink()
    assert len(list(vgmidi.phrases(root))) == 8
    with pytest.raises(MissingCorpusError):
        list(vgmidi.load(root))


def test_notes_are_read_and_silence_is_a_score_without_any(root):
    assert len(list(vgmidi.read(next(vgmidi.load(root))).notes())) == 4 * small.BARS
    lengths = [len(list(vgmidi.read(phrase).notes())) for phrase in vgmidi.phrases(root)]
    assert lengths == [4, 0, 8, 0] * 2


def test_a_file_that_is_not_there_is_named(pieces):
    pieces[small.SLEEP].path.unlink()
    with pytest.raises(FileError, match="Sleep"):
        vgmidi.read(pieces[small.SLEEP])


def test_raters_who_agree_are_reliable_and_others_are_not(pieces):
    agreed = vgmidi.reliability(list(pieces.values()), np.random.default_rng(1))
    assert min(agreed) > 0.9
    rng = np.random.default_rng(2)
    shuffled = [
        vgmidi.Piece(p.id, p.split, p.group, p.path, p.title, p.seconds, rng.uniform(-1, 1, (40, 2, 6)).astype("f4"))
        for p in pieces.values()
        for _ in range(20)
    ]
    assert max(vgmidi.reliability(shuffled, rng, rounds=20)) < 0.5


def test_reliability_needs_pieces(pieces):
    with pytest.raises(UsageError, match="three pieces"):
        vgmidi.reliability(list(pieces.values())[:2], np.random.default_rng(0))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("pieces"),
        lambda c: c["pieces"]["piece0"].pop("midi"),
        lambda c: c["pieces"]["piece0"].update(duration="long"),
        lambda c: c["annotations"].clear(),
        lambda c: c["annotations"]["piece0_1"].pop("valence"),
        lambda c: c["annotations"]["piece0_1"].update(valence=[0.0, 0, 0, 0, 0, 1.2]),
        lambda c: c["annotations"]["piece0_1"].update(arousal=[0.0, 0, 0, 0, 0, float("nan")]),
        lambda c: c["annotations"]["piece0_1"].update(arousal=["a"] * 6),
        lambda c: c["annotations"]["piece0_1"].update(valence=3),
        lambda c: c.update(annotations=[1, 2]),
    ],
)
def test_wrong_ratings_are_named(root, change):
    changed(root, change)
    with pytest.raises(CorpusError, match=r"vgmidi_raw_1\.json"):
        list(vgmidi.load(root))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["pieces", "annotations", "piece0", "midi", "valence", "arousal"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(json_values)
def test_no_file_of_ratings_is_a_stack_trace(tmp_path_factory, content):
    root = tmp_path_factory.mktemp("vgmidi")
    path = root / "vgmidi/labelled/annotations/a.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    with suppress(CorpusError):
        assert list(vgmidi.load(root)) == []


@pytest.mark.parametrize(("old", "new"), [("split_1/", "split_3/"), ("0,1,piece", "0,2,piece"), ("filepath", "path")])
def test_a_wrong_phrase_is_named(root, old, new):
    path = root / "vgmidi/bardo/vgmidi_bardo_train.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CorpusError, match=r"vgmidi_bardo_train\.csv"):
        list(vgmidi.phrases(root))


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_whole_corpus_is_as_it_is_described():
    root = Path(os.environ["KELLY_CORPORA"])
    pieces = list(vgmidi.load(root))
    assert all(piece.path.exists() and 28 <= piece.raters <= 32 for piece in pieces)
    assert {phrase.piece for phrase in vgmidi.phrases(root)} < {piece.id for piece in pieces}
    valence, arousal = vgmidi.reliability(pieces, np.random.default_rng(0))
    assert 0.9 < valence < 0.95
    assert arousal == pytest.approx(0.94, abs=0.01)
