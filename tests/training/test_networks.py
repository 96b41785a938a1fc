"""The six networks: sizes, memory, and exports that give what torch gives and are refused when they would not."""

import json
import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")
onnx = pytest.importorskip("onnx", reason="the workbench needs the extra `train`")
pytest.importorskip("safetensors", reason="the workbench needs the extra `train`")

from safetensors.torch import save, save_file

from kelly.cli.main import main
from kelly.emotion.code import UNKNOWN
from kelly.errors import FileError, UnknownNameError, UsageError
from kelly.models import checking, networks, rtneural, runner
from kelly.models.dynamics import slots as dynamics
from kelly.models.layers import NETWORKS
from kelly.models.melody import slots as melody
from kelly.models.nodes import heads
from kelly.training.export import graph
from kelly.training.export import networks as export
from kelly.training.networks.build import build
from kelly.training.networks.layered import Recurrent

pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = {"recognizer": 403_264, "melody": 641_664, "harmony": 74_176, "dynamics": 13_520, "groove": 18_656}
RECURRENT, FIVE, SIX = ("recognizer", "melody"), tuple(SIZES), tuple(NETWORKS)
KINDS = {
    kind.network.name: kind
    for kind in (
        *(networks.EmotionRecognizer, networks.MelodyTransformer, networks.HarmonyPredictor),
        *(networks.DynamicsEngine, networks.GroovePredictor, networks.EmotionNodeClassifier),
    )
}


def trained(name):
    """A network as after some training: weights away from where they began, statistics measured, biases not 0."""
    torch.manual_seed(len(name))
    network = build(name)
    with torch.no_grad():
        for values in network.parameters():
            values.add_(0.05 * torch.randn_like(values))
        for values in (buffer for buffer in network.buffers() if buffer.is_floating_point()):
            values.add_(0.2 * torch.rand_like(values))
    return network.eval()


def inputs(name, steps=64):
    rng = np.random.default_rng(7)
    return rng.uniform(-1, 1, (steps, *NETWORKS[name].shape)).astype(np.float32)


@torch.no_grad()
def told(network, x):
    """What torch gives for inputs (steps, *shape), one after another."""
    x = torch.from_numpy(x)
    return (network(x[None])[0][0] if isinstance(network, Recurrent) else network(x)).numpy()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """All six, trained and exported: name -> (torch's network, folder)."""
    root = tmp_path_factory.mktemp("models")
    found = {}
    for name in SIX:
        network = trained(name)
        export.write(network, root / name, "CC0", ["made up"], {"seed": 0})
        found[name] = network, root / name
    return found


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_a_network_has_exactly_the_size_of_the_table(name, size):
    assert sum(values.numel() for values in build(name).parameters()) == size == NETWORKS[name].parameters


def test_the_sums_of_the_table_hold():
    assert sum(SIZES.values()) == 1_151_280
    assert sum(values.numel() for values in build("nodes").parameters()) == pytest.approx(1.9e6, rel=0.02)
    with pytest.raises(UnknownNameError, match="harmony"):
        build("harmoni")


@pytest.mark.parametrize("name", SIX)
def test_weights_have_the_names_and_shapes_of_the_specification(name):
    network = build(name)
    assert {key: tuple(values.shape) for key, values in network.named_parameters()} == NETWORKS[name].shapes
    state = {key: tuple(values.shape) for key, values in network.state_dict().items()}
    assert NETWORKS[name].tensors.items() <= state.items()


@pytest.mark.parametrize("name", RECURRENT)
def test_steps_one_by_one_are_the_whole_sequence(name):
    network, x = trained(name), torch.from_numpy(inputs(name, 12))[None]
    with torch.no_grad():
        whole, after = network(x)
        h, c = network.start(1)
        for t in range(12):
            y, h, c = network.step(x[:, t], h, c)
            assert torch.allclose(y, whole[:, t], atol=1e-6)
    assert torch.allclose(h, after[0], atol=1e-6)
    assert torch.allclose(c, after[1], atol=1e-6)


@pytest.mark.parametrize("name", SIX)
def test_the_last_activation_of_the_logits_is_the_output(name):
    network, x = trained(name), torch.from_numpy(inputs(name, 2))
    x = x[None] if name in RECURRENT else x
    with torch.no_grad():
        logits, y = network.logits(x), network(x)
        logits, y = (logits[0], y[0]) if name in RECURRENT else (logits, y)
        assert torch.allclose(network.activated(logits), y)
    sums = {"harmony": 1, "nodes": 5}
    if name in sums:
        assert torch.allclose(y.sum(-1), torch.tensor(float(sums[name])), atol=1e-4)


def test_each_head_of_the_nodes_is_a_distribution_that_follows_its_parents():
    network = trained("nodes")
    with torch.no_grad():
        network.layers[-1].bias[heads.SLOTS["category"]][3] += 20  # as good as sure: fear
        network.layers[-1].bias[heads.SLOTS["tier"]][1] += 20
    y = told(network, inputs("nodes", 2))
    for place in heads.SLOTS.values():
        assert y[:, place].sum(1) == pytest.approx(1, abs=1e-4)
    sure = (heads.PARENTS["name", "category"][heads.PARENTS["node", "name"]] == 3) & (
        heads.PARENTS["node", "tier"] == 1
    )
    assert y[:, heads.SLOTS["node"]][:, sure].sum(1) == pytest.approx(1, abs=1e-4)


def test_a_recurrent_network_needs_its_lstm():
    with pytest.raises(UsageError, match="groove has 0"):
        Recurrent(NETWORKS["groove"])


def test_dropout_is_for_training_alone():
    network, x = build("groove", dropout=0.5), torch.ones(1, 64)
    assert not torch.equal(network.train()(x), network(x))
    assert torch.equal(network.eval()(x), network(x))


@pytest.mark.parametrize("name", SIX)
def test_onnx_gives_what_torch_gives(name, made):
    network, folder = made[name]
    x = inputs(name, 64 if name in FIVE else 3)
    session = runner.Runner((folder / "model.onnx").read_bytes(), NETWORKS[name])
    assert np.abs(np.stack([session.step(row) for row in x]) - told(export.rounded(network), x)).max() < 1e-5


@pytest.mark.parametrize("name", SIX)
def test_fewer_bits_cost_next_to_nothing_and_make_the_files_small(name, made):
    network, folder = made[name]
    x, cost, bytes_each = (inputs(name), 1e-2, 2.2) if name in FIVE else (inputs(name, 3), 2e-2, 1.05)
    assert np.abs(told(export.rounded(network), x) - told(network, x)).max() < cost
    for file in folder.glob("model.*"):
        assert file.stat().st_size < bytes_each * NETWORKS[name].parameters + 10_000


def test_the_weights_of_a_file_in_eight_bits_are_the_rounded_ones(made):
    network, folder = made["nodes"]
    found, wanted = runner.tensors((folder / "model.onnx").read_bytes()), export.rounded(network).state_dict()
    assert found.keys() == NETWORKS["nodes"].tensors.keys()
    for name, array in found.items():
        np.testing.assert_allclose(array, wanted[name].numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", FIVE)
def test_rtneural_gives_what_torch_gives(name, made):
    network, folder = made[name]
    x, model = inputs(name), rtneural.read(folder / "rtneural.json")
    assert model.numbers == NETWORKS[name].numbers
    assert np.abs(np.stack([model.step(row) for row in x]) - told(export.rounded(network), x)).max() < 1e-4


def test_onnx_takes_a_batch_and_names_its_state(made):
    session = runner.Runner((made["melody"][1] / "model.onnx").read_bytes(), NETWORKS["melody"])._session
    state = np.zeros((3, 256), np.float32)
    y, h, c = session.run(["y", "h_next", "c_next"], {"x": inputs("melody", 3), "h": state, "c": state})
    assert (y.shape, h.shape, c.shape) == ((3, 128), (3, 256), (3, 256))
    model = onnx.load(made["melody"][1] / "model.onnx")
    assert {one.key: one.value for one in model.metadata_props}["network"] == "melody"
    assert model.opset_import[0].version == graph.OPSET


@pytest.mark.parametrize("name", FIVE)
def test_numbers_of_rtneural_have_the_digits_that_they_need(name, made):
    network, folder = made[name]
    kernel, bias = rtneural.read(folder / "rtneural.json").weights[0]
    first = export.rounded(network).layers[0]
    assert np.allclose(kernel, first.weight.detach().numpy().T, rtol=5e-5, atol=0)
    assert np.allclose(bias, first.bias.detach().numpy(), rtol=5e-5, atol=0)


@pytest.mark.parametrize("name", SIX)
def test_every_file_of_an_export_passes_the_check(name, made, capsys):
    files = [str(path) for path in made[name][1].iterdir() if path.name != "config.json"]
    assert main(["models", "check", *files, "--network", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["files"]
    assert {one["network"] for one in found} == {name}
    assert {one["kind"] for one in found} == ({"ONNX", "safetensors", "RTNeural JSON"} if name in FIVE else {"ONNX"})


@pytest.mark.parametrize("name", SIX)
def test_the_weights_of_a_run_pass_the_check_in_single_precision(name, made, capsys, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file(made[name][0].state_dict(), path)
    assert main(["models", "check", str(path), "--json"]) == 0
    assert [one["network"] for one in json.loads(capsys.readouterr().out)["files"]] == [name]


def test_biases_are_kept_in_single_precision_alone():
    tensors = trained("groove").state_dict()
    halved = {key: tensor.half() if key.endswith("bias") else tensor for key, tensor in tensors.items()}
    with pytest.raises(FileError, match=r"bias of GroovePredictor must be float32 of shape .* it is float16"):
        checking.inspect(save(halved), ".safetensors")


def test_a_refused_file_is_one_line_and_exit_1(made, capsys, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes((made["groove"][1] / "model.onnx").read_bytes()[:5000])
    assert main(["models", "check", str(path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["models", "check", str(path), "--network", "grove"]) == 2
    assert main(["models"]) == 0


def test_weights_of_another_network_are_refused(made):
    for file in ("model.onnx", "model.safetensors", "rtneural.json"):
        path = made["groove"][1] / file
        with pytest.raises(FileError, match="HarmonyPredictor"):
            checking.check(path, "harmony")


def altered(made, change, name="groove"):
    """A network's ONNX file, changed."""
    model = onnx.load(made[name][1] / "model.onnx")
    change(model)
    return model.SerializeToString()


def renamed(model):
    model.graph.initializer[0].name = "other"


def shrunk(model):
    model.graph.initializer[1].dims[0] -= 1


def infinite(model):
    raw = bytearray(model.graph.initializer[1].raw_data)
    raw[:4] = np.float32(np.inf).tobytes()
    model.graph.initializer[1].raw_data = bytes(raw)


def other_activation(model):
    next(node for node in model.graph.node if node.op_type == "Tanh").op_type = "Relu"


def other_order(model):
    """The last activation's input goes out as it is, the activation is worked out for nothing."""
    last = next(node for node in model.graph.node if node.op_type == "Identity")
    last.input[0] = next(node for node in reversed(model.graph.node) if node.op_type == "Gemm").output[0]


def many_sizes(model):
    del model.graph.initializer[1].dims[:]
    model.graph.initializer[1].dims.extend([1] * 70)


def foreign(model):
    next(node for node in model.graph.node if node.op_type == "Tanh").op_type = "Loop"


def elsewhere(model):
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL


def doubled(model):
    model.graph.initializer.append(model.graph.initializer[0])


def other_input(model):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 65


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (renamed, "it is missing"),
        (shrunk, "must have"),
        (infinite, "finite"),
        (other_activation, 'too many "Relu", too few "Tanh"'),
        (other_order, "its graph must give what its weights give"),
        (many_sizes, "must have 1 numbers"),
        (foreign, 'too many "Loop", too few "Tanh"'),
        (elsewhere, "in the file itself"),
        (doubled, "one name"),
        (other_input, "onnxruntime cannot load it|inputs must be"),
    ],
)
def test_an_onnx_file_that_was_tampered_with_is_refused(made, change, wrong):
    with pytest.raises(FileError, match=wrong):
        checking.inspect(altered(made, change), ".onnx")


def steps_of(model):
    return next(one for one in model.graph.initializer if one.name == "layers.5.weight.step")


def without_steps(model):
    model.graph.initializer.remove(steps_of(model))


def steps_too_few(model):
    steps_of(model).CopyFrom(onnx.numpy_helper.from_array(np.ones(383, np.float32), "layers.5.weight.step"))


def steps_of_each_number(model):
    steps_of(model).CopyFrom(onnx.numpy_helper.from_array(np.ones((384, 512), np.float32), "layers.5.weight.step"))


def steps_in_eight_bits(model):
    steps_of(model).CopyFrom(onnx.numpy_helper.from_array(np.ones(384, np.int8), "layers.5.weight.step"))


def infinite_step(model):
    steps = np.ones(384, np.float32)
    steps[7] = np.inf
    steps_of(model).CopyFrom(onnx.numpy_helper.from_array(steps, "layers.5.weight.step"))


def steps_of_nothing(model):
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(384, np.float32), "layers.5.bias.step"))


def zeros_beside(model):
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(384, np.int8), "layers.5.weight.zero"))


def one_cast(model):
    node = next(node for node in model.graph.node if node.op_type == "DequantizeLinear")
    node.CopyFrom(onnx.helper.make_node("Cast", node.input[:1], node.output, to=onnx.TensorProto.FLOAT))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (without_steps, r"layers\.5\.weight of EmotionNodeClassifier .* int8 without a step a row"),
        (steps_too_few, r"layers\.5\.weight of EmotionNodeClassifier .* int8 without a step a row"),
        (steps_of_each_number, r"layers\.5\.weight of EmotionNodeClassifier .* int8 without a step a row"),
        (steps_in_eight_bits, r"layers\.5\.weight of EmotionNodeClassifier .* int8 without a step a row"),
        (infinite_step, r"layers\.5\.weight must hold finite numbers"),
        (steps_of_nothing, "has no weights named"),
        (zeros_beside, r'has no weights named "layers\.5\.weight\.zero"'),
        (one_cast, 'too many "Cast", too few "DequantizeLinear"'),
    ],
)
def test_a_file_in_eight_bits_that_was_tampered_with_is_refused(made, change, wrong):
    with pytest.raises(FileError, match=wrong):
        checking.inspect(altered(made, change, "nodes"), ".onnx")


@pytest.fixture(scope="module")
def small():
    """An ONNX file of one matrix in 8 bits."""
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    node = helper.make_node("DequantizeLinear", ["w", "w.step"], ["y"], axis=0)
    kept = [array(np.arange(6, dtype=np.int8).reshape(2, 3), "w"), array(np.array([0.5, 2], np.float32), "w.step")]
    output = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2, 3])
    model = helper.make_model(helper.make_graph([node], "small", [], [output], kept))
    data = model.SerializeToString()
    assert runner.tensors(data)["w"].tolist() == [[0, 0.5, 1], [6, 8, 10]]
    return data


@given(st.data())
def test_eight_bits_of_which_some_were_changed_are_weights_or_one_line(small, data):
    content = bytearray(small)
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    try:
        found = runner.tensors(bytes(content))
    except FileError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way out is fine
    else:
        assert {array.dtype.name for array in found.values()} <= {"float32", "int8"}


@settings(max_examples=60)
@given(st.integers(0, 75_000), st.binary(min_size=1, max_size=6))
def test_bytes_of_an_onnx_file_that_were_changed_give_a_network_or_one_line(made, at, put):
    content = bytearray((made["groove"][1] / "model.onnx").read_bytes())
    content[at : at + len(put)] = put
    try:
        checking.inspect(bytes(content), ".onnx")
    except FileError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way out is fine


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64, torch.bool])
def test_weights_of_another_type_are_refused(kind):
    tensors = {name: torch.ones(shape).to(kind) for name, shape in NETWORKS["groove"].tensors.items()}
    with pytest.raises(FileError, match=r"must be float(16|32)|cannot be read"):
        checking.inspect(save(tensors), ".safetensors")


@settings(max_examples=60)
@given(st.integers(8, 500), st.binary(min_size=1, max_size=6))
def test_a_header_of_safetensors_that_was_changed_gives_a_network_or_one_line(made, at, put):
    content = bytearray((made["groove"][1] / "model.safetensors").read_bytes())
    content[at : at + len(put)] = put
    try:
        checking.inspect(bytes(content), ".safetensors")
    except FileError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way out is fine


@given(st.binary(max_size=200))
def test_noise_is_no_file_of_weights(noise):
    for suffix in checking.KINDS:
        with pytest.raises(FileError):
            checking.inspect(noise, suffix)


@pytest.mark.parametrize(
    ("name", "layer", "wrong"),
    [("groove", "layers.2.weight", "outputs must depend"), ("melody", "layers.1.weight_hh_l0", "is -?0 everywhere")],
)
def test_a_network_that_learned_nothing_is_not_exported(name, layer, wrong, tmp_path):
    network = trained(name)
    with torch.no_grad():
        weight = dict(network.named_parameters())[layer]
        weight.mul_(1e-6 if name == "groove" else 0)
    with pytest.raises(FileError, match=f"the {name} network cannot be exported .*{wrong}"):
        export.write(network, tmp_path / name, "CC0", [], {})
    assert not (tmp_path / name).exists()


def test_an_export_leaves_the_network_as_it_was():
    network = trained("groove").train()
    export.encoded(network)
    assert network.training
    assert export.encoded(network) == export.encoded(network)


def test_a_network_at_run_time_is_rounded_and_forgets_when_told(made):
    recognizer = networks.open_folder(networks.EmotionRecognizer, made["recognizer"][1])
    x = inputs("recognizer", 2)
    first, second = recognizer.predict(x[0]), recognizer.predict(x[0])
    assert (first * 1024 == np.rint(first * 1024)).all()
    assert (first != second).any()
    recognizer.reset()
    assert (recognizer.predict(x[0]) == first).all()


def test_each_network_speaks_in_the_terms_of_its_slots(made):
    open_ = {name: networks.open_folder(kind, made[name][1]) for name, kind in KINDS.items()}
    beat = melody.decode(np.eye(melody.SIZE)[52] + np.eye(melody.SIZE)[56])
    assert open_["melody"].predict(beat).shape == (128,)
    assert open_["harmony"].predict(UNKNOWN, np.zeros(64)).sum() == pytest.approx(1, abs=0.05)
    played = open_["dynamics"].predict(dynamics.read(np.zeros((5, 32))))
    assert (played.velocity.shape, played.levels.shape) == ((5,), (5, 8))
    assert np.abs(open_["groove"].predict(UNKNOWN).offsets).max() <= 1 / 8
    found = open_["nodes"].predict(np.zeros((64, 128)))
    assert {head: values.size for head, values in found.items()} == dict(heads.SIZES)
    with pytest.raises(UsageError, match="64, 128"):
        open_["nodes"].predict(np.zeros((64, 127)))


@pytest.mark.parametrize("harm", ["missing", "damaged", "another", "no json"])
def test_a_folder_that_is_not_whole_is_refused(harm, made, tmp_path):
    source = made["harmony" if harm == "another" else "groove"][1]
    for name in ("model.onnx", "config.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    if harm == "missing":
        (tmp_path / "model.onnx").unlink()
    if harm == "damaged":
        (tmp_path / "model.onnx").write_bytes(b"x")
    if harm == "no json":
        (tmp_path / "config.json").write_text("[]")
    with pytest.raises(FileError, match=tmp_path.name):
        networks.open_folder(networks.GroovePredictor, tmp_path)


def test_a_missing_network_is_none_and_is_told_once(tmp_path, monkeypatch, caplog, made):
    monkeypatch.setattr(networks.resources, "files", lambda _: tmp_path)
    networks._loaded.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert networks.shipped(networks.GroovePredictor) is None
        assert networks.shipped(networks.GroovePredictor) is None
    assert len(caplog.records) == 1
    assert "rules play instead" in caplog.text
    networks._loaded.cache_clear()
    monkeypatch.setattr(networks.resources, "files", lambda _: made["melody"][1].parent)
    one, other = networks.shipped(networks.MelodyTransformer), networks.shipped(networks.MelodyTransformer)
    assert one._runner._session is other._runner._session
    assert one._runner is not other._runner
    networks._loaded.cache_clear()
