"""Networks made from their lists of layers (`kelly.models.layers`), for training.

Conventions: names and shapes of the weights are those of the list. `logits` gives what the last activation takes,
`forward` what it gives. Feed-forward networks map (batch, *shape) to (batch, outputs). Recurrent ones map whole
sequences (batch, steps, inputs) and a state to (batch, steps, outputs) and the state after them; a state is the pair
h, c, each (batch, hidden), and None is the state of a beginning, zeros. Dropout falls on what hidden layers give,
convolutions excepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from kelly.errors import UsageError
from kelly.models.layers import LSTM, Convolution, Dense, Layer, Network, Pooling

__all__ = ["Feedforward", "Layered", "Recurrent", "State"]

State = tuple[Tensor, Tensor]

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "": lambda x: x,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "sigmoid": torch.sigmoid,
        "softmax": lambda x: torch.softmax(x, -1),
    }
)
GAINS = {"tanh": nn.init.calculate_gain("tanh"), "relu": nn.init.calculate_gain("relu")}


class Layered(nn.Module):
    """What all six share: the modules of a network's layers, freshly initialised.

    Parameters: network, one of `kelly.models.layers.NETWORKS`; dropout, 0..1.
    """

    def __init__(self, network: Network, dropout: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.layers = nn.ModuleList(_module(layer) for layer in network.layers)
        self.dropout = nn.Dropout(dropout)

    def activated(self, logits: Tensor) -> Tensor:
        """What the last activation makes of logits (..., outputs)."""
        return _activation(self.network.layers[-1])(logits)

    def _through(self, x: Tensor, start: int, stop: int) -> Tensor:
        """Some layers of the list, one after another; the last of all without its activation."""
        for index in range(start, stop):
            layer, x = self.network.layers[index], self.layers[index](x)
            if index + 1 < len(self.layers):
                x = _activation(layer)(x)
                x = x if isinstance(layer, Convolution) else self.dropout(x)
        return x


class Feedforward(Layered):
    """A network without memory."""

    def logits(self, x: Tensor) -> Tensor:
        """Logits (batch, outputs) of inputs (batch, *shape)."""
        return self._through(x, 0, len(self.layers))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (batch, outputs) of inputs (batch, *shape)."""
        return self.activated(self.logits(x))


class Recurrent(Layered):
    """A network with one LSTM among its layers.

    Raises: UsageError, the list has none or several.
    """

    def __init__(self, network: Network, dropout: float = 0.0) -> None:
        super().__init__(network, dropout)
        found = [index for index, layer in enumerate(network.layers) if isinstance(layer, LSTM)]
        if len(found) != 1:
            raise UsageError(f"a recurrent network has one LSTM; {network.name} has {len(found)}")
        self._memory = found[0]

    def logits(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (batch, steps, outputs) of sequences (batch, steps, inputs), and the state after them."""
        x = self._through(x, 0, self._memory)
        before = None if state is None else (state[0][None], state[1][None])
        x, (h, c) = self.layers[self._memory](x, before)
        return self._through(self.dropout(x), self._memory + 1, len(self.layers)), (h[0], c[0])

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Outputs (batch, steps, outputs) of sequences (batch, steps, inputs), and the state after them."""
        logits, after = self.logits(x, state)
        return self.activated(logits), after

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step: outputs (batch, outputs) of x (batch, inputs), and the state after it."""
        y, (h, c) = self(x[:, None], (h, c))
        return y[:, 0], h, c

    def start(self, batch: int) -> State:
        """The state of a beginning: zeros, each (batch, hidden)."""
        zeros = next(self.parameters()).new_zeros(batch, self.network.state)
        return zeros, zeros


class Stage(nn.Module):
    """A stage of convolution: (batch, inputs, bands, frames) to (batch, outputs, bands / 2, frames / 2)."""

    def __init__(self, layer: Convolution) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(layer.inputs, layer.outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(layer.outputs)

    def forward(self, x: Tensor) -> Tensor:
        """One stage on."""
        # The maximum first: relu keeps order, and then has a quarter of the work.
        return torch.relu(nn.functional.max_pool2d(self.norm(self.convolution(x)), 2))


class Mean(nn.Module):
    """The mean of each channel: (batch, channels, bands, frames) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """The means."""
        return x.mean((2, 3))


def _activation(layer: Layer) -> Callable[[Tensor], Tensor]:
    return ACTIVATIONS[layer.activation if isinstance(layer, Dense) else ""]


def _module(layer: Layer) -> nn.Module:
    if isinstance(layer, LSTM):
        return _lstm(layer)
    if isinstance(layer, Convolution):
        return Stage(layer)
    if isinstance(layer, Pooling):
        return Mean()
    linear = nn.Linear(layer.inputs, layer.outputs)
    nn.init.xavier_uniform_(linear.weight, GAINS.get(layer.activation, 1.0) if isinstance(layer, Dense) else 1.0)
    nn.init.zeros_(linear.bias)
    return linear


def _lstm(layer: LSTM) -> nn.LSTM:
    """An LSTM that remembers at first: its forget gates start open (Jozefowicz and others 2015)."""
    lstm = nn.LSTM(layer.inputs, layer.outputs, batch_first=True)
    weights = dict(lstm.named_parameters())
    nn.init.xavier_uniform_(weights["weight_ih_l0"])
    for gate in weights["weight_hh_l0"].data.chunk(4):
        nn.init.orthogonal_(gate)
    for name in ("bias_ih_l0", "bias_hh_l0"):
        nn.init.zeros_(weights[name])
    nn.init.ones_(weights["bias_ih_l0"].data[layer.outputs : 2 * layer.outputs])
    return lstm
