"""The six networks of Kelly as lists of layers: the one table of their sizes, from which all else is made and checked.

Conventions: a layer maps `inputs` numbers to `outputs` numbers; `shapes` names its weights as torch does and gives
their shapes (a dense kernel is (outputs, inputs); an LSTM's rows are its gates input, forget, cell, output, and it has
two biases). `parameters` is torch's count. An RTNeural file holds the sum of the two biases of an LSTM, and so fewer
`numbers`. The networks themselves are `NETWORKS`, by the name of their folder in `kelly.models`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = [
    "ACTIVATIONS",
    "LSTM",
    "NETWORKS",
    "Convolution",
    "Dense",
    "Heads",
    "Layer",
    "Network",
    "Pooling",
    "Shapes",
]

ACTIVATIONS = ("", "tanh", "relu", "sigmoid", "softmax")  # "" is none
KERNEL = 3  # bins and frames
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Dense:
    """A matrix product, a bias and an activation (one of `ACTIVATIONS`)."""

    inputs: int
    outputs: int
    activation: str = ""

    @property
    def shapes(self) -> Shapes:
        """Its weights by name."""
        return {"weight": (self.outputs, self.inputs), "bias": (self.outputs,)}


@dataclass(frozen=True, slots=True)
class LSTM:
    """A long short-term memory (Hochreiter & Schmidhuber 1997): its state is h and c, `outputs` numbers each."""

    inputs: int
    outputs: int

    @property
    def shapes(self) -> Shapes:
        """Its weights by name; gates in the order input, forget, cell, output."""
        rows = 4 * self.outputs
        kernels: Shapes = {"weight_ih_l0": (rows, self.inputs), "weight_hh_l0": (rows, self.outputs)}
        return kernels | {"bias_ih_l0": (rows,), "bias_hh_l0": (rows,)}


@dataclass(frozen=True, slots=True)
class Convolution:
    """A stage of a convolutional network: 3 x 3 convolution, batch normalisation, relu, 2 x 2 maximum.

    `inputs` and `outputs` are channels; a stage halves both sides of the picture.
    """

    inputs: int
    outputs: int

    @property
    def shapes(self) -> Shapes:
        """Its weights by name; the normalisation has a scale and a shift for each channel, the convolution no bias."""
        kernel: Shapes = {"convolution.weight": (self.outputs, self.inputs, KERNEL, KERNEL)}
        return kernel | {"norm.weight": (self.outputs,), "norm.bias": (self.outputs,)}

    @property
    def statistics(self) -> Shapes:
        """What the normalisation has measured and not been trained, by name."""
        return {"norm.running_mean": (self.outputs,), "norm.running_var": (self.outputs,)}


@dataclass(frozen=True, slots=True)
class Pooling:
    """The mean of each channel over the whole picture."""

    inputs: int

    @property
    def outputs(self) -> int:
        """As many numbers as channels."""
        return self.inputs

    @property
    def shapes(self) -> Shapes:
        """No weights."""
        return {}


@dataclass(frozen=True, slots=True)
class Heads:
    """One matrix product and bias for the five heads of `kelly.models.nodes.heads`, which says what follows."""

    inputs: int
    outputs: int

    @property
    def shapes(self) -> Shapes:
        """Its weights by name."""
        return {"weight": (self.outputs, self.inputs), "bias": (self.outputs,)}


Layer = Dense | LSTM | Convolution | Pooling | Heads


@dataclass(frozen=True, slots=True)
class Network:
    """A network: its name (of its folder), its title, the shape of one input without batch and time, its layers."""

    name: str
    title: str
    shape: tuple[int, ...]
    layers: tuple[Layer, ...]

    @property
    def outputs(self) -> int:
        """How many numbers come out."""
        return self.layers[-1].outputs

    @property
    def state(self) -> int:
        """How many numbers h (and c) of its LSTM have; 0 when it keeps no state."""
        return next((layer.outputs for layer in self.layers if isinstance(layer, LSTM)), 0)

    @property
    def compressed(self) -> tuple[str, ...]:
        """The tensors that its files keep in fewer bits, so that these are small enough to be shipped: all but biases
        and what normalises. These bits are half precision or, of a network of convolutions, 8 of them.
        """
        return tuple(name for name, shape in self.shapes.items() if len(shape) > 1)

    @property
    def convolves(self) -> bool:
        """Whether it is a network of convolutions, which is slow but where onnxruntime runs it."""
        return any(isinstance(layer, Convolution) for layer in self.layers)

    @property
    def shapes(self) -> Shapes:
        """All weights by name ("layers.0.weight"), in order."""
        return dict(self._named(statistics=False))

    @property
    def tensors(self) -> Shapes:
        """All that a file of weights holds, by name: `shapes`, and the statistics of normalisation."""
        return dict(self._named(statistics=True))

    @property
    def parameters(self) -> int:
        """How many weights are trained, as torch counts them."""
        return sum(map(math.prod, self.shapes.values()))

    @property
    def numbers(self) -> int:
        """How many weights its RTNeural file holds: the biases of an LSTM stand there as their sum."""
        return self.parameters - 4 * self.state

    def _named(self, *, statistics: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
        for index, layer in enumerate(self.layers):
            measured = layer.statistics if statistics and isinstance(layer, Convolution) else {}
            yield from ((f"layers.{index}.{name}", shape) for name, shape in (layer.shapes | measured).items())


_ALL = (
    Network(
        "recognizer",
        "EmotionRecognizer",
        (128,),  # one log-mel frame -> emotion code
        (Dense(128, 512, "tanh"), Dense(512, 256, "tanh"), LSTM(256, 128), Dense(128, 64, "tanh")),
    ),
    Network(
        "melody",
        "MelodyTransformer",
        (64,),  # `melody.slots` -> probability of each MIDI pitch
        (Dense(64, 256, "relu"), LSTM(256, 256), Dense(256, 256, "relu"), Dense(256, 128, "sigmoid")),
    ),
    Network(
        "harmony",
        "HarmonyPredictor",
        (128,),  # emotion code and trace of past chords -> next chord
        (Dense(128, 256, "tanh"), Dense(256, 128, "tanh"), Dense(128, 64, "softmax")),
    ),
    Network(
        "dynamics",
        "DynamicsEngine",
        (32,),  # `dynamics.slots`, in and out
        (Dense(32, 128, "relu"), Dense(128, 64, "relu"), Dense(64, 16, "sigmoid")),
    ),
    Network(
        "groove",
        "GroovePredictor",
        (64,),  # emotion code -> `groove.slots`
        (Dense(64, 128, "tanh"), Dense(128, 64, "tanh"), Dense(64, 32, "tanh")),
    ),
    Network(
        "nodes",
        "EmotionNodeClassifier",
        (64, 128),  # mel bands x frames -> `nodes.heads`
        (
            *(Convolution(1, 64), Convolution(64, 128), Convolution(128, 256), Convolution(256, 512), Pooling(512)),
            *(Dense(512, 384, "relu"), Dense(384, 256, "relu"), Heads(256, 323)),
        ),
    ),
)
NETWORKS: Mapping[str, Network] = MappingProxyType({network.name: network for network in _ALL})
