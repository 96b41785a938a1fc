"""Losses of the word model: one for each head, each blind to the slots that a text has no label for.

Conventions: outputs and targets are (batch, 173) as in `kelly.models.words.heads`, targets NaN where nothing is known.
A loss is a sum over the texts that have the label, divided by the batch's size, so that every text weighs alike
whatever it is batched with. The weights bring all heads to about the same size at the start.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from kelly.models.words.heads import SLOTS

__all__ = ["distance", "hard", "soft"]

_DEVIATIONS = {
    "emobank": (1.17, 0.87, 0.7),
    "warriner": (0.64, 0.45, 0.47),
    "feeling": (0.5, 0.25, 0.25),
    "valence": 0.2,
    "intensities": 0.2,
}
_WEIGHTS = {
    "emobank": 1.0,
    "levels": 0.15,
    "warriner": 1.0,
    "valence": 2.0,
    "intensities": 0.5,
    "emotions": 0.25,
    "goemotions": 0.4,
    "feeling": 2.0,
    "names": 0.3,
    "wounds": 1.0,
}


def hard(outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """The loss of each head against the corpora's own labels."""
    losses = {name: _WEIGHTS[name] * loss(_of(outputs, name), targets) for name, loss in _HARD.items()}
    spreads = [_spread(outputs, targets, name) for name in ("emobank", "warriner", "feeling")]
    losses["spreads"] = 0.2 * torch.stack(spreads).sum()
    return losses


def soft(outputs: Tensor, teachers: Tensor) -> Tensor:
    """How far the outputs are from the mean of other networks (same layout, probabilities in place of logits)."""
    loss = _WEIGHTS["levels"] * _entropy(_of(outputs, "levels"), _of(teachers, "levels"))
    for name in ("emobank", "warriner", "valence", "intensities", "feeling"):
        loss = loss + _WEIGHTS[name] * _standard(_of(outputs, name) - _of(teachers, name), name)
    for name in ("emotions", "goemotions"):
        entropy = functional.binary_cross_entropy_with_logits(_of(outputs, name), _of(teachers, name), reduction="none")
        loss = loss + _WEIGHTS[name] * entropy.sum(1)
    return loss.mean()


def distance(meaning: Tensor, other: Tensor) -> Tensor:
    """1 - cosine between what the network says a text is about and the untouched encoder's vector."""
    return (1 - functional.cosine_similarity(meaning, other)).mean()


def _of(row: Tensor, name: str) -> Tensor:
    return row[:, SLOTS[name]]


def _levels(logits: Tensor, targets: Tensor) -> Tensor:
    shares = _of(targets, "levels")
    known = ~shares[:, 0].isnan()
    return (_entropy(logits, shares.nan_to_num()) * known).sum() / len(known)


def _entropy(logits: Tensor, shares: Tensor) -> Tensor:
    """Cross-entropy of raters' shares (batch, 15), mean over the axes."""
    return -(shares.view(-1, 3, 5) * logits.view(-1, 3, 5).log_softmax(-1)).sum(-1).mean(1)


def _regression(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        gold = _of(targets, name)
        known = ~gold.isnan()
        return _standard((outputs - gold.nan_to_num()) * known, name).sum() / len(known)

    return loss


def _flags(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        gold = _of(targets, name)
        known = ~gold[:, 0].isnan()
        entropy = functional.binary_cross_entropy_with_logits(outputs, gold.nan_to_num(), reduction="none").sum(1)
        return (entropy * known).sum() / len(known)

    return loss


def _shares(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        gold = _of(targets, name)
        known = ~gold[:, 0].isnan()
        entropy = -(gold.nan_to_num() * outputs.log_softmax(-1)).sum(1)
        return (entropy * known).sum() / len(known)

    return loss


def _standard(error: Tensor, name: str) -> Tensor:
    """Squared errors in the unit of a corpus's own deviation, mean over the slots."""
    return (error / torch.tensor(_DEVIATIONS[name], device=error.device)).square().mean(1)


def _spread(outputs: Tensor, targets: Tensor, name: str) -> Tensor:
    """Gaussian likelihood of the errors as they are: it moves what the network says of its error, not its mean."""
    mean, gold, log = _of(outputs, name), _of(targets, f"{name}_spread"), _of(outputs, f"{name}_spread").clamp(-4, 2)
    known = ~gold.isnan()
    likelihood = log + 0.5 * ((mean.detach() - gold.nan_to_num()) / log.exp()).square()
    return (likelihood * known).sum() / known.shape[1] / len(known)


_HARD: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "emobank": _regression("emobank"),
    "levels": _levels,
    "warriner": _regression("warriner"),
    "valence": _regression("valence"),
    "intensities": _regression("intensities"),
    "emotions": _flags("emotions"),
    "goemotions": _flags("goemotions"),
    "feeling": _regression("feeling"),
    "names": _shares("names"),
    "wounds": _shares("wounds"),
}
