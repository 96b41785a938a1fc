"""Packaging the word model: the folder that `kelly.models.words` loads.

Conventions: `model.onnx` (int8), `tokenizer.json`, `vocabulary.txt` and `config.json`. What the config holds is fitted
with the exported weights, on the tune part of the train splits: how wide stated spreads really are, how much the place
of a reading counts for its names, how far the lexicon is believed about wounds. Thresholds of labels come from the dev
splits (where they are only ever reported cross-fitted).
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.files import make_folder, write_atomically
from kelly.listening.lexical import read as lexical
from kelly.models.words.heads import LAYOUT, SLOTS, WOUNDS, sigmoid
from kelly.models.words.model import WordModel
from kelly.training.evaluation.metrics import best_thresholds
from kelly.training.evaluation.words import LABELLED, gold
from kelly.training.export.vocabulary import vocabulary
from kelly.training.export.words import export
from kelly.training.tasks import mixture, scale
from kelly.training.tasks.mixture import Mixture
from kelly.training.tasks.tables import NODES
from kelly.training.tasks.words import base_folder, load

__all__ = ["write"]

Floats = npt.NDArray[np.float64]

LICENCE = "research and private use: trained on corpora of which one forbids commercial use and one states no licence"
CORPORA = ("EmoBank", "SemEval-2018 Task 1", "GoEmotions", "Warriner norms")
FILES = ("vocabulary.txt", "tokenizer.json", "config.json", "model.onnx")  # in the order in which they are put in place
_SHARE = 0.8
_REACH = 1.2816  # standard deviations on either side that hold four fifths of a normal distribution


def write(run: Path, root: Path, out: Path) -> list[Path]:
    """Write a finished run as the folder that Kelly loads.

    Parameters: run; root, folder of the corpora; out, where the files go.
    Returns: the files written.
    Raises: FileError, the run is not finished or `out` cannot be written; CorpusError, a corpus is missing, not in its
    layout, or without a dev split where thresholds need it.
    """
    network = load(run)
    missing = sorted(set(LABELLED) - set(gold(root, "dev")))
    if missing:
        raise CorpusError(f"thresholds are set on dev splits; below {root} there is none of {' and '.join(missing)}")
    make_folder(out)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        export(network, made / "model.onnx")
        pieces = json.loads((base_folder() / "tokenizer.json").read_text(encoding="utf-8"))
        pieces["truncation"] = pieces["padding"] = None
        packed = json.dumps(pieces, ensure_ascii=False, separators=(",", ":"))
        (made / "tokenizer.json").write_text(packed, encoding="utf-8")
        (made / "vocabulary.txt").write_text("\n".join(vocabulary(root)) + "\n", encoding="utf-8")
        config = json.dumps(_config(run, root, made), indent=1) + "\n"
        (made / "config.json").write_text(config, encoding="utf-8")
        for name in FILES:
            write_atomically(out / name, (made / name).read_bytes())
    return [out / name for name in FILES]


def _config(run: Path, root: Path, out: Path) -> dict[str, Any]:
    model = WordModel(out, {})
    _, tune = mixture.read(root)
    heads = np.asarray(model.predict(tune.texts), np.float64)
    lexicon = scale.lexical(tune.texts)
    trust = _drawn(heads, lexicon, tune)
    heads[:, SLOTS["feeling"]] += lexicon[:, 3:] * (lexicon[:, :3] - heads[:, SLOTS["feeling"]]) * trust
    spread = dict(_spreads(heads, tune, _scale(run)))
    return {
        "format": 1,
        "licence": LICENCE,
        "corpora": list(CORPORA),
        "layout": dict(LAYOUT),
        "names": [node.name for node in NODES],
        "wounds": list(WOUNDS),
        "run": json.loads((run / "run.json").read_text(encoding="utf-8")),
        "scale": _scale(run),
        "spread": spread,
        "density": _density(heads, tune, spread["feeling"]),
        "wound": _trust(heads, tune),
        "lexicon": trust,
        "thresholds": {name: _thresholds(model, root, name) for name in LABELLED},
        "sha256": {name: _digest(out / name) for name in ("model.onnx", "tokenizer.json", "vocabulary.txt")},
    }


def _scale(run: Path) -> dict[str, Any]:
    path = run / "scale.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _spreads(heads: Floats, tune: Mixture, maps: dict[str, Any]) -> Iterator[tuple[str, list[float]]]:
    """By what each stated spread must be multiplied so that four fifths of the gold lie inside four fifths."""
    for name in ("emobank", "warriner", "feeling"):
        told = heads[:, SLOTS[name]]
        truth = np.asarray(tune.targets[:, SLOTS[f"{name}_spread"]], np.float64)
        if name == "feeling":
            truth = _on_scale(tune, truth, maps)
        stated = np.exp(heads[:, SLOTS[f"{name}_spread"]])
        off = np.abs(told - truth) / stated
        yield name, [_factor(off[:, axis]) for axis in range(3)]


def _factor(off: Floats) -> float:
    """What brings errors, in stated deviations, to a normal distribution's; 1 where there is no gold to tell."""
    known = off[~np.isnan(off)]
    return round(float(np.quantile(known, _SHARE)) / _REACH, 4) if known.size else 1.0


def _on_scale(tune: Mixture, truth: Floats, maps: dict[str, Any]) -> Floats:
    """The anchors' places, and EmoBank's gold on Kelly's scale."""
    if "emobank" in maps:
        gold = np.asarray(tune.targets[:, SLOTS["emobank_spread"]], np.float64)
        joined = np.stack([np.interp(gold[:, axis], *maps["emobank"][axis]) for axis in range(3)], 1)
        truth = np.where(np.isnan(truth), joined, truth)
    return truth


def _density(heads: Floats, tune: Mixture, factors: list[float]) -> dict[str, float]:
    """How much likeness and place count for a name: the best on the labels that are mapped to names."""
    shares = np.asarray(tune.targets[:, SLOTS["names"]], np.float64)
    known = ~np.isnan(shares[:, 0])
    anchored = known & ~np.isnan(tune.targets[:, SLOTS["feeling"]]).any(1)
    places = np.array([node.emotion.vad for node in NODES])
    logits, told = heads[:, SLOTS["names"]], heads[:, SLOTS["feeling"]]
    spread = np.exp(heads[:, SLOTS["feeling_spread"]]) * factors

    def loss(likeness: float, weight: float, wide: float) -> float:
        apart = ((places - told[:, None]) / np.hypot(spread, wide)[:, None]) ** 2
        logs = likeness * logits - 0.5 * weight * apart.sum(-1)
        logs -= np.log(np.exp(logs - logs.max(1, keepdims=True)).sum(1, keepdims=True)) + logs.max(1, keepdims=True)
        entropy = -(np.nan_to_num(shares) * logs).sum(1)
        return math.fsum(entropy[part].mean() for part in (known & ~anchored, anchored) if part.any())

    grid = product((0.6, 0.8, 1.0, 1.3), (0.0, 0.25, 0.5, 1.0), (0.1, 0.2, 0.3))
    likeness, weight, wide = min(grid, key=lambda one: loss(*one))
    return {"likeness": likeness, "weight": weight, "wide": wide}


def _trust(heads: Floats, tune: Mixture) -> float:
    """How much is added to the wound that the lexicon names: the best on the anchors of the tune part."""
    rows = np.flatnonzero(~np.isnan(tune.targets[:, SLOTS["wounds"]]).any(1))
    if not rows.size:
        return 0.0
    truth = tune.targets[rows][:, SLOTS["wounds"]].argmax(1)
    prior = [lexical(tune.texts[i]).wound for i in rows]
    named = np.array([[wound == one for one in WOUNDS] for wound in prior], float)
    logits = heads[rows][:, SLOTS["wounds"]]
    return max(
        (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), key=lambda one: float(((logits + one * named).argmax(1) == truth).mean())
    )


def _drawn(heads: Floats, lexicon: Floats, tune: Mixture) -> list[float]:
    """How far a sure reading of the lexicon draws a text's, by axis: least squares on the tune part's anchors."""
    rows = np.flatnonzero(tune.corpus == mixture.CORPORA.index("anchors"))
    told = heads[rows][:, SLOTS["feeling"]]
    way = (lexicon[rows, :3] - told) * lexicon[rows, 3:]
    left = tune.targets[rows][:, SLOTS["feeling"]] - told
    total = np.maximum(np.nansum(np.square(way), 0), 1e-9)
    return [round(float(one), 3) for one in np.clip(np.nansum(way * left, 0) / total, 0.0, 1.0)]


def _thresholds(model: WordModel, root: Path, name: str) -> list[float]:
    dev = gold(root, "dev")[name]
    scores = sigmoid(model.predict(dev.texts)[:, SLOTS[name]])
    return [round(float(one), 4) for one in best_thresholds(scores, dev.values)]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
