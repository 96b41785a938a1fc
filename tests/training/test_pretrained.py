"""Pretrained encoders: a checkpoint of TensorFlow's and a graph in 8 bits are read as what they hold, or refused."""

import hashlib
import io
import zipfile
from contextlib import suppress

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from kelly.errors import FileError, UsageError
from kelly.training.networks import pretrained
from kelly.training.networks.tensorflow import checkpoint

MAGIC = bytes.fromhex("57fb808b247547db")


def varint(number):
    coded = bytearray()
    while number > 127:
        coded.append(number & 127 | 128)
        number >>= 7
    return bytes([*coded, number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries):
    """A block of LevelDB's form, each key told as what it has beyond the one before."""
    coded, before = b"", b""
    for key, value in entries:
        shared = next(
            (i for i, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), min(len(key), len(before))
        )
        coded += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return coded + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def written(tensors, kind=1):
    """Index and data of a checkpoint."""
    entries, data = [(b"", field(1, 1))], b""
    for name, array in sorted(tensors.items()):
        shape = b"".join(field(2, field(1, size)) for size in array.shape)
        entry = field(1, kind) + field(2, shape) + field(4, len(data)) + field(5, array.nbytes) + b"\x35abcd"
        entries.append((name.encode(), entry))
        data += array.tobytes()
    rows = block(entries)
    there = varint(0) + varint(len(rows))
    index = block([(b"\xff", there)])
    footer = varint(0) + varint(0) + varint(len(rows) + 5) + varint(len(index))
    return rows + bytes(5) + index + bytes(5) + footer.ljust(40, b"\0") + MAGIC, data


TENSORS = {
    "conv2d/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "conv2d/bias": np.ones(300, np.float32),
    "step": np.float32(3).reshape(()),
}


def test_a_checkpoint_is_read_as_it_was_written():
    found = dict(checkpoint(*written(TENSORS)))
    assert found.keys() == TENSORS.keys()
    assert all(np.array_equal(found[name], array) for name, array in TENSORS.items())


def test_tensors_of_other_types_are_left_out():
    assert dict(checkpoint(*written(TENSORS, kind=9))) == {}


@given(st.data())
def test_a_damaged_checkpoint_is_refused_or_read(data):
    index, values = written(TENSORS)
    place = data.draw(st.integers(0, len(index) - 9))
    broken = index[:place] + bytes([data.draw(st.integers(0, 255))]) + index[place + 1 :]
    with suppress(FileError):
        for _, array in checkpoint(broken, values):
            assert array.dtype == np.float32


@pytest.mark.parametrize("index", [b"", b"PK\3\4" * 30, written(TENSORS)[0][:-1]])
def test_another_file_is_refused(index):
    with pytest.raises(FileError, match="must end in its mark"):
        list(checkpoint(index, b""))


def test_a_checkpoint_whose_data_are_cut_off_is_refused():
    index, data = written(TENSORS)
    with pytest.raises(FileError, match="damaged: step lies beyond the end"):
        list(checkpoint(index, data[:-1]))


WIDTH, INNER = 4, 6


def encoder():
    """A graph like that of the speech encoder, small, and the weights that it stands for."""
    rng = np.random.default_rng(0)
    names = ("key", "query", "value", "out", "rise", "fall")
    shapes = [(WIDTH, WIDTH)] * 4 + [(WIDTH, INNER), (INNER, WIDTH)]
    nodes, held, told = [], [], {}

    def quantised(name, shape, axis):
        whole = rng.integers(-127, 128, shape).astype(np.int8)
        step = rng.random(shape[axis]).astype(np.float32)
        held.extend(
            [
                numpy_helper.from_array(whole, f"{name}.whole"),
                numpy_helper.from_array(step, f"{name}.step"),
                numpy_helper.from_array(np.zeros(shape[axis], np.int8), f"{name}.zero"),
            ]
        )
        nodes.append(
            helper.make_node(
                "DequantizeLinear", [f"{name}.whole", f"{name}.step", f"{name}.zero"], [f"{name}.wide"], axis=axis
            )
        )
        return whole * step.reshape([-1 if place == axis else 1 for place in range(len(shape))])

    def plain(name, *shape):
        told_here = rng.random(shape).astype(np.float32)
        held.append(numpy_helper.from_array(told_here, name))
        return told_here

    for row, channels in enumerate((3, WIDTH)):
        told[f"stem.{row}.weight"] = quantised(f"conv{row}", (WIDTH, channels, 3), 0)
        told[f"stem.{row}.bias"] = plain(f"conv{row}.bias", WIDTH)
        nodes.append(helper.make_node("Conv", ["x", f"conv{row}.wide", f"conv{row}.bias"], [f"seen{row}"]))
    told["positions"] = plain("inner.encoder.embed_positions.weight", 5, WIDTH)
    for layer in range(2):
        for name, shape in zip(names, shapes, strict=True):
            told[f"layers.{layer}.{name}.weight"] = quantised(f"{layer}.{name}", shape, 1).T
            nodes.append(helper.make_node("MatMul", ["x", f"{layer}.{name}.wide"], [f"{layer}.{name}.y"]))
        for theirs, ours in pretrained._VECTORS.items():
            size = INNER if ours == "rise.bias" else WIDTH
            told[f"layers.{layer}.{ours}"] = plain(f"inner.encoder.layers.{layer}.{theirs}", size)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph(nodes, "encoder", [x], [x], held)), told


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder with both wheels, small, and the table that names them."""
    graph, told = encoder()
    index, data = written(
        {f"model/{name}": array for name, array in TENSORS.items()} | {"kernel/Adam_1": TENSORS["step"]}
    )
    members = {
        "musicnn": {"m/.index": index, "m/.data-00000-of-00001": data},
        "pipecat-ai": {"s.onnx": onnx_bytes(graph)},
    }
    rows = []
    for package, files in members.items():
        with zipfile.ZipFile(tmp_path / f"{package}.whl", "w") as archive:
            for member, content in files.items():
                archive.writestr(member, content)
                rows.append(
                    {
                        "package": package,
                        "version": "1",
                        "wheel": f"{package}.whl",
                        "member": member,
                        "sha256": hashlib.sha256(content).hexdigest(),
                    }
                )
    monkeypatch.setattr(pretrained, "_table", lambda: rows)
    return tmp_path, told


def onnx_bytes(graph):
    file = io.BytesIO()
    onnx.save(graph, file)
    return file.getvalue()


def test_the_music_encoder_comes_without_what_its_training_needed(wheels):
    found = pretrained.music(wheels[0])
    assert found.keys() == {f"model/{name}" for name in TENSORS}


def test_the_speech_encoder_comes_as_wide_as_its_8_bits_stand_for(wheels):
    folder, told = wheels
    found = pretrained.speech(folder, 2)
    assert found.keys() == told.keys()
    assert all(np.allclose(found[name], array) for name, array in told.items())
    assert not any(name.startswith("layers.1") for name in pretrained.speech(folder, 1))


@pytest.mark.parametrize("layers", [0, pretrained.LAYERS + 1, 12])
def test_more_layers_than_the_encoder_has_are_a_usage_error(wheels, layers):
    with pytest.raises(UsageError, match=rf"has layers for 1\.\.4 of a network; got {layers}$"):
        pretrained.speech(wheels[0], layers)


def test_a_missing_wheel_says_how_to_get_it(wheels):
    folder, _ = wheels
    (folder / "musicnn.whl").unlink()
    with pytest.raises(FileError, match=r"must hold musicnn.whl: pip download --no-deps musicnn==1 -d "):
        pretrained.music(folder)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_another_wheel_is_refused(wheels, content):
    folder, _ = wheels
    if content is None:
        with zipfile.ZipFile(folder / "musicnn.whl", "w") as archive:
            archive.writestr("m/.index", b"another")
        match = "is not the file that these networks begin from"
    else:
        (folder / "musicnn.whl").write_bytes(content)
        match = "is damaged"
    with pytest.raises(FileError, match=match):
        pretrained.music(folder)


def test_every_member_has_a_sum_and_a_licence():
    rows = pretrained._table()
    assert {row["package"] for row in rows} == {"musicnn", "pipecat-ai"}
    assert all(len(row["sha256"]) == 64 and row["licence"] and row["version"] in row["wheel"] for row in rows)
