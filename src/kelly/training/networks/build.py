"""The six networks by name, ready to be trained."""

from __future__ import annotations

from kelly.models.layers import NETWORKS
from kelly.names import find
from kelly.training.networks.layered import Feedforward, Recurrent
from kelly.training.networks.nodes import NodeClassifier

__all__ = ["build"]


def build(name: str, dropout: float = 0.0) -> Feedforward | Recurrent:
    """A network with fresh weights (torch's generator decides them).

    Parameters: name, one of `kelly.models.layers.NETWORKS`; dropout on what hidden layers give, 0..1.
    Raises: UnknownNameError when there is no such network.
    """
    network = NETWORKS[find(name, NETWORKS, "network")]
    if name == "nodes":
        return NodeClassifier(dropout)
    return Recurrent(network, dropout) if network.state else Feedforward(network, dropout)
