"""RTNeural's JSON: what its parser would run gives what it would give, and whatever else is refused in one line."""

import copy
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kelly.errors import FileError, UsageError
from kelly.models import checking, rtneural
from kelly.models.layers import LSTM, NETWORKS, Dense
from kelly.models.plain import of_tensors

SMALL = {
    "in_shape": [None, None, 2],
    "layers": [
        {
            "type": "dense",
            "shape": [None, None, 3],
            "activation": "relu",
            "weights": [[[1, 2, 3], [4, 5, -6]], [0, -9, 0]],
        },
        {
            "type": "lstm",
            "shape": [None, None, 1],
            "activation": "",
            "weights": [[[0.1] * 4] * 3, [[0.2] * 4], [0] * 4],
        },
        {"type": "dense", "shape": [None, None, 2], "activation": "", "weights": [[[1, -1]], [0.5, 0]]},
        {"type": "activation", "shape": [None, None, 2], "activation": "softmax", "weights": []},
    ],
}
COUNTS = {"recognizer": 402_752, "melody": 640_640, "harmony": 74_176, "dynamics": 13_520, "groove": 18_656}


def parse(document):
    return rtneural.parse(json.dumps(document).encode())


def changed(path, value):
    """The small network with one entry changed, or taken away."""
    document = copy.deepcopy(SMALL)
    *way, last = path
    entry = document
    for step in way:
        entry = entry[step]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    return document


def full(network, seed=0):
    """A file of the named network, its weights drawn by chance and laid out as RTNeural's parser reads them."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return (rng.normal(size=shape) / math.sqrt(shape[0])).round(4).tolist()

    layers = []
    for layer in network.layers:
        if isinstance(layer, Dense):
            kind, weights = "dense", [draw(layer.inputs, layer.outputs), draw(layer.outputs)]
        else:
            kind, rows = "lstm", 4 * layer.outputs
            weights = [draw(layer.inputs, rows), draw(layer.outputs, rows), draw(rows)]
        activation = getattr(layer, "activation", "")
        layers.append(
            {"type": kind, "shape": [None, None, layer.outputs], "activation": activation, "weights": weights}
        )
    return {"in_shape": [None, None, *network.shape], "layers": layers}


def test_a_dense_layer_is_its_kernel_row_by_row_for_each_input():
    model = parse({"in_shape": [None, None, 2], "layers": SMALL["layers"][:1]})
    assert model.step([1, 1]).tolist() == [5, 0, 0]
    assert model.step([2, 0]).tolist() == [2, 0, 6]


@pytest.mark.parametrize(
    ("activation", "wanted"),
    [
        ("tanh", [math.tanh(-1), math.tanh(2)]),
        ("relu", [0, 2]),
        ("sigmoid", [1 / (1 + math.e), 1 / (1 + math.exp(-2))]),
        ("softmax", [1 / (1 + math.exp(3)), 1 / (1 + math.exp(-3))]),
        ("", [-1, 2]),
    ],
)
def test_an_activation_is_what_it_is_called(activation, wanted):
    layer = {"type": "dense", "shape": [2], "activation": activation, "weights": [[[-1, 2]], [0, 0]]}
    assert parse({"in_shape": [1], "layers": [layer]}).step([1]) == pytest.approx(wanted, abs=1e-6)


def test_an_lstm_has_the_gates_input_forget_cell_output_and_remembers():
    """Worked by hand with another number in every place, so that two gates that change places would show."""
    weights = [[[0.1, 0.2, 0.3, 0.4]], [[-0.5, 0.6, 0.7, -0.8]], [0.01, 0.02, 0.03, 0.04]]
    layer = {"type": "lstm", "shape": [None, None, 1], "weights": weights}
    model = parse({"in_shape": [None, None, 1], "layers": [layer]})
    first, h, c = None, 0.0, 0.0
    for x in (1.0, -2.0, 0.5):
        i, f, g, o = (weights[0][0][k] * x + weights[1][0][k] * h + weights[2][k] for k in range(4))
        c = c / (1 + math.exp(-f)) + math.tanh(g) / (1 + math.exp(-i))
        h = math.tanh(c) / (1 + math.exp(-o))
        first = h if first is None else first
        assert model.step([x]).item() == pytest.approx(h, abs=1e-6)
    model.reset()
    assert model.step([1.0]).item() == pytest.approx(first, abs=1e-6)


def test_an_activation_of_its_own_belongs_to_the_dense_layer_before():
    model = parse(SMALL)
    assert model.layers == (Dense(2, 3, "relu"), LSTM(3, 1), Dense(1, 2, "softmax"))
    assert model.step([0.5, 1]).sum() == pytest.approx(1)


def test_another_number_of_inputs_is_refused():
    with pytest.raises(UsageError, match="takes 2 numbers"):
        parse(SMALL).step([1, 2, 3])


@pytest.mark.parametrize(("name", "numbers"), COUNTS.items())
def test_each_network_fits_its_specification(name, numbers, tmp_path):
    path = tmp_path / "rtneural.json"
    path.write_text(json.dumps(full(NETWORKS[name])))
    found = checking.check(path)
    assert (found.network, found.numbers, NETWORKS[name].numbers) == (name, numbers, numbers)


def test_weights_of_torch_are_turned_for_numpy():
    rng = np.random.default_rng(3)
    network = NETWORKS["recognizer"]
    tensors = {name: rng.normal(size=shape).astype(np.float32) / 20 for name, shape in network.tensors.items()}
    assert of_tensors(network, tensors).numbers == network.numbers
    with pytest.raises(UsageError, match="convolutions"):
        of_tensors(NETWORKS["nodes"], {})


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("in_shape",), None, "in_shape must be a list like"),
        (("in_shape",), [None, None, 3], r"layers\[0\].weights\[0\] must be a list of 3 rows; got a list of 2"),
        (("in_shape",), [None, None, True], "in_shape"),
        (("in_shape",), [None, None, 2.0], "in_shape"),
        (("in_shape",), 10**30, "in_shape"),
        (("layers",), None, "a list of layers"),
        (("layers",), [], "a list of layers"),
        (("layers",), {"0": 1}, "a list of layers"),
        (("layers", 1), 7, r"layers\[1\] must be an object"),
        (("layers", 0, "type"), "conv9d", r"layers\[0\].type must be one of dense.* got \"conv9d\""),
        (("layers", 0, "type"), ["dense"], r"layers\[0\].type"),
        (("layers", 0, "type"), None, "no type"),
        (("layers", 0, "activation"), "swish", r"layers\[0\].activation must be one of tanh, relu.* got \"swish\""),
        (("layers", 0, "activation"), 1, "activation"),
        (("layers", 1, "activation"), "relu", r"layers\[1\].activation"),
        (("layers", 0, "shape"), [None, None, -3], r"layers\[0\].shape"),
        (("layers", 0, "shape"), None, "no shape"),
        (("layers", 0, "shape"), [None, None, 4], "must be a list of 4 numbers; got a list of 3"),
        (("layers", 0, "weights"), None, "no weights"),
        (("layers", 0, "weights"), [], "a list of 2 arrays"),
        (("layers", 0, "weights", 0, 1), [4, 5], r"layers\[0\].weights\[0\]\[1\] must be a list of 3 numbers"),
        (("layers", 0, "weights", 0, 1, 2), "6", 'with "6" in it'),
        (("layers", 0, "weights", 0, 1, 2), True, "True in it"),
        (("layers", 0, "weights", 0, 1, 2), [6], "numbers"),
        (("layers", 0, "weights", 0, 1, 2), 1e39, "finite numbers of 32 bits"),
        (("layers", 0, "weights", 0, 1, 2), 10**400, "finite numbers of 32 bits"),
        (("layers", 0, "weights", 1), [1, 2], r"weights\[1\] must be a list of 3 numbers"),
        (("layers", 1, "weights", 1), [[1] * 3], r"layers\[1\].weights\[1\]\[0\] must be a list of 4 numbers"),
        (("layers", 1, "weights", 2), "none", r"weights\[2\]"),
        (("layers", 3, "weights"), [1], "has no weights"),
        (("layers", 3, "shape"), [None, None, 5], "of its size"),
        (("layers", 2, "activation"), "tanh", "that has none"),
        (("layers", 2), {"type": "activation", "shape": [1], "activation": "tanh", "weights": []}, "follows a dense"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(path, value, told):
    with pytest.raises(FileError, match=told) as caught:
        parse(changed(path, value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"in_shape": [1], "in_shape": [2]}', '"in_shape" stands twice'),
        (b'{"in_shape": [1], "layers": [NaN]}', "finite numbers; got NaN"),
        (b'{"in_shape": [' + b"1" * 5000 + b"]}", "no JSON"),
        (json.dumps(SMALL).encode()[:-20], "no JSON"),
        (json.dumps(SMALL).replace("-9", "-1e999").encode(), "finite numbers"),
        (b"null", "must be an object"),
    ],
)
def test_what_is_no_plain_json_is_refused(data, told):
    with pytest.raises(FileError, match=told):
        rtneural.parse(data)


def test_an_absurdly_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "model.json"
    with path.open("wb") as file:
        file.truncate(rtneural.LARGEST + 1)
    with pytest.raises(FileError, match="at most"):
        rtneural.read(path)


def test_a_file_is_named_when_it_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("{}")
    with pytest.raises(FileError, match=r"model\.json.*is no RTNeural network"):
        rtneural.read(path)
    path.write_text(json.dumps(SMALL))
    assert rtneural.read(path).numbers == 6 + 3 + 12 + 4 + 4 + 2 + 2


def test_a_network_of_other_sizes_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(SMALL))
    with pytest.raises(FileError, match="one of Kelly's networks; it is dense 2-3 relu, lstm 3-1, dense 1-2 softmax"):
        checking.check(path)
    path.write_text(json.dumps(full(NETWORKS["groove"])))
    with pytest.raises(FileError, match=r"must be DynamicsEngine \(dense 32-128 relu"):
        checking.check(path, "dynamics")


@pytest.mark.parametrize("name", ["groove", "dynamics"])
def test_outputs_that_do_not_depend_on_the_input_are_refused(name, tmp_path):
    document = full(NETWORKS[name])
    kernel = document["layers"][-1]["weights"][0]
    kernel[:] = [[1e-7 * (i + j) for j in range(len(row))] for i, row in enumerate(kernel)]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(document))
    with pytest.raises(FileError, match="the outputs must depend on the inputs"):
        checking.check(path)


def test_an_lstm_whose_weights_were_lost_is_refused():
    document = full(NETWORKS["recognizer"])
    document["layers"][2]["weights"][1] = [[0] * 512] * 128
    with pytest.raises(FileError, match=r"layers\[2\]\.weights\[1\] must hold trained weights; it is 0 everywhere"):
        checking.inspect(json.dumps(document).encode(), ".json")


def test_outputs_that_are_not_finite_are_refused(tmp_path):
    document = full(NETWORKS["groove"])
    for layer in document["layers"]:
        layer["activation"] = "tanh"
        layer["weights"][0] = [[math.copysign(3e38, number) for number in row] for row in layer["weights"][0]]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(document))
    with pytest.raises(FileError, match="finite"):
        checking.check(path)


@pytest.mark.parametrize("name", ["model.txt", "model", ".json.gz"])
def test_another_kind_of_file_is_a_mistake_of_use(name):
    with pytest.raises(UsageError, match=r"\.json, \.onnx, \.safetensors"):
        checking.check(Path(name))


def test_checking_a_file_needs_nothing_of_the_workbench(tmp_path):
    path = tmp_path / "groove.json"
    path.write_text(json.dumps(full(NETWORKS["groove"])))
    hide = "import sys; sys.modules.update(dict.fromkeys(('torch', 'onnx', 'safetensors', 'lightning')));"
    code = f"{hide} from kelly.cli.main import main; sys.exit(main(['models', 'check', {str(path)!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"{path}: GroovePredictor (groove) as RTNeural JSON, 18,656 numbers\n")
    path.write_text("{}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


def ways(entry):
    """Ways to every entry of a document."""
    items = entry.items() if isinstance(entry, dict) else enumerate(entry) if isinstance(entry, list) else ()
    for key, inner in items:
        yield (key,)
        yield from ((key, *way) for way in ways(inner))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(ways(SMALL), key=str)), anything)
def test_an_entry_of_another_kind_gives_a_network_or_one_line(path, value):
    try:
        model = parse(changed(path, value))
    except FileError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way out is fine
    else:
        model.step(np.zeros(model.layers[0].inputs))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bytes_that_were_changed_give_a_network_or_one_line(data):
    content = bytearray(json.dumps(SMALL).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
        content = content or bytearray(b"{")
    try:
        model = rtneural.parse(bytes(content))
    except FileError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way out is fine
    else:
        model.step(np.zeros(model.layers[0].inputs))
