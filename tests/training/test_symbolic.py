"""The symbolic recogniser: what it learns from, how it is measured, and that its songs stay where they belong."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import load

from kelly.cli.main import main
from kelly.errors import CorpusError, FileError, MissingCorpusError, TrainingError, UsageError
from kelly.listening.traits.all import names
from kelly.training.data import feelings
from kelly.training.data.feelings import Feelings
from kelly.training.data.heard import CHANGED, UNITS, WHOLE, WINDOW, heard
from kelly.training.data.splits import PARTS, known, part_of, split_of
from kelly.training.evaluation import symbolic as evaluation
from kelly.training.evaluation.symbolic import PLAIN, bootstrap, fold, scores
from kelly.training.export import symbolic as export
from kelly.training.tasks import symbolic
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from kelly.training.tasks.labelling import labelled
from kelly.training.tasks.symbolic import Settings, both
from small import emopia as small_emopia
from small import nottingham as small_nottingham
from small import vgmidi as small_vgmidi

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """EMOPIA and VGMIDI in small."""
    place = tmp_path_factory.mktemp("rated")
    small_emopia.write(place)
    small_vgmidi.write(place)
    return place


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return Context(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def pieces(root, context):
    return heard(root, context.cache, note=print)


@pytest.fixture(scope="module")
def run(pieces, tmp_path_factory):
    """A run of a few steps, the labeller's: nobody asks whether it learned."""
    out = tmp_path_factory.mktemp("runs") / "run"
    settings = Settings(Recipe(epochs=2, batch=16, keep="last", chance_after=99), songs="labeller")
    dev = [piece for piece in pieces if piece.group in {"ddd", small_vgmidi.CHASE}]
    data = both([piece for piece in pieces if piece not in dev], dev)
    try:
        fit(symbolic.task(settings), data, out, 0, "cpu")
    except TrainingError:  # two epochs may learn nothing; the weights are made by hand then
        from safetensors.torch import save_file

        save_file(symbolic.task(settings).network().state_dict(), out / "weights.safetensors")
    return out


def test_a_piece_is_heard_whole_in_windows_and_changed(pieces):
    clip = next(piece for piece in pieces if piece.corpus == "emopia")
    assert list(clip.kinds).count(WHOLE) == 1
    assert {WHOLE, WINDOW, CHANGED} == set(clip.kinds.tolist())
    assert clip.traits.shape == (len(clip.kinds), len(names()))
    assert set(np.unique(clip.signs)) <= {-1, 1}
    assert np.isnan(clip.ratings).all()


def test_a_rated_piece_has_the_mean_rating_after_the_warm_up(pieces):
    chase = next(piece for piece in pieces if piece.id == small_vgmidi.CHASE)
    assert chase.ratings[0] == pytest.approx([-0.4 / UNITS[0], 0.8 / UNITS[1]], abs=1e-3)
    assert (chase.signs == 0).all()


def test_neither_corpus_is_an_error_that_says_where_to_get_them(tmp_path, context):
    with pytest.raises(MissingCorpusError, match="EMOPIA nor VGMIDI"):
        heard(tmp_path, context.cache, note=print)


def test_the_three_parts_share_no_song():
    songs = {part: {song for song in known("emopia") if part_of("emopia", song) == part} for part in PARTS}
    assert all(songs.values())
    assert sum(map(len, songs.values())) == len(known("emopia"))
    shares = [len(songs[part]) / len(known("emopia")) for part in PARTS]
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.06)


def test_arrangements_of_one_tune_are_in_one_part():
    if not (names_ := [name for name in known("vgmidi") if "One Winged Angel" in name]):
        pytest.skip("no such piece is listed")
    assert len({part_of("vgmidi", name) for name in names_}) == 1


def test_a_song_that_is_not_listed_was_never_seen():
    assert split_of("vgmidi", "no such piece") == "test"
    assert not part_of("emopia", "no such song")


def test_both_corpora_weigh_alike(pieces):
    samples = symbolic.samples(pieces)
    rated = samples.tensors["rated"]
    assert float(samples.weights[rated].sum()) == pytest.approx(float(samples.weights[~rated].sum()))


def test_by_default_the_splits_are_kept(root, context):
    data = symbolic.data(root, Settings(), context)
    assert {"aaa", "b_b", "c-c"} <= set(data.train.groups)
    assert {"ddd"} <= set(data.dev.groups)
    assert "eee" not in {*data.train.groups, *data.dev.groups}  # of the test split


@pytest.mark.parametrize("part", PARTS)
def test_a_judge_learns_from_the_songs_of_its_part_alone(part, root, context, monkeypatch):
    monkeypatch.setattr("kelly.training.data.heard.part_of", lambda _, song: PARTS[len(song) % 3])
    data = symbolic.data(root, Settings(songs=part), context)
    assert all(len(song) % 3 == PARTS.index(part) for song in {*data.train.groups, *data.dev.groups} if len(song) < 5)


def test_unknown_songs_are_a_usage_error():
    with pytest.raises(UsageError, match="train, all, labeller, judge, examiner"):
        Settings(songs="juge")


@pytest.mark.parametrize("wrong", [{"width": 0}, {"blind": 1.0}, {"dropout": -0.1}, {"dropout": float("nan")}])
def test_settings_out_of_range_are_a_usage_error(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Settings(**wrong)


def test_what_the_recogniser_learns_must_vary(pieces, tmp_path):
    glad = [piece for piece in pieces if piece.group == "aaa"]
    with pytest.raises(TrainingError, match="all 16 are of class 1"):
        fit(symbolic.task(Settings()), both(glad, pieces[-1:]), tmp_path / "run", 0, "cpu")
    unmoved = replace(pieces[-1], ratings=np.ones_like(pieces[-1].ratings))
    with pytest.raises(TrainingError, match="valence is 1 in all 8"):
        fit(symbolic.task(Settings()), both([unmoved], glad), tmp_path / "run", 0, "cpu")


def test_scores_of_a_perfect_and_of_a_deaf_listener(pieces):
    heads = np.zeros((len(pieces), 6))
    for row, piece in enumerate(pieces):
        heads[row, :2], heads[row, 2:4] = piece.signs[0], np.nan_to_num(piece.ratings[0])
    perfect = scores(pieces, heads)
    assert perfect["EMOPIA 4Q"] == perfect["EMOPIA V"] == 1
    assert perfect["VGMIDI r A"] == pytest.approx(1)
    assert scores(pieces, -heads)["EMOPIA A"] == 0


def test_the_interval_of_the_same_listener_is_nothing(pieces):
    heads = np.random.default_rng(0).normal(size=(len(pieces), 6))
    clips = [i for i, piece in enumerate(pieces) if piece.corpus == "emopia"]
    drawn = bootstrap([pieces[i] for i in clips], [heads[clips]], heads[clips], 50)
    assert drawn["EMOPIA 4Q"] == (0, 0)


def test_a_song_is_in_one_fold(pieces):
    folds = {}
    for piece in pieces:
        assert folds.setdefault(piece.group, fold(piece)) == fold(piece)


def test_the_baseline_has_about_sixty_traits_of_pitch_time_and_loudness():
    plain = [names()[i] for i in PLAIN]
    assert 45 <= len(plain) <= 65
    assert {"majorness", "notes a second", "velocity mean", "pitch range"} <= set(plain)
    assert not any(name.startswith(("chord", "root", "leap")) for name in plain)


def test_an_exported_recogniser_says_what_its_runs_say(run, root, context, tmp_path, pieces, monkeypatch):
    monkeypatch.setattr("kelly.training.data.heard.part_of", lambda *_: "labeller")  # the part that the run knows
    files = export.write([run, run], root, tmp_path / "symbolic", context)
    assert {path.name for path in files} == {"model.onnx", "model.safetensors", "config.json"}
    from kelly.models.symbolic.model import SymbolicRecognizer

    model = SymbolicRecognizer(tmp_path / "symbolic")
    told = evaluation.hear(pieces, model.predict)
    ours = evaluation.hear(pieces, lambda rows: export._run(export.ears([run]), rows))
    assert told == pytest.approx(ours, abs=0.01)  # its weights are rounded
    assert model.config["scale"]["reach"] == [0.5, 0.22]


def test_an_exported_recogniser_holds_the_same_rounded_weights_in_small_files(run, pieces):
    network = export.ears([run, run])
    numbers = sum(one.numel() for one in network.parameters())
    files = export.encoded(network, pieces[0].traits)
    assert len(files["model.onnx"]) < 1.3 * numbers + 20_000
    assert len(files["model.safetensors"]) < 2.2 * numbers + 20_000
    kept = load(files["model.safetensors"])
    for name, one in network.named_parameters():
        assert torch.allclose(kept[name].float(), one, rtol=1e-3, atol=1e-7)
    assert kept["ears.0.first.weight"].dtype == torch.float16
    again = export.encoded(network, pieces[0].traits)  # what is rounded stays as it is
    assert all(torch.allclose(one, load(again["model.safetensors"])[name]) for name, one in kept.items())


def test_a_run_is_measured_on_a_split_it_has(run, root, context):
    rows = evaluation.measure(root, "test", [run], context)
    assert {row.name for row in rows} >= {"4Q", "A", "V"}
    with pytest.raises(CorpusError, match="dev split"):
        evaluation.measure(small_emopia.write(context.cache / "only", ("test",)), "dev", [run], context)


def test_a_run_is_measured_as_wide_as_it_was_trained(root, context, tmp_path):
    from safetensors.torch import save_file

    task = symbolic.task(Settings(width=16))
    save_file(task.network().state_dict(), tmp_path / "weights.safetensors")
    (tmp_path / "run.json").write_text('{"width": 16}')
    assert evaluation.measure(root, "test", [tmp_path], context)
    (tmp_path / "run.json").write_text('{"width": "wide"}')
    with pytest.raises(UsageError, match=r"run\.json is no recipe: width"):
        evaluation.measure(root, "test", [tmp_path], context)


def test_each_corpus_has_its_own_baseline_and_a_note_says_where_there_is_none(run, tmp_path, context, pieces):
    def heard_again(*_, **__):
        clips = [piece for piece in pieces if piece.corpus == "emopia"]
        train = [replace(one, split="train", group=f"{one.group} {i}") for i in range(3) for one in clips]
        return [*train, *(replace(piece, split="dev") for piece in pieces)]

    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "heard", heard_again)
        rows = evaluation.measure(tmp_path, "dev", [run], Context(context.cache, note=told.append))
    assert {row.task for row in rows if row.baselines} == {"EMOPIA"}
    assert {row.task for row in rows} == {"EMOPIA", "VGMIDI"}
    assert told == ["vgmidi: no baseline, which takes 4 songs of the train split or more; got 0"]


def test_songs_are_labelled_and_labels_come_back_from_their_file(run, root, context, tmp_path, monkeypatch):
    monkeypatch.setattr("kelly.training.data.heard.part_of", lambda *_: "labeller")
    small_nottingham.write(root)
    told = []
    felt = labelled(root, [run], Context(context.cache, note=told.append))
    assert set(felt.codes) == {"nottingham"}
    assert any("pop909" in line for line in told)
    feelings.save(felt, tmp_path / "labels.npz")
    again = feelings.load(tmp_path / "labels.npz")
    name = next(iter(felt.codes["nottingham"]))
    assert again.knows("nottingham", name)
    assert again.of("nottingham", name).tolist() == felt.of("nottingham", name).tolist()


@pytest.mark.parametrize("made_from", ['{"songs": "all"}', '{"songs": "judge"}', '{"songs": "examiner"}', "{}"])
def test_only_the_labeller_may_label(made_from, root, tmp_path, capsys):
    (tmp_path / "run.json").write_text(made_from)
    assert main(["label", str(tmp_path), "--data", str(root), "--out", str(tmp_path / "labels.npz")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert "only a recogniser trained with `songs: labeller` may label" in told[-1]
    assert not (tmp_path / "labels.npz").exists()


def test_without_a_song_of_the_labellers_part_nothing_is_labelled(run, root, context, monkeypatch):
    monkeypatch.setattr("kelly.training.data.heard.part_of", lambda corpus, _: "labeller" if corpus == "emopia" else "")
    with pytest.raises(CorpusError, match="no song of the labeller's part of VGMIDI"):
        labelled(root, [run], context)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["train", "symbolic", "--tracking", "mlfow"], "tracker must be one of"),
        (["train", "symbolic", "--engine", "rya"], "engine must be one of"),
        (["train", "symbolic", "--device", "tpu"], "--device must be one of"),
        (["label", "run", "--engine", "rya"], "engine must be one of"),
    ],
)
def test_an_option_that_is_wrong_is_told_before_anything_is_prepared(line, told, tmp_path, capsys):
    assert main([*line, "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert told in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_a_card_that_is_not_there_is_told_before_anything_is_prepared(tmp_path, capsys):
    if torch.cuda.is_available():
        pytest.skip("this machine has a card")
    assert main(["train", "symbolic", "--device", "cuda", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no cuda" in capsys.readouterr().err


def test_a_song_without_a_label_is_unknown():
    from kelly.emotion.code import UNKNOWN

    assert Feelings().of("pop909", "001").tolist() == UNKNOWN.astype(np.float32).tolist()


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY"])
def test_damaged_labels_are_refused(tmp_path, content):
    path = tmp_path / "labels.npz"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"labels\.npz"):
        feelings.load(path)


def test_codes_out_of_range_are_refused(tmp_path):
    feelings.save(Feelings({"pop909": {"001": np.full(64, 3, np.float32)}}), tmp_path / "labels.npz")
    with pytest.raises(FileError, match=r"-1\.\.1"):
        feelings.load(tmp_path / "labels.npz")
