"""The transformer learns from corpora of scores, and what is exported says what it says."""

import dataclasses
import shutil
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import load_file, save_file

from kelly.composing.chance import stream
from kelly.composing.improvising import reading, writing
from kelly.composing.improvising.sampling import Sampling
from kelly.emotion.code import UNKNOWN, Gaussian, encode
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import lookup
from kelly.errors import CorpusError, FileError, MissingCorpusError, UsageError
from kelly.models.harmony.classes import class_named
from kelly.models.transformer.layout import AFTER, BAR, BEGIN, END, FIELDS, LEFT, NOTE, PART, SEATS, SIZES, TURN
from kelly.models.transformer.network import Network, Told, open_folder
from kelly.score import midi
from kelly.score.notes import DRUM_CHANNEL, Meter, Note, Part, Score
from kelly.training.data import own
from kelly.training.data import pieces as pieces_module
from kelly.training.data.corpora import asap, nottingham, pop909, vgmidi
from kelly.training.data.feelings import Feelings
from kelly.training.data.pieces import Piece, pieces, there
from kelly.training.export import transformer as export
from kelly.training.networks import compound
from kelly.training.networks.compound import CompoundTransformer, Size
from kelly.training.tasks import transformer
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from kelly.training.tasks.stretches import samples
from kelly.training.tasks.transformer import Settings, TransformerTask, codes
from small import asap as small_asap
from small import emopia as small_emopia
from small import mirex_mood as small_mirex_mood
from small import nottingham as small_nottingham
from small import pop909 as small_pop909
from small import vgmidi as small_vgmidi
from small.scribe import Scribe

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("one_thread")]

TINY = Size(width=32, heads=2, layers=2, inner=16, chord=8)
SHORT = Recipe(epochs=40, batch=4, rate=1e-2, keep="last", chance_after=40)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    place = tmp_path_factory.mktemp("data")
    for corpus in (small_asap, small_emopia, small_mirex_mood, small_nottingham, small_pop909, small_vgmidi):
        corpus.write(place)
    return place


@pytest.fixture
def context(tmp_path_factory):
    return Context(tmp_path_factory.getbasetemp() / "cache of pieces")


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """All small pieces are of the labeller's part, one song of POP909 of the dev split."""
    monkeypatch.setattr(pieces_module, "part_of", lambda *_: "labeller")
    for corpus in (asap, nottingham, pop909, vgmidi):
        monkeypatch.setattr(corpus, "split_of", lambda _, name: "dev" if name == "003" else "train")


@pytest.fixture
def _tiny(monkeypatch):
    monkeypatch.setattr(compound, "WIDTHS", {"small": TINY})
    monkeypatch.setattr(transformer, "WIDTHS", {"small": TINY})


def of(root, context, *corpora):
    return list(pieces(root, context, corpora))


def drawn(found, seed, **settings):
    """What is read of all stretches of pieces, a sample each."""
    task = TransformerTask(Settings(**settings))
    rows = samples(found)
    for batch in task.reads(rows.take(torch.arange(len(rows))), seed):
        for row in range(len(batch["words"])):
            yield {name: tensor[row].numpy() for name, tensor in batch.items()}


# --- pieces ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("corpus", ["asap", "emopia", "nottingham", "pop909", "vgmidi"])
def test_every_corpus_gives_words_with_chords_and_feelings_bar_by_bar(root, context, corpus):
    found = of(root, context, corpus)
    assert found
    for piece in found:
        bars = int((piece.words[:, 0] == BAR).sum())
        assert bars == len(piece.chords) == len(piece.feelings)
        assert set(piece.words[:, 0]) <= {BAR, NOTE}
        assert (piece.words[:, :-1] < [SIZES[name] for name in FIELDS]).all()
        assert (piece.programs[np.unique(piece.words[piece.words[:, 0] == NOTE, 1])] > 0).all()
        assert np.isfinite(piece.feelings[:, 2]).all()


def test_the_tonic_comes_to_c_and_chords_are_found_in_the_notes(root, context):
    first = next(piece for piece in of(root, context, "pop909") if piece.id == "001")
    assert first.moved == 0  # it is in C
    wanted = [class_named(name) + 1 for name in ("I:maj", "VI:min", "IV:maj", "V:maj")]
    bars = [np.bincount(bar).argmax() for bar in first.chords]
    assert sum(one in wanted for one in bars) >= 6
    song = Score((Part("x", 0, 0, tuple(Note(float(n), 1.0, 67 + (0, 4, 7, 12)[n % 4], 80) for n in range(16))),))
    assert (reading.read(song).tonic, reading.read(song).moved) == (7, 5)  # from G, the shorter way


def test_a_piano_has_roles_and_a_band_keeps_its_seats(root, context):
    song = next(piece for piece in of(root, context, "pop909") if piece.id == "001")
    notes = song.words[song.words[:, 0] == NOTE]
    assert set(notes[:, 1]) == {SEATS["melody"], SEATS["counter"], SEATS["keys"]}
    piano = notes[notes[:, 1] == SEATS["keys"]]
    assert set(piano[:, -1]) == {SEATS["chords"], SEATS["bass"]}
    assert (notes[notes[:, 1] == SEATS["melody"]][:, -1] == SEATS["melody"]).all()


def test_feelings_are_those_that_somebody_told(root, context):
    clips = {piece.id: piece.feelings for piece in of(root, context, "emopia")}
    assert (clips["aaa_0"][:, 0] > 0).all()
    assert (clips["b_b_1"][:, :2] < [0, 0.5]).all()
    angel = next(piece for piece in of(root, context, "vgmidi") if piece.id.endswith("One Winged Angel"))
    assert angel.feelings[-1, 0] < -0.5
    assert angel.feelings[-1, 1] > 0.6
    assert np.isnan(of(root, context, "nottingham")[0].feelings[:, [0, 1]]).all()
    curve = np.array([[0, 20, 0.4, 0.7, 0.2, 0.1]], np.float32)
    code = {"jigs1": encode(Gaussian(Emotion(0.4, 0.7, 0.5), (0.2, 0.1, 0.2))).astype(np.float32)}
    told = dataclasses.replace(context, feelings=Feelings({"nottingham": code}, {"nottingham": {"jigs1": curve}}))
    jig = next(piece for piece in of(root, told, "nottingham") if piece.id == "jigs1")
    assert jig.feelings[:, :2] == pytest.approx(np.tile([0.4, 0.7], (len(jig.feelings), 1)))


def test_songs_of_judge_and_examiner_are_left_out(root, context, monkeypatch):
    monkeypatch.setattr(pieces_module, "part_of", lambda *_: "judge")
    assert of(root, context, "emopia", "vgmidi", "nottingham")[0].corpus == "nottingham"


def test_corpora_that_are_not_there_are_told(root, tmp_path, context):
    with pytest.raises(MissingCorpusError, match="none of pop909 is in"):
        list(pieces(tmp_path, context, ["pop909"]))
    (tmp_path / "nottingham").symlink_to(root / "nottingham")
    told = []
    noting = dataclasses.replace(context, note=told.append)
    assert of(tmp_path, noting, "nottingham", "pop909")
    assert any("POP909" in line for line in told)


# --- anyone's own files ---------------------------------------------------------------------------------------------


def tune(path, count=16):
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.write(Score((Part("x", 0, 0, tuple(Note(float(n), 1.0, 60 + n % 12, 80) for n in range(count))),)), path)


def test_a_feeling_is_told_by_a_table_a_name_or_a_folder_or_is_heard(tmp_path, context):
    for name in ("grief/one.mid", "joy_002.mid", "plain.mid", "album/song.MID", "grief/rage-3.midi", "sad song.mid"):
        tune(tmp_path / name)
    (tmp_path / "labels.csv").write_text("path,valence,arousal,dominance,who\nplain.mid,-0.5,0.9,0.4,me\n")
    told = {file.id: file.feeling for file in own.load(tmp_path)}
    assert told["grief/one.mid"] == lookup("grief").emotion
    assert told["joy_002.mid"] == lookup("joy").emotion
    assert told["grief/rage-3.midi"] == lookup("rage").emotion
    assert told["sad song.mid"].valence < -0.3
    assert told["plain.mid"].vad == (-0.5, 0.9, 0.4)
    assert told["album/song.MID"] is None
    found = {piece.id: piece.feelings for piece in pieces(tmp_path, context, there(tmp_path))}
    assert found["plain.mid"][:, :2] == pytest.approx(np.tile([-0.5, 0.9], (4, 1)))
    assert np.isfinite(found["album/song.MID"]).all()
    groups = {file.id: file.group for file in own.load(tmp_path)}
    assert groups["album/song.MID"] == "album"
    assert groups["grief/one.mid"] == "grief/one.mid"
    splits = {file.split for file in own.load(tmp_path)}
    assert splits == {"train", "dev"}


def test_a_table_that_is_wrong_is_refused(tmp_path):
    tune(tmp_path / "a.mid")
    for row, told in (("b.mid,0,0,0", "path must be a file below that folder"), ("a.mid,2,0,0", "valence")):
        (tmp_path / "labels.csv").write_text(f"path,valence,arousal,dominance\n{row}\n")
        with pytest.raises(CorpusError, match=told):
            list(own.load(tmp_path))
    with pytest.raises(MissingCorpusError, match="there is no MIDI file"):
        list(own.load(tmp_path / "nowhere"))


def test_corpora_win_over_own_files_and_only_those_that_are_there_are_named(root, tmp_path):
    assert there(root) == ("asap", "emopia", "mirex_mood", "nottingham", "pop909", "vgmidi")
    assert transformer.settled(Settings(), tmp_path) == Settings()  # what lacks is told by who reads it
    tune(tmp_path / "a.mid")
    assert transformer.settled(Settings(), tmp_path).corpora == ("own",)
    (tmp_path / "pop909").symlink_to(root / "pop909")
    assert transformer.settled(Settings(), tmp_path).corpora == ("pop909",)


# --- what is read ---------------------------------------------------------------------------------------------------


def test_read_from_the_beginning_a_piece_is_its_words(root, context):
    piece = next(one for one in of(root, context, "pop909") if one.id == "001")
    (read, *_) = drawn([piece], None)
    words = read["words"][read["words"].any(1) | read["own"]]
    head = words[:, 0].tolist().index(BEGIN)
    assert words[:head, 0].tolist() == [PART] * head
    assert words[:head, 1].tolist() == sorted(set(piece.words[piece.words[:, 0] == NOTE, 1]))
    body = words[head + 1 :]
    assert (body[:-1] == piece.words[: len(body) - 1, :-1]).all()
    assert read["own"][head + 1 : head + len(body)].all()


def test_whatever_is_drawn_only_what_is_to_be_written_is_learned(root, context):
    found = of(root, context, "pop909", "nottingham", "emopia")
    kinds = set()
    for seed in range(12):
        for read in drawn(found, seed, given=0.4, between=0.4):
            families = read["words"][:, 0]
            begin = families.tolist().index(BEGIN)
            assert not read["own"][: begin + 1].any()
            kinds |= set(families.tolist())
            if (families == AFTER).any():
                assert families.tolist().index(AFTER) < begin
            if (families == TURN).any():
                for bar, following in pairwise(
                    [*np.flatnonzero(families == BAR), int(families.any() and len(families))]
                ):
                    turn = (
                        bar + families[bar:following].tolist().index(TURN) if TURN in families[bar:following] else None
                    )
                    if turn is not None:
                        assert not read["own"][bar + 1 : turn + 1].any()
                        assert read["own"][bar]
    assert {PART, AFTER, BEGIN, BAR, TURN, NOTE} <= kinds


def test_a_piece_ends_once_and_after_its_last_note_however_it_is_cut(root, context):
    found = of(root, context, "pop909", "nottingham", "emopia")
    for seed in range(20):
        for read in drawn(found, seed):
            families = read["words"][:, 0][: int(read["own"].nonzero()[0].max()) + 1]
            ends = np.flatnonzero(families[families.tolist().index(BEGIN) :] == END)
            assert len(ends) <= 1
            assert not len(ends) or families[-1] == END


def test_bars_left_count_down_to_the_end(root, context):
    for read in drawn(of(root, context, "nottingham"), None):
        families = read["words"][:, 0]
        left = read["left"][read["row"]][families == BAR]
        assert left.tolist() == list(range(len(left), 0, -1))
        ends = np.flatnonzero((families == END) & read["own"])
        assert len(ends) == 1
        assert ends[0] > np.flatnonzero(families == NOTE)[-1]


def test_what_is_hidden_is_unknown(root, context):
    found = of(root, context, "emopia")
    for read in drawn(found, 3, unfelt=0.999, unplanned=0.999, endless=0.999):
        assert (read["feelings"][:, 4:] == 1).all()
        assert not read["chords"].any()
        assert not read["left"].any()
    for read in drawn(found, 3, unfelt=0.0, unplanned=0.0, endless=0.0):
        assert read["chords"].any()
        assert read["left"].max() <= LEFT
        assert read["left"].any()
        assert (read["feelings"][:, 4:24].min(1) < -0.5).all()
    for read in drawn(found, 3, unfelt=0.0, feelings=False):
        assert (read["feelings"][:, 4:] == 1).all()


def test_codes_are_those_of_the_emotion_code():
    felt = torch.tensor([[0.4, 0.7, 0.2, 0.25, 0.1, 0.2], [torch.nan] * 6])
    told = codes(felt).numpy()
    wanted = encode(Gaussian(Emotion(0.4, 0.7, 0.2, 0.7), (0.25, 0.1, 0.2)))
    assert told[0] == pytest.approx(wanted, abs=1e-5)
    assert told[1] == pytest.approx(UNKNOWN, abs=1e-6)


def test_the_same_seed_reads_alike_and_another_otherwise(root, context):
    found = of(root, context, "pop909")
    read = lambda seed: np.concatenate([one["words"].ravel() for one in drawn(found, seed)])  # noqa: E731
    np.testing.assert_array_equal(read(1), read(1))
    assert not np.array_equal(read(1), read(2))


def test_a_long_piece_is_cut_into_stretches_that_share_half():
    words = np.zeros((4000, len(FIELDS) + 1), np.uint8)
    words[:, 0] = NOTE
    words[::20, 0] = BAR
    bars = 200
    piece = Piece(
        "x",
        "y",
        "train",
        "y",
        words,
        np.ones(17, np.uint8),
        0,
        np.zeros((bars, 4), np.uint8),
        np.zeros((bars, 6), np.float32),
    )
    found = samples([piece])
    counts, rest = (found.tensors[name].tolist() for name in ("count", "rest"))
    assert rest[-1] == 0
    assert all(later < earlier for earlier, later in pairwise(rest))
    assert max(counts) <= 51
    first = found.tensors["bars"][0, : counts[0]].tolist()
    assert all(end == begin for (_, end), (begin, _) in pairwise(first))


# --- learning -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_tiny")
def test_it_learns_and_goes_on_and_its_export_says_the_same(root, context, tmp_path):
    settings = Settings(recipe=SHORT, corpora=("pop909", "nottingham"), window=128)
    task, data = transformer.task(settings), transformer.data(root, settings, context)
    loss = fit(task, data, tmp_path / "run", 0, "cpu")
    assert loss < data.chance
    assert fit(task, data, tmp_path / "run", 0, "cpu") == pytest.approx(loss, rel=1e-5)
    out = tmp_path / "out"
    written = export.write(tmp_path / "run", out)
    assert {path.name for path in written} == {"step.onnx", "heads.onnx", "config.json", "model.safetensors"}
    network = open_folder(out)
    assert network.places == 128
    assert "GPL-3.0" in network.config["licence"]
    (out / "heads.onnx").write_bytes(b"damaged")
    with pytest.raises(FileError, match=r"heads\.onnx is damaged"):
        open_folder(out)


@pytest.mark.usefixtures("_tiny")
def test_a_run_learns_on_from_another_and_stands_without_it(root, context, tmp_path):
    first = Settings(recipe=SHORT, corpora=("pop909", "nottingham"), window=128, feelings=False)
    found = transformer.data(root, first, context)
    fit(transformer.task(first), found, tmp_path / "first", 0, "cpu")
    more = dataclasses.replace(
        first, begin=str(tmp_path / "first"), feelings=True, recipe=dataclasses.replace(SHORT, epochs=1, rate=1e-5)
    )
    fit(transformer.task(more), transformer.data(root, more, context), tmp_path / "more", 1, "cpu")
    old, new = (load_file(tmp_path / run / "weights.safetensors") for run in ("first", "more"))
    assert any(not torch.equal(old[name], new[name]) for name in old)
    for name, weight in new.items():
        torch.testing.assert_close(weight, old[name], atol=1e-4, rtol=0)
    assert transformer.task(more).network().training
    shutil.rmtree(tmp_path / "first")
    settings, network = transformer.trained(tmp_path / "more")
    assert settings == more
    assert not network.training


@pytest.mark.usefixtures("_tiny")
def test_what_cannot_be_learned_on_from_is_refused_before_pieces_are_read(tmp_path, context, monkeypatch):
    with pytest.raises(FileError, match="holds no finished run"):
        transformer.data(tmp_path, Settings(begin=str(tmp_path / "nowhere")), context)
    save_file(transformer.task(Settings()).network().state_dict(), tmp_path / "weights.safetensors")
    monkeypatch.setattr(transformer, "WIDTHS", {"small": dataclasses.replace(TINY, width=64)})
    with pytest.raises(FileError, match="does not fit the network"):
        transformer.data(tmp_path, Settings(begin=str(tmp_path)), context)


def test_settings_that_make_no_sense_are_refused():
    for wrong, told in (
        ({"corpora": ("pop",)}, "corpora must be one or more of"),
        ({"corpora": ()}, "corpora must be one or more of"),
        ({"size": "huge"}, "size"),
        ({"window": 8}, "window must lie in 32..1024; got 8"),
        ({"given": 0.7, "between": 0.7}, "must be 1 together at most"),
        ({"dropout": 1.0}, r"dropout must lie in 0\.\.1; got 1\.0"),
    ):
        with pytest.raises(UsageError, match=told):
            Settings(**wrong)


# --- what is exported -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return CompoundTransformer(TINY).eval()


def chance(count, seed=0):
    """Words and what is told beside them, by chance."""
    rng = np.random.default_rng(seed)
    words = np.stack([rng.integers(0, SIZES[name], count) for name in FIELDS], 1)
    return words, Told(
        rng.uniform(-1, 1, (count, 64)).astype(np.float32),
        rng.uniform(-1, 1, (count, 3)).astype(np.float32),
        rng.integers(0, 64, (count, 8)),
        rng.integers(0, LEFT + 1, count),
    )


def part(told, begin, end):
    return Told(*(one[begin:end] for one in (told.feelings, told.changes, told.chords, told.left)))


def opened(network, bits):
    files = export.graphs(network, 64, bits)
    return Network(files["step.onnx"], files["heads.onnx"], {})


def test_the_graphs_say_what_torch_says(network):
    words, told = chance(40)
    with torch.no_grad():
        rows = [torch.from_numpy(one[None]) for one in (told.feelings, told.changes, told.chords, told.left)]
        states = network.states(torch.from_numpy(words[None]), network.conditions(*rows), torch.arange(40)[None])
        following = torch.from_numpy(words[None, [7] * 40])
        wanted = [one[0, -1].log_softmax(-1).numpy() for one in network.logits(states, following)]
    for bits, near in ((32, 1e-3), (8, 0.05)):
        memory = opened(network, bits).memory()
        memory.read(words, told)
        for field in range(len(FIELDS)):
            assert memory.expect(words[7], field) == pytest.approx(wanted[field], abs=near)


@pytest.mark.parametrize("guidance", [1.0, 0.0, 2.5])
def test_a_memory_says_the_same_however_it_was_read(network, guidance):
    words, told = chance(40)
    runner, said = opened(network, 32), []
    for cuts in ((0, 40), (0, 13, 30, 40), (0, 20, *range(21, 41))):
        memory = runner.memory(guidance)
        for begin, end in pairwise(cuts):
            memory.read(words[begin:end], part(told, begin, end))
        said.append(memory.expect(words[0], 3))
    assert said[1] == pytest.approx(said[0], abs=2e-3)
    assert said[2] == pytest.approx(said[0], abs=2e-3)


def test_guidance_moves_from_what_is_said_without_the_feeling_to_what_is_said_with_it(network):
    words, told = chance(20)
    runner = opened(network, 32)
    bare = dataclasses.replace(told, feelings=np.tile(UNKNOWN.astype(np.float32), (20, 1)), changes=told.changes * 0)
    said = {}
    for name, guidance, given in (("with", 1.0, told), ("none", 0.0, told), ("without", 1.0, bare)):
        memory = runner.memory(guidance)
        memory.read(words, given)
        said[name] = memory.expect(words[0], 3)
    assert said["none"] == pytest.approx(said["without"], abs=2e-3)
    assert np.abs(said["with"] - said["without"]).max() > 0.01


def test_what_is_forgotten_counts_no_more(network):
    words, told = chance(30)
    runner = opened(network, 32)
    fresh, other = runner.memory(), runner.memory()
    fresh.read(words[:10], part(told, 0, 10))
    other.read(words, told)
    other.forget(9)
    assert other.length == 9
    other.read(words[9:10], part(told, 9, 10))
    assert other.expect(words[0], 1) == pytest.approx(fresh.expect(words[0], 1), abs=2e-3)


def test_more_than_there_is_room_for_is_refused(network):
    words, told = chance(65)
    memory = opened(network, 8).memory()
    with pytest.raises(UsageError, match=r"one to 64 words may be read; got 65"):
        memory.read(words, told)
    with pytest.raises(UsageError, match=r"guidance must lie in 0\.\.10; got 11"):
        opened(network, 8).memory(11)


def test_drums_keep_their_keys_when_a_piece_comes_to_c(tmp_path):
    from kelly.training.data.preparing import Item

    tune = tuple(Note(float(n), 1.0, 62 + (0, 4, 7)[n % 3], 80) for n in range(16))
    kit = tuple(Note(float(n), 0.5, 36, 80) for n in range(16))
    midi.write(
        Score((Part("x", 0, 0, tune), Part("kit", DRUM_CHANNEL, 0, kit)), meters=(Meter(0.0),)), tmp_path / "a.mid"
    )
    made = pieces_module.worded(Item(tmp_path / "a.mid", {"corpus": "vgmidi"}))
    drums = made["words"][(made["words"][:, 0] == NOTE) & (made["words"][:, 1] == SEATS["drums"])]
    assert int(made["moved"]) == -2
    assert set(drums[:, 3]) == {37}


# --- learning and writing -------------------------------------------------------------------------------------------


class Dictation(Scribe):
    """A network that expects the words of a piece and no others."""

    def __init__(self, bars):
        super().__init__(places=1024)
        self.bars = bars

    def memory(self, guidance=1.0):
        memory = super().memory(guidance)

        def expect(_, field):
            bars = [row for row, one in enumerate(memory.words) if one[0] == BAR]
            notes = self.bars[len(bars) - 1]
            written = len(memory.words) - bars[-1] - 1
            wanted = notes[written] if written < len(notes) else np.array([BAR, *[0] * 7])
            return np.where(np.arange(SIZES[FIELDS[field]]) == wanted[field], 0.0, -50.0)

        memory.expect = expect
        return memory


def test_what_is_told_in_writing_is_what_was_told_in_learning(root, context):
    curve = np.array([[0, 4, 0.4, 0.7, 0.2, 0.1], [4, 60, -0.4, 0.3, 0.2, 0.1]], np.float32)
    code = np.zeros(64, np.float32)
    known = Feelings({"nottingham": dict.fromkeys(("jigs1", "jigs2"), code)}, {"nottingham": {"jigs1": curve}})
    piece = next(
        one for one in of(root, dataclasses.replace(context, feelings=known), "nottingham") if one.id == "jigs1"
    )
    (read,) = drawn([piece], None)
    edges = [*np.flatnonzero(piece.words[:, 0] == BAR), len(piece.words)]
    bars, notes = [], []
    for number, (begin, end) in enumerate(pairwise(edges)):
        opening = piece.words[begin].astype(int)
        feeling = Emotion(*map(float, piece.feelings[number, :3]))
        bars.append(writing.Bar(opening[7], opening[6], feeling, tuple(piece.chords[number].tolist())))
        notes.append(piece.words[begin + 1 : end, :-1].astype(int))
    seats = np.unique(piece.words[piece.words[:, 0] == NOTE, 1]).tolist()
    page = writing.Page(
        {seat: int(piece.programs[seat]) for seat in seats}, dict.fromkeys(seats, writing.Rules()), bars
    )
    network = Dictation(notes)
    assert len(list(writing.write(network, page, Sampling(), stream(0, "x")))) == sum(map(len, notes))
    for place, (word, told, at) in enumerate(network.read):
        row = read["row"][place]
        assert word == tuple(read["words"][place])
        assert told.feelings[at, :3] == pytest.approx(read["feelings"][row, :3], abs=1e-5)
        assert told.changes[at] == pytest.approx(read["changes"][row], abs=1e-5)
        assert told.chords[at].tolist() == read["chords"][row].tolist()
        assert told.left[at] == read["left"][row]
    assert read["words"][len(network.read), 0] == END
